/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NAME.ipc: one NNG REP socket with a growing set of contexts, "lanes", each
 * carrying one request from receipt to reply.  Only one lane receives at a
 * time: its callback queues the message and arms the next lane, so requests
 * are served in the order a client sent them, whatever threads NNG uses.
 * The callbacks touch only what `lock` guards and wake the loop once for all
 * that waits.
 */
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include <nng/nng.h>
#include <nng/protocol/reqrep0/rep.h>
#include <nng/transport/ipc/ipc.h>
#include <uthash.h>

#include "common/alloc.h"
#include "common/log.h"
#include "workers/worker_impl.h"

#define LANES_AT_START 64u
#define LANES_STEP     64u
#define LANES_MAX      4096u /* requests served at once; the rest waits */
/* Received and not yet answered; past it no request is taken. */
#define HELD_BYTES_MAX    (256u << 20) /* when nobody says less or more */
#define REQUESTS_PER_TURN 256u
#define CLIENTS_KEPT      1024u
#define MESSAGE_BYTES_MAX (MSG_BODY_BYTES_MAX + (2u << 20))
#define SOCKET_MODE       0660

enum lane_state {
	LANE_IDLE,      /* in service->idle */
	LANE_RECEIVING, /* NNG's */
	LANE_SERVING,   /* in service->incoming, then service->serving */
	LANE_REPLYING   /* NNG's */
};

struct lane {
	struct call call;
	struct service *service;
	STAILQ_ENTRY(lane) next;
	enum lane_state state;
	nng_ctx ctx;
	nng_aio *aio;
	nng_msg *msg;  /* the request */
	uint32_t pipe; /* where it came from */
};

/* A connection, from its first request until it is gone and all it asked for
 * is answered.  Where there are many, one that has nothing to be answered is
 * forgotten until it asks again. */
struct client {
	struct gate_client gate;
	uint32_t pipe;
	unsigned calls; /* received, not answered */
	bool gone;
	UT_hash_handle hh;
};
STAILQ_HEAD(lane_queue, lane);

struct gone { /* a client that went away */
	struct gone *next;
	uint32_t pipe;
};

struct service {
	struct worker *worker;
	nng_socket socket;
	char *path;           /* of the socket's file */
	pthread_mutex_t lock; /* guards the block below and lanes' `next` */
	struct lane_queue idle;
	struct lane_queue incoming;
	struct gone *gone;
	bool receiving; /* a lane is armed */
	bool stopped;   /* takes no more requests */
	bool closed;    /* posts no more: the loop is going */
	bool posted;
	size_t held_bytes, held_max;
	/* loop thread only */
	struct loop_task task;
	struct call_list serving;
	struct client *clients; /* by pipe */
	struct lane **lanes;
	unsigned lane_count;
};

/* ---- NNG's threads ---------------------------------------------------------- */

/* Lock held.  The caller arms the lane after unlocking. */
static struct lane *
take_idle(struct service *s)
{
	struct lane *lane = STAILQ_FIRST(&s->idle);

	if (!lane || s->receiving || s->stopped || s->held_bytes > s->held_max)
		return NULL;
	STAILQ_REMOVE_HEAD(&s->idle, next);
	s->receiving = true;
	lane->state = LANE_RECEIVING;
	return lane;
}

static void
arm(struct lane *lane)
{
	if (lane)
		nng_ctx_recv(lane->ctx, lane->aio);
}

/* Lock held, so that service_close() knows when the last post is over. */
static void
wake_loop(struct service *s)
{
	if (s->posted || s->closed)
		return;
	s->posted = true;
	loop_post(s->worker->loop, &s->task);
}

static void
on_received(struct lane *lane)
{
	struct service *s = lane->service;
	struct lane *next;

	lane->call.received = mono_now();
	lane->msg = nng_aio_get_msg(lane->aio);
	lane->pipe = (uint32_t)nng_pipe_id(nng_msg_get_pipe(lane->msg));
	nng_aio_set_msg(lane->aio, NULL);
	pthread_mutex_lock(&s->lock);
	lane->state = LANE_SERVING;
	s->held_bytes += nng_msg_len(lane->msg);
	s->receiving = false;
	if (!s->stopped)
		STAILQ_INSERT_TAIL(&s->incoming, lane, next);
	next = take_idle(s);
	wake_loop(s);
	pthread_mutex_unlock(&s->lock);
	arm(next);
}

/* Replied, or could not receive: the lane is free again. */
static void
on_idle(struct lane *lane)
{
	struct service *s = lane->service;
	struct lane *next;

	pthread_mutex_lock(&s->lock);
	if (lane->state == LANE_RECEIVING)
		s->receiving = false;
	lane->state = LANE_IDLE;
	STAILQ_INSERT_TAIL(&s->idle, lane, next);
	next = take_idle(s);
	pthread_mutex_unlock(&s->lock);
	arm(next);
}

static void
on_aio(void *arg)
{
	struct lane *lane = arg;
	int rv = nng_aio_result(lane->aio);

	if (rv == 0 && lane->state == LANE_RECEIVING) {
		on_received(lane);
		return;
	}
	if (rv != 0 && lane->state == LANE_REPLYING) {
		nng_msg_free(nng_aio_get_msg(lane->aio));
		nng_aio_set_msg(lane->aio, NULL);
	}
	on_idle(lane);
}

static void
on_pipe_gone(nng_pipe pipe, nng_pipe_ev event, void *arg)
{
	struct service *s = arg;
	struct gone *gone = xcalloc(1, sizeof(*gone));

	(void)event;
	gone->pipe = (uint32_t)nng_pipe_id(pipe);
	pthread_mutex_lock(&s->lock);
	gone->next = s->gone;
	s->gone = gone;
	wake_loop(s);
	pthread_mutex_unlock(&s->lock);
}

/* ---- the loop's thread -------------------------------------------------------- */

static struct lane *
lane_of(struct call *call)
{
	return container_of(call, struct lane, call);
}

static int
lane_new(struct service *s, struct lane **lane_r)
{
	struct lane *lane = xcalloc(1, sizeof(*lane));
	int rv = nng_ctx_open(&lane->ctx, s->socket);

	if (rv == 0 && (rv = nng_aio_alloc(&lane->aio, on_aio, lane)) != 0)
		nng_ctx_close(lane->ctx);
	if (rv) {
		free(lane);
		return rv;
	}
	lane->service = s;
	call_init(&lane->call, s->worker);
	*lane_r = lane;
	return 0;
}

/* The service goes on with the lanes it has when NNG makes no more. */
static void
add_lanes(struct service *s, unsigned n)
{
	struct lane *lane;

	if (s->lane_count + n > LANES_MAX)
		n = LANES_MAX - s->lane_count;
	s->lanes = xreallocarray(s->lanes, s->lane_count + n + 1,
	    sizeof(struct lane *));
	while (n-- > 0) {
		int rv = lane_new(s, &lane);

		if (rv) {
			log_warn("no more lanes", "lanes=%u error=%s",
			    s->lane_count, LOGQ(nng_strerror(rv)));
			return;
		}
		s->lanes[s->lane_count++] = lane;
		pthread_mutex_lock(&s->lock);
		STAILQ_INSERT_TAIL(&s->idle, lane, next);
		pthread_mutex_unlock(&s->lock);
	}
}

static void
arm_next(struct service *s)
{
	struct lane *lane;

	pthread_mutex_lock(&s->lock);
	lane = take_idle(s);
	pthread_mutex_unlock(&s->lock);
	arm(lane);
}

static struct client *
client_of(struct service *s, uint32_t pipe)
{
	struct client *client;

	HASH_FIND(hh, s->clients, &pipe, sizeof(pipe), client);
	if (client)
		return client;
	client = xcalloc(1, sizeof(*client));
	client->pipe = pipe;
	gate_client_init(&client->gate);
	HASH_ADD(hh, s->clients, pipe, sizeof(client->pipe), client);
	return client;
}

static void
client_free(struct service *s, struct client *client)
{
	HASH_DEL(s->clients, client);
	free(client);
}

static void
client_answered(struct service *s, struct client *client)
{
	if (--client->calls == 0 &&
	    (client->gone || HASH_COUNT(s->clients) > CLIENTS_KEPT))
		client_free(s, client);
}

static void
serve(struct service *s, struct lane *lane)
{
	struct client *client = client_of(s, lane->pipe);

	client->calls++;
	lane->call.client = &client->gate;
	lane->call.request =
	    (struct slice){ nng_msg_body(lane->msg), nng_msg_len(lane->msg) };
	TAILQ_INSERT_TAIL(&s->serving, &lane->call, link);
	call_serve(&lane->call);
}

static void
cancel_calls_of(struct service *s, uint32_t pipe)
{
	struct call *call = TAILQ_FIRST(&s->serving);

	while (call) {
		if (call->cancel && lane_of(call)->pipe == pipe) {
			call_cancel(call, MS_ECLOSED);
			call = TAILQ_FIRST(&s->serving);
		} else {
			call = TAILQ_NEXT(call, link);
		}
	}
}

static void
client_gone(struct service *s, uint32_t pipe)
{
	struct client *client;

	HASH_FIND(hh, s->clients, &pipe, sizeof(pipe), client);
	if (!client)
		return;
	client->gone = true;
	if (client->calls == 0)
		client_free(s, client);
}

static void
cancel_gone(struct service *s, struct gone *gone)
{
	while (gone) {
		struct gone *next = gone->next;

		cancel_calls_of(s, gone->pipe);
		client_gone(s, gone->pipe);
		free(gone);
		gone = next;
	}
}

/* What one turn takes over from NNG's threads. */
struct haul {
	struct lane_queue lanes;
	struct gone *gone;
	bool grow;
	bool more;
};

static void
take_haul(struct service *s, struct haul *haul)
{
	struct lane *lane;
	unsigned n = 0;

	*haul = (struct haul){ 0 };
	STAILQ_INIT(&haul->lanes);
	pthread_mutex_lock(&s->lock);
	while (n++ < REQUESTS_PER_TURN &&
	    (lane = STAILQ_FIRST(&s->incoming)) != NULL) {
		STAILQ_REMOVE_HEAD(&s->incoming, next);
		STAILQ_INSERT_TAIL(&haul->lanes, lane, next);
	}
	haul->more = !STAILQ_EMPTY(&s->incoming);
	if (!haul->more) {
		/* not before the requests of those who went */
		haul->gone = s->gone;
		s->gone = NULL;
	}
	haul->grow = STAILQ_EMPTY(&s->idle) && !s->stopped;
	s->posted = haul->more;
	pthread_mutex_unlock(&s->lock);
}

static void
on_task(struct loop_task *task)
{
	struct service *s = container_of(task, struct service, task);
	struct haul haul;
	struct lane *lane;

	take_haul(s, &haul);
	if (haul.more)
		loop_post(s->worker->loop, &s->task);
	if (haul.grow && s->lane_count < LANES_MAX) {
		add_lanes(s, LANES_STEP);
		arm_next(s);
	}
	while ((lane = STAILQ_FIRST(&haul.lanes)) != NULL) {
		STAILQ_REMOVE_HEAD(&haul.lanes, next);
		serve(s, lane);
	}
	cancel_gone(s, haul.gone);
}

static void
free_request(struct lane *lane)
{
	struct service *s = lane->service;
	size_t bytes = nng_msg_len(lane->msg);

	nng_msg_free(lane->msg);
	lane->msg = NULL;
	pthread_mutex_lock(&s->lock);
	s->held_bytes -= bytes;
	pthread_mutex_unlock(&s->lock);
}

void
service_reply(struct call *call, struct slice head, struct slice body)
{
	struct lane *lane = lane_of(call);
	struct service *s = lane->service;
	nng_msg *msg;
	char *at;

	if (nng_msg_alloc(&msg, head.len + body.len) != 0)
		log_fatal(MS_EXIT_OSERR, "out of memory", "bytes=%zu",
		    head.len + body.len);
	at = nng_msg_body(msg);
	memcpy(at, head.ptr, head.len);
	if (body.len)
		memcpy(at + head.len, body.ptr, body.len);
	TAILQ_REMOVE(&s->serving, call, link);
	client_answered(s, container_of(call->client, struct client, gate));
	call->client = NULL;
	call->request = (struct slice){ NULL, 0 };
	free_request(lane);
	lane->state = LANE_REPLYING;
	nng_aio_set_msg(lane->aio, msg);
	nng_ctx_send(lane->ctx, lane->aio);
}

/* ---- life --------------------------------------------------------------------- */

static int
listen_at(nng_socket socket, const char *address)
{
	nng_listener listener;
	int rv =
	    nng_socket_set_size(socket, NNG_OPT_RECVMAXSZ, MESSAGE_BYTES_MAX);

	if (!rv)
		rv = nng_listener_create(&listener, socket, address);
	if (!rv)
		rv = nng_listener_set_int(listener, NNG_OPT_IPC_PERMISSIONS,
		    SOCKET_MODE);
	return rv ? rv : nng_listener_start(listener, 0);
}

static struct service *
service_new(struct worker *w, nng_socket socket)
{
	struct service *s = xcalloc(1, sizeof(*s));

	s->held_max = w->hold_at_most ? w->hold_at_most : HELD_BYTES_MAX;

	s->worker = w;
	s->socket = socket;
	s->task.run = on_task;
	pthread_mutex_init(&s->lock, NULL);
	STAILQ_INIT(&s->idle);
	STAILQ_INIT(&s->incoming);
	TAILQ_INIT(&s->serving);
	return s;
}

enum ms_err
service_open(struct worker *w, struct service **service_r, struct why *why)
{
	char *address;
	nng_socket socket;
	enum ms_err err = worker_address(w, SERVICE_SUFFIX, &address, why);
	int rv;

	if (err)
		return err;
	rv = nng_rep0_open(&socket);
	if (!rv) {
		*service_r = service_new(w, socket);
		rv = nng_pipe_notify(socket, NNG_PIPE_EV_REM_POST, on_pipe_gone,
		    *service_r);
	}
	if (!rv)
		rv = listen_at(socket, address);
	if (rv)
		err = why_set(why, MS_EIO, "cannot listen on %s: %s", address,
		    nng_strerror(rv));
	if (*service_r)
		(*service_r)->path = xstrdup(address + strlen("ipc://"));
	free(address);
	return err;
}

void
service_start(struct service *service)
{
	add_lanes(service, LANES_AT_START);
	arm_next(service);
}

void
service_drain(struct service *service)
{
	/* What came in and is not begun stays unanswered: its senders will
	 * send it again, to our successor. */
	pthread_mutex_lock(&service->lock);
	service->stopped = true;
	STAILQ_INIT(&service->incoming);
	pthread_mutex_unlock(&service->lock);
	call_cancel_all(&service->serving, MS_ESHUTDOWN);
}

static void
free_clients(struct service *s)
{
	struct client *client, *next;

	HASH_ITER(hh, s->clients, client, next)
		client_free(s, client);
}

static void
free_gone(struct gone *gone)
{
	while (gone) {
		struct gone *next = gone->next;

		free(gone);
		gone = next;
	}
}

/*
 * The process ends: NNG's threads are left behind, not joined.  nng_close() of
 * NNG 1.5.2 waits for ever when it meets a message that is just arriving (the
 * transport's receive is not begun any more, so nobody completes the pipe's),
 * and a worker that cannot stop is worse than memory that the kernel frees.
 */
void
service_close(struct service *s)
{
	if (!s)
		return;
	pthread_mutex_lock(&s->lock);
	s->stopped = true;
	s->closed = true;
	STAILQ_INIT(&s->incoming);
	free_gone(s->gone);
	s->gone = NULL;
	pthread_mutex_unlock(&s->lock);
	for (unsigned i = 0; i < s->lane_count; i++)
		call_fini(&s->lanes[i]->call);
	TAILQ_INIT(&s->serving); /* on_task() may run once more */
	free_clients(s);
	unlink(s->path);
}

void
worker_hold_at_most(struct worker *w, size_t bytes)
{
	struct service *s = w->service;

	w->hold_at_most = bytes;
	if (!s)
		return;
	pthread_mutex_lock(&s->lock);
	s->held_max = bytes;
	pthread_mutex_unlock(&s->lock);
}

size_t
worker_held(struct worker *w)
{
	struct service *s = w->service;
	size_t bytes;

	if (!s)
		return 0;
	pthread_mutex_lock(&s->lock);
	bytes = s->held_bytes;
	pthread_mutex_unlock(&s->lock);
	return bytes;
}
