/* SPDX-License-Identifier: Apache-2.0 */
/* Events that are stored together or not at all: one request. */
#include <stdlib.h>
#include <string.h>

#include "proto/client/ms_impl.h"
#include "proto/msg/bus.h"

#define COMMIT_TIMEOUT_MS 30000u
#define ARENA_BYTES       (16u << 20)
#define UNIT_BYTES_MAX    (BATCH_HEADER_BYTES + BATCH_BODY_MAX)
#define NS_PER_MS         1000000

_Static_assert(MS_UNIT_EVENTS_MAX == PUBLISH_ATOMIC_EVENTS_MAX, "one limit");
_Static_assert(sizeof(((struct ms_ack *)NULL)->stream) == 32, "a name fits");

struct ms_unit {
	struct ms *ms;
	struct ms_unit_options options;
	struct buf bytes;
	struct batch_writer writer;
	struct arena arena;
	int64_t first_ts_ns, last_ts_ns;
	uint32_t events;
};

enum ms_err
ms_unit_begin(struct ms *ms, const struct ms_unit_options *options,
    struct ms_unit **unit_r)
{
	struct ms_unit_options none = { .durability = MS_WRITTEN };
	struct ms_unit *unit;
	enum ms_err err;

	*unit_r = NULL;
	options = options ? options : &none;
	err = outbox_check_durability(ms, options->durability);
	if (err)
		return err;
	unit = calloc(1, sizeof(*unit));
	if (!unit)
		return why_set(&ms->why, MS_ENOMEM, "out of memory");
	unit->ms = ms;
	unit->options = *options;
	unit->bytes.limit_bytes = UNIT_BYTES_MAX;
	arena_init(&unit->arena, ARENA_BYTES);
	batch_begin(&unit->writer, &unit->bytes);
	*unit_r = unit;
	return MS_OK;
}

void
ms_unit_drop(struct ms_unit **unit)
{
	if (!*unit)
		return;
	buf_fini(&(*unit)->bytes);
	arena_fini(&(*unit)->arena);
	free(*unit);
	*unit = NULL;
}

/* ---- adding --------------------------------------------------------------- */

static void
note_time(struct ms_unit *unit, int64_t ts_ns)
{
	if (unit->events == 0 || ts_ns < unit->first_ts_ns)
		unit->first_ts_ns = ts_ns;
	if (unit->events == 0 || ts_ns > unit->last_ts_ns)
		unit->last_ts_ns = ts_ns;
}

static enum ms_err
add_envelope(struct ms_unit *unit, struct envelope *e)
{
	struct ms *ms = unit->ms;
	char expiry[RFC3339_BYTES];
	enum ms_err err;

	if (unit->events == MS_UNIT_EVENTS_MAX)
		return why_set(&ms->why, MS_ETOOBIG,
		    "a unit holds at most %u events", MS_UNIT_EVENTS_MAX);
	if (unit->options.ttl_ms > 0) {
		rfc3339_print(wall_ns() +
			(int64_t)unit->options.ttl_ms * NS_PER_MS,
		    expiry);
		e->expiry_time = slice_of(expiry);
	}
	trace_fill(ms, e);
	batch_open_record(&unit->writer);
	err = envelope_encode(e, &outbox_limits, &unit->bytes, &ms->why);
	if (!err && unit->bytes.failed)
		err = why_set(&ms->why, MS_ETOOBIG,
		    "a unit holds at most %u bytes", BATCH_BODY_MAX);
	if (err) {
		batch_cancel_record(&unit->writer);
		unit->bytes.failed = false;
		return err;
	}
	batch_close_record(&unit->writer);
	note_time(unit, e->time_ns);
	unit->events++;
	return MS_OK;
}

enum ms_err
ms_unit_add(struct ms_unit *unit, const struct ms_event *event)
{
	struct envelope e;
	enum ms_err err = event_to_envelope(unit->ms, event, &e);

	return err ? err : add_envelope(unit, &e);
}

enum ms_err
ms_unit_add_json(struct ms_unit *unit, const char *text, size_t len,
    const char *default_subject)
{
	struct envelope e;
	enum ms_err err;

	arena_reset(&unit->arena);
	err = event_parse_json(unit->ms, (struct slice){ text, len },
	    default_subject, &unit->arena, &e);
	return err ? err : add_envelope(unit, &e);
}

/* ---- committing ----------------------------------------------------------- */

static struct bus_publish_in
request_of(const struct ms_unit *unit)
{
	const struct ms_unit_options *o = &unit->options;
	struct bus_publish_in in = {
		.durability = o->durability == MS_NONE ? DURABILITY_WRITTEN
						       : (int)o->durability,
		.expected_stream = (char *)(uintptr_t)o->expected_stream,
		.mandatory = o->mandatory != 0,
		.atomic = true,
		.count_matched = true,
	};

	if (o->expected_last_seq) {
		in.check_last_seq = true;
		in.expected_last_seq = *o->expected_last_seq;
	}
	if (o->expected_last_subject_seq) {
		in.check_last_subject_seq = true;
		in.expected_last_subject_seq = *o->expected_last_subject_seq;
	}
	return in;
}

static void
fill_ack(const struct bus_publish_out *out, struct ms_ack *ack)
{
	*ack = (struct ms_ack){ .first_seq = out->first_seq,
		.last_seq = out->last_seq,
		.count = out->count,
		.duplicates = out->duplicates,
		.durability = (enum ms_durability)out->durability,
		.synced_seq = out->synced_seq,
		.matched_live = out->matched_live,
		.matched_durable = out->matched_durable,
		.discarded = out->discarded };
	if (out->stream)
		strncpy(ack->stream, out->stream, sizeof(ack->stream) - 1);
}

static void
count(struct ms *ms, uint32_t events, enum ms_err err, const struct ms_ack *ack)
{
	struct ms_published *t = &ms->outbox.totals;

	t->events += events;
	if (err) {
		t->failed += events;
		return;
	}
	t->acked += events;
	t->duplicates += ack->duplicates;
	t->discarded += ack->discarded;
	if (ack->last_seq > t->last_seq)
		t->last_seq = ack->last_seq;
	if (t->acked == events || ack->durability < t->durability)
		t->durability = ack->durability;
}

static enum ms_err
send(struct ms_unit *unit, struct ms_ack *ack)
{
	struct ms *ms = unit->ms;
	struct bus_publish_in in = request_of(unit);
	struct bus_publish_out out;
	struct batch_head head = { .first_ts_ns = unit->first_ts_ns,
		.last_ts_ns = unit->last_ts_ns };
	int timeout_ms = unit->options.timeout_ms;
	enum ms_err err = outbox_push_waiting(ms);

	if (err)
		return err;
	batch_end(&unit->writer, &head);
	arena_reset(&unit->arena);
	err = call_wait(ms->outbox.link, &msg_bus_publish, &in,
	    buf_slice(&unit->bytes),
	    timeout_ms > 0 ? (uint32_t)timeout_ms : COMMIT_TIMEOUT_MS,
	    &unit->arena, &out, NULL, &ms->why);
	if (err)
		ack->retry_after_ms = call_retry_after_ms(ms->outbox.link);
	else
		fill_ack(&out, ack);
	return err;
}

enum ms_err
ms_unit_commit(struct ms_unit **unit, struct ms_ack *ack_r)
{
	struct ms *ms = (*unit)->ms;
	struct ms_ack ack = { .stream = "" };
	enum ms_err err;

	if ((*unit)->events == 0)
		err = why_set(&ms->why, MS_EINVAL, "the unit has no events");
	else
		err = send(*unit, &ack);
	count(ms, (*unit)->events, err, &ack);
	if (ack_r)
		*ack_r = ack;
	ms_unit_drop(unit);
	return err;
}

enum ms_err
ms_publish_with(struct ms *ms, const struct ms_event *event,
    const struct ms_unit_options *options, struct ms_ack *ack_r)
{
	struct ms_unit *unit;
	enum ms_err err;

	if (ack_r)
		*ack_r = (struct ms_ack){ .stream = "" };
	err = ms_unit_begin(ms, options, &unit);
	if (err)
		return err;
	err = ms_unit_add(unit, event);
	if (!err)
		return ms_unit_commit(&unit, ack_r);
	ms_unit_drop(&unit);
	return err;
}
