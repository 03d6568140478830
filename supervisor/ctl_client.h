/* SPDX-License-Identifier: Apache-2.0 */
/* One connection of the control socket; private to ctl*.c. */
#ifndef SUPERVISOR_CTL_CLIENT_H
#define SUPERVISOR_CTL_CLIENT_H

#include <sys/queue.h>

#include <ev.h>

#include "common/buf.h"
#include "common/json.h"
#include "supervisor/child.h"
#include "supervisor/msd.h"

#define CTL_LINE_BYTES_MAX (64u << 10)
#define CTL_OUT_BYTES_MAX  (8u << 20)
#define CTL_CLIENTS_MAX    256u
#define CTL_WAITS_MAX      64u /* of one client */
#define CTL_ID_BYTES       64u

enum ctl_wait_kind {
	CTL_WAIT_STATE,
	CTL_WAIT_STARTED, /* ready in a generation after `after` */
	CTL_WAIT_STOPPED
};

struct ctl_wait {
	LIST_ENTRY(ctl_wait) entry;
	struct ctl_client *client;
	char id[CTL_ID_BYTES]; /* as JSON */
	const struct child *child;
	enum ctl_wait_kind kind;
	enum child_face face;
	uint64_t after;
	ev_timer timer;
};

struct ctl_client {
	LIST_ENTRY(ctl_client) entry;
	struct ctl *ctl;
	struct msd *msd;
	int fd;
	ev_io read_io, write_io;
	struct buf in, out;
	bool is_controller;
	bool streams; /* events from next_seq on */
	bool closing;
	uint64_t next_seq;
	LIST_HEAD(, ctl_wait) waits;
	unsigned wait_count;
};

/* A request, its id still as JSON text. */
struct ctl_request {
	struct ctl_client *client;
	const struct json *json;
	const char *id;
	const char *name; /* "" when not given */
	const char *verb;
};

/* Carries out one request: exactly one answer, now or by ctl_await(). */
void ctl_execute(const struct ctl_request *request);

/* {"id":..,"ok":true, members of `members`}; members is consumed. */
void ctl_answer(struct ctl_client *client, const char *id,
    struct json *members);
void ctl_refuse(struct ctl_client *client, const char *id, const char *code,
    const char *fmt, ...) MS_PRINTF(4, 5);
/* Answers when the child has come so far, or timeout_ms has passed. */
void ctl_await(const struct ctl_request *request, const struct child *child,
    enum ctl_wait_kind kind, enum child_face face, uint64_t after);
/* Sends what is in out and what the event stream has. */
void ctl_flush(struct ctl_client *client);

#endif
