/* SPDX-License-Identifier: Apache-2.0 */
/* Every verb of every service, so that tools can describe and send any. */
#include "proto/msg/bus.h"
#include "proto/msg/config.h"
#include "proto/msg/persist.h"
#include "proto/msg/pool.h"
#include "proto/msg/worker.h"

static const struct msg_desc *const table[] = {
	&msg_bus_publish,
	&msg_bus_consumer,
	&msg_bus_fetch,
	&msg_bus_settle,
	&msg_bus_read,
	&msg_bus_stats,
	&msg_bus_consumers,
	&msg_bus_streams,
	&msg_config_get,
	&msg_config_list,
	&msg_config_status,
	&msg_config_check,
	&msg_persist_migrate_up,
	&msg_persist_migrate_status,
	&msg_persist_stats,
	&msg_pool_status,
	&msg_worker_health,
};

const struct msg_desc *
msg_find(struct slice verb)
{
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (slice_is(verb, table[i]->verb))
			return table[i];
	return NULL;
}
