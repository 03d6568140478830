/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libms: what an agent or tool links to talk to Mister Smith.
 *
 * One `struct ms` is one connection to the services of one run directory.  It
 * belongs to one thread; several may be open at once.  Nothing here needs the
 * services to be up: calls wait, connections come back by themselves, and what
 * was sent is sent again (every write is idempotent by its operation id).
 *
 * Event-loop use: watch ms_fd() for reading and call ms_dispatch(ms, 0).
 * Blocking use: ms_flush(), ms_request() and ms_dispatch(ms, timeout) wait.
 * Callbacks run inside ms_dispatch(), ms_flush() and ms_request() only.  They
 * may call everything except ms_close().
 *
 * After fork() a child must not use a handle of its parent (exec first).
 */
#ifndef MS_H
#define MS_H

#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

#ifdef __cplusplus
extern "C" {
#endif

struct ms;
struct ms_sub;
struct ms_consumer;

enum ms_durability {
	MS_NONE = 0,     /* handed to libms, no acknowledgement awaited */
	MS_ACCEPTED = 1, /* the broker has validated and routed it */
	MS_WRITTEN = 2,  /* survives kill -9 of every process */
	MS_SYNCED = 3    /* survives power loss */
};

struct ms_options {
	const char *run_dir; /* NULL: $MS_RUN_DIR, else /run/ms */
	const char *source;  /* CloudEvents source; NULL: /NAME from $MS_NAME or
	                        /pid/N */
	uint32_t window;     /* unacknowledged batches, 0 = 16, at most 64 */
	/* How much it matters that what is asked is done, when a service has
	 * too much to do: 1 nobody waits for it .. 7, 0 = as usual (4). */
	uint32_t priority;
};

#define MS_PRIORITY_MAX 7
/* options may be NULL.  MS_EINVAL, MS_ENOMEM. */
enum ms_err ms_open(const struct ms_options *options, struct ms **ms_r);
/* Does not flush.  Sets *ms to NULL. */
void ms_close(struct ms **ms);

/* Readable when ms_dispatch() has something to do; owned by ms. */
int ms_fd(struct ms *ms);
/* Runs what is due; waits up to timeout_ms for it (-1 = for ever, 0 = not). */
enum ms_err ms_dispatch(struct ms *ms, int timeout_ms);
/* The last failure of this handle in words; "" when none.  Borrowed until the
 * next call. */
const char *ms_why(struct ms *ms);

struct ms_event {
	const char *subject;      /* required */
	const char *type;         /* NULL: the subject */
	const char *source;       /* NULL: the handle's */
	const char *id;           /* NULL: a new UUIDv7 */
	const char *content_type; /* NULL: application/json */
	const char *partition_key;
	const char *correlation_id; /* UUID text or NULL */
	const char *causation_id;   /* UUID text or NULL */
	const char *traceparent;    /* W3C Trace Context, version 00 */
	const char *tracestate;
	int64_t time_ns; /* 0: now */
	const void *data;
	size_t data_bytes;
	/* filled on delivery, ignored by publish */
	uint64_t seq;
	uint32_t deliveries; /* durable consumers: 1 = first time */
	const void *frame;   /* the whole envelope, for decoders of our own */
	size_t frame_bytes;
};

/*
 * Puts one event into the current batch (copied).  The batch leaves when it
 * holds 64 KiB, on ms_dispatch() and on ms_flush().  When `window` batches are
 * unacknowledged this call waits for one (MS_ETIMEOUT after 30 s, the event is
 * then not taken).  Events of different durability go in different batches,
 * in order.  A typed error names what is wrong with the event.
 *
 * When the broker refuses a batch because of one of its events, the others are
 * sent again without it: only the bad one counts as failed.
 */
enum ms_err ms_publish(struct ms *ms, const struct ms_event *event,
    enum ms_durability durability);
/* One CloudEvents JSON object (or bare JSON value with default_subject). */
enum ms_err ms_publish_json(struct ms *ms, const char *text, size_t len,
    const char *default_subject, enum ms_durability durability);

/*
 * Traces.  An event may say the trace it belongs to (traceparent, tracestate);
 * what is no traceparent of version 00 is refused with MS_EATTRIBUTE.  It is
 * carried as it is to subscribers, consumers and the event store.  What many
 * events have in common is said once, for all that is published afterwards and
 * does not say it itself.
 */
#define MS_TRACEPARENT_BYTES 56
/* parent NULL: a new trace; else a child: its trace, a new span. */
enum ms_err ms_trace_child(struct ms *ms, const char *parent,
    char traceparent_r[MS_TRACEPARENT_BYTES]);
/* traceparent NULL ends it.  tracestate: at most 512 characters, or NULL.
 * MS_EATTRIBUTE, MS_ETOOBIG; what was said before then still holds. */
enum ms_err ms_trace_set(struct ms *ms, const char *traceparent,
    const char *tracestate);
/*
 * What is published from now on was caused by this delivered event: it names
 * it in causation_id, takes over its correlation_id (or begins it with the
 * cause's id), and carries a child of its trace, one span for all of them.
 * NULL ends it, ms_trace_set() too.  MS_EINVAL: it was not delivered.
 */
enum ms_err ms_cause(struct ms *ms, const struct ms_event *cause);

struct ms_published {    /* totals since ms_open */
	uint64_t events; /* given to ms_publish */
	uint64_t acked;  /* acknowledged, duplicates included */
	uint64_t duplicates;
	uint64_t failed; /* refused by the broker: lost, see ms_why() */
	uint64_t last_seq;
	enum ms_durability durability; /* the least reached so far */
	/* left out by the broker under load, as its [subject] section for them
	 * says; among the acked */
	uint64_t discarded;
};
/* Waits until every batch is acknowledged or refused.  MS_ETIMEOUT; the first
 * refusal's code when some failed since the last flush. */
enum ms_err ms_flush(struct ms *ms, int timeout_ms);
void ms_published(struct ms *ms, struct ms_published *totals_r);

/*
 * One unit: all of its events are stored together or none of them, in one
 * stream, and only when the log is where the publisher believes it to be.  At
 * most MS_UNIT_EVENTS_MAX; nothing of it leaves before ms_unit_commit(), and
 * who dies before leaves nothing behind.
 */
#define MS_UNIT_EVENTS_MAX 1000
struct ms_unit_options {
	enum ms_durability durability; /* MS_NONE: MS_WRITTEN */
	const char *expected_stream;   /* NULL: any */
	/* NULL: whatever it is; 0: there is none yet.  Read by commit. */
	const uint64_t *expected_last_seq;         /* of their stream */
	const uint64_t *expected_last_subject_seq; /* of their one subject */
	int mandatory;   /* MS_ENOMATCH when nobody would get one of them */
	uint32_t ttl_ms; /* each says expirytime so long from now; 0: none */
	int timeout_ms;  /* of the commit, 0: 30 s */
};
struct ms_ack {
	char stream[32];    /* the stream they are in */
	uint64_t first_seq; /* of the new ones; 0: all were duplicates */
	uint64_t last_seq;  /* also of a duplicate: what it has had before */
	uint32_t count;     /* stored now */
	uint32_t duplicates;
	enum ms_durability durability; /* reached */
	uint64_t synced_seq;           /* up to here all survives power loss */
	uint32_t matched_live;         /* live subscribers connected */
	uint32_t matched_durable; /* consumers that get one of them at least */
	uint32_t discarded;       /* left out by the broker under load */
	uint32_t
	    retry_after_ms; /* of a refusal: when to come again; 0: unsaid */
};
struct ms_unit;
/* options may be NULL; they and what they point to live until the commit.
 * MS_EINVAL, MS_ENOMEM. */
enum ms_err ms_unit_begin(struct ms *ms, const struct ms_unit_options *options,
    struct ms_unit **unit_r);
/* Errors as ms_publish(); the event is then not in it.  MS_ETOOBIG: full. */
enum ms_err ms_unit_add(struct ms_unit *unit, const struct ms_event *event);
enum ms_err ms_unit_add_json(struct ms_unit *unit, const char *text, size_t len,
    const char *default_subject);
/*
 * Sends it behind all that was published before and waits for the answer;
 * ends it, whatever comes.  ack_r may be NULL.  MS_ESEQUENCE: the log is
 * elsewhere (ms_why() says where).  MS_ECONFLICT: another stream.  MS_ENOMATCH.
 * MS_ETIMEOUT: not known; the same events again with the same ids are stored
 * once.  ms_err_is_retryable() says whether it may pass.
 */
enum ms_err ms_unit_commit(struct ms_unit **unit, struct ms_ack *ack_r);
void ms_unit_drop(struct ms_unit **unit);
/* One event as a unit. */
enum ms_err ms_publish_with(struct ms *ms, const struct ms_event *event,
    const struct ms_unit_options *options, struct ms_ack *ack_r);

/* Live events: from now on, at most once, in order.  event NULL means a gap:
 * sequences from..to (of this class, in one of the streams) were not
 * received. */
typedef void ms_event_fn(void *arg, const struct ms_event *event);
typedef void ms_gap_fn(void *arg, uint64_t from, uint64_t to);
enum ms_err ms_subscribe(struct ms *ms, const char *pattern, ms_event_fn *fn,
    ms_gap_fn *gap, void *arg, struct ms_sub **sub_r);
void ms_unsubscribe(struct ms_sub **sub);

/* Durable consumption: at least once, in order, across restarts of anyone. */
struct ms_consumer_options {
	const char *name;          /* required: the cursor's name */
	const char *const *filter; /* NULL-terminated patterns; NULL = all */
	int only_new;              /* a new consumer starts at the end */
	uint32_t max_events;       /* per batch, 0 = 1000 */
	uint64_t max_bytes;        /* 0 = 4 MiB */
	uint32_t ack_wait_ms;      /* 0 = 30 s */
};
/*
 * Called with the events of one batch, in order.  MS_OK settles all of them
 * and fetches on; MS_EBUSY keeps the batch until ms_consumer_settle();
 * another error gives the batch back, to come again after a delay.
 * Events are borrowed until the callback returns, with MS_EBUSY until settled.
 */
typedef enum ms_err ms_batch_fn(void *arg, const struct ms_event *events,
    size_t count);
enum ms_err ms_consume(struct ms *ms, const struct ms_consumer_options *options,
    ms_batch_fn *fn, void *arg, struct ms_consumer **consumer_r);
/* MS_OK: done with the batch; otherwise it is redelivered. */
void ms_consumer_settle(struct ms_consumer *consumer, enum ms_err result);
void ms_consumer_close(struct ms_consumer **consumer);

/*
 * Asks a service ("bus", "config", "persist", "pool", ...) a verb with a JSON
 * object (NULL = {}).  *reply_r is JSON text to be free()d: the fields, and
 * the reply's body as member "body" when it is JSON.  Waits up to timeout_ms,
 * for a service that is not there yet too; a refusal that may pass (MS_EBUSY)
 * is tried again in that time.  A service that has answered none of several
 * requests in a row is MS_EUNAVAILABLE at once, except for one now and then.
 */
enum ms_err ms_request(struct ms *ms, const char *service, const char *verb,
    const char *json, int timeout_ms, char **reply_r);

/* ---- numbers of this process ---------------------------------------------- */
/*
 * Counters, gauges and histograms with names of your own, beside those of our
 * workers in `msctl metrics` and /metrics.  They live in a file that msd makes
 * for each worker ($MS_METRICS), so they survive a crash and count on in the
 * next life.  In a process that msd did not start they do nothing.  No struct
 * ms is needed; any thread; a child after fork() counts nothing.
 *
 * Values are in the unit that the name says, as Prometheus wants it:
 * llm_request_seconds, context_bytes, cache_ratio; a counter's name ends in
 * _total.  Names begin with a letter, are [a-z0-9_] and not ms_...
 *
 * A process has MS_METRICS_MAX of them (of histograms about 100, as they are
 * large) and MS_METRIC_VALUES_MAX different label values of a name.  What comes
 * on top of that is counted together: another label value as "other", another
 * counter in process_other_total; other kinds are not kept.
 */
struct ms_metric;
enum ms_metric_kind {
	MS_COUNTER = 1,
	MS_GAUGE = 2,
	MS_HISTOGRAM = 3
};
#define MS_METRICS_MAX       1000
#define MS_METRIC_VALUES_MAX 64

/*
 * labels: at most three pairs, NULL-terminated: { "model", "small", NULL }, or
 * NULL.  The same name and labels give the same metric; keep it, this takes a
 * lock.  It lives as long as the process.
 * MS_EINVAL: a name or label that cannot be, or the name has another kind or
 * other labels already.  *metric_r is then NULL, which every function takes and
 * which does nothing.
 */
enum ms_err ms_metric(int kind, const char *name, const char *help,
    const char *const *labels, struct ms_metric **metric_r);
/* Counter (what is negative is ignored) or gauge. */
void ms_metric_add(struct ms_metric *metric, double n);
/* Gauge: the value of this process.  Together with ms_metric_add() from one
 * thread only. */
void ms_metric_set(struct ms_metric *metric, double value);
/* Histogram; negative counts as 0. */
void ms_metric_record(struct ms_metric *metric, double value);

#ifdef __cplusplus
}
#endif

#endif
