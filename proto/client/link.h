/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of links: the client half of SP's request/reply protocol.  For
 * the files of proto/client only.
 */
#ifndef PROTO_CLIENT_LINK_H
#define PROTO_CLIENT_LINK_H

#include "common/breaker_meter.h"
#include "common/retry.h"
#include "proto/client/hub.h"
#include "proto/client/sp.h"

/* A request begins with its id, which the reply repeats. */
#define LINK_ID_BYTES     4u
#define LINK_PREFIX_BYTES (SP_PREFIX_BYTES + LINK_ID_BYTES)

enum pending_state {
	PENDING_IDLE,
	PENDING_ACTIVE, /* in link->active: to be written, or written */
	PENDING_DONE    /* in link->done: its item waits in the hub */
};

/* One call.  Its slot in link->slots is its for good; the id names slot and
 * turn, so a late reply finds nobody. */
struct pending {
	struct hub_item item;
	TAILQ_ENTRY(pending) entry;
	struct link *link; /* NULL: closed while the callback runs */
	enum pending_state state;
	uint32_t slot;
	uint32_t id;
	bool sent;        /* on the present connection */
	struct buf bytes; /* the request as it is written; kept to resend */
	struct hub_timer timer;
	uint32_t timeout_ms;
	bool patient;
	struct breaker_ticket ticket; /* of a call that is not patient */
	enum ms_err result;
	struct sp_msg *reply;
	const struct msg_desc *desc;
	struct arena *arena; /* for the reply's struct; NULL = a passing one */
	struct pending *outer; /* whose callback made this one's run */
	call_done_fn *done;
	void *arg;
};
TAILQ_HEAD(pending_list, pending);

struct link {
	struct link_hub *hub;
	struct sp *sp;
	char *address;
	struct pending *slots[LINK_CALLS_MAX];
	uint32_t slot_count;
	uint32_t turn;
	struct pending_list idle;
	struct pending_list active; /* in order of starting */
	struct pending_list done;
	struct pending *unsent;  /* of active: the next to write; NULL = none */
	struct pending *running; /* whose callback runs now */
	enum priority priority;
	struct traceparent trace;
	bool has_trace;
	struct breaker breaker;
	struct breaker_meter meter;
	struct metric retries;
	struct retry_budget budget;
	uint32_t retry_after_ms; /* of what ended or failed last */
	uint64_t dice;
};

enum ms_err pending_take(struct link *link, struct pending **p_r);
/* bytes and timeout_ms are set. */
void pending_start(struct pending *p);
/* After its callback: ready for the next call, or gone with its link. */
void pending_give_back(struct pending *p);
/* Does the breaker let a call begin? */
bool link_allows(struct link *link, struct pending *p);
/* call.c: runs the callback. */
void pending_complete(struct pending *p);

#endif
