/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flights are kept in the order of their sequence: new ones come at the end,
 * settled ones leave at the front, so the floor is the one before the first.
 * An event that is out and overdue is simply handed out again; no state
 * changes with time, so nothing has to wake up for it.
 */
#include "workers/bus/consumer.h"

#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/log.h"
#include "common/words.h"
#include "proto/subject.h"

#define DELIVERIES_MAX UINT16_MAX

struct consumer *
consumer_new(const char *name, const struct words *filter, int deliver,
    uint64_t ack_wait_ms)
{
	struct consumer *c = xcalloc(1, sizeof(*c));

	c->name = xstrdup(name);
	c->deliver = deliver;
	c->ack_wait_ms = ack_wait_ms ? ack_wait_ms : CONSUMER_ACK_WAIT_MS;
	c->filter_count = filter->count;
	c->filter = xcalloc(filter->count + 1, sizeof(char *));
	for (size_t i = 0; i < filter->count; i++)
		c->filter[i] = xstrdup(filter->word[i]);
	return c;
}

void
consumer_free(struct consumer **consumer)
{
	struct consumer *c = *consumer;

	if (!c)
		return;
	*consumer = NULL;
	for (size_t i = 0; i < c->filter_count; i++)
		free(c->filter[i]);
	for (size_t i = 0; i < CONSUMER_FENCED_MAX; i++)
		free(c->fenced[i]);
	free(c->filter);
	free(c->flights);
	free(c->member);
	free(c->name);
	free(c);
}

void
consumer_set_cursor(struct consumer *c, uint64_t ack_floor, uint64_t delivered)
{
	c->ack_floor = c->scanned = ack_floor;
	c->delivered = delivered > ack_floor ? delivered : ack_floor;
	c->redelivered_upto = c->delivered;
}

enum ms_err
consumer_check(const char *name, const struct words *filter, struct why *why)
{
	size_t len = name ? strlen(name) : 0;

	if (len == 0 || len > CONSUMER_NAME_MAX)
		return why_set(why, MS_EINVAL,
		    "a consumer's name has 1 to %u bytes", CONSUMER_NAME_MAX);
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)name[i];

		if (c <= ' ' || c >= 127 || strchr(".*>/", c))
			return why_set(why, MS_EINVAL,
			    "a consumer's name has no blanks, controls or any "
			    "of .*>/ (offset %zu)",
			    i);
	}
	if (filter->count > CONSUMER_FILTER_MAX)
		return why_set(why, MS_ETOOBIG,
		    "at most %u patterns in a filter", CONSUMER_FILTER_MAX);
	for (size_t i = 0; i < filter->count; i++) {
		enum ms_err err = pattern_check(slice_of(filter->word[i]), why);

		if (err)
			return err;
	}
	return MS_OK;
}

bool
consumer_is_same(const struct consumer *c, const struct words *filter,
    int deliver, uint64_t ack_wait_ms)
{
	struct words mine = { c->filter, c->filter_count };

	return words_same(&mine, filter) && c->deliver == deliver &&
	    c->ack_wait_ms ==
	    (ack_wait_ms ? ack_wait_ms : CONSUMER_ACK_WAIT_MS);
}

bool
consumer_matches(const struct consumer *c, struct slice subject)
{
	for (size_t i = 0; i < c->filter_count; i++) {
		if (pattern_matches(slice_of(c->filter[i]), subject))
			return true;
	}
	return c->filter_count == 0;
}

/* ---- members ------------------------------------------------------------- */

static bool
is_fenced(const struct consumer *c, const char *member)
{
	for (size_t i = 0; i < CONSUMER_FENCED_MAX; i++) {
		if (c->fenced[i] && strcmp(c->fenced[i], member) == 0)
			return true;
	}
	return false;
}

static void
fence(struct consumer *c, char *member)
{
	char **slot = &c->fenced[c->fenced_next++ % CONSUMER_FENCED_MAX];

	free(*slot);
	*slot = member;
}

static void
release_all(struct consumer *c, struct mono now)
{
	for (size_t i = c->flight_head; i < c->flight_end; i++) {
		struct flight *f = &c->flights[i];

		if (f->state != FLIGHT_OUT)
			continue;
		f->state = FLIGHT_WAITING;
		f->due = now;
	}
}

enum ms_err
consumer_claim(struct consumer *c, const char *member, struct mono now,
    struct why *why)
{
	member = member ? member : "";
	if (c->member && strcmp(c->member, member) == 0)
		return MS_OK;
	if (is_fenced(c, member))
		return why_set(why, MS_ECONFLICT,
		    "consumer %s was taken over by another member", c->name);
	if (c->member) {
		fence(c, c->member);
		release_all(c, now);
	}
	c->member = xstrdup(member);
	return MS_OK;
}

/* ---- flights ------------------------------------------------------------- */

/* Settled ones at the front leave; the floor follows. */
static void
advance(struct consumer *c)
{
	uint64_t floor;

	while (c->flight_head < c->flight_end &&
	    c->flights[c->flight_head].state == FLIGHT_SETTLED)
		c->flight_head++;
	if (c->flight_head == c->flight_end) {
		c->flight_head = c->flight_end = 0;
		floor = c->scanned;
	} else {
		floor = c->flights[c->flight_head].seq - 1;
	}
	if (floor > c->ack_floor) {
		c->ack_floor = floor;
		c->dirty = true;
	}
	if (c->delivered < c->ack_floor)
		c->delivered = c->ack_floor;
}

static struct flight *
flight_add(struct consumer *c)
{
	if (c->flight_end == c->flight_cap &&
	    c->flight_head > c->flight_cap / 2) {
		memmove(c->flights, c->flights + c->flight_head,
		    (c->flight_end - c->flight_head) * sizeof(*c->flights));
		c->flight_end -= c->flight_head;
		c->flight_head = 0;
	}
	if (c->flight_end == c->flight_cap) {
		c->flight_cap = c->flight_cap ? c->flight_cap * 2 : 64;
		c->flights = xreallocarray(c->flights, c->flight_cap,
		    sizeof(*c->flights));
	}
	return &c->flights[c->flight_end++];
}

/* The first flight at or behind seq. */
static size_t
flight_from(const struct consumer *c, uint64_t seq)
{
	size_t low = c->flight_head, high = c->flight_end;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (c->flights[mid].seq < seq)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

size_t
consumer_room(const struct consumer *c, uint32_t max_pending)
{
	return c->unsettled < max_pending ? max_pending - c->unsettled : 0;
}

static bool
is_again(const struct flight *f, struct mono now)
{
	return f->state != FLIGHT_SETTLED && mono_reached(now, f->due);
}

struct flight *
consumer_again(const struct consumer *c, size_t *at, struct mono now)
{
	for (size_t i = c->flight_head + *at; i < c->flight_end; i++) {
		struct flight *f = &c->flights[i];

		*at = i - c->flight_head + 1;
		if (is_again(f, now))
			return f;
		if (f->state == FLIGHT_WAITING)
			return NULL; /* order: nothing passes it */
	}
	return NULL;
}

bool
consumer_is_blocked(const struct consumer *c, struct mono now)
{
	for (size_t i = c->flight_head; i < c->flight_end; i++) {
		if (c->flights[i].state == FLIGHT_WAITING ||
		    is_again(&c->flights[i], now))
			return true;
	}
	return false;
}

void
consumer_redeliver(struct consumer *c, struct flight *f, struct mono now)
{
	f->state = FLIGHT_OUT;
	f->due = mono_add_ms(now, c->ack_wait_ms);
	if (f->deliveries < DELIVERIES_MAX)
		f->deliveries++;
	c->redeliveries++;
	c->events_out++;
}

uint16_t
consumer_deliver(struct consumer *c, uint64_t seq, struct mono now)
{
	struct flight *f;

	if (seq - 1 > c->scanned)
		consumer_skip(c, seq - 1);
	f = flight_add(c);
	*f = (struct flight){ .seq = seq,
		.due = mono_add_ms(now, c->ack_wait_ms),
		.deliveries = seq <= c->redelivered_upto ? 2 : 1,
		.state = FLIGHT_OUT };
	c->unsettled++;
	c->scanned = seq;
	c->events_out++;
	if (f->deliveries > 1)
		c->redeliveries++;
	if (c->delivered < seq) {
		c->delivered = seq;
		c->dirty = true;
	}
	return f->deliveries;
}

void
consumer_skip(struct consumer *c, uint64_t upto)
{
	if (upto <= c->scanned)
		return;
	c->scanned = upto;
	if (c->flight_head == c->flight_end)
		advance(c);
}

static void
settled(struct consumer *c, struct flight *f)
{
	if (f->state == FLIGHT_SETTLED)
		return;
	f->state = FLIGHT_SETTLED;
	c->unsettled--;
}

void
consumer_lose(struct consumer *c, struct flight *f)
{
	settled(c, f);
}

/* ---- settling ------------------------------------------------------------ */

/* After a restart nothing is known to be out, but it was. */
static void
settle_earlier_life(struct consumer *c, uint64_t first, uint64_t last)
{
	if (c->flight_head == c->flight_end && first <= c->scanned + 1 &&
	    last > c->scanned && last <= c->redelivered_upto)
		c->scanned = last;
}

void
consumer_settle_upto(struct consumer *c, uint64_t upto)
{
	settle_earlier_life(c, 0, upto);
	for (size_t i = c->flight_head; i < c->flight_end; i++) {
		struct flight *f = &c->flights[i];

		if (f->seq > upto)
			break;
		if (f->state == FLIGHT_OUT)
			settled(c, f);
	}
	advance(c);
}

static void
settle_one(struct consumer *c, struct flight *f, enum settle_result result,
    uint64_t delay_ms, struct mono now)
{
	switch (result) {
	case SETTLE_FAILURE: /* no letters for the dead yet */
	case SETTLE_RESULTS:
	case SETTLE_SUCCESS:
		settled(c, f);
		break;
	case SETTLE_RETRY:
		f->state = FLIGHT_WAITING;
		f->due = mono_add_ms(now, delay_ms);
		break;
	case SETTLE_RELEASE:
		if (f->state == FLIGHT_OUT && f->deliveries > 0)
			f->deliveries--;
		f->state = FLIGHT_WAITING;
		f->due = now;
		break;
	case SETTLE_IN_PROGRESS:
		if (f->state == FLIGHT_OUT)
			f->due = mono_add_ms(now, c->ack_wait_ms);
		break;
	}
}

void
consumer_settle(struct consumer *c, uint64_t first, uint64_t last,
    enum settle_result result, uint64_t delay_ms, struct mono now)
{
	for (size_t i = flight_from(c, first);
	     i < c->flight_end && c->flights[i].seq <= last; i++) {
		struct flight *f = &c->flights[i];

		if (f->state != FLIGHT_SETTLED)
			settle_one(c, f, result, delay_ms, now);
	}
	if (result != SETTLE_SUCCESS)
		return;
	settle_earlier_life(c, first, last);
	advance(c);
}

void
consumer_take_back(struct consumer *c, uint64_t first, uint64_t last)
{
	for (size_t i = flight_from(c, first);
	     i < c->flight_end && c->flights[i].seq <= last; i++) {
		struct flight *f = &c->flights[i];

		if (f->state != FLIGHT_OUT)
			continue;
		f->state = FLIGHT_WAITING;
		f->due = (struct mono){ 1 };
		f->deliveries--;
	}
}

struct mono
consumer_due(const struct consumer *c)
{
	struct mono earliest = { 0 };

	for (size_t i = c->flight_head; i < c->flight_end; i++) {
		const struct flight *f = &c->flights[i];

		if (f->state != FLIGHT_SETTLED &&
		    (earliest.ns == 0 || f->due.ns < earliest.ns))
			earliest = f->due;
		if (f->state == FLIGHT_WAITING)
			break; /* those behind it have to wait anyway */
	}
	return earliest;
}

const struct flight *
consumer_worst(const struct consumer *c)
{
	const struct flight *worst = NULL;

	for (size_t i = c->flight_head; i < c->flight_end; i++) {
		const struct flight *f = &c->flights[i];

		if (f->state != FLIGHT_SETTLED &&
		    (!worst || f->deliveries > worst->deliveries))
			worst = f;
	}
	return worst;
}
