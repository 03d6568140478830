/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/history.h"

#include <stdlib.h>
#include <string.h>

#include "common/crc32c.h"

#define MAGIC            "MSHISTRY"
#define MAGIC_BYTES      8u
#define VERSION          1u
#define HEAD_BYTES       (MAGIC_BYTES + 4 + 4 + 4 + 8 + 4)
#define FRAME_MAGIC      0x4d534846u /* "FHSM" */
#define FRAME_HEAD_BYTES 20u
#define NAME_BYTES_MAX   100u
#define ARENA_BYTES      (1u << 20)

/* ---- the head ------------------------------------------------------------------ */

void
history_head_print(uint64_t period_ms, struct buf *out)
{
	size_t start = out->len;

	buf_add(out, MAGIC, MAGIC_BYTES);
	buf_add_u32(out, VERSION);
	buf_add_u32(out, HISTORY_FRAME_BYTES);
	buf_add_u32(out, HISTORY_FRAMES);
	buf_add_u64(out, period_ms);
	if (!out->failed)
		buf_add_u32(out, crc32c(0, out->ptr + start, out->len - start));
}

enum ms_err
history_head_parse(struct slice bytes, uint64_t *period_ms_r, struct why *why)
{
	struct cursor c = cursor_of(bytes);
	struct slice magic = cursor_bytes(&c, MAGIC_BYTES);
	uint32_t version = cursor_u32(&c), frame_bytes = cursor_u32(&c);
	uint32_t frames = cursor_u32(&c);
	uint64_t period_ms = cursor_u64(&c);
	uint32_t crc = cursor_u32(&c);

	if (bytes.len == 0)
		return why_set(why, MS_ECORRUPT, "it is empty");
	if (c.failed || memcmp(magic.ptr, MAGIC, MAGIC_BYTES) != 0)
		return why_set(why, MS_ECORRUPT, "it is no history of ours");
	if (version != VERSION || frame_bytes != HISTORY_FRAME_BYTES ||
	    frames != HISTORY_FRAMES)
		return why_set(why, MS_ECORRUPT, "it is of another version");
	if (crc != crc32c(0, bytes.ptr, HEAD_BYTES - 4) || !period_ms)
		return why_set(why, MS_ECORRUPT, "its head is damaged");
	*period_ms_r = period_ms;
	return MS_OK;
}

size_t
history_frame_at(uint64_t seq)
{
	return HISTORY_HEAD_BYTES +
	    (size_t)(seq % HISTORY_FRAMES) * HISTORY_FRAME_BYTES;
}

/* ---- parts of a frame, both ways ------------------------------------------------- */

static void
add_name(struct buf *out, const char *name)
{
	size_t n = strlen(name);

	if (n > NAME_BYTES_MAX)
		n = NAME_BYTES_MAX;
	buf_add_u8(out, (uint8_t)n);
	buf_add(out, name, n);
}

static const char *
read_name(struct cursor *c, struct arena *arena)
{
	struct slice name = cursor_bytes(c, cursor_u8(c));
	const char *copy =
	    c->failed ? NULL : arena_strndup(arena, name.ptr, name.len);

	if (!copy)
		c->failed = true;
	return copy ? copy : "";
}

static void
add_numbers(struct buf *out, const uint64_t *numbers, size_t count)
{
	for (size_t i = 0; i < count; i++)
		buf_add_u64(out, numbers[i]);
}

static void
read_numbers(struct cursor *c, uint64_t *const *numbers, size_t count)
{
	for (size_t i = 0; i < count; i++)
		*numbers[i] = cursor_u64(c);
}

enum worker_bit {
	WORKER_WANTED = 1,
	WORKER_READY = 2,
	WORKER_HAS_PROC = 4
};

static void
add_worker(struct buf *out, const struct top_worker *w)
{
	const uint64_t numbers[] = { w->cpu_ns, w->rss_bytes, w->restarts,
		w->uptime_ms, w->requests, w->request_p99_ns };
	unsigned bits = (w->wanted ? WORKER_WANTED : 0u) |
	    (w->ready ? WORKER_READY : 0u) |
	    (w->has_proc ? WORKER_HAS_PROC : 0u);

	add_name(out, w->name);
	add_name(out, w->state);
	buf_add_u8(out, (uint8_t)bits);
	buf_add_u32(out, w->pid);
	add_numbers(out, numbers, ARRAY_LEN(numbers));
}

static void
read_worker(struct cursor *c, struct arena *arena, struct top_worker *w)
{
	uint64_t *const numbers[] = { &w->cpu_ns, &w->rss_bytes, &w->restarts,
		&w->uptime_ms, &w->requests, &w->request_p99_ns };
	const char *state;
	unsigned bits;

	w->name = read_name(c, arena);
	state = read_name(c, arena);
	memcpy(w->state, state, strnlen(state, sizeof(w->state) - 1));
	bits = cursor_u8(c);
	w->wanted = bits & WORKER_WANTED;
	w->ready = bits & WORKER_READY;
	w->has_proc = bits & WORKER_HAS_PROC;
	w->pid = cursor_u32(c);
	read_numbers(c, numbers, ARRAY_LEN(numbers));
}

static void
add_bus(struct buf *out, const struct top_bus *b)
{
	const uint64_t numbers[] = { b->is_there, b->events, b->received_bytes,
		b->delivered, b->live, b->refused, b->log_bytes, b->last_seq,
		b->waiting_publishes, b->lag, b->route_p99_ns };

	add_numbers(out, numbers, ARRAY_LEN(numbers));
}

static void
read_bus(struct cursor *c, struct top_bus *b)
{
	uint64_t is_there = 0;
	uint64_t *const numbers[] = { &is_there, &b->events, &b->received_bytes,
		&b->delivered, &b->live, &b->refused, &b->log_bytes,
		&b->last_seq, &b->waiting_publishes, &b->lag,
		&b->route_p99_ns };

	read_numbers(c, numbers, ARRAY_LEN(numbers));
	b->is_there = is_there != 0;
}

static void
add_pool(struct buf *out, const struct top_pool *p)
{
	const uint64_t numbers[] = { p->used, p->idle, p->other, p->waiting,
		p->clients, p->acquired, p->transactions, p->errors,
		p->acquire_p99_ns };

	add_name(out, p->name);
	add_numbers(out, numbers, ARRAY_LEN(numbers));
}

static void
read_pool(struct cursor *c, struct arena *arena, struct top_pool *p)
{
	uint64_t *const numbers[] = { &p->used, &p->idle, &p->other,
		&p->waiting, &p->clients, &p->acquired, &p->transactions,
		&p->errors, &p->acquire_p99_ns };

	p->name = read_name(c, arena);
	read_numbers(c, numbers, ARRAY_LEN(numbers));
}

static void
add_consumer(struct buf *out, const struct top_consumer *p)
{
	const uint64_t numbers[] = { p->lag, p->in_flight, p->delivered,
		p->redelivered };

	add_name(out, p->name);
	add_numbers(out, numbers, ARRAY_LEN(numbers));
}

static void
read_consumer(struct cursor *c, struct arena *arena, struct top_consumer *p)
{
	uint64_t *const numbers[] = { &p->lag, &p->in_flight, &p->delivered,
		&p->redelivered };

	p->name = read_name(c, arena);
	read_numbers(c, numbers, ARRAY_LEN(numbers));
}

static void
add_promise(struct buf *out, const struct top_promise *p)
{
	const uint64_t numbers[] = { p->p99_ns, p->threshold_ns, p->breached };

	add_name(out, p->name);
	add_numbers(out, numbers, ARRAY_LEN(numbers));
}

static void
read_promise(struct cursor *c, struct arena *arena, struct top_promise *p)
{
	uint64_t breached = 0;
	uint64_t *const numbers[] = { &p->p99_ns, &p->threshold_ns, &breached };

	p->name = read_name(c, arena);
	read_numbers(c, numbers, ARRAY_LEN(numbers));
	p->breached = breached != 0;
}

/* ---- printing a frame ------------------------------------------------------------ */

/* First what is not as it should be, then the big ones. */
static int
by_interest(const void *a, const void *b)
{
	const struct top_worker *x = *(const struct top_worker *const *)a;
	const struct top_worker *y = *(const struct top_worker *const *)b;
	bool x_bad = top_worker_is_missing(x), y_bad = top_worker_is_missing(y);

	if (x_bad != y_bad)
		return x_bad ? -1 : 1;
	if (x->rss_bytes != y->rss_bytes)
		return x->rss_bytes > y->rss_bytes ? -1 : 1;
	return strcmp(x->name, y->name);
}

static size_t
worker_bytes(const struct top_worker *w)
{
	size_t name = strlen(w->name);

	return (name < NAME_BYTES_MAX ? name : NAME_BYTES_MAX) +
	    strlen(w->state) + 2 + 1 + 4 + 6 * 8;
}

/* keep_r[i]: worker i has a place within `room`; returns how many. */
static uint32_t
choose(const struct top_frame *f, size_t room, bool *keep_r)
{
	const struct top_worker **order =
	    calloc(f->worker_count + 1, sizeof(*order));
	uint32_t kept = 0;

	if (!order)
		return 0;
	for (size_t i = 0; i < f->worker_count; i++)
		order[i] = &f->workers[i];
	qsort(order, f->worker_count, sizeof(*order), by_interest);
	for (size_t i = 0; i < f->worker_count; i++) {
		size_t bytes = worker_bytes(order[i]);

		if (bytes > room)
			break;
		room -= bytes;
		keep_r[order[i] - f->workers] = true;
		kept++;
	}
	free(order);
	return kept;
}

/* The workers keep msd's order. */
static enum ms_err
add_workers(const struct top_frame *f, size_t room, struct buf *out)
{
	bool *keep = calloc(f->worker_count + 1, sizeof(*keep));
	uint32_t kept;

	if (!keep)
		return MS_ENOMEM;
	kept = choose(f, room - 8, keep);
	buf_add_u32(out, kept);
	buf_add_u32(out, f->left_out + (uint32_t)f->worker_count - kept);
	for (size_t i = 0; i < f->worker_count; i++)
		if (keep[i])
			add_worker(out, &f->workers[i]);
	free(keep);
	return MS_OK;
}

/* Bounded, so that most of the frame is for workers. */
static void
add_others(const struct top_frame *f, size_t pools, size_t consumers,
    struct buf *out)
{
	buf_add_u64(out, (uint64_t)f->wall_ns);
	buf_add_u64(out, f->mono_ns);
	buf_add_u8(out, f->has_tree);
	add_bus(out, &f->bus);
	buf_add_u8(out, (uint8_t)f->promise_count);
	for (size_t i = 0; i < f->promise_count; i++)
		add_promise(out, &f->promises[i]);
	buf_add_u8(out, (uint8_t)pools);
	for (size_t i = 0; i < pools; i++)
		add_pool(out, &f->pools[i]);
	buf_add_u8(out, (uint8_t)consumers);
	for (size_t i = 0; i < consumers; i++)
		add_consumer(out, &f->consumers[i]);
}

#define POOLS_KEPT     16u
#define CONSUMERS_KEPT 32u

enum ms_err
history_frame_print(const struct top_frame *f, uint64_t seq, struct buf *out)
{
	size_t start = out->len;
	enum ms_err err;

	buf_add_u32(out, FRAME_MAGIC);
	buf_add_u32(out, 0);
	buf_add_u64(out, seq);
	buf_add_u32(out, 0);
	add_others(f, f->pool_count < POOLS_KEPT ? f->pool_count : POOLS_KEPT,
	    f->consumer_count < CONSUMERS_KEPT ? f->consumer_count
					       : CONSUMERS_KEPT,
	    out);
	err = add_workers(f, HISTORY_FRAME_BYTES - (out->len - start), out);
	if (err || out->failed)
		return err ? err : MS_ENOMEM;
	put_u32(out->ptr + start + 16,
	    (uint32_t)(out->len - start - FRAME_HEAD_BYTES));
	put_u32(out->ptr + start + 4,
	    crc32c(0, out->ptr + start + 8, out->len - start - 8));
	return MS_OK;
}

/* ---- parsing one ------------------------------------------------------------------ */

bool
history_frame_check(struct slice bytes, uint64_t *seq_r)
{
	const unsigned char *p = (const unsigned char *)bytes.ptr;
	size_t data;

	if (bytes.len < FRAME_HEAD_BYTES || get_u32(p) != FRAME_MAGIC)
		return false;
	data = get_u32(p + 16);
	if (data > bytes.len - FRAME_HEAD_BYTES ||
	    get_u32(p + 4) != crc32c(0, p + 8, FRAME_HEAD_BYTES - 8 + data))
		return false;
	*seq_r = get_u64(p + 8);
	return true;
}

/* Each takes at least a byte: a count beyond what is left is not believed. */
static void *
read_array(struct cursor *c, struct arena *arena, size_t count, size_t limit,
    size_t size)
{
	void *array;

	if (count > limit || count > cursor_left(c))
		c->failed = true;
	array = arena_alloc(arena, (c->failed ? 1 : count + 1) * size);
	if (!array)
		c->failed = true;
	return array;
}

static void
read_others(struct cursor *c, struct top_frame *f)
{
	f->wall_ns = (int64_t)cursor_u64(c);
	f->mono_ns = cursor_u64(c);
	f->has_tree = cursor_u8(c) != 0;
	read_bus(c, &f->bus);
	f->promise_count = cursor_u8(c);
	if (f->promise_count > TOP_PROMISES_MAX)
		c->failed = true;
	for (size_t i = 0; !c->failed && i < f->promise_count; i++)
		read_promise(c, &f->arena, &f->promises[i]);
	f->pool_count = cursor_u8(c);
	f->pools = read_array(c, &f->arena, f->pool_count, TOP_POOLS_MAX,
	    sizeof(*f->pools));
	for (size_t i = 0; !c->failed && i < f->pool_count; i++)
		read_pool(c, &f->arena, &f->pools[i]);
	f->consumer_count = cursor_u8(c);
	f->consumers = read_array(c, &f->arena, f->consumer_count,
	    TOP_CONSUMERS_MAX, sizeof(*f->consumers));
	for (size_t i = 0; !c->failed && i < f->consumer_count; i++)
		read_consumer(c, &f->arena, &f->consumers[i]);
}

enum ms_err
history_frame_parse(struct slice bytes, struct top_frame *f)
{
	struct cursor c = cursor_of(bytes);
	uint64_t seq;

	*f = (struct top_frame){ .wall_ns = 0 };
	arena_init(&f->arena, ARENA_BYTES);
	if (!history_frame_check(bytes, &seq))
		return MS_ECORRUPT;
	cursor_skip(&c, FRAME_HEAD_BYTES);
	read_others(&c, f);
	f->worker_count = cursor_u32(&c);
	f->left_out = cursor_u32(&c);
	f->workers = read_array(&c, &f->arena, f->worker_count,
	    HISTORY_FRAME_BYTES, sizeof(*f->workers));
	for (size_t i = 0; !c.failed && i < f->worker_count; i++)
		read_worker(&c, &f->arena, &f->workers[i]);
	if (!c.failed)
		return MS_OK;
	f->worker_count = f->pool_count = f->consumer_count = 0;
	f->promise_count = 0;
	return MS_ECORRUPT;
}
