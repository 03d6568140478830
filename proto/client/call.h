/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Typed requests to services, for our own workers and msctl.  A `struct link`
 * is one connection to one service, in NNG's wire format; calls on it run at
 * the same time.  When the connection breaks, what is unanswered is sent again
 * in the order it was started, so every call is idempotent: writes carry an
 * operation id.  All of it happens on the thread that dispatches the hub.
 */
#ifndef PROTO_CLIENT_CALL_H
#define PROTO_CLIENT_CALL_H

#include "proto/msg.h"

struct link;
struct link_hub; /* completions of many links: one fd, one dispatch */

enum ms_err link_hub_open(struct link_hub **hub_r);
void link_hub_close(struct link_hub **hub); /* after its links */
int link_hub_fd(struct link_hub *hub);      /* readable: dispatch */
/* Runs completions, at most max (0 = all that wait); returns how many. */
size_t link_hub_dispatch(struct link_hub *hub, size_t max);

/* Never waits; dialling goes on in the background for ever.
 * address: "ipc:///run/ms/bus.ipc". */
enum ms_err link_open(struct link_hub *hub, const char *address,
    struct link **link_r);
/* Of calls that say none themselves; 0 = the verb's. */
void link_set_priority(struct link *link, enum priority priority);
/* Calls from now on belong to this trace (copied); NULL: to none. */
void link_set_trace(struct link *link, const struct traceparent *trace);
/* Cancels calls in flight without calling back. */
void link_close(struct link **link);

/*
 * err MS_OK: out is the reply's struct (desc->out rows, lives in arena), body
 * the reply's bulk bytes.  Otherwise why says what went wrong.  All borrowed
 * until the callback returns.
 */
typedef void call_done_fn(void *arg, enum ms_err err, const void *out,
    struct slice body, const struct why *why);

struct call_options {
	uint32_t timeout_ms; /* 0 = 30 s; the deadline travels with the call */
	struct id128 op;     /* zero: a new one when desc is not idempotent */
	enum priority priority; /* 0 = the link's */
	bool patient; /* waits for a service that has long been silent too */
};
/*
 * Starts a call; `body` is copied.  The callback runs exactly once, from
 * link_hub_dispatch(), unless link_close() comes first.  MS_EBUSY when
 * LINK_CALLS_MAX are in flight; MS_EUNAVAILABLE when LINK_FAILURES calls in a
 * row were not answered (a timeout below LINK_PATIENCE_MS does not count): the
 * link's circuit breaker then lets a few calls find out, from time to time.
 */
#define LINK_FAILURES    5u
#define LINK_PATIENCE_MS 250u
#define LINK_CALLS_MAX   256u
enum ms_err call_start(struct link *link, const struct msg_desc *desc,
    const void *in, struct slice body, const struct call_options *options,
    call_done_fn *done, void *arg);

/* When a refused call may be made again: what the service asked for, or until
 * the breaker tries; 0 = nothing was said.  Inside the callback, or right
 * after call_start() failed. */
uint32_t call_retry_after_ms(const struct link *link);

/* Circuit breaker of the link, to be looked at. */
struct breaker;
const struct breaker *link_breaker(const struct link *link);

/* The same, waiting: dispatches hub meanwhile.  What was refused for now
 * (ms_err_again(), but not MS_EUNAVAILABLE) is asked again, with the same
 * operation id, as long as the time and the link's retry budget allow.  out_r
 * (desc->out_bytes) and body_r live in arena. */
enum ms_err call_wait(struct link *link, const struct msg_desc *desc,
    const void *in, struct slice body, uint32_t timeout_ms, struct arena *arena,
    void *out_r, struct slice *body_r, struct why *why);

#endif
