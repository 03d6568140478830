/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parts of the skeleton share: worker.c (life), worker_signals.c
 * (what it is told), worker_args.c (identity), worker_settings.c
 * (configuration), worker_notify.c (facts to msd), worker_fds.c (what it
 * keeps), worker_service.c and worker_pub.c (NNG), worker_call.c (requests),
 * worker_health.c and worker_health_aside.c (checks), worker_metrics.c
 * (numbers).
 * For these files only.
 */
#ifndef WORKERS_WORKER_IMPL_H
#define WORKERS_WORKER_IMPL_H

#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "common/arena.h"
#include "common/overhead.h"
#include "proto/notify.h"
#include "workers/worker.h"
#include "workers/worker_gate.h"

/* ---- worker_args.c: who we are ------------------------------------------ */
struct worker_args {
	const char *config; /* path */
	const char *name;
	bool check_only;
};
/* False: the process ends now with *code_r (usage was printed). */
bool worker_args_parse(int argc, char **argv, const struct worker_desc *desc,
    struct worker_args *args_r, int *code_r);

struct worker_dirs {
	char *run, *state, *log;
};
/* From the environment; what is not there from [msd] of conf. */
void worker_dirs_find(struct worker_dirs *dirs_r, const struct conf *conf);
void worker_dirs_fini(struct worker_dirs *dirs);

/* ---- worker_settings.c: the configuration in force ----------------------- */
/* Strings of a section that a reload replaced: a worker may still use them. */
struct settings_past;
struct settings {
	struct conf *conf;
	struct arena strings; /* of the section struct */
	struct settings_past *past;
	uint32_t digest; /* conf_digest() of conf */
	uint32_t errors; /* of the file refused last, 0 = none */
};
/* desc->conf is filled.  MS_ECONFIG: errors of the own section are in errors */
enum ms_err settings_load(struct settings *settings, const char *path,
    const struct worker_desc *desc, struct conf_errors *errors);
/* Reads again; on success reload(w, new conf) is called and the new one is in
 * force.  MS_ECONFIG: nothing has changed. */
enum ms_err settings_reload(struct settings *settings, const char *path,
    struct worker *w, const struct worker_desc *desc,
    struct conf_errors *errors);
void settings_fini(struct settings *settings);

/* ---- worker_notify.c: facts for msd --------------------------------------- */
struct notifier {
	struct loop *loop;
	int fd; /* -1: nobody to tell */
	struct sockaddr_un addr;
	socklen_t addr_len;
	ev_timer watchdog;
	ev_timer status_timer;
	char status[NOTIFY_STATUS_MAX]; /* the newest, "" = none yet */
	bool status_waits;              /* until the timer */
};
void notifier_init(struct notifier *n, struct loop *loop);
void notifier_fini(struct notifier *n);
/* Bits of notify_what that carry no value, and NOTIFY_RELOADING. */
void notifier_say(struct notifier *n, unsigned what);
void notifier_status(struct notifier *n, const char *text);
/* Sends what is late: before READY, STOPPING and the end. */
void notifier_flush_status(struct notifier *n);

/* FDSTORE with the descriptor, FDSTOREREMOVE with -1. */
void notifier_say_fd(struct notifier *n, unsigned what, const char *name,
    int fd);

/* ---- worker_fds.c: what msd keeps for the next life ------------------------ */
struct passed_fd;
struct worker_fds {
	struct passed_fd *passed;
	size_t count;
	size_t max; /* of the store; 0: there is none */
};
void worker_fds_find(struct worker_fds *fds);
/* Before READY: what nobody has taken is forgotten. */
void worker_fds_settle(struct worker *w);
void worker_fds_fini(struct worker_fds *fds);

/* ---- worker_call.c: one request ------------------------------------------- */
struct call {
	TAILQ_ENTRY(call) link; /* while it is served */
	struct worker *worker;
	struct slice request; /* the whole message, owned by the transport */
	struct msg head;
	struct arena arena;
	void *in;
	const struct msg_desc *desc;
	struct mono received; /* before it waited for its turn */
	struct mono deadline;
	struct gate_client *client; /* who asks */
	enum priority priority;
	bool inside;    /* has passed the gate */
	ev_timer timer; /* runs when it has a deadline and a cancel function */
	void (*cancel)(struct call *call);
	enum ms_err cancel_reason;
	void *user;
	size_t route; /* of its numbers */
	uint64_t began_ns;
};
TAILQ_HEAD(call_list, call);

void call_init(struct call *call, struct worker *w); /* once */
void call_fini(struct call *call);
/* request, received and client are set: decode, route, serve. */
void call_serve(struct call *call);
void call_cancel(struct call *call, enum ms_err reason);
void call_cancel_all(struct call_list *calls, enum ms_err reason);

/* ---- worker_service.c: NAME.ipc, the REP socket ---------------------------- */
struct service;
enum ms_err service_open(struct worker *w, struct service **service_r,
    struct why *why);
void service_start(struct service *service); /* begin to take requests */
/* Takes no more; whoever is served is cancelled. */
void service_drain(struct service *service);
/* The last act before the loop is freed; the service's memory stays, because
 * NNG's threads go on until the process has ended. */
void service_close(struct service *service);
/* The call is over: its memory is the transport's again. */
void service_reply(struct call *call, struct slice head, struct slice body);

/* ---- worker_pub.c: NAME.pub.ipc -------------------------------------------- */
struct publisher;
enum ms_err publisher_open(struct worker *w, struct publisher **publisher_r,
    struct why *why);
void publisher_close(struct publisher **publisher);
/* How many are subscribed now. */
uint32_t publisher_subscribers(struct publisher *publisher);
enum ms_err publisher_send(struct publisher *publisher, struct slice topic,
    struct slice head, struct slice body);
/* "ipc://RUN_DIR/NAME" + suffix, from malloc.  MS_EINVAL: too long. */
enum ms_err worker_address(struct worker *w, const char *suffix,
    char **address_r, struct why *why);

/* ---- worker_signals.c: stop, reload, prepare ------------------------------- */
/* Until the loop runs; threads of libraries started meanwhile keep it so, and
 * signals come to the loop's thread. */
void signals_block(void);
void signals_start(struct worker *w);
/* Also when they were not started. */
void signals_stop(struct worker *w);

/* ---- worker_health.c, worker_health_aside.c: deep looks ---------------------- */
struct health;
struct health_aside;
void health_serve(struct call *call); /* worker.health */
void health_fini(struct worker *w);
void health_aside_go(struct worker *w); /* the checks of a run are all begun */
void health_aside_fini(struct worker *w);

/* ---- worker_metrics.c: numbers ------------------------------------------------ */
struct worker_metrics;
/* After the loop; desc->metric_handles are set. */
void worker_metrics_open(struct worker *w);
void worker_metrics_close(struct worker *w);
void worker_metrics_reload(struct worker *w); /* the limits of [metrics] */
/* A request comes, is known, is answered. */
void worker_metrics_began(struct call *call);
void worker_metrics_routed(struct call *call, const struct msg_desc *desc);
void worker_metrics_ended(struct call *call, enum ms_err result);

/* ---- worker_workq.c: threads beside the loop ---------------------------------- */
void worker_workq_end(struct worker *w);

/* ---- worker.c: the process --------------------------------------------------- */
enum worker_phase {
	WORKER_STARTING,
	WORKER_RUNNING,
	WORKER_DRAINING,
	WORKER_STOPPED
};
struct worker {
	const struct worker_desc *desc;
	struct worker_args args;
	struct worker_dirs dirs;
	struct settings settings;
	struct loop *loop;
	struct workq *workq; /* NULL: nobody has asked yet */
	struct notifier notifier;
	struct worker_fds fds;
	struct service *service;
	size_t hold_at_most; /* 0: the service's own bound */
	struct publisher *publisher;
	struct worker_metrics *metrics;
	struct health *health;             /* NULL: nobody has asked yet */
	struct health_aside *health_aside; /* looks that go on; NULL: none */
	enum worker_phase phase;
	bool ready_deferred;
	bool preparing; /* X_PREPARED=1 is owed */
	bool ready;
	int exit_code; /* -1: none asked for */
	struct mono started;
	uint64_t requests;
	uint64_t requests_failed;
	struct gate gate; /* who is served, and who is asked to come again */
	struct buf reply; /* head and fields of the reply being made */
	ev_signal on_term, on_int, on_hup, on_usr2;
	ev_timer drain_timer;
};
/* STOPPING is said, requests are let end; the worker leaves when drained. */
void worker_begin_drain(struct worker *w);

#endif
