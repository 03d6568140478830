/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Passes bytes between a client and the server it holds, in both directions,
 * until one end leaves.  Bytes are passed on as they come; message borders are
 * followed only to know where the two stand.  What one side cannot take yet is
 * kept (at most RELAY_BYTES), and the other side is not read meanwhile.
 */
#ifndef WORKERS_POOL_RELAY_H
#define WORKERS_POOL_RELAY_H

#include <ev.h>

#include "common/loop.h"
#include "workers/pool/pg_stream.h"

#define RELAY_BYTES 32768u /* read at once; kept at most, and a head more */

enum relay_end {
	RELAY_TERMINATE,     /* the client said good-bye */
	RELAY_CLIENT_GONE,   /* it left without */
	RELAY_CLIENT_BROKEN, /* it sent an impossible length */
	RELAY_SERVER_GONE,
	RELAY_SERVER_BROKEN
};

struct relay_side {
	int fd;
	ev_io readable;
	ev_io writable;
};
struct relay_flow { /* one direction */
	struct relay_side *from, *to;
	struct pg_stream stream;
	unsigned char head[PG_HEAD_BYTES]; /* incomplete, not passed on */
	size_t head_len;
	struct buf kept; /* memory only while it holds something */
	size_t kept_done;
	bool ended;
	enum relay_end end; /* told when kept is empty */
};

struct relay {
	struct loop *loop;
	struct relay_side client, server;
	struct relay_flow up, down; /* client to server, server to client */
	uint32_t outstanding;       /* ReadyForQuery the server owes */
	bool unsynced;              /* extended messages since the last Sync */
	char status;                /* of the last ReadyForQuery */
	bool running;
	void (*on_param)(struct relay *relay, struct slice body);
	/* The server has answered; its bytes are passed on after this. */
	void (*on_ready)(struct relay *relay);
	/* The relay is stopped; called last, so it may be freed. */
	void (*on_end)(struct relay *relay, enum relay_end end);
};

void relay_init(struct relay *relay, struct loop *loop);
/* greeting is sent to the client first; copied. */
void relay_start(struct relay *relay, int client_fd, int server_fd,
    struct slice greeting);
void relay_stop(struct relay *relay);
void relay_fini(struct relay *relay);

/* Everything the server was told is whole and answered? */
bool relay_is_settled(const struct relay *relay);
/* The server works, or waits for more of the same. */
bool relay_is_busy(const struct relay *relay);
/* A message for the client may be put after what it has got. */
bool relay_can_tell_client(const struct relay *relay);
/* The bytes that a stopped relay still has for the client. */
struct slice relay_kept_for_client(const struct relay *relay);

#endif
