/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One [pool NAME] of PostgreSQL connections: a listening socket, the clients
 * that came, the servers they are given, and the core that decides.
 */
#ifndef WORKERS_POOL_PG_POOL_H
#define WORKERS_POOL_PG_POOL_H

#include "common/breaker_meter.h"
#include "proto/conf/pool.h"
#include "workers/pool/cancel.h"
#include "workers/pool/figures.h"
#include "workers/pool/pg_client.h"
#include "workers/pool/pg_server.h"
#include "workers/pool/pool.h"
#include "workers/worker.h"

struct pg_database { /* a database and a user: servers of it are alike */
	struct pool_key key;
	LIST_ENTRY(pg_database) link;
	char *database, *user;
	uint32_t clients; /* that want it or have it */
	bool fixed;       /* the upstream names both: never forgotten */
};

struct pool_record { /* since the first life of this pool */
	uint64_t lives;
};

struct pg_pool {
	SLIST_ENTRY(pg_pool) link;
	char *name;
	struct loop *loop;
	struct workq *workq;
	struct pool core;
	struct breaker_meter meter; /* of all keys of the core */
	struct pg_upstream up;
	uint32_t max_clients;
	uint64_t connect_timeout_ms;
	LIST_HEAD(, pg_database) databases;
	LIST_HEAD(, pg_server) servers;
	LIST_HEAD(, pg_client) clients;
	LIST_HEAD(, cancel) cancels;
	struct pg_client *by_pid; /* who has been given a cancel key */
	uint32_t client_count;    /* connected */
	uint32_t admitted;        /* of these: started and not refused */
	uint32_t cancel_count;
	char *path; /* of the socket */
	int listen_fd;
	ev_io accept_io;
	ev_timer accept_pause; /* out of descriptors */
	ev_timer wake;
	struct loop_task step; /* asks the core what to do */
	bool draining;
	bool closed; /* freed by its last step */
	bool away;   /* the last opening failed */
	void *owner;
	void (*on_change)(void *owner);  /* up, away: worth a word */
	void (*on_drained)(void *owner); /* or empty */
	bool handed_over;                /* the socket is the next life's */
	struct pool_record *record;
	struct pool_figures figures;
	char last_error[256];
};

/* conf is read, not kept.  Listens, on the socket of its last life when that
 * is left.  MS_ECONFIG: the upstream is wrong. */
enum ms_err pg_pool_open(struct pg_pool **pool_r, struct worker *w,
    const char *name, const struct pool_conf *conf, struct why *why);
/* What may change while it runs: sizes and times. */
void pg_pool_tune(struct pg_pool *pool, const struct pool_conf *conf);
void pg_pool_start(struct pg_pool *pool, void *owner,
    void (*on_change)(void *owner), void (*on_drained)(void *owner));
/* A restart comes: from now on clients wait in the socket's queue; those who
 * are there may finish.  on_drained() tells when the last one has left. */
void pg_pool_prepare(struct pg_pool *pool);
bool pg_pool_is_empty(const struct pg_pool *pool);
/* New clients are refused, sessions end when they are idle. */
void pg_pool_drain(struct pg_pool *pool);
bool pg_pool_is_drained(const struct pg_pool *pool);
/* Tells those still there, hangs up, removes the socket unless it was handed
 * over. */
void pg_pool_close(struct pg_pool **pool_ptr);

#endif
