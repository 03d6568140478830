/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A durable consumer: create or confirm it, then one long poll at a time.
 * Success of a batch rides on the next fetch; failure is settled by itself.
 * Each consumer has its own link: closing it tells the bus that the member has
 * gone, so nothing is handed to nobody.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "proto/client/ms_impl.h"
#include "proto/msg/bus.h"
#include "proto/subject.h"

#define MAX_EVENTS_DEFAULT  1000u
#define MAX_BYTES_DEFAULT   (UINT64_C(4) << 20)
#define ACK_WAIT_DEFAULT_MS 30000u
#define FETCH_WAIT_MS       25000u
#define FETCH_TIMEOUT_MS    40000u
#define RETRY_AFTER_MS      1000u
#define EVENTS_MAX          BATCH_COUNT_MAX
#define BATCH_ARENA_BYTES   (256u << 20)

/* One call at a time that waits for the bus as long as it takes: there is
 * nothing a breaker could protect, and no time is lost when the bus is back. */
static const struct call_options patient = { .patient = true };

enum consumer_state {
	CONSUMER_CREATING, /* bus.consumer is on its way */
	CONSUMER_FETCHING, /* bus.fetch is */
	CONSUMER_HANDLING, /* the callback runs */
	CONSUMER_HOLDING,  /* until ms_consumer_settle(); timer: in progress */
	CONSUMER_SETTLING, /* bus.settle of a failure is on its way */
	CONSUMER_WAITING   /* for the timer, to try again */
};

struct ms_consumer {
	LIST_ENTRY(ms_consumer) entry;
	struct ms *ms;
	struct link *link;
	struct hub_timer timer;
	enum consumer_state state;
	char *name;
	struct words filter;
	bool only_new;
	uint32_t max_events;
	uint64_t max_bytes;
	uint32_t ack_wait_ms;
	char member[48];
	bool known;                   /* the bus has confirmed it */
	uint64_t settle_upto;         /* success not yet told */
	uint64_t first_seq, last_seq; /* of the batch at hand */
	struct backoff backoff;
	bool settled_early; /* ms_consumer_settle() inside the callback */
	enum ms_err early_result;
	bool closed;
	ms_batch_fn *fn;
	void *arg;
	struct arena arena; /* of the batch at hand */
};

static void next_step(struct ms_consumer *c);

static void
consumer_free(struct ms_consumer *c)
{
	for (size_t i = 0; i < c->filter.count; i++)
		free(c->filter.word[i]);
	free(c->filter.word);
	free(c->name);
	arena_fini(&c->arena);
	free(c);
}

/* ---- trouble ------------------------------------------------------------------- */

static void
try_later(struct ms_consumer *c, enum ms_err err, const char *why)
{
	why_set(&c->ms->why, err, "%s: %s", c->name, why);
	c->state = CONSUMER_WAITING;
	hub_timer_start(c->ms->hub, &c->timer,
	    handle_retry_delay_ms(&c->backoff, call_retry_after_ms(c->link)));
}

static void send_in_progress(struct ms_consumer *c);

static void
on_timer(struct hub_timer *timer)
{
	struct ms_consumer *c = container_of(timer, struct ms_consumer, timer);

	if (c->state == CONSUMER_HOLDING)
		send_in_progress(c);
	else if (c->state == CONSUMER_WAITING)
		next_step(c);
}

/* ---- settle ---------------------------------------------------------------------- */

static enum ms_err
settle(struct ms_consumer *c, enum settle_result result, uint64_t delay_ms,
    call_done_fn *done)
{
	struct bus_settle_in in = { .consumer = c->name,
		.member = c->member,
		.first_seq = c->first_seq,
		.last_seq = c->last_seq,
		.result = (int)result,
		.delay_ms = delay_ms };

	return call_start(c->link, &msg_bus_settle, &in,
	    (struct slice){ NULL, 0 }, &patient, done, c);
}

static void
on_in_progress(void *arg MS_UNUSED, enum ms_err err MS_UNUSED,
    const void *out MS_UNUSED, struct slice body MS_UNUSED,
    const struct why *why MS_UNUSED)
{
	/* when it failed the batch comes again: at least once */
}

/* A batch held longer than ack_wait must not be given to another. */
static void
send_in_progress(struct ms_consumer *c)
{
	(void)!settle(c, SETTLE_IN_PROGRESS, 0, on_in_progress);
	hub_timer_start(c->ms->hub, &c->timer, c->ack_wait_ms / 3 + 1);
}

/* Told or not, the batch comes again; fetch on. */
static void
on_failure_settled(void *arg, enum ms_err err, const void *out MS_UNUSED,
    struct slice body MS_UNUSED, const struct why *why)
{
	struct ms_consumer *c = arg;

	if (err && err != MS_ENOTFOUND) {
		try_later(c, err, why->text);
		return;
	}
	backoff_reset(&c->backoff);
	next_step(c);
}

static void
finish_batch(struct ms_consumer *c, enum ms_err result)
{
	hub_timer_stop(c->ms->hub, &c->timer);
	arena_reset(&c->arena);
	if (result == MS_OK) {
		c->settle_upto = c->last_seq;
		next_step(c);
		return;
	}
	c->state = CONSUMER_SETTLING;
	if (settle(c, SETTLE_RETRY, RETRY_AFTER_MS, on_failure_settled))
		try_later(c, MS_ENOMEM, "cannot settle");
}

static void
hold(struct ms_consumer *c)
{
	c->state = CONSUMER_HOLDING;
	hub_timer_start(c->ms->hub, &c->timer, c->ack_wait_ms / 3 + 1);
}

void
ms_consumer_settle(struct ms_consumer *c, enum ms_err result)
{
	if (c->state == CONSUMER_HANDLING) {
		c->settled_early = true;
		c->early_result = result;
	} else if (c->state == CONSUMER_HOLDING) {
		finish_batch(c, result);
	}
}

/* ---- a batch ------------------------------------------------------------------------ */

/* Events point into a copy of the batch: they may be held. */
static enum ms_err
decode_batch(struct ms_consumer *c, struct slice body,
    struct ms_event **events_r, size_t *count_r, struct why *why)
{
	struct batch_head head;
	struct batch_reader reader;
	struct slice frame;
	size_t total, n = 0;
	bool end = false;
	enum ms_err err;

	body = arena_slice(&c->arena, body);
	err = batch_check(body, &head, &total, why);
	if (err)
		return err;
	*events_r = head.count > EVENTS_MAX
	    ? NULL
	    : arena_alloc(&c->arena, head.count * sizeof(**events_r));
	if (!*events_r)
		return why_set(why, MS_ENOMEM, "%u events", head.count);
	reader = batch_read((struct slice){ body.ptr + BATCH_HEADER_BYTES,
				head.body_bytes },
	    head.count);
	for (;;) {
		err = batch_next(&reader, &frame, &end);
		if (err || end)
			break;
		err = event_from_frame(frame, &c->arena, &(*events_r)[n], why);
		if (err)
			break;
		n++;
	}
	*count_r = n;
	return err;
}

static void
handle_batch(struct ms_consumer *c, struct slice body)
{
	struct ms_event *events;
	struct why why = { "" };
	size_t count = 0;
	enum ms_err result = decode_batch(c, body, &events, &count, &why);

	if (result) {
		arena_reset(&c->arena);
		try_later(c, result, why.text);
		return;
	}
	c->state = CONSUMER_HANDLING;
	c->settled_early = false;
	result = c->fn(c->arg, events, count);
	if (c->closed) {
		consumer_free(c);
		return;
	}
	if (result == MS_EBUSY && c->settled_early)
		result = c->early_result;
	else if (result == MS_EBUSY) {
		hold(c);
		return;
	}
	finish_batch(c, result);
}

/* ---- create and fetch ------------------------------------------------------------------ */

static void
on_fetched(void *arg, enum ms_err err, const void *out, struct slice body,
    const struct why *why)
{
	struct ms_consumer *c = arg;
	const struct bus_fetch_out *fetched = out;

	if (err) {
		if (err == MS_ENOTFOUND) { /* forgotten, with what it gave us */
			c->known = false;
			c->settle_upto = 0;
		}
		try_later(c, err, why->text);
		return;
	}
	backoff_reset(&c->backoff);
	c->settle_upto = 0;
	if (fetched->count == 0) {
		next_step(c);
		return;
	}
	c->first_seq = fetched->first_seq;
	c->last_seq = fetched->last_seq;
	handle_batch(c, body);
}

static enum ms_err
fetch(struct ms_consumer *c)
{
	struct bus_fetch_in in = { .consumer = c->name,
		.max_events = c->max_events,
		.max_bytes = c->max_bytes,
		.wait_ms = FETCH_WAIT_MS,
		.settle_upto = c->settle_upto,
		.member = c->member };
	struct call_options options = { .timeout_ms = FETCH_TIMEOUT_MS,
		.patient = true };

	c->state = CONSUMER_FETCHING;
	return call_start(c->link, &msg_bus_fetch, &in,
	    (struct slice){ NULL, 0 }, &options, on_fetched, c);
}

static void
on_created(void *arg, enum ms_err err, const void *out MS_UNUSED,
    struct slice body MS_UNUSED, const struct why *why)
{
	struct ms_consumer *c = arg;

	if (err) {
		try_later(c, err, why->text);
		return;
	}
	backoff_reset(&c->backoff);
	c->known = true;
	next_step(c);
}

static enum ms_err
create(struct ms_consumer *c)
{
	struct bus_consumer_in in = { .name = c->name,
		.filter = c->filter,
		.deliver = c->only_new ? DELIVER_NEW : DELIVER_ALL,
		.ack_wait_ms = c->ack_wait_ms };

	c->state = CONSUMER_CREATING;
	return call_start(c->link, &msg_bus_consumer, &in,
	    (struct slice){ NULL, 0 }, &patient, on_created, c);
}

static void
next_step(struct ms_consumer *c)
{
	enum ms_err err = c->known ? fetch(c) : create(c);

	if (err)
		try_later(c, err, ms_strerr(err));
}

/* ---- life -------------------------------------------------------------------------------- */

static enum ms_err
copy_filter(struct ms_consumer *c, const char *const *filter)
{
	size_t n = 0;

	while (filter && filter[n])
		n++;
	if (n == 0)
		return MS_OK;
	c->filter.word = calloc(n + 1, sizeof(char *));
	if (!c->filter.word)
		return MS_ENOMEM;
	for (; c->filter.count < n; c->filter.count++) {
		char *word = strdup(filter[c->filter.count]);

		if (!word)
			return MS_ENOMEM;
		c->filter.word[c->filter.count] = word;
	}
	return MS_OK;
}

static enum ms_err
check_options(struct ms *ms, const struct ms_consumer_options *options)
{
	enum ms_err err = MS_OK;

	if (!options->name || !*options->name)
		return why_set(&ms->why, MS_EINVAL, "a consumer needs a name");
	for (size_t i = 0; options->filter && options->filter[i] && !err; i++)
		err = pattern_check(slice_of(options->filter[i]), &ms->why);
	return err;
}

static struct ms_consumer *
consumer_new(struct ms *ms, const struct ms_consumer_options *options)
{
	struct ms_consumer *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->ms = ms;
	arena_init(&c->arena, BATCH_ARENA_BYTES);
	c->only_new = options->only_new != 0;
	c->max_events =
	    options->max_events ? options->max_events : MAX_EVENTS_DEFAULT;
	c->max_bytes =
	    options->max_bytes ? options->max_bytes : MAX_BYTES_DEFAULT;
	c->ack_wait_ms =
	    options->ack_wait_ms ? options->ack_wait_ms : ACK_WAIT_DEFAULT_MS;
	snprintf(c->member, sizeof(c->member), "%d-%08x%08x", (int)getpid(),
	    dice_next(&ms->dice), dice_next(&ms->dice));
	c->name = strdup(options->name);
	if (!c->name || copy_filter(c, options->filter)) {
		consumer_free(c);
		return NULL;
	}
	return c;
}

enum ms_err
ms_consume(struct ms *ms, const struct ms_consumer_options *options,
    ms_batch_fn *fn, void *arg, struct ms_consumer **consumer_r)
{
	enum ms_err err = check_options(ms, options);
	struct ms_consumer *c;

	if (err)
		return err;
	c = consumer_new(ms, options);
	if (!c)
		return why_set(&ms->why, MS_ENOMEM, "out of memory");
	c->fn = fn;
	c->arg = arg;
	c->timer.fire = on_timer;
	backoff_init(&c->backoff, dice_seed());
	err = handle_link(ms, "bus", ms->hub, &c->link);
	if (err) {
		consumer_free(c);
		return err;
	}
	LIST_INSERT_HEAD(&ms->consumers, c, entry);
	next_step(c);
	*consumer_r = c;
	return MS_OK;
}

void
ms_consumer_close(struct ms_consumer **consumer)
{
	struct ms_consumer *c = *consumer;

	if (!c)
		return;
	*consumer = NULL;
	LIST_REMOVE(c, entry);
	c->closed = true;
	link_close(&c->link);
	hub_timer_stop(c->ms->hub, &c->timer);
	/* handle_batch() frees it when its callback is over */
	if (c->state != CONSUMER_HANDLING)
		consumer_free(c);
}
