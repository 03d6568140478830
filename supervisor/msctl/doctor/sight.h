/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gathering the facts: msd is asked, the services are asked, and what the
 * machine shows of itself is read.  Nothing is changed, everything is bounded,
 * and what does not answer or may not be read is left unknown.
 */
#ifndef SUPERVISOR_MSCTL_DOCTOR_SIGHT_H
#define SUPERVISOR_MSCTL_DOCTOR_SIGHT_H

#include "common/conf.h"
#include "common/json.h"
#include "proto/client/call.h"
#include "supervisor/msctl/doctor/facts.h"
#include "supervisor/msctl/msctl.h"

struct spec;
struct worker_conf;

struct sight {
	const struct msctl *ctl;
	struct facts facts;
	char *run_dir, *socket;
	/* what msd said; NULL = it does not answer */
	struct json *version, *status;
	struct json *deaths; /* {"WORKER":[exits]} */
	/* what services said; NULL = no answer */
	struct json *health, *config, *pools, *bus, *consumers, *persist;
	struct json *metrics; /* what the segments say; NULL = there are none */
	/* the configuration as this process reads it */
	const char *conf_given; /* -c */
	char *conf_path, *cwd;
	char **env;        /* of msd where that can be read */
	char *env_text;    /* that it points into */
	struct spec *spec; /* NULL: it has errors */
	struct conf *conf; /* owned only without spec */
	struct conf_errors errors;
	struct link_hub *hub;
	struct arena arena; /* of services' answers */
};

/* conf: NULL = the one that runs, or the usual one. */
struct sight *sight_new(const struct msctl *ctl, const char *conf,
    bool place_is_given);
void sight_free(struct sight **sight);

/* In this order: each uses what those before it have seen. */
void see_msd(struct sight *sight);       /* see_msd.c */
void see_conf(struct sight *sight);      /* see_conf.c */
void see_host(struct sight *sight);      /* see_host.c */
void see_processes(struct sight *sight); /* see_process.c */
void see_services(struct sight *sight);  /* see_services.c */
void see_dirs(struct sight *sight);      /* see_files.c */
void see_sockets(struct sight *sight);   /* see_sockets.c */
void see_ports(struct sight *sight);     /* see_ports.c */
void see_segments(struct sight *sight);  /* see_segments.c */

/* A copy cut to the place it has. */
#define FACT_SET(to, text) fact_set((to), sizeof(to), (text))
void fact_set(char *to, size_t bytes, const char *text);
/* /proc/PID/NAME, text with a NUL behind it; false: it may not be read. */
bool proc_read(long pid, const char *name, struct buf *text);
/* Where its section says, or below state_dir. */
char *bus_dir(const struct sight *sight);
/* The name of the program that its command starts. */
const char *conf_program(const struct worker_conf *conf);
/* Is there a worker of this program in the configuration? */
bool conf_runs(const struct sight *sight, const char *program);

#endif
