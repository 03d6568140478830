/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One bad event refuses its whole batch, and the others are not to be lost
 * with it: a refused batch is cut in two and both are sent, until the bad one
 * is alone.  What was sent behind it meanwhile is stored before: among refused
 * batches the order of the log is no promise.
 */
#include "common/id.h"
#include "proto/client/ms_impl.h"

/* Something about one of the events; the others may be good. */
static bool
is_about_an_event(enum ms_err err)
{
	switch (err) {
	case MS_EINVAL:
	case MS_ETOOBIG:
	case MS_EPROTO:
	case MS_ECHECKSUM:
	case MS_ESUBJECT:
	case MS_EATTRIBUTE:
	case MS_EPERM:
	case MS_EFLOW:
	case MS_ESIGNATURE:
	case MS_EREPLAY:
	case MS_ESTALE:
		return true;
	default:
		return false;
	}
}

/* A batch of its own from the next `count` frames; NULL: out of memory. */
static struct shipment *
part_of(const struct shipment *s, struct batch_reader *reader, uint32_t count)
{
	struct shipment *part = outbox_take(s->ms);
	struct batch_head head = { .first_ts_ns = s->first_ts_ns,
		.last_ts_ns = s->last_ts_ns };
	struct batch_writer writer;

	if (!part)
		return NULL;
	batch_begin(&writer, &part->bytes);
	for (uint32_t i = 0; i < count; i++) {
		struct slice frame;
		bool end = false;

		if (batch_next(reader, &frame, &end) == MS_OK && !end)
			batch_add(&writer, frame);
	}
	batch_end(&writer, &head);
	if (part->bytes.failed) {
		part->bytes.failed = false;
		TAILQ_INSERT_HEAD(&s->ms->outbox.free, part, entry);
		return NULL;
	}
	part->events = count;
	part->durability = s->durability;
	part->first_ts_ns = s->first_ts_ns;
	part->last_ts_ns = s->last_ts_ns;
	part->op = id_new();
	return part;
}

bool
outbox_split(struct shipment *s, enum ms_err err,
    void (*fly)(struct shipment *part))
{
	struct outbox *box = &s->ms->outbox;
	struct slice body = { (const char *)s->bytes.ptr + BATCH_HEADER_BYTES,
		s->bytes.len - BATCH_HEADER_BYTES };
	struct batch_reader reader = batch_read(body, s->events);
	uint32_t half = s->events / 2;
	struct shipment *part[2];

	if (s->events < 2 || !is_about_an_event(err))
		return false;
	part[0] = part_of(s, &reader, half);
	part[1] = part[0] ? part_of(s, &reader, s->events - half) : NULL;
	if (!part[1]) {
		if (part[0])
			TAILQ_INSERT_HEAD(&box->free, part[0], entry);
		return false;
	}
	for (int i = 0; i < 2; i++) {
		box->away++;
		box->awaited += part[i]->durability != MS_NONE;
		fly(part[i]);
	}
	return true;
}
