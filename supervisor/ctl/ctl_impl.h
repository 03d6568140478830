/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the control socket share; nobody else includes it. */
#ifndef SUPERVISOR_CTL_CTL_IMPL_H
#define SUPERVISOR_CTL_CTL_IMPL_H

#include <sys/queue.h>

#include <ev.h>

#include "supervisor/ctl/ctl.h"
#include "supervisor/msd.h"

struct wait {
	TAILQ_ENTRY(wait) entry;
	struct ctl_client *client;
	int64_t id;
	char *name;
	struct ctl_wait what;
	struct mono until; /* 0: for ever */
	ev_timer timer;
};
TAILQ_HEAD(waits, wait);

/* What a client keeps over a re-exec has its row in ctl_state.c. */
struct ctl_client {
	TAILQ_ENTRY(ctl_client) entry;
	struct ctl *ctl;
	int fd;
	ev_io readable, writable;
	struct loop_task more; /* lines left over from a turn */
	struct buf in, out;
	bool may_control;
	bool said_all; /* has closed its sending half */
	bool dead;     /* freed at the end of the turn */
	bool follows;
	bool ends; /* the stream stops at `until` */
	uint64_t next, until;
	int64_t stream_id;
	unsigned waits;
	bool asks_reexec; /* answered by the next image, or when it failed */
	int64_t reexec_id;
};
TAILQ_HEAD(clients, ctl_client);

struct ctl {
	struct msd *msd;
	int fd;
	bool inherited; /* the file is our manager's */
	ev_io listener;
	ev_timer accept_again; /* no descriptor was left */
	struct clients clients;
	unsigned client_count;
	struct waits waits;
	struct loop_task judge; /* look at the waits at the end of the turn */
	uint64_t slow_dropped;
};

/* ---- ctl_client.c -------------------------------------------------------- */
struct ctl_client *ctl_client_new(struct ctl *ctl, int fd, bool may_control);
/* Safe inside any callback of the client: its memory lives to the end of the
 * turn. */
void ctl_client_end(struct ctl_client *client);
/* One that has said all and is owed nothing, or has hung up. */
void ctl_client_end_if_done(struct ctl_client *client);
/* Sends what it can, events included; may end the client. */
void ctl_client_flush(struct ctl_client *client);
/* The beginning of a reply, without its closing brace. */
void ctl_client_head(struct ctl_client *client, int64_t id, bool ok);
void ctl_client_fail(struct ctl_client *client, int64_t id, const char *code,
    const char *text);

/* ---- ctl_wait.c ---------------------------------------------------------- */
void ctl_judge_waits(struct ctl *ctl);
/* A wait that is filled in joins those of its client. */
void ctl_wait_begin(struct wait *wait);
void ctl_drop_waits(struct ctl_client *client);

/* ---- ctl.c --------------------------------------------------------------- */
/* With a socket that listens already. */
struct ctl *ctl_new(struct msd *msd, int fd);
void ctl_run_line(struct ctl_client *client, struct slice line);

#endif
