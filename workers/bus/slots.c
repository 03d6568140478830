/* SPDX-License-Identifier: Apache-2.0 */
/* The durable consumers the broker knows: creating, listing, asking about. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/json.h"
#include "common/log.h"
#include "workers/bus/slot.h"

static const struct slice no_body = { NULL, 0 };

struct slot *
slot_find(struct bus *bus, const char *name)
{
	struct slot *slot = NULL;

	if (name)
		HASH_FIND_STR(bus->slots, name, slot);
	return slot;
}

/* ---- consumers ----------------------------------------------------------- */

static struct slot *
slot_add(struct stream *stream, struct consumer *consumer)
{
	struct bus *bus = stream->bus;
	struct slot *slot = xcalloc(1, sizeof(*slot));

	slot->bus = bus;
	slot->stream = stream;
	slot->consumer = consumer;
	slot->floor_written = consumer->ack_floor;
	consumer_figures_init(&slot->figures, consumer->name);
	ev_timer_init(&slot->timer, deliver_on_timer, 0., 0.);
	HASH_ADD_KEYPTR(hh, bus->slots, consumer->name,
	    (unsigned)strlen(consumer->name), slot);
	return slot;
}

static uint64_t
behind(const struct slot *slot)
{
	uint64_t last_seq = journal_visible_seq(slot->stream->journal);
	uint64_t floor = slot->consumer->ack_floor;

	return last_seq > floor ? last_seq - floor : 0;
}

void
slot_show(struct slot *slot)
{
	const struct consumer *c = slot->consumer;

	consumer_figures_show(&slot->figures, c->events_out, c->redeliveries,
	    behind(slot), c->unsettled);
}

static void
slot_free(struct slot *slot)
{
	HASH_DEL(slot->bus->slots, slot);
	loop_timer_stop(slot->bus->loop, &slot->timer);
	consumer_free(&slot->consumer);
	free(slot);
}

/* New: its cursor is written before anybody knows it. */
static struct slot *
create(struct stream *stream, const struct bus_consumer_in *in, struct why *why)
{
	struct consumer *c =
	    consumer_new(in->name, &in->filter, in->deliver, in->ack_wait_ms);
	uint64_t start =
	    in->deliver == DELIVER_NEW ? journal_given_seq(stream->journal) : 0;
	struct slot *slot;

	consumer_set_cursor(c, start, start);
	slot = slot_add(stream, c);
	if (cursors_write_new(stream->cursors, c, why)) {
		slot_free(slot);
		return NULL;
	}
	journal_set_consumers(stream->journal, slots_of(stream));
	journal_sync_also(stream->journal, cursors_fd(stream->cursors));
	log_info("consumer created", "name=%s ack_floor=%" PRIu64, c->name,
	    c->ack_floor);
	return slot;
}

void
do_consumer(void *self, struct call *call)
{
	struct bus *bus = self;
	const struct bus_consumer_in *in = call_in(call);
	struct bus_consumer_out out = { 0 };
	struct why why = { "" };
	struct slot *slot;
	enum ms_err err = consumer_check(in->name, &in->filter, &why);

	if (err) {
		call_fail(call, err, "%s", why.text);
		return;
	}
	slot = slot_find(bus, in->name);
	if (slot &&
	    !consumer_is_same(slot->consumer, &in->filter, in->deliver,
		in->ack_wait_ms)) {
		call_fail(call, MS_ECONFLICT,
		    "consumer %s exists with another filter or policy",
		    in->name);
		return;
	}
	if (!slot && HASH_COUNT(bus->slots) >= bus->conf.max_consumers) {
		call_fail(call, MS_EBUSY, "there are max_consumers = %u",
		    bus->conf.max_consumers);
		return;
	}
	out.created = !slot;
	slot = slot ? slot : create(bus->streams[0], in, &why);
	if (!slot) {
		call_fail(call, MS_ESTORAGE, "%s", why.text);
		stream_broken(bus->streams[0], MS_ESTORAGE, &why);
		return;
	}
	out.ack_floor = slot->consumer->ack_floor;
	call_reply(call, &out, no_body);
}

static void
put_consumer(struct json *list, const struct slot *slot)
{
	const struct consumer *c = slot->consumer;
	struct json *o = json_put_object(list, NULL);
	const struct flight *worst = consumer_worst(c);
	struct json *filter;

	json_put_str(o, "name", c->name);
	filter = json_put_array(o, "filter");
	for (size_t i = 0; i < c->filter_count; i++)
		json_put_str(filter, NULL, c->filter[i]);
	json_put_str(o, "deliver", c->deliver == DELIVER_NEW ? "new" : "all");
	json_put_num(o, "ack_wait_ms", (double)c->ack_wait_ms);
	json_put_num(o, "ack_floor", (double)c->ack_floor);
	json_put_num(o, "delivered", (double)c->delivered);
	json_put_num(o, "in_flight", (double)c->unsettled);
	json_put_num(o, "behind", (double)behind(slot));
	json_put_num(o, "events_out", (double)c->events_out);
	json_put_num(o, "redeliveries", (double)c->redeliveries);
	json_put_num(o, "worst_seq", worst ? (double)worst->seq : 0);
	json_put_num(o, "worst_deliveries", worst ? worst->deliveries : 0);
	json_put_str(o, "member", c->member);
	json_put_bool(o, "waiting", slot->parked != NULL);
}

void
do_consumers(void *self, struct call *call)
{
	struct bus *bus = self;
	struct json *list = json_array();
	struct slot *slot, *next;

	HASH_ITER(hh, bus->slots, slot, next)
		put_consumer(list, slot);
	buf_reset(&bus->reply);
	json_print(list, &bus->reply);
	json_free(&list);
	call_reply(call, NULL, buf_slice(&bus->reply));
}

void
slots_found(struct stream *stream, struct consumer *consumer)
{
	struct slot *slot = slot_find(stream->bus, consumer->name);

	if (slot)
		slot_free(slot);
	slot_add(stream, consumer);
}

void
slots_snapshot(const struct stream *stream, struct buf *out)
{
	struct slot *slot, *next;

	HASH_ITER(hh, stream->bus->slots, slot, next) {
		if (slot->stream == stream)
			cursor_encode(slot->consumer, out);
	}
}

/* ---- facts --------------------------------------------------- */

uint64_t
slots_settled(const struct stream *stream)
{
	uint64_t lowest = UINT64_MAX;
	struct slot *slot, *next;

	HASH_ITER(hh, stream->bus->slots, slot, next) {
		if (slot->stream == stream &&
		    slot->consumer->ack_floor < lowest)
			lowest = slot->consumer->ack_floor;
	}
	return lowest;
}

uint32_t
slots_of(const struct stream *stream)
{
	uint32_t count = 0;
	struct slot *slot, *next;

	HASH_ITER(hh, stream->bus->slots, slot, next)
		count += slot->stream == stream;
	return count;
}

uint64_t
slots_highest(const struct stream *stream)
{
	uint64_t highest = 0;
	struct slot *slot, *next;

	HASH_ITER(hh, stream->bus->slots, slot, next) {
		if (slot->stream == stream &&
		    slot->consumer->delivered > highest)
			highest = slot->consumer->delivered;
	}
	return highest;
}

uint32_t
slots_count(struct bus *bus)
{
	return HASH_COUNT(bus->slots);
}

uint32_t
slots_parked(struct bus *bus)
{
	uint32_t parked = 0;
	struct slot *slot, *next;

	HASH_ITER(hh, bus->slots, slot, next)
		parked += slot->parked != NULL;
	return parked;
}

void
slots_free(struct bus *bus)
{
	struct slot *slot, *next;

	HASH_ITER(hh, bus->slots, slot, next)
		slot_free(slot);
}
