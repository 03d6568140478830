/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mechanics around the core: facts go in as they happen, and once per turn
 * of the loop the core is asked for steps until it rests.  Nobody is called
 * back from inside his own call, because steps run at the end of the turn.
 */
#include "workers/pool/pg_pool.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/backoff.h"
#include "common/fd.h"
#include "common/log.h"
#include "workers/exemplar.h"
#include "workers/pool/pg_cancels.h"
#include "workers/pool/pg_socket.h"

#define ACCEPTS_PER_TURN 64
#define ACCEPT_PAUSE_MS  100u
/* Connections beyond max_clients that may say what they want: cancels. */
#define STRANGERS_MAX 64u
/* A client that left in good order lets its server finish that long. */
#define LAST_WORK_MS  5000u
#define TRACE_SETTING "ms.traceparent"

static const struct pg_server_ops server_ops;
static const struct pg_client_ops client_ops;

static void
kick(struct pg_pool *pool)
{
	if (!pool->step.queued)
		loop_later(pool->loop, &pool->step);
}

static struct pg_database *
database_of(struct pool_key *key)
{
	return container_of(key, struct pg_database, key);
}

static void
note_error(struct pg_pool *pool, enum pool_trouble kind, const char *text)
{
	metric_add(pool->figures.trouble[kind], 1);
	snprintf(pool->last_error, sizeof(pool->last_error), "%s", text);
}

/* ---- databases --------------------------------------------------------------- */

static struct pg_database *
database_add(struct pg_pool *pool, const char *database, const char *user)
{
	struct pg_database *db = xcalloc(1, sizeof(*db));

	db->database = xstrdup(database);
	db->user = xstrdup(user);
	pool_add_key(&pool->core, &db->key);
	LIST_INSERT_HEAD(&pool->databases, db, link);
	return db;
}

static struct pg_database *
database_get(struct pg_pool *pool, const struct pg_startup *startup)
{
	const char *user = pool->up.user ? pool->up.user : startup->user;
	const char *database =
	    pool->up.database ? pool->up.database : startup->database;
	struct pg_database *db;

	LIST_FOREACH(db, &pool->databases, link)
	if (strcmp(db->database, database) == 0 && strcmp(db->user, user) == 0)
		return db;
	return database_add(pool, database, user);
}

static void
database_free(struct pg_pool *pool, struct pg_database *db)
{
	breaker_meter_end(&pool->meter, &db->key.breaker);
	pool_remove_key(&pool->core, &db->key);
	LIST_REMOVE(db, link);
	free(db->database);
	free(db->user);
	free(db);
}

/* Clients name databases: what nobody uses any more is forgotten. */
static void
database_drop(struct pg_pool *pool, struct pg_database *db)
{
	if (!db->fixed && db->clients == 0 && pool_key_is_unused(&db->key))
		database_free(pool, db);
}

/* ---- handing out ---------------------------------------------------------------- */

/* options=-c ms.traceparent=... of its conninfo: the server takes any setting
 * with a dot in its name. */
static struct slice
trace_of(const struct pg_client *client)
{
	const struct pg_startup *startup = client->startup;

	for (size_t i = 0; i < startup->setting_count; i++)
		if (strcasecmp(startup->settings[i].name, TRACE_SETTING) == 0)
			return slice_of(startup->settings[i].value);
	return (struct slice){ NULL, 0 };
}

static void
link_client(struct pg_pool *pool, struct pg_client *client)
{
	uint64_t took_ns = mono_now().ns - client->waiter.since.ns;

	metric_record(pool->figures.acquire, took_ns);
	exemplar_note_text(pool->figures.acquire, took_ns, trace_of(client));
	pg_client_link(client);
}

/* ---- servers ------------------------------------------------------------------ */

static void
server_forget(struct pg_pool *pool, struct pg_server *server)
{
	struct pool_key *key = server->slot.key;

	if (server->slot.state != SLOT_OUT)
		pool_gone(&pool->core, &server->slot);
	pg_cancels_forget(pool, server);
	LIST_REMOVE(server, link);
	pg_server_free(server);
	database_drop(pool, database_of(key));
	kick(pool);
}

static void
server_close(struct pg_server *server, bool aligned, bool busy,
    uint64_t patient_ms)
{
	struct pg_pool *pool = server->owner;

	server->holder = NULL;
	if (server->slot.state != SLOT_CLOSING)
		pool_closing(&pool->core, &server->slot, mono_now());
	pg_server_close(server, aligned, busy, patient_ms);
	kick(pool);
}

static void
server_give_back(struct pg_server *server, char status)
{
	struct pg_pool *pool = server->owner;

	server->holder = NULL;
	server->status = status;
	pool_resetting(&pool->core, &server->slot, mono_now());
	pg_server_reset(server);
}

static void
server_open(struct pg_pool *pool, struct pool_key *key)
{
	struct pg_server *server =
	    pg_server_new(pool->loop, pool->workq, &server_ops, pool);
	struct pg_database *db = database_of(key);

	LIST_INSERT_HEAD(&pool->servers, server, link);
	pool_opening(&pool->core, key, &server->slot, mono_now());
	pg_server_open(server, &pool->up, db->database, db->user,
	    pool->connect_timeout_ms);
}

static void
on_server_opened(struct pg_server *server)
{
	struct pg_pool *pool = server->owner;
	struct mono now = mono_now();

	metric_record(pool->figures.connect, now.ns - server->slot.since.ns);
	pool_opened(&pool->core, &server->slot, now);
	if (!pool->core.warm)
		pool->core.warm = server->slot.key;
	if (pool->away) {
		pool->away = false;
		log_info("upstream is back", "pool=%s", pool->name);
		pool->on_change(pool->owner);
	}
	kick(pool);
}

/* Another try would end alike: the database or the role is not there, or may
 * not be used.  Everything else (starting up, too many, no answer) passes. */
static bool
is_refusal(const char *sqlstate)
{
	static const char *const classes[] = { "0A", "22", "28", "3D", "42",
		"55" };

	for (size_t i = 0; i < ARRAY_LEN(classes); i++)
		if (strncmp(sqlstate, classes[i], 2) == 0)
			return true;
	return false;
}

static void
refuse_waiting(struct pg_pool *pool, const struct pool_key *key,
    const char *sqlstate, const char *message)
{
	struct pool_waiter *waiter;

	while ((waiter = pool_first_of(&pool->core, key))) {
		pool_unwait(&pool->core, waiter);
		pg_client_refuse(container_of(waiter, struct pg_client, waiter),
		    sqlstate, message);
	}
}

static void
on_server_failed(struct pg_server *server, const char *sqlstate,
    const char *message)
{
	struct pg_pool *pool = server->owner;
	struct pool_key *key = server->slot.key;
	bool refused = is_refusal(sqlstate);

	note_error(pool, refused ? TROUBLE_REFUSED : TROUBLE_CONNECT, message);
	if (server->slot.state == SLOT_OPENING)
		pool_failed(&pool->core, &server->slot, mono_now());
	if (refused)
		refuse_waiting(pool, key, sqlstate, message);
	if (refused || !pool->away)
		log_warn("cannot open a server connection",
		    "pool=%s database=%s user=%s error=%s", pool->name,
		    LOGQ(database_of(key)->database),
		    LOGQ(database_of(key)->user), LOGQ(message));
	if (!refused && !pool->away) {
		pool->away = true;
		pool->on_change(pool->owner);
	}
	server_forget(pool, server);
}

static void
on_server_set(struct pg_server *server, struct slice error)
{
	struct pg_client *client = server->holder;

	if (error.len == 0) {
		link_client(server->owner, client);
		kick(server->owner); /* it may be draining */
		return;
	}
	client->server = NULL;
	pg_client_refuse_with(client, error);
	server_give_back(server, 'I');
}

static void
on_server_reset(struct pg_server *server)
{
	struct pg_pool *pool = server->owner;

	pool_released(&pool->core, &server->slot, mono_now());
	kick(pool);
}

static void
on_server_broken(struct pg_server *server, const char *why)
{
	struct pg_pool *pool = server->owner;
	struct pg_client *client = server->holder;
	bool was_idle = server->slot.state == SLOT_IDLE;

	note_error(pool, TROUBLE_BROKEN, why);
	log_info("server connection given up", "pool=%s pid=%u reason=%s",
	    pool->name, server->key.pid, LOGQ(why));
	if (client) { /* it has seen nothing of it yet */
		client->server = NULL;
		pg_client_wait(client);
		pool_wait_again(&pool->core, &client->waiter);
	}
	server_close(server, false, !was_idle, 0);
}

static void
on_server_gone(struct pg_server *server)
{
	server_forget(server->owner, server);
}

static void
on_server_cancel(struct pg_server *server)
{
	pg_cancels_start(server->owner, server);
}

static const struct pg_server_ops server_ops = {
	.opened = on_server_opened,
	.failed = on_server_failed,
	.set = on_server_set,
	.reset = on_server_reset,
	.broken = on_server_broken,
	.gone = on_server_gone,
	.cancel = on_server_cancel,
};

/* ---- clients ------------------------------------------------------------------- */

static void
client_forget(struct pg_client *client)
{
	struct pg_pool *pool = client->owner;

	pool_unwait(&pool->core, &client->waiter);
	if (client->id.pid)
		HASH_DEL(pool->by_pid, client);
	LIST_REMOVE(client, link);
	pool->client_count--;
	if (client->key) {
		struct pg_database *db = database_of(client->key);

		pool->admitted--;
		db->clients--;
		database_drop(pool, db);
	}
	pg_client_free(client);
	kick(pool);
}

static void
random_bytes(void *at, size_t n)
{
	while (getrandom(at, n, 0) != (ssize_t)n)
		;
}

/* The process id is signed to some drivers, and must be nobody else's. */
static void
give_id(struct pg_pool *pool, struct pg_client *client)
{
	struct pg_client *other;
	struct pg_key id;

	do {
		random_bytes(&id, sizeof(id));
		id.pid &= 0x7fffffffu;
		HASH_FIND(hh, pool->by_pid, &id.pid, sizeof(id.pid), other);
	} while (id.pid == 0 || other);
	client->id = id;
	HASH_ADD(hh, pool->by_pid, id.pid, sizeof(client->id.pid), client);
}

static void
on_client_started(struct pg_client *client)
{
	struct pg_pool *pool = client->owner;
	struct pg_database *db;

	if (pool->draining) {
		pg_client_refuse(client, PG_CANNOT_CONNECT_NOW,
		    "the pool is shutting down");
		return;
	}
	if (pool->admitted >= pool->max_clients) {
		metric_add(pool->figures.trouble[TROUBLE_FULL], 1);
		pg_client_refuse(client, PG_TOO_MANY,
		    "sorry, too many clients already (max_clients of the "
		    "pool)");
		return;
	}
	db = database_get(pool, client->startup);
	db->clients++;
	pool->admitted++;
	client->key = &db->key;
	give_id(pool, client);
	pg_client_wait(client);
	pool_wait(&pool->core, &client->waiter, client->key, mono_now());
	kick(pool);
}

/* A key nobody has is not answered, like PostgreSQL does. */
static void
on_client_cancel(struct pg_client *client)
{
	struct pg_pool *pool = client->owner;
	const struct pg_key *wanted = &client->startup->cancel;
	struct pg_client *target;

	HASH_FIND(hh, pool->by_pid, &wanted->pid, sizeof(wanted->pid), target);
	if (target && target->id.secret == wanted->secret &&
	    target->state == CLIENT_LINKED && target->relay.outstanding > 0)
		pg_cancels_start(pool, target->server);
}

static void
on_client_ready(struct pg_client *client)
{
	struct pg_pool *pool = client->owner;

	metric_add(pool->figures.queries, 1);
	if (client->relay.status == 'I')
		metric_add(pool->figures.transactions, 1);
	if (pool->draining)
		kick(pool);
}

/* The server's side of a relay that has ended. */
static void
part(struct pg_client *client, enum relay_end end)
{
	const struct relay *relay = &client->relay;
	struct pg_server *server = client->server;
	bool polite = end == RELAY_TERMINATE && !relay->up.stream.inside;

	client->server = NULL;
	if (end == RELAY_SERVER_GONE || end == RELAY_SERVER_BROKEN)
		server_close(server, false, false, 0);
	else if (end != RELAY_CLIENT_BROKEN && relay_is_settled(relay))
		server_give_back(server, relay->status);
	else
		server_close(server, polite, relay_is_busy(relay),
		    polite ? LAST_WORK_MS : 0);
}

static void
on_client_ended(struct pg_client *client, enum relay_end end)
{
	struct pg_pool *pool = client->owner;

	part(client, end);
	switch (end) {
	case RELAY_TERMINATE:
	case RELAY_CLIENT_GONE:
		client_forget(client);
		return;
	case RELAY_CLIENT_BROKEN:
		pg_client_refuse(client, PG_PROTOCOL_VIOLATION,
		    "invalid message length");
		return;
	case RELAY_SERVER_GONE:
		note_error(pool, TROUBLE_LOST,
		    "server connection lost in a session");
		pg_client_refuse(client, PG_ADMIN_SHUTDOWN,
		    "terminating connection: the server connection was lost");
		return;
	case RELAY_SERVER_BROKEN:
		note_error(pool, TROUBLE_PROTOCOL,
		    "malformed message from the server");
		pg_client_refuse(client, PG_CONNECTION_FAILURE,
		    "the server sent a malformed message");
		return;
	}
}

static const struct pg_client_ops client_ops = {
	.started = on_client_started,
	.cancel = on_client_cancel,
	.ended = on_client_ended,
	.gone = client_forget,
	.ready = on_client_ready,
};

static void
client_admit(struct pg_pool *pool, int fd)
{
	struct pg_client *client =
	    pg_client_new(pool->loop, fd, &client_ops, pool);

	LIST_INSERT_HEAD(&pool->clients, client, link);
	pool->client_count++;
	if (pool->client_count > pool->max_clients + STRANGERS_MAX)
		pg_client_refuse(client, PG_TOO_MANY,
		    "sorry, too many clients already");
}

/* ---- steps ------------------------------------------------------------------------ */

static void
serve(struct pg_pool *pool, struct pg_client *client, struct pg_server *server)
{
	struct pg_setting settings[PG_SETTINGS_MAX];
	size_t count;

	if (!pg_server_is_fresh(server)) {
		pool_wait_again(&pool->core, &client->waiter);
		server_close(server, false, false, 0);
		return;
	}
	client->server = server;
	server->holder = client;
	count = pg_client_settings(client, &server->params, settings);
	if (count == 0) {
		link_client(pool, client);
		return;
	}
	client->state = CLIENT_SETTING;
	ev_io_stop(loop_ev(pool->loop), &client->io);
	pg_server_set(server, settings, count);
}

static void
expire(struct pg_pool *pool, struct pg_client *client)
{
	char text[400];

	metric_add(pool->figures.trouble[TROUBLE_TIMEOUT], 1);
	if (client->key->breaker.state != BREAKER_CLOSED) {
		snprintf(text, sizeof(text),
		    "the server cannot be reached (acquire_timeout or "
		    "fail_fast is over): %s",
		    pool->last_error);
		pg_client_refuse(client, PG_CONNECTION_FAILURE, text);
		return;
	}
	snprintf(text, sizeof(text),
	    "no server connection became free within acquire_timeout "
	    "(pool %s, size %u)",
	    pool->name, pool->core.limits.size);
	pg_client_refuse(client, PG_TOO_MANY, text);
}

static void
take(struct pg_pool *pool, const struct pool_step *step)
{
	struct pg_client *client = step->waiter
	    ? container_of(step->waiter, struct pg_client, waiter)
	    : NULL;
	struct pg_server *server = step->slot
	    ? container_of(step->slot, struct pg_server, slot)
	    : NULL;

	switch (step->act) {
	case POOL_REST:
		return;
	case POOL_EXPIRE:
		expire(pool, client);
		return;
	case POOL_SERVE:
		serve(pool, client, server);
		return;
	case POOL_OPEN:
		server_open(pool, step->key);
		return;
	case POOL_RETIRE:
		log_debug("server connection retired", "pool=%s reason=%s",
		    pool->name, LOGQ(step->reason));
		server_close(server, true, false, 0);
		return;
	}
}

static void
rest(struct pg_pool *pool, struct mono now)
{
	loop_timer_start(pool->loop, &pool->wake,
	    mono_ms_left(now, pool_wake(&pool->core, now)));
}

/* Sessions that are between transactions end; the others get time. */
static void
drain_sessions(struct pg_pool *pool)
{
	struct pg_client *client, *next;

	for (client = LIST_FIRST(&pool->clients); client; client = next) {
		next = LIST_NEXT(client, link);
		if (client->state != CLIENT_LINKED ||
		    client->relay.status != 'I' ||
		    !relay_is_settled(&client->relay))
			continue;
		relay_stop(&client->relay);
		part(client, RELAY_CLIENT_GONE);
		pg_client_refuse(client, PG_ADMIN_SHUTDOWN,
		    "terminating connection: the pool is shutting down");
	}
}

static void
on_step(struct loop_task *task)
{
	struct pg_pool *pool = container_of(task, struct pg_pool, step);
	struct mono now = mono_now();
	struct pool_step step;

	if (pool->closed) {
		free(pool);
		return;
	}
	if (pool->draining)
		drain_sessions(pool);
	while ((step = pool_next(&pool->core, now)).act != POOL_REST)
		take(pool, &step);
	rest(pool, now);
	pool_figures_show(&pool->figures, &pool->core, pool->client_count);
	if (pg_pool_is_drained(pool) ||
	    (pool->handed_over && pg_pool_is_empty(pool)))
		pool->on_drained(pool->owner);
}

static void
on_wake(struct ev_loop *ev, ev_timer *timer, int events MS_UNUSED)
{
	(void)ev;
	kick(container_of(timer, struct pg_pool, wake));
}

/* ---- the socket --------------------------------------------------------------------- */

static void
on_accept(struct ev_loop *ev, ev_io *io, int events MS_UNUSED)
{
	struct pg_pool *pool = container_of(io, struct pg_pool, accept_io);

	for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
		int fd = accept4(pool->listen_fd, NULL, NULL,
		    SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd >= 0) {
			client_admit(pool, fd);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM ||
		    errno == ENOBUFS) {
			/* it stays readable: without a pause we would spin */
			log_warn("cannot accept a client", "pool=%s errno=%d",
			    pool->name, errno);
			ev_io_stop(ev, io);
			loop_timer_start(pool->loop, &pool->accept_pause,
			    ACCEPT_PAUSE_MS);
		}
		return;
	}
}

static void
on_accept_again(struct ev_loop *ev, ev_timer *timer, int events MS_UNUSED)
{
	ev_io_start(ev,
	    &container_of(timer, struct pg_pool, accept_pause)->accept_io);
}

/* ---- life ------------------------------------------------------------------------------ */

void
pg_pool_tune(struct pg_pool *pool, const struct pool_conf *conf)
{
	pool->core.limits = (struct pool_limits){
		.size = conf->size,
		.min_size = conf->min_size,
		.acquire_timeout_ms = conf->acquire_timeout_ms,
		.fail_fast_ms = conf->fail_fast_ms,
		.idle_timeout_ms = conf->idle_timeout_ms,
		.max_lifetime_ms = conf->max_lifetime_ms,
	};
	pool->max_clients = conf->max_clients;
	pool->connect_timeout_ms = conf->connect_timeout_ms;
	kick(pool);
}

enum ms_err
pg_pool_open(struct pg_pool **pool_r, struct worker *w, const char *name,
    const struct pool_conf *conf, struct why *why)
{
	struct pg_pool *pool = xcalloc(1, sizeof(*pool));
	enum ms_err err;

	*pool_r = pool;
	pool->name = xstrdup(name);
	pool->loop = worker_loop(w);
	pool->workq = worker_workq(w);
	pool->listen_fd = -1;
	pool->record = pg_socket_record(w, name);
	pool_figures_init(&pool->figures, name);
	pool->step.run = on_step;
	ev_init(&pool->wake, on_wake);
	ev_init(&pool->accept_pause, on_accept_again);
	ev_init(&pool->accept_io, on_accept);
	pool_init(&pool->core, &(struct pool_limits){ 0 }, dice_seed());
	breaker_meter_init(&pool->meter, name);
	pool->core.on_breaker = breaker_meter_change;
	pool->core.breaker_arg = &pool->meter;
	pg_pool_tune(pool, conf);
	err = pg_upstream_init(&pool->up, conf->upstream, name, why);
	if (!err)
		err = pg_socket_open(pool, w, conf, why);
	return err;
}

void
pg_pool_start(struct pg_pool *pool, void *owner, void (*on_change)(void *owner),
    void (*on_drained)(void *owner))
{
	pool->owner = owner;
	pool->on_change = on_change;
	pool->on_drained = on_drained;
	if (pool->up.database && pool->up.user) {
		struct pg_database *db =
		    database_add(pool, pool->up.database, pool->up.user);

		db->fixed = true;
		pool->core.warm = &db->key;
	}
	ev_io_set(&pool->accept_io, pool->listen_fd, EV_READ);
	ev_io_start(loop_ev(pool->loop), &pool->accept_io);
	log_info("pool listens", "pool=%s socket=%s size=%u", pool->name,
	    LOGQ(pool->path), pool->core.limits.size);
	kick(pool);
}

void
pg_pool_prepare(struct pg_pool *pool)
{
	pool->handed_over = true;
	ev_io_stop(loop_ev(pool->loop), &pool->accept_io);
	loop_timer_stop(pool->loop, &pool->accept_pause);
}

bool
pg_pool_is_empty(const struct pg_pool *pool)
{
	return pool->client_count == 0;
}

void
pg_pool_drain(struct pg_pool *pool)
{
	struct pg_client *client;

	pool->draining = pool->core.draining = true;
	LIST_FOREACH(client, &pool->clients, link)
	{
		if (client->state != CLIENT_STARTUP &&
		    client->state != CLIENT_WAITING)
			continue;
		pool_unwait(&pool->core, &client->waiter);
		pg_client_refuse(client, PG_CANNOT_CONNECT_NOW,
		    "the pool is shutting down");
	}
	kick(pool);
}

bool
pg_pool_is_drained(const struct pg_pool *pool)
{
	return pool->draining && pool->client_count == 0 &&
	    LIST_EMPTY(&pool->servers);
}

/* Whoever is still in a session learns why it ends; best effort. */
static void
say_farewell(struct pg_client *client)
{
	struct buf out = { 0 };

	if (client->state == CLIENT_LINKED &&
	    relay_can_tell_client(&client->relay) &&
	    relay_kept_for_client(&client->relay).len == 0) {
		pg_put_fatal(&out, PG_ADMIN_SHUTDOWN,
		    "terminating connection: the pool is stopping");
		(void)!send(client->fd, out.ptr, out.len, MSG_NOSIGNAL);
		buf_fini(&out);
	}
}

void
pg_pool_close(struct pg_pool **pool_ptr)
{
	struct pg_pool *pool = *pool_ptr;
	struct pg_client *client;
	struct pg_server *server;
	struct pg_database *db;

	if (!pool)
		return;
	*pool_ptr = NULL;
	while ((client = LIST_FIRST(&pool->clients))) {
		say_farewell(client);
		client_forget(client);
	}
	while ((server = LIST_FIRST(&pool->servers)))
		server_forget(pool, server);
	pg_cancels_stop(pool);
	while ((db = LIST_FIRST(&pool->databases)))
		database_free(pool, db);
	ev_io_stop(loop_ev(pool->loop), &pool->accept_io);
	loop_timer_stop(pool->loop, &pool->accept_pause);
	loop_timer_stop(pool->loop, &pool->wake);
	if (pool->listen_fd >= 0 && !pool->handed_over)
		unlink(pool->path);
	fd_close(&pool->listen_fd);
	pg_upstream_fini(&pool->up);
	free(pool->path);
	free(pool->name);
	pool->path = pool->name = NULL;
	pool->closed = true;
	kick(pool); /* its step frees it: one may be queued already */
}
