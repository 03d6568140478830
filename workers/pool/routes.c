/* SPDX-License-Identifier: Apache-2.0 */
/* What ms-pool answers on its service. */
#include "common/json.h"
#include "proto/msg/pool.h"
#include "workers/pool/poold.h"

static void
print_number(struct buf *out, const char *name, uint64_t value)
{
	buf_printf(out, ",\"%s\":%ju", name, (uintmax_t)value);
}

/* Of the worst of its databases: one that is well says nothing about the
 * others. */
static const struct breaker *
worst_breaker(const struct pg_pool *pool)
{
	static const struct breaker closed = { .state = BREAKER_CLOSED };
	const struct breaker *worst = &closed;
	const struct pool_key *key;

	TAILQ_FOREACH(key, &pool->core.keys, in_pool) {
		const struct breaker *b = &key->breaker;

		if (worst->state != BREAKER_OPEN && b->state != BREAKER_CLOSED)
			worst = b;
	}
	return worst;
}

static void
print_breaker(const struct pg_pool *pool, struct buf *out)
{
	const struct breaker *worst = worst_breaker(pool);

	buf_add_str(out, ",\"breaker\":");
	json_quote(out, slice_of(breaker_state_name(worst->state)));
	print_number(out, "retry_in_ms",
	    worst->state == BREAKER_OPEN ? breaker_wait_ms(worst, mono_now())
					 : 0);
}

static void
print_pool(const struct pg_pool *pool, struct buf *out)
{
	const uint32_t *count = pool->core.count;
	uint32_t leased = count[SLOT_LEASED];

	buf_add_str(out, "{\"name\":");
	json_quote(out, slice_of(pool->name));
	buf_add_str(out, ",\"kind\":\"postgres\"");
	print_number(out, "size", pool->core.limits.size);
	print_number(out, "max_clients", pool->max_clients);
	print_number(out, "clients_active", leased);
	print_number(out, "clients_waiting", pool->core.waiting);
	print_number(out, "servers_active", leased + count[SLOT_RESETTING]);
	print_number(out, "servers_idle", count[SLOT_IDLE]);
	print_number(out, "servers_opening", count[SLOT_OPENING]);
	print_number(out, "acquired", metric_own_count(pool->figures.acquire));
	print_number(out, "timeouts",
	    metric_own(pool->figures.trouble[TROUBLE_TIMEOUT]));
	print_number(out, "errors", pool_figures_errors(&pool->figures));
	print_number(out, "lives", pool->record->lives);
	print_breaker(pool, out);
	buf_add_str(out, ",\"last_error\":");
	json_quote(out, slice_of(pool->last_error));
	buf_add_str(out, "}");
}

static void
serve_status(void *self, struct call *call)
{
	const struct poold *d = self;
	struct pool_status_out out = { 0 };
	struct buf body = { 0 };
	struct pg_pool *pool;

	SLIST_FOREACH(pool, &d->pools, link) {
		buf_add_str(&body, out.pools++ ? "," : "[");
		print_pool(pool, &body);
	}
	buf_add_str(&body, out.pools ? "]" : "[]");
	call_reply(call, &out, buf_slice(&body));
	buf_fini(&body);
}

const struct route pool_routes[] = {
	{ &msg_pool_status, serve_status },
	ROUTE_END,
};
