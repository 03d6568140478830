/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control socket: one JSON object per line each way.  Who may do what is
 * the kernel's word about the peer, not the file's mode.  A client that does
 * not read is cut off; none can make msd wait or grow.
 */
#ifndef SUPERVISOR_CTL_CTL_H
#define SUPERVISOR_CTL_CTL_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/json.h"
#include "supervisor/child/child.h"

#define CTL_LINE_BYTES_MAX  (64u << 10)
#define CTL_CLIENTS_MAX     256u
#define CTL_WAITS_MAX       64u /* unanswered requests of one client */
#define CTL_REPLY_BYTES_MAX (16u << 20)

struct ctl;
struct ctl_client;
struct msd;

struct ctl *ctl_open(struct msd *msd, struct why *why);
void ctl_close(struct ctl **ctl);
/* A child has changed its state: answer those who wait for that. */
void ctl_on_state(struct ctl *ctl);
/* A child is about to be freed: those who wait for it have their answer. */
void ctl_on_forget(struct ctl *ctl, const struct child *child);
/* control_group has changed; peers are judged anew. */
void ctl_on_reload(struct ctl *ctl);

/* ---- over an exec of msd (ctl_state.c) ------------------------------------ */
struct state_in;
struct state_out;
void ctl_save(const struct ctl *ctl, struct state_out *out);
struct ctl *ctl_load(struct msd *msd, struct state_in *in);
/* Those who asked for it: it has happened; or why not. */
void ctl_on_reexec(struct ctl *ctl, const char *failure);

/* ---- for ctl_cmds.c ------------------------------------------------------ */

enum ctl_right {
	CTL_READ,
	CTL_CONTROL
};

struct ctl_request {
	struct msd *msd;
	struct ctl *ctl;
	struct ctl_client *client;
	const struct json *json;
	int64_t id;          /* -1: not given */
	const char *name;    /* NULL: not given */
	struct node *node;   /* of name; NULL without */
	struct child *child; /* node when it is a worker */
};

struct ctl_verb {
	const char *name;
	enum ctl_right right;
	enum {
		CTL_NO_NAME,
		CTL_MAY_NAME,
		CTL_MUST_NAME,
		CTL_MAY_BE_GONE /* must name; done when that instance is gone */
	} naming;
	void (*run)(const struct ctl_request *request);
};
extern const struct ctl_verb ctl_verbs[]; /* ended by a row without name */

/* {"id":N,"ok":true,"v":1 -- the caller appends members and ends it. */
struct buf *ctl_reply(const struct ctl_request *request);
void ctl_reply_end(const struct ctl_request *request);
void ctl_fail(const struct ctl_request *request, const char *code,
    const char *fmt, ...) MS_PRINTF(3, 4);

enum ctl_wait_for {
	CTL_WAIT_STATE, /* the face is `face` */
	CTL_WAIT_UP,    /* generation is newer than `generation` and ready */
	CTL_WAIT_DOWN,  /* nothing of it lives */
	CTL_WAIT_SCALED /* every instance of the template is ready or gone */
};
struct ctl_wait {
	enum ctl_wait_for what;
	enum child_face face;
	uint64_t generation;
	uint64_t timeout_ms;
};
/* Answers when it is so (maybe at once), or with the error `timeout`. */
void ctl_await(const struct ctl_request *request, const struct ctl_wait *wait);
/* Answers when msd has replaced itself, or could not. */
void ctl_await_reexec(const struct ctl_request *request);
/* Streams events from number `from` on to the client. */
void ctl_follow(const struct ctl_request *request, uint64_t from, bool follow);

#endif
