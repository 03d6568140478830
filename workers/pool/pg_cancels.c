/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server counts its cancels: it does not change hands before PostgreSQL has
 * closed the last of these connections, so none can hit a stranger's query.
 */
#include "workers/pool/pg_cancels.h"

static void
done(struct cancel *cancel)
{
	struct pg_pool *pool = cancel->owner;

	if (cancel->server)
		pg_server_count_cancel(cancel->server, -1);
	LIST_REMOVE(cancel, link);
	pool->cancel_count--;
	cancel_free(cancel);
}

void
pg_cancels_start(struct pg_pool *pool, struct pg_server *server)
{
	struct sockaddr_storage addr;
	struct cancel *cancel;
	socklen_t len;

	if (pool->cancel_count >= 2 * pool->core.limits.size ||
	    !pg_server_address(server, &addr, &len))
		return;
	cancel = cancel_start(pool->loop, &addr, len, server->key);
	cancel->owner = pool;
	cancel->server = server;
	cancel->done = done;
	LIST_INSERT_HEAD(&pool->cancels, cancel, link);
	pool->cancel_count++;
	pg_server_count_cancel(server, 1);
}

void
pg_cancels_forget(struct pg_pool *pool, const struct pg_server *server)
{
	struct cancel *cancel;

	LIST_FOREACH(cancel, &pool->cancels, link)
	if (cancel->server == server)
		cancel->server = NULL;
}

void
pg_cancels_stop(struct pg_pool *pool)
{
	struct cancel *cancel;

	while ((cancel = LIST_FIRST(&pool->cancels)))
		done(cancel);
}
