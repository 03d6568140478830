/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the doctor knows: numbers and names, gathered once, judged by pure
 * functions.  "known" says whether it could be looked at; what could not be
 * seen is said, and never guessed.  Texts are borrowed from struct sight.
 */
#ifndef SUPERVISOR_MSCTL_DOCTOR_FACTS_H
#define SUPERVISOR_MSCTL_DOCTOR_FACTS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define FACT_NAME_BYTES 72
#define FACT_PATH_BYTES 512
#define FACT_TEXT_BYTES 256

#define FACT_DIRS_MAX      4u
#define FACT_FILES_MAX     64u
#define FACT_SOCKETS_MAX   32u
#define FACT_LISTENERS_MAX 64u
#define FACT_POOLS_MAX     32u
#define FACT_USERS_MAX     64u
#define FACT_SEGMENTS_MAX  64u

struct host_facts {
	char release[FACT_NAME_BYTES]; /* of the kernel */
	unsigned kernel_major, kernel_minor;
	bool proc_is_mounted;
	bool cgroup_kill; /* a unified hierarchy we may write in */
	bool cgroup_known;
	bool cgroup_wanted; /* a worker asks for limits or requires it */
	char cgroup_lack[FACT_NAME_BYTES]; /* controllers asked for, missing */
	uint64_t pid_max, threads_max;
	uint64_t threads; /* of the whole machine; 0 = not known */
};

/* msd, its guardian, or a worker's main process. */
struct process_facts {
	char name[FACT_NAME_BYTES]; /* of the worker; "msd", "guardian" */
	long pid;
	bool is_ours;     /* one of our programs */
	bool exe_known;   /* its executable and maps could be read */
	bool exe_is_gone; /* replaced on disk since it was started */
	char library[FACT_NAME_BYTES]; /* a replaced one that it still uses */
	char nng[FACT_NAME_BYTES];     /* version of its NNG; "" = none */
	bool fds_known;
	uint64_t fds, fds_max;
	uint64_t nproc_max; /* UINT64_MAX = no limit */
	uint64_t memlock_max;
	bool limits_known;
	uint64_t user_tasks; /* threads of its user; 0 = not known */
	uid_t uid;
	bool is_asked, answers;        /* its service, within a second */
	char version[FACT_NAME_BYTES]; /* as it answers; "" = not known */
	uint32_t conf_digest;          /* of what it runs with; 0 = not known */
	uint32_t conf_errors;          /* of the file it refused */
};

struct worker_facts {
	char name[FACT_NAME_BYTES];
	char state[FACT_NAME_BYTES];
	char said[FACT_TEXT_BYTES]; /* its last exit, in words */
	bool is_wanted, is_ready;
	uint64_t restarts;
	unsigned deaths_lately; /* within STORM_MS */
	uint64_t log_dropped;
	uint64_t check_failures;
	uint64_t waits_ms; /* until the next start; 0 = it is not waiting */
};

struct dir_facts {
	const char *role; /* "log_dir", "bus.dir" */
	char path[FACT_PATH_BYTES];
	bool exists;
	bool is_dir;
	int error; /* errno of looking; 0 = seen */
	bool is_readable;
	mode_t mode;
	bool is_tmpfs;
	bool space_known;
	uint64_t bytes, bytes_free;
	uint64_t inodes,
	    inodes_free;         /* 0 inodes: the file system has no limit */
	uint64_t may_grow_bytes; /* by what the configuration allows */
};

struct file_facts {
	char path[FACT_PATH_BYTES];
	bool exists;
	int error;
	mode_t mode;
	uid_t uid;
	char secret[FACT_NAME_BYTES]; /* a key whose value is one; "" = none */
};

enum socket_state {
	SOCKET_ABSENT,
	SOCKET_LISTENS,
	SOCKET_STALE, /* a file that nobody listens on */
	SOCKET_HIDDEN /* not allowed to look */
};
struct socket_facts {
	char role[FACT_NAME_BYTES]; /* whose: "msd", a worker's name */
	char path[FACT_PATH_BYTES];
	enum socket_state state;
	mode_t mode;
	bool is_wanted;   /* its owner is up */
	bool is_database; /* PostgreSQL's, which a pool connects to */
};

enum listener_state {
	LISTENER_FREE,
	LISTENER_OURS,
	LISTENER_FOREIGN,
	LISTENER_SOMEBODY /* taken, by whom could not be seen */
};
struct listener_facts {
	char owner[FACT_NAME_BYTES]; /* "[worker web]" */
	char address[FACT_NAME_BYTES];
	unsigned port;
	enum listener_state state;
	long pid; /* of the holder, when known */
	char holder[FACT_NAME_BYTES];
	bool is_wanted; /* its owner is up: somebody should listen */
};

struct user_facts {
	char owner[FACT_NAME_BYTES]; /* "[worker web]" */
	char name[FACT_NAME_BYTES];
	bool exists;
	bool is_group;
};

struct pool_facts {
	char name[FACT_NAME_BYTES];
	uint64_t size;
	bool is_database; /* of ms-persist: its server told max_connections */
	bool status_known;
	uint64_t waiting, timeouts, errors, busy;
	char last_error[FACT_TEXT_BYTES];
};

struct conf_facts {
	char path[FACT_PATH_BYTES];
	bool exists;
	int error;
	bool is_good;
	size_t error_count, advice_count;
	char first_error[FACT_TEXT_BYTES];
	char first_advice[FACT_TEXT_BYTES];
	char env_from[FACT_NAME_BYTES]; /* "msd", "this shell" */
	bool guardian;
	bool is_development; /* [persist] environment = development */
	bool auto_migrate;
	bool has_bus, has_pool; /* workers of ours that run them */
	char environment[FACT_NAME_BYTES];
	char no_watchdog[FACT_TEXT_BYTES]; /* names of our workers without */
	char no_include[FACT_PATH_BYTES];  /* a directory that is not there */
	bool digest_known;                 /* of what runs, and comparable */
	bool is_changed;                   /* the file says something else */
	uint32_t digest; /* of what ms-config serves; 0 = not known */
	bool refused;    /* ms-config met a wrong file */
	char refusal[FACT_TEXT_BYTES];
	uint64_t max_connections; /* of PostgreSQL; 0 = not known */
};

struct clock_facts {
	bool known;
	bool is_synchronised;
	int64_t wall_ns;
	uint64_t ahead_ms; /* how far a file of ours lies in the future */
	char ahead_path[FACT_PATH_BYTES];
};

struct msd_facts {
	bool answers;
	bool is_refused; /* it listens and does not let us in */
	bool has_manager;
	char version[FACT_NAME_BYTES];
	char own_version[FACT_NAME_BYTES]; /* of this msctl */
	long pid, guardian;
	uint64_t starts;
	long pid_in_file; /* 0 = no pid file */
	bool pid_is_msd;  /* a process of that number and name lives */
};

struct bus_facts {
	bool known;
	uint64_t log_bytes, retention_bytes;
	uint64_t quarantined; /* files */
	char
	    stuck[FACT_NAME_BYTES]; /* a consumer that comes back to the same */
	uint64_t stuck_redeliveries;
	char full[FACT_NAME_BYTES]; /* a consumer at max_ack_pending */
	bool dedup_is_cut;
	uint64_t dedup_window_ms, dedup_wanted_ms, dedup_entries;
};

struct segment_facts {
	char name[FACT_NAME_BYTES];
	char problem[FACT_TEXT_BYTES];
};

struct thresholds {
	double warn_free_pct;  /* of disk space and inodes */
	double error_free_pct; /* likewise */
};

struct facts {
	bool is_root;
	bool nothing_runs; /* no msd: what needs one is in order as it is */
	struct thresholds thresholds;
	struct host_facts host;
	struct msd_facts msd;
	struct conf_facts conf;
	struct clock_facts clock;
	struct bus_facts bus;
	struct process_facts *processes;
	size_t process_count;
	struct worker_facts *workers;
	size_t worker_count;
	struct dir_facts dirs[FACT_DIRS_MAX];
	size_t dir_count;
	struct file_facts files[FACT_FILES_MAX]; /* of the configuration */
	size_t file_count;
	struct socket_facts sockets[FACT_SOCKETS_MAX];
	size_t socket_count;
	struct listener_facts listeners[FACT_LISTENERS_MAX];
	size_t listener_count;
	struct user_facts users[FACT_USERS_MAX];
	size_t user_count;
	struct pool_facts pools[FACT_POOLS_MAX];
	size_t pool_count;
	struct segment_facts
	    segments[FACT_SEGMENTS_MAX]; /* that are not well */
	size_t segment_count, segments_good;
};

#endif
