/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads and their shards.  Who has none counts in a scratch area that nobody
 * reads; who found all shards taken shares the last one by atomic adds.  That,
 * and sampling, is the long way of an update.
 */
#include <string.h>

#include "common/metrics_impl.h"

/* In .bss: pages that are not touched cost nothing. */
static unsigned char scratch[METRICS_SHARD_BYTES]
    __attribute__((aligned(SEGMENT_PAGE)));

_Thread_local struct metrics_thread metrics_thread = { scratch, 0 };

static struct metrics_registry *const r = &metrics_registry;

static _Thread_local uint32_t dice;

/* A thread that ends without a word gives its shard back. */
static pthread_key_t thread_end;
static pthread_once_t thread_end_once = PTHREAD_ONCE_INIT;

static void
on_thread_end(void *thread)
{
	(void)thread;
	metrics_leave();
}

static void
make_thread_end(void)
{
	(void)pthread_key_create(&thread_end, on_thread_end);
}

/* ---- shards ----------------------------------------------------------------------- */

/* The registry may speak of another thread's. */
static void
set_odd(struct metrics_thread *thread, unsigned odd)
{
	__atomic_store_n(&thread->odd, odd, __ATOMIC_RELAXED);
}

static unsigned
sampling_bit(void)
{
	return r->every > 1 ? METRICS_ODD_SAMPLED : 0;
}

void
metrics_take_shard(unsigned shard)
{
	struct metrics_area *area = &r->shards[shard];
	bool shared = shard == SEGMENT_SHARED_SHARD;

	if (!metrics_back(area, r->head->values_used))
		return; /* no room: it counts for nobody */
	pthread_once(&thread_end_once, make_thread_end);
	pthread_setspecific(thread_end, &metrics_thread);
	metrics_thread.shard = r->base + area->at;
	set_odd(&metrics_thread,
	    sampling_bit() | (shared ? METRICS_ODD_SHARED : 0));
	if (shared)
		r->shared_used = true;
	else
		r->threads[shard] = &metrics_thread;
	__atomic_fetch_or(&r->head->shards_used, 1u << shard, __ATOMIC_RELEASE);
}

static unsigned
free_shard(void)
{
	unsigned shard = 0;

	while (shard < SEGMENT_SHARED_SHARD && r->threads[shard])
		shard++;
	return shard;
}

void
metrics_join(void)
{
	pthread_mutex_lock(&r->lock);
	if (r->base && metrics_thread.shard == scratch)
		metrics_take_shard(free_shard());
	pthread_mutex_unlock(&r->lock);
}

static void
leave(struct metrics_thread *thread)
{
	thread->shard = scratch;
	set_odd(thread, 0);
}

void
metrics_leave(void)
{
	pthread_mutex_lock(&r->lock);
	for (unsigned i = 0; i < METRICS_SHARDS; i++) {
		if (r->threads[i] == &metrics_thread)
			r->threads[i] = NULL;
	}
	leave(&metrics_thread);
	pthread_mutex_unlock(&r->lock);
}

void
metrics_drop_shards(void)
{
	for (unsigned i = 0; i < METRICS_SHARDS; i++) {
		if (r->threads[i])
			leave(r->threads[i]);
		r->threads[i] = NULL;
	}
	leave(&metrics_thread);
}

/* ---- the long way --------------------------------------------------------------------- */

static void
add_to(uint64_t *cell, uint64_t n, unsigned odd)
{
	if (odd & METRICS_ODD_SHARED)
		__atomic_fetch_add(cell, n, __ATOMIC_RELAXED);
	else
		metric_bump(cell, n);
}

/* How often this update counts: 0, or for all it stands for.  By dice, since
 * every N-th of updates in a fixed order would miss some rows for ever. */
static uint64_t
weight_of(struct metric m)
{
	uint32_t every = __atomic_load_n(&r->every, __ATOMIC_RELAXED);

	if (every <= 1 || m.flags & METRIC_EXACT)
		return 1;
	if (dice == 0)
		dice = (uint32_t)(uintptr_t)&dice | 1;
	dice ^= dice << 13;
	dice ^= dice >> 17;
	dice ^= dice << 5;
	return (uint64_t)dice * every >> 32 ? 0 : every;
}

static void
count_update(unsigned odd)
{
	add_to((uint64_t *)(void *)metrics_thread.shard + METRICS_UPDATES_CELL,
	    1, odd);
}

void
metrics_add_odd(struct metric m, uint64_t n)
{
	unsigned odd = metrics_thread.odd;
	uint64_t weight = weight_of(m);

	if (weight)
		add_to(metric_cell(m, 0), n * weight, odd);
	count_update(odd);
}

void
metrics_record_odd(struct metric m, uint64_t value, uint64_t n)
{
	unsigned odd = metrics_thread.odd;
	uint64_t weight = weight_of(m) * n;

	if (weight) {
		add_to(metric_cell(m, 1 + histogram_index(m.bits, value)),
		    weight, odd);
		add_to(metric_cell(m, 0), value * weight, odd);
	}
	count_update(odd);
}

void
metrics_sample(uint32_t every)
{
	pthread_mutex_lock(&r->lock);
	__atomic_store_n(&r->every, every ? every : 1, __ATOMIC_RELAXED);
	for (unsigned i = 0; r->base && i < METRICS_SHARDS; i++) {
		if (r->threads[i])
			set_odd(r->threads[i], sampling_bit());
	}
	pthread_mutex_unlock(&r->lock);
}

uint32_t
metrics_sampled(void)
{
	return __atomic_load_n(&r->every, __ATOMIC_RELAXED);
}

uint64_t
metrics_updates(void)
{
	uint64_t sum = 0;

	pthread_mutex_lock(&r->lock);
	for (unsigned i = 0; r->base && i < METRICS_SHARDS; i++) {
		if (r->head->shards_used & 1u << i)
			sum +=
			    __atomic_load_n(metrics_cell(i, SEGMENT_VALUES_AT),
				__ATOMIC_RELAXED);
	}
	pthread_mutex_unlock(&r->lock);
	return sum;
}

void
metrics_count_own(struct metric m)
{
	__atomic_fetch_add(metrics_cell(SEGMENT_SHARED_SHARD, m.offset), 1,
	    __ATOMIC_RELAXED);
	__atomic_fetch_or(&r->head->shards_used, 1u << SEGMENT_SHARED_SHARD,
	    __ATOMIC_RELEASE);
}

/* ---- exemplars ---------------------------------------------------------------------- */

#define EXEMPLAR_NS (60ull * 1000 * 1000 * 1000)

static void
put(uint64_t *cell, uint64_t value)
{
	__atomic_store_n(cell, value, __ATOMIC_RELAXED);
}

/* A clock that was set back must not keep an old one for ever. */
static bool
is_worse(const struct segment_exemplar *old, uint64_t value, uint64_t wall_ns)
{
	return value >= old->value || wall_ns < old->wall_ns ||
	    wall_ns - old->wall_ns >= EXEMPLAR_NS;
}

void
metric_exemplar(struct metric m, uint64_t value,
    const struct metric_trace *trace, uint64_t wall_ns)
{
	struct segment_exemplar *e;
	uint64_t turn, bytes[3];

	if (!(m.flags & METRIC_EXEMPLAR) || metrics_thread.shard == scratch)
		return;
	e = (void *)metric_cell(m, 1 + HISTOGRAM_BUCKETS(m.bits));
	if (!is_worse(e, value, wall_ns))
		return;
	memcpy(bytes, trace, sizeof(bytes));
	turn = e->turn | 1; /* it may be odd already: killed in between */
	/* what follows must not be seen before it is odd */
	__atomic_exchange_n(&e->turn, turn, __ATOMIC_ACQ_REL);
	put(&e->value, value);
	put(&e->wall_ns, wall_ns);
	for (unsigned i = 0; i < 3; i++)
		put(&e->trace[i], bytes[i]);
	__atomic_store_n(&e->turn, turn + 1, __ATOMIC_RELEASE);
}
