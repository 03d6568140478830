/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One connection to a PostgreSQL server: opened and authenticated by libpq on
 * the loop, proven aligned by a Sync barrier, then ours byte by byte.  libpq
 * does no I/O on it again; its PGconn lives on only because it owns the socket.
 * The owner (a pool) hears of everything through ops, never inside its own
 * call.
 */
#ifndef WORKERS_POOL_PG_SERVER_H
#define WORKERS_POOL_PG_SERVER_H

#include <stdio.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <ev.h>

#include "common/loop.h"
#include "workers/pool/pg_lookup.h"
#include "workers/pool/pg_params.h"
#include "workers/pool/pg_proto.h"
#include "workers/pool/pg_stream.h"
#include "workers/pool/pg_upstream.h"
#include "workers/pool/pool.h"

enum pg_server_state {
	SERVER_LOOKING_UP, /* names of hosts */
	SERVER_CONNECTING, /* libpq has the socket */
	SERVER_BARRIER,    /* Sync sent, exactly its answer awaited */
	SERVER_IDLE,       /* watched for its death */
	SERVER_SETTING,    /* start-up parameters of a client */
	SERVER_LINKED,     /* a relay has the socket */
	SERVER_RESETTING,
	SERVER_CLOSING, /* waiting for the other end to leave */
	SERVER_DEAD     /* only its memory is left */
};

struct pg_server;
struct pg_server_ops {
	void (*opened)(struct pg_server *server);
	/* sqlstate "" when the server was not reached or does not say */
	void (*failed)(struct pg_server *server, const char *sqlstate,
	    const char *message);
	/* error: body of an ErrorResponse or empty */
	void (*set)(struct pg_server *server, struct slice error);
	void (*reset)(struct pg_server *server);
	/* idle, setting or resetting, it died or spoke out of turn; it must be
	 * closed or dropped now */
	void (*broken)(struct pg_server *server, const char *why);
	void (*gone)(struct pg_server *server);   /* closing has ended */
	void (*cancel)(struct pg_server *server); /* end what it does */
};

struct pg_server {
	struct pool_slot slot;
	LIST_ENTRY(pg_server) link; /* its pool's */
	const struct pg_server_ops *ops;
	void *owner;
	void *holder; /* the client it is leased to */
	struct loop *loop;
	struct workq *workq;
	enum pg_server_state state;
	/* while opening */
	const struct pg_upstream *up;
	const char *database, *user;
	struct pg_lookup *lookup;
	PGconn *conn;
	int fd; /* libpq's */
	ev_io io;
	ev_timer timer;
	FILE *trace; /* what libpq does not tell: cancel key, SQLSTATE */
	char *trace_text;
	size_t trace_bytes;
	struct pg_key key;
	struct pg_params params;
	struct pg_stream in;
	struct buf unread; /* an incomplete head */
	struct buf out;
	size_t out_done;
	unsigned awaited; /* ReadyForQuery still to come in an exchange */
	struct buf error; /* first one of an exchange */
	bool failed;
	unsigned cancels; /* under way; it must not change hands */
	char status;      /* of the last link: I T E */
	bool busy;        /* closing while it works */
};

struct pg_server *pg_server_new(struct loop *loop, struct workq *workq,
    const struct pg_server_ops *ops, void *owner);
/* opened or failed will come, within timeout_ms; what is given stays till
 * then. */
void pg_server_open(struct pg_server *server, const struct pg_upstream *up,
    const char *database, const char *user, uint64_t timeout_ms);
/* A last look before it is given to a client: still there, and silent? */
bool pg_server_is_fresh(const struct pg_server *server);
void pg_server_set(struct pg_server *server, const struct pg_setting *settings,
    size_t count);
/* The caller's watchers have the socket from here. */
void pg_server_link(struct pg_server *server);
/* A ParameterStatus that passed by. */
void pg_server_learn(struct pg_server *server, struct slice body);
/* Aligned, nobody's: makes it as new; `reset` or `broken` will come, `reset`
 * not before the cancels under way have ended. */
void pg_server_reset(struct pg_server *server);
/* Cancels under way: +1, -1. */
void pg_server_count_cancel(struct pg_server *server, int change);
/* Nothing can be lost any more: waits until the server has really left, so
 * that it never sees more of us than the pool's size.  `gone` will come.
 * aligned: a Terminate can be said.  busy: it works; patient_ms later it is
 * cancelled. */
void pg_server_close(struct pg_server *server, bool aligned, bool busy,
    uint64_t patient_ms);
/* At once; nothing will come.  Frees it at the end of this turn. */
void pg_server_free(struct pg_server *server);
/* Where cancels of it go; false when it is not known. */
bool pg_server_address(const struct pg_server *server,
    struct sockaddr_storage *addr_r, socklen_t *len_r);

#endif
