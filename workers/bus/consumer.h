/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A durable consumer: which events it has settled, which are in flight, what
 * it may be given next.  Pure: the caller brings events and `now`, and writes
 * the cursor where `dirty` says so before it answers anybody.
 *
 * One member uses it at a time.  A fetch by another member takes over: what
 * was in flight comes again at once, marked as redelivered, and the old member
 * is fenced: whatever it still says is MS_ECONFLICT.  Events are handed out in
 * the order of the log; while one of them waits to come again (retry with a
 * delay), no later one is handed out.
 */
#ifndef WORKERS_BUS_CONSUMER_H
#define WORKERS_BUS_CONSUMER_H

#include <stdint.h>

#include "common/err.h"
#include "common/mono.h"
#include "common/str.h"
#include "proto/msg/bus.h"

#define CONSUMER_NAME_MAX    255u
#define CONSUMER_FILTER_MAX  64u /* patterns */
#define CONSUMER_FENCED_MAX  16u /* old members remembered */
#define CONSUMER_ACK_WAIT_MS 30000u

enum flight_state {
	FLIGHT_OUT,     /* with the member until due */
	FLIGHT_WAITING, /* to be handed out again from due on */
	FLIGHT_SETTLED  /* until those before it are settled, too */
};

struct flight {
	uint64_t seq;
	struct mono due;
	uint16_t deliveries;
	uint8_t state;
};

struct consumer {
	/* definition, never changed */
	char *name;
	char **filter;
	size_t filter_count; /* 0 = all */
	int deliver;         /* enum deliver_policy */
	uint64_t ack_wait_ms;
	/* cursor, what CURSORS.log keeps */
	uint64_t ack_floor; /* all up to here is settled or does not match */
	uint64_t delivered; /* something up to here was handed out, ever */
	bool dirty;         /* differs from what was written */
	/* this life */
	uint64_t scanned;          /* all up to here was looked at */
	uint64_t redelivered_upto; /* handed out by an earlier life */
	struct flight *flights;    /* rising sequence */
	size_t flight_head, flight_end, flight_cap;
	size_t unsettled; /* in flights */
	char *member;     /* NULL = nobody yet */
	char *fenced[CONSUMER_FENCED_MAX];
	size_t fenced_next;
	uint64_t redeliveries; /* counters */
	uint64_t events_out;
};

/* filter: checked patterns.  Copies all. */
struct consumer *consumer_new(const char *name, const struct words *filter,
    int deliver, uint64_t ack_wait_ms);
void consumer_free(struct consumer **consumer);
/* Where it starts, or goes on after a restart. */
void consumer_set_cursor(struct consumer *consumer, uint64_t ack_floor,
    uint64_t delivered);
/* MS_EINVAL: the name or a pattern breaks the rules. */
enum ms_err consumer_check(const char *name, const struct words *filter,
    struct why *why);
bool consumer_is_same(const struct consumer *consumer,
    const struct words *filter, int deliver, uint64_t ack_wait_ms);
bool consumer_matches(const struct consumer *consumer, struct slice subject);

/* member speaks: takes over when it is a new one.  MS_ECONFLICT: fenced. */
enum ms_err consumer_claim(struct consumer *consumer, const char *member,
    struct mono now, struct why *why);

/* How many more may be in flight. */
size_t consumer_room(const struct consumer *consumer, uint32_t max_pending);
/* The next one that comes again, from *at on (start with 0); NULL: none. */
struct flight *consumer_again(const struct consumer *consumer, size_t *at,
    struct mono now);
/* An event waits for its time: nothing behind it may be handed out. */
bool consumer_is_blocked(const struct consumer *consumer, struct mono now);
void consumer_redeliver(struct consumer *consumer, struct flight *flight,
    struct mono now);
/* The event behind `scanned` that matches: in flight from now on.  The result
 * is how often it was delivered, this time included. */
uint16_t consumer_deliver(struct consumer *consumer, uint64_t seq,
    struct mono now);
/* Up to here nothing (else) matches. */
void consumer_skip(struct consumer *consumer, uint64_t upto);
/* The event does not exist any more.  The floor follows with the next
 * settling. */
void consumer_lose(struct consumer *consumer, struct flight *flight);

/* Everything out up to here succeeded. */
void consumer_settle_upto(struct consumer *consumer, uint64_t upto);
void consumer_settle(struct consumer *consumer, uint64_t first, uint64_t last,
    enum settle_result result, uint64_t delay_ms, struct mono now);
/* Those still out of first..last go back, as if never handed out: their reply
 * was lost. */
void consumer_take_back(struct consumer *consumer, uint64_t first,
    uint64_t last);
/* In flight, and handed out more often than any other; NULL = none is. */
const struct flight *consumer_worst(const struct consumer *consumer);
/* When the next one in flight comes again; ns 0 = never. */
struct mono consumer_due(const struct consumer *consumer);

#endif
