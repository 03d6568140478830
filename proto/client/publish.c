/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The outbox.  Events are encoded straight into the batch that leaves; a batch
 * keeps its bytes and its operation id until it is acknowledged, so that it
 * can be sent again and is stored once.  At most `window` batches are away.
 */
#include <stdlib.h>

#include "common/id.h"
#include "proto/client/ms_impl.h"
#include "proto/msg/bus.h"

#define BATCH_EVENTS_MAX   1024u
#define WINDOW_WAIT_MS     30000
#define PUBLISH_TIMEOUT_MS 30000u
#define JSON_ARENA_BYTES   (16u << 20)
#define BATCH_LIMIT_BYTES  (BATCH_HEADER_BYTES + BATCH_BODY_MAX)

static void fly(struct shipment *s);

const struct envelope_limits outbox_limits = {
	.payload_bytes = ENVELOPE_PAYLOAD_CEILING,
	.header_bytes = ENVELOPE_HEADER_BYTES_MAX,
};

/* ---- batches that are away ------------------------------------------------------ */

static void
land(struct shipment *s)
{
	struct outbox *box = &s->ms->outbox;

	box->away--;
	box->awaited -= s->durability != MS_NONE;
	TAILQ_REMOVE(&box->flying, s, entry);
	TAILQ_INSERT_HEAD(&box->free, s, entry);
}

static void
count_acked(struct shipment *s, const struct bus_publish_out *out)
{
	struct ms_published *t = &s->ms->outbox.totals;
	enum ms_durability reached = (enum ms_durability)out->durability;

	t->acked += s->events;
	t->duplicates += out->duplicates;
	t->discarded += out->discarded;
	if (out->last_seq > t->last_seq)
		t->last_seq = out->last_seq;
	if (t->acked == s->events || reached < t->durability)
		t->durability = reached;
}

static void
count_refused(struct shipment *s, enum ms_err err, const struct why *why)
{
	struct outbox *box = &s->ms->outbox;

	box->totals.failed += s->events;
	if (!box->refused)
		box->refused = err;
	why_set(&s->ms->why, err, "%u event%s refused: %s", s->events,
	    s->events == 1 ? "" : "s", why->text);
}

/* Order among the grounded is kept. */
static void
ground(struct shipment *s)
{
	struct outbox *box = &s->ms->outbox;

	TAILQ_REMOVE(&box->flying, s, entry);
	TAILQ_INSERT_TAIL(&box->grounded, s, entry);
	if (box->again.due.ns == 0)
		hub_timer_start(s->ms->acks, &box->again,
		    handle_retry_delay_ms(&box->backoff,
			call_retry_after_ms(box->link)));
}

/* Takes each once: what cannot fly is grounded again, behind them. */
static void
on_again(struct hub_timer *timer)
{
	struct ms *ms = container_of(timer, struct ms, outbox.again);
	struct shipment_queue all = TAILQ_HEAD_INITIALIZER(all);
	struct shipment *s;

	TAILQ_CONCAT(&all, &ms->outbox.grounded, entry);
	while ((s = TAILQ_FIRST(&all)) != NULL) {
		TAILQ_REMOVE(&all, s, entry);
		fly(s);
	}
}

static void
on_answer(void *arg, enum ms_err err, const void *out,
    struct slice body MS_UNUSED, const struct why *why)
{
	struct shipment *s = arg;

	if (err && ms_err_is_retryable(err)) {
		why_set(&s->ms->why, err, "%s", why->text);
		ground(s);
		return;
	}
	backoff_reset(&s->ms->outbox.backoff);
	if (err && outbox_split(s, err, fly))
		; /* its parts are on their way */
	else if (err)
		count_refused(s, err, why);
	else
		count_acked(s, out);
	land(s);
}

static void
fly(struct shipment *s)
{
	struct bus_publish_in in = { .durability = (int)s->durability };
	/* patient: the window bounds what waits, and order is worth more */
	struct call_options options = { .timeout_ms = PUBLISH_TIMEOUT_MS,
		.op = s->op,
		.patient = true };

	TAILQ_INSERT_TAIL(&s->ms->outbox.flying, s, entry);
	if (s->durability == MS_NONE)
		in.durability = DURABILITY_ACCEPTED;
	if (call_start(s->ms->outbox.link, &msg_bus_publish, &in,
		buf_slice(&s->bytes), &options, on_answer, s) != MS_OK)
		ground(s);
}

/* ---- the batch that fills ---------------------------------------------------------- */

void
outbox_push(struct ms *ms)
{
	struct outbox *box = &ms->outbox;
	struct shipment *s = box->filling;
	struct batch_head head = { 0 };

	if (!s || box->away >= box->window)
		return;
	head.first_ts_ns = s->first_ts_ns;
	head.last_ts_ns = s->last_ts_ns;
	batch_end(&box->writer, &head);
	s->op = id_new();
	box->filling = NULL;
	box->away++;
	box->awaited += s->durability != MS_NONE;
	fly(s);
}

static bool
is_full(const struct outbox *box)
{
	return box->filling->bytes.len >= BATCH_BODY_DEFAULT ||
	    box->filling->events >= BATCH_EVENTS_MAX;
}

/* Runs acknowledgements, and nothing else, until the window has room. */
enum ms_err
outbox_push_waiting(struct ms *ms)
{
	struct outbox *box = &ms->outbox;
	struct mono deadline = mono_add_ms(mono_now(), WINDOW_WAIT_MS);

	link_hub_dispatch(ms->acks, 0);
	while (box->away >= box->window) {
		uint64_t left_ms = mono_ms_left(mono_now(), deadline);

		if (left_ms == 0)
			return why_set(&ms->why, MS_ETIMEOUT,
			    "%u batches unacknowledged for %d ms, is the bus "
			    "running?",
			    box->away, WINDOW_WAIT_MS);
		link_hub_wait(ms->acks, (int)left_ms);
		link_hub_dispatch(ms->acks, 0);
	}
	outbox_push(ms);
	return MS_OK;
}

struct shipment *
outbox_take(struct ms *ms)
{
	struct outbox *box = &ms->outbox;
	struct shipment *s = TAILQ_FIRST(&box->free);

	if (s) {
		TAILQ_REMOVE(&box->free, s, entry);
		buf_reset(&s->bytes);
	} else {
		s = calloc(1, sizeof(*s));
		if (!s)
			return NULL;
		s->ms = ms;
		s->bytes.limit_bytes = BATCH_LIMIT_BYTES;
	}
	s->events = 0;
	return s;
}

/* A batch that takes one more event of this durability. */
static enum ms_err
make_room(struct ms *ms, enum ms_durability durability)
{
	struct outbox *box = &ms->outbox;
	enum ms_err err;

	if (box->filling &&
	    (is_full(box) || box->filling->durability != durability)) {
		err = outbox_push_waiting(ms);
		if (err)
			return err;
	}
	if (box->filling)
		return MS_OK;
	box->filling = outbox_take(ms);
	if (!box->filling)
		return why_set(&ms->why, MS_ENOMEM, "out of memory");
	box->filling->durability = durability;
	batch_begin(&box->writer, &box->filling->bytes);
	return MS_OK;
}

static void
note_time(struct shipment *s, int64_t ts_ns)
{
	if (s->events == 0 || ts_ns < s->first_ts_ns)
		s->first_ts_ns = ts_ns;
	if (s->events == 0 || ts_ns > s->last_ts_ns)
		s->last_ts_ns = ts_ns;
}

static enum ms_err
add_envelope(struct ms *ms, struct envelope *e, enum ms_durability durability)
{
	struct outbox *box = &ms->outbox;
	struct shipment *s;
	enum ms_err err = make_room(ms, durability);

	if (err)
		return err;
	trace_fill(ms, e);
	s = box->filling;
	batch_open_record(&box->writer);
	err = envelope_encode(e, &outbox_limits, &s->bytes, &ms->why);
	if (err || s->bytes.failed) {
		batch_cancel_record(&box->writer);
		s->bytes.failed = false;
		if (s->events == 0) { /* do not send an empty batch */
			TAILQ_INSERT_HEAD(&box->free, s, entry);
			box->filling = NULL;
		}
		return err ? err
			   : why_set(&ms->why, MS_ENOMEM, "out of memory");
	}
	batch_close_record(&box->writer);
	note_time(s, e->time_ns);
	s->events++;
	box->totals.events++;
	if (is_full(box))
		outbox_push(ms);
	return MS_OK;
}

/* ---- events ------------------------------------------------------------------------- */

enum ms_err
outbox_check_durability(struct ms *ms, enum ms_durability durability)
{
	if ((unsigned)durability <= MS_SYNCED)
		return MS_OK;
	return why_set(&ms->why, MS_EINVAL, "durability %d does not exist",
	    (int)durability);
}

enum ms_err
ms_publish(struct ms *ms, const struct ms_event *event,
    enum ms_durability durability)
{
	struct envelope e;
	enum ms_err err = outbox_check_durability(ms, durability);

	if (!err)
		err = event_to_envelope(ms, event, &e);
	return err ? err : add_envelope(ms, &e, durability);
}

enum ms_err
ms_publish_json(struct ms *ms, const char *text, size_t len,
    const char *default_subject, enum ms_durability durability)
{
	struct envelope e;
	enum ms_err err = outbox_check_durability(ms, durability);

	if (err)
		return err;
	arena_reset(&ms->outbox.arena);
	err = event_parse_json(ms, (struct slice){ text, len }, default_subject,
	    &ms->outbox.arena, &e);
	return err ? err : add_envelope(ms, &e, durability);
}

/* ---- flush --------------------------------------------------------------------------- */

enum ms_err
ms_flush(struct ms *ms, int timeout_ms)
{
	struct outbox *box = &ms->outbox;
	struct mono deadline = handle_deadline(timeout_ms);
	enum ms_err refused;

	outbox_push(ms);
	handle_run(ms);
	outbox_push(ms); /* the answers may have made the room it lacked */
	while (box->filling || box->awaited > 0) {
		if (mono_reached(mono_now(), deadline))
			return why_set(&ms->why, MS_ETIMEOUT,
			    "%u batches unacknowledged after %d ms, is the bus "
			    "running?",
			    box->awaited + (box->filling != NULL), timeout_ms);
		handle_wait(ms, deadline);
		handle_run(ms);
		outbox_push(ms);
	}
	refused = box->refused;
	box->refused = MS_OK;
	return refused;
}

void
ms_published(struct ms *ms, struct ms_published *totals_r)
{
	*totals_r = ms->outbox.totals;
}

/* ---- life ---------------------------------------------------------------------------- */

enum ms_err
outbox_init(struct ms *ms, uint32_t window)
{
	struct outbox *box = &ms->outbox;

	box->window = window;
	arena_init(&box->arena, JSON_ARENA_BYTES);
	box->again.fire = on_again;
	backoff_init(&box->backoff, dice_seed());
	return handle_link(ms, "bus", ms->acks, &box->link);
}

static void
free_shipments(struct shipment_queue *queue)
{
	struct shipment *s;

	while ((s = TAILQ_FIRST(queue)) != NULL) {
		TAILQ_REMOVE(queue, s, entry);
		buf_fini(&s->bytes);
		free(s);
	}
}

void
outbox_fini(struct ms *ms)
{
	struct outbox *box = &ms->outbox;

	link_close(&box->link);
	if (ms->acks)
		hub_timer_stop(ms->acks, &box->again);
	if (box->filling)
		TAILQ_INSERT_HEAD(&box->free, box->filling, entry);
	free_shipments(&box->free);
	free_shipments(&box->flying);
	free_shipments(&box->grounded);
	arena_fini(&box->arena);
}
