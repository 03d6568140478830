/* SPDX-License-Identifier: Apache-2.0 */
#include "workers/pool/figures.h"

#define POOLS_MAX 64u

/* clang-format off */
static const struct metric_row acquire_row = {
	.name = "ms_pool_acquire_seconds",
	.kind = METRIC_HISTOGRAM, .unit = METRIC_UNIT_SECONDS,
	.flags = METRIC_EXEMPLAR | METRIC_EXACT,
	.labels = { "pool" }, .max_series = POOLS_MAX,
	.help = "From a client's startup until it has a server connection.",
};
static const struct metric_row connect_row = {
	.name = "ms_pool_connect_seconds",
	.kind = METRIC_HISTOGRAM, .unit = METRIC_UNIT_SECONDS,
	.labels = { "pool" }, .max_series = POOLS_MAX,
	.help = "Opening a connection to the server.",
};
static const struct metric_row transactions_row = {
	.name = "ms_pool_transactions_total", .kind = METRIC_COUNTER,
	.labels = { "pool" }, .max_series = POOLS_MAX,
	.help = "Transactions that have ended.",
};
static const struct metric_row queries_row = {
	.name = "ms_pool_queries_total", .kind = METRIC_COUNTER,
	.labels = { "pool" }, .max_series = POOLS_MAX,
	.help = "Queries and pipelines answered by the server.",
};
static const struct metric_row connections_row = {
	.name = "ms_pool_connections", .kind = METRIC_GAUGE,
	.labels = { "pool", "state" },
	.max_series = POOLS_MAX * SLOT_STATES,
	.help = "Connections to the server, by state.",
};
static const struct metric_row clients_row = {
	.name = "ms_pool_clients", .kind = METRIC_GAUGE,
	.labels = { "pool" }, .max_series = POOLS_MAX,
	.help = "Clients that are connected.",
};
static const struct metric_row waiting_row = {
	.name = "ms_pool_clients_waiting", .kind = METRIC_GAUGE,
	.labels = { "pool" }, .max_series = POOLS_MAX,
	.help = "Clients that wait for a server connection.",
};
static const struct metric_row errors_row = {
	.name = "ms_pool_errors_total", .kind = METRIC_COUNTER,
	.flags = METRIC_EXACT,
	.labels = { "pool", "kind" },
	.max_series = POOLS_MAX * TROUBLE_COUNT,
	.help = "What went wrong, by kind; timeout: a client waited for acquire_timeout.",
};
static const char *const states[SLOT_STATES] = {
	[SLOT_OPENING] = "opening", [SLOT_IDLE] = "idle",
	[SLOT_LEASED] = "leased", [SLOT_RESETTING] = "resetting",
	[SLOT_CLOSING] = "closing",
};
static const char *const kinds[TROUBLE_COUNT] = {
	[TROUBLE_CONNECT] = "connect", [TROUBLE_REFUSED] = "refused",
	[TROUBLE_LOST] = "lost", [TROUBLE_BROKEN] = "broken",
	[TROUBLE_PROTOCOL] = "protocol", [TROUBLE_FULL] = "full",
	[TROUBLE_TIMEOUT] = "timeout",
};
/* clang-format on */

void
pool_figures_init(struct pool_figures *f, const char *pool)
{
	const char *values[2] = { pool, NULL };

	f->acquire = metrics_series(&acquire_row, values);
	f->connect = metrics_series(&connect_row, values);
	f->transactions = metrics_series(&transactions_row, values);
	f->queries = metrics_series(&queries_row, values);
	f->clients = metrics_series(&clients_row, values);
	f->waiting = metrics_series(&waiting_row, values);
	for (int i = SLOT_OPENING; i < SLOT_STATES; i++) {
		values[1] = states[i];
		f->connections[i] = metrics_series(&connections_row, values);
	}
	for (int i = 0; i < TROUBLE_COUNT; i++) {
		values[1] = kinds[i];
		f->trouble[i] = metrics_series(&errors_row, values);
	}
}

void
pool_figures_show(const struct pool_figures *f, const struct pool *core,
    uint32_t clients)
{
	for (int i = SLOT_OPENING; i < SLOT_STATES; i++)
		metric_set(f->connections[i], core->count[i]);
	metric_set(f->clients, clients);
	metric_set(f->waiting, core->waiting);
}

uint64_t
pool_figures_errors(const struct pool_figures *f)
{
	uint64_t sum = 0;

	for (int i = 0; i < TROUBLE_COUNT; i++)
		if (i != TROUBLE_TIMEOUT)
			sum += metric_own(f->trouble[i]);
	return sum;
}
