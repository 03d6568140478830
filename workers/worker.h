/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one skeleton of every worker process.  A worker's main() fills a
 * worker_desc and returns worker_main(): argv -> environment (contract) -> log
 * -> configuration -> open (before dropping rights) -> loop, service -> start
 * -> READY -> run -> SIGTERM: STOPPING, drain with deadline -> stop -> exit.
 *
 *   NAME [-c FILE] [-n] [-N NAME] [-V] [-h]     -n checks configuration, exits
 *
 * USR2 announces a restart (prepare, then X_PREPARED=1).
 * HUP re-reads the configuration (an invalid one is logged and refused, the
 * old one goes on); USR1 is left to msd's logs; WATCHDOG=1 is sent at half of
 * WATCHDOG_USEC from the loop.  All callbacks run on the loop thread.
 */
#ifndef WORKERS_WORKER_H
#define WORKERS_WORKER_H

#include "common/conf.h"
#include "common/loop.h"
#include "common/metrics.h"
#include "proto/contract.h"
#include "proto/msg.h"
#include "proto/traceparent.h"

struct workq;
struct worker; /* the process: loop, notify socket, service, identity */
struct call;   /* one request being served */

/* Must end in exactly one call_reply() or call_fail(), now or later. */
typedef void route_fn(void *self, struct call *call);

struct route {
	const struct msg_desc *desc;
	route_fn *serve;
};
#define ROUTE_END          \
	{                  \
		NULL, NULL \
	}

struct worker_desc {
	const char *name;    /* default of MS_NAME: "bus" */
	const char *program; /* "ms-bus", for messages and -V */
	const char *help;    /* one sentence */
	void *self;          /* handed to every callback */
	/* the worker's own section; kind NULL = none */
	const char *section;
	const struct field *rows;
	void *conf;
	size_t conf_bytes;
	/* for a worker of several sections ([pool NAME]): judges them at start,
	 * at HUP and for -n; NULL = nothing to judge */
	void (*check)(const struct conf *conf, struct conf_errors *errors);
	const struct route
	    *routes;    /* NULL: no service, no NNG in the process */
	bool publishes; /* also bind NAME.pub.ipc */
	/* numbers of its own (common/metrics.h); the handles, one for each row
	 * without labels, are there from open() on.  The skeleton has attached
	 * the segment, joined the loop's thread and counts requests and turns
	 * itself. */
	const struct metric_row *metrics;
	size_t metric_count;
	struct metric *metric_handles;
	/* each may be NULL.  An error ends the process after its reason was
	 * logged: exit code of worker_exit() when that was called, 6 for
	 * MS_ECONFIG, else MS_EXIT_TEMPFAIL. */
	enum ms_err (*open)(struct worker *w, struct why *why);
	enum ms_err (*start)(struct worker *w, struct why *why);
	/* new_conf: already validated; take from it what may change.  Its
	 * strings live as long as the process, the struct only now. */
	void (*reload)(struct worker *w, const void *new_conf);
	/* HUP met a file that cannot be read or a wrong section of our own: the
	 * old configuration goes on and reload() is not called */
	void (*refused)(struct worker *w, const struct conf_errors *errors);
	/* msd is about to restart this worker: make ready for the next life
	 * (keep descriptors, leave sockets alone); TERM follows when it
	 * returns, or after worker_defer_prepared() with worker_prepared() or
	 * the worker's prepare_timeout */
	void (*prepare)(struct worker *w);
	/* somebody wants a deep look: begin a check for each thing that it is
	 * and needs, see workers/worker_health.h */
	void (*health)(struct worker *w);
	/* begin to finish; call worker_drained() when done (deadline 4 s) */
	void (*drain)(struct worker *w);
	void (*stop)(struct worker *w);
};

int worker_main(int argc, char **argv, const struct worker_desc *desc);

void *worker_self(struct worker *w);
struct loop *worker_loop(struct worker *w);
/* For what takes long or waits (common/workq.h), by [workq]; its threads start
 * with the first task.  After stop() what still runs gets half a second. */
struct workq *worker_workq(struct worker *w);
const char *worker_name(struct worker *w);
const char *worker_run_dir(struct worker *w);
const char *worker_state_dir(struct worker *w);
const char *worker_log_dir(struct worker *w);
/* The configuration in force, for workers that need more than their section.
 * Borrowed until the next reload() returns. */
const struct conf *worker_conf(struct worker *w);
/* The file it came from. */
const char *worker_conf_path(struct worker *w);
/* Delay READY: call inside start; READY is sent by worker_ready(). */
void worker_defer_ready(struct worker *w);
void worker_ready(struct worker *w);
void worker_defer_prepared(struct worker *w);
void worker_prepared(struct worker *w);
/* STATUS= for `msctl status`; sent when it changes, at most once a second. */
void worker_status(struct worker *w, const char *fmt, ...) MS_PRINTF(2, 3);
void worker_drained(struct worker *w);
/* Leaves the loop in an orderly way with this exit code. */
void worker_exit(struct worker *w, int code);

/* Numbers of others were handled, so many series in so long a piece: it counts
 * as the price of numbers. */
void worker_collected(struct worker *w, size_t series, uint64_t took_ns);
/* How many series the next piece may have to stay within [metrics]
 * max_collection_time; at most batch_size. */
uint32_t worker_batch(struct worker *w);

/* ---- what outlives a restart and a crash -------------------------------- */
/* msd keeps descriptors for it (fd_store_max)?  Otherwise keeping does
 * nothing and there is nothing to take. */
bool worker_keeps_fds(struct worker *w);
/* From an earlier life, or a socket of `listen`; until READY, -1: none.  It is
 * the caller's.  Several of one name come oldest first. */
int worker_take_fd(struct worker *w, const char *name);
/* The first whose name begins so, forgotten by msd: what is of no use any
 * more.  To be asked until -1. */
int worker_take_left(struct worker *w, const char *prefix);
/* A copy goes to msd; fd stays the caller's. */
void worker_keep_fd(struct worker *w, const char *name, int fd);
void worker_forget_fd(struct worker *w, const char *name);
/* Memory that the next life finds as this one leaves it, even killed; zeros at
 * first and when `bytes` has changed.  It lives as long as the process. */
void *worker_note(struct worker *w, const char *name, size_t bytes);

/* ---- requests (route_fn) ---------------------------------------------- */
const void *call_in(const struct call *call); /* desc->in struct */
struct slice call_body(const struct call *call);
struct arena *call_arena(struct call *call); /* lives as long as the call */
struct id128 call_op(const struct call *call);
struct mono call_deadline(const struct call *call); /* .ns 0 = none */
/* When it came, before it waited for its turn. */
struct mono call_received(const struct call *call);
/* The trace the caller works in; false: it has said none. */
bool call_trace(const struct call *call, struct traceparent *trace_r);
/* How long a call that is made to serve this one may take: what is left less a
 * margin for our own answer, at most own_ms; 0 = too late to begin. */
uint32_t call_budget_ms(const struct call *call, uint32_t own_ms);
enum priority call_priority(const struct call *call);
struct worker *call_worker(const struct call *call);
/* Set by whoever parks the call; run once when the caller is gone
 * (MS_ECLOSED), its deadline has passed (MS_ETIMEOUT) or the worker stops
 * (MS_ESHUTDOWN).  The call must still be answered.  NULL clears. */
void call_on_cancel(struct call *call, void (*fn)(struct call *call));
enum ms_err call_cancel_reason(const struct call *call);
void call_set_user(struct call *call, void *user);
void *call_user(const struct call *call);

/* out: desc->out struct or NULL; body is copied into the reply. */
void call_reply(struct call *call, const void *out, struct slice body);
void call_fail(struct call *call, enum ms_err err, const char *fmt, ...)
    MS_PRINTF(3, 4);
/* The same with when to come again: MS_EBUSY, MS_EUNAVAILABLE. */
void call_refuse(struct call *call, enum ms_err err, uint64_t retry_after_ms,
    const char *fmt, ...) MS_PRINTF(4, 5);

/* Requests that are served or wait may hold so many bytes (256 MiB until it is
 * said); then the next ones wait in their sockets. */
void worker_hold_at_most(struct worker *w, size_t bytes);
size_t worker_held(struct worker *w);

/* ---- publishing (desc->publishes) ------------------------------------- */
#define WORKER_PUB_QUEUE 8192 /* messages for one subscriber: NNG's maximum */
/* How many are subscribed now. */
uint32_t worker_subscribers(struct worker *w);
/* Sends topic, NUL, head, body as one PUB message.  Never blocks; copies. */
enum ms_err worker_publish(struct worker *w, struct slice topic,
    struct slice head, struct slice body);

#endif
