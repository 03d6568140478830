/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One client of the pool's socket, from its first packet to its last byte.
 * Whom it is served by is its owner's business, told through ops, never inside
 * the owner's own call.
 */
#ifndef WORKERS_POOL_PG_CLIENT_H
#define WORKERS_POOL_PG_CLIENT_H

#include <sys/queue.h>

#include <uthash.h>

#include "common/sock.h"
#include "workers/pool/pg_server.h"
#include "workers/pool/pg_startup.h"
#include "workers/pool/pool.h"
#include "workers/pool/relay.h"

enum pg_client_state {
	CLIENT_STARTUP, /* its first packet is awaited */
	CLIENT_WAITING, /* for a server; only its leaving is listened for */
	CLIENT_SETTING, /* its server is being told its parameters */
	CLIENT_LINKED,  /* the relay has its socket */
	CLIENT_LEAVING, /* last bytes for it, then the end */
	CLIENT_DEAD
};

struct pg_client;
struct pg_client_ops {
	void (*started)(struct pg_client *client); /* startup is read */
	void (*cancel)(struct pg_client *client);  /* startup->cancel; goes */
	void (*ended)(struct pg_client *client, enum relay_end end);
	void (*gone)(struct pg_client *client);  /* to be freed by the owner */
	void (*ready)(struct pg_client *client); /* the server has answered */
};

struct pg_client {
	struct pool_waiter waiter;
	LIST_ENTRY(pg_client) link;
	UT_hash_handle hh; /* by id.pid */
	const struct pg_client_ops *ops;
	void *owner;
	struct pool_key *key; /* what it wants a server of; NULL at first */
	struct pg_server *server;
	struct loop *loop;
	enum pg_client_state state;
	int fd;
	ev_io io;
	ev_timer timer;
	struct peer peer;
	struct arena arena; /* of startup, until it is linked */
	struct pg_startup *startup;
	struct buf in;
	struct buf out;
	size_t out_done;
	unsigned encryption_asked;
	struct pg_key id; /* the cancel key it is given */
	struct relay relay;
};

/* Owns fd. */
struct pg_client *pg_client_new(struct loop *loop, int fd,
    const struct pg_client_ops *ops, void *owner);
/* Waits, from `started` on or again. */
void pg_client_wait(struct pg_client *client);
/* Says FATAL and goes: `gone` will come.  From any state but linked, or when
 * its relay has ended. */
void pg_client_refuse(struct pg_client *client, const char *sqlstate,
    const char *message);
/* The same with the body of the server's ErrorResponse. */
void pg_client_refuse_with(struct pg_client *client, struct slice error);
/* Goes with what the relay still has for it. */
void pg_client_leave(struct pg_client *client);
/* Which of its settings the server does not have yet; count. */
size_t pg_client_settings(const struct pg_client *client,
    const struct pg_params *params,
    struct pg_setting settings_r[static PG_SETTINGS_MAX]);
/* Greets it as client->server's session and starts the relay. */
void pg_client_link(struct pg_client *client);
void pg_client_free(struct pg_client *client);

#endif
