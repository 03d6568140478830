/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of libms share.  For the files of proto/client only. */
#ifndef PROTO_CLIENT_MS_IMPL_H
#define PROTO_CLIENT_MS_IMPL_H

#include <sys/queue.h>

#include "common/backoff.h"
#include "proto/batch.h"
#include "proto/client/link.h"
#include "proto/client/ms.h"
#include "proto/envelope.h"
#include "proto/traceparent.h"

/* One batch on its way: filling, flying, or waiting to fly again. */
struct shipment {
	TAILQ_ENTRY(shipment) entry; /* of one of the outbox's queues */
	struct ms *ms;
	struct buf bytes;
	struct id128 op;
	enum ms_durability durability;
	uint32_t events;
	int64_t first_ts_ns, last_ts_ns;
};
TAILQ_HEAD(shipment_queue, shipment);

struct outbox {
	struct link *link; /* on ms->acks */
	struct batch_writer writer;
	struct shipment *filling; /* NULL: nothing begun */
	struct shipment_queue free;
	struct shipment_queue flying;
	struct shipment_queue grounded; /* to be sent again by the timer */
	struct hub_timer again;
	struct backoff backoff;
	uint32_t window;
	uint32_t away;    /* flying and grounded */
	uint32_t awaited; /* of them: by ms_flush() */
	struct ms_published totals;
	enum ms_err refused; /* the first since the last flush */
	struct arena arena;  /* of one JSON text */
};

struct service_link {
	SLIST_ENTRY(service_link) next;
	struct link *link;
	char name[]; /* "config" */
};

/* For events that do not say it themselves: trace.c */
#define TRACESTATE_LEN_MAX 512u /* what everybody has to pass on */
struct trace_context {
	char traceparent[TRACEPARENT_BYTES]; /* "": none */
	char tracestate[TRACESTATE_LEN_MAX + 1];
	struct id128 causation; /* zero: none */
	struct id128 correlation;
};
_Static_assert(MS_TRACEPARENT_BYTES == TRACEPARENT_BYTES, "one format");

struct ms {
	/* Acknowledgements have a hub of their own: ms_publish() waits for
	 * them without running the caller's callbacks. */
	struct link_hub *acks;
	struct link_hub *hub;
	int fd; /* epoll over both */
	char *run_dir;
	char *source;
	struct outbox outbox;
	SLIST_HEAD(, service_link) services;
	LIST_HEAD(, ms_sub) subs;
	LIST_HEAD(, ms_consumer) consumers;
	uint64_t dice;
	enum priority priority;
	struct trace_context context;
	struct why why;
};

/* Opens a link to run_dir/SERVICE.ipc. */
enum ms_err handle_link(struct ms *ms, const char *service,
    struct link_hub *hub, struct link **link_r);
/* "ipc://RUN_DIR/NAME" + suffix; NULL when too long (why is set). */
char *handle_address(struct ms *ms, const char *name, const char *suffix);
/* Before the next try after a failure; never less than what was asked for. */
uint64_t handle_retry_delay_ms(struct backoff *backoff,
    uint32_t retry_after_ms);
/* Both hubs, without waiting; how much ran. */
size_t handle_run(struct ms *ms);
/* Until the deadline for something to run; false when it has passed. */
bool handle_wait(struct ms *ms, struct mono deadline);
/* timeout_ms as in ms.h: -1 is for ever. */
struct mono handle_deadline(int timeout_ms);

enum ms_err outbox_init(struct ms *ms, uint32_t window);
void outbox_fini(struct ms *ms);
/* Sends the begun batch when the window allows. */
void outbox_push(struct ms *ms);
/* The same, waiting for the window.  MS_ETIMEOUT. */
enum ms_err outbox_push_waiting(struct ms *ms);
/* An empty one that is nobody's; NULL: out of memory. */
struct shipment *outbox_take(struct ms *ms);
/* True: its halves fly instead of it. */
bool outbox_split(struct shipment *refused, enum ms_err err,
    void (*fly)(struct shipment *part));
enum ms_err outbox_check_durability(struct ms *ms,
    enum ms_durability durability);
extern const struct envelope_limits outbox_limits;

/* What the event does not say and the context does; borrowed from ms. */
void trace_fill(const struct ms *ms, struct envelope *e);

/* All borrowed from event, ms or arena; ms->why says what is wrong. */
enum ms_err event_to_envelope(struct ms *ms, const struct ms_event *event,
    struct envelope *e_r);
enum ms_err event_parse_json(struct ms *ms, struct slice text,
    const char *default_subject, struct arena *arena, struct envelope *e_r);

/* Strings and payload live in arena or the frame. */
enum ms_err event_from_frame(struct slice frame, struct arena *arena,
    struct ms_event *event_r, struct why *why);
enum ms_err event_of_envelope(const struct envelope *e, struct arena *arena,
    struct ms_event *event_r);

#endif
