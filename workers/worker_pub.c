/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NAME.pub.ipc: one NNG PUB socket.  It drops for a subscriber that is 8192
 * messages behind, which the subscriber sees by the numbers in the messages.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include <nng/nng.h>
#include <nng/protocol/pubsub0/pub.h>

#include "common/alloc.h"
#include "common/metrics.h"
#include "workers/worker_impl.h"

#define SOCKET_MODE 0660

struct publisher {
	nng_socket socket;
	char *address;
	struct loop *loop;
	struct metric shown;
	struct loop_task task;
	pthread_mutex_t lock; /* guards what follows */
	uint32_t subscribers;
	bool posted;
	bool closed; /* posts no more: the loop is going */
};

static const struct metric_row subscribers_row = {
	.name = "ms_worker_subscribers",
	.help = "Subscribers of this worker's NAME.pub.ipc.",
	.kind = METRIC_GAUGE,
};

/* ---- who listens ------------------------------------------------------------ */

static void
on_task(struct loop_task *task)
{
	struct publisher *p = container_of(task, struct publisher, task);

	pthread_mutex_lock(&p->lock);
	p->posted = false;
	metric_set(p->shown, p->subscribers);
	pthread_mutex_unlock(&p->lock);
}

/* NNG's threads. */
static void
on_pipe(nng_pipe pipe, nng_pipe_ev event, void *arg)
{
	struct publisher *p = arg;

	(void)pipe;
	pthread_mutex_lock(&p->lock);
	if (event == NNG_PIPE_EV_ADD_POST)
		p->subscribers++;
	else
		p->subscribers--;
	if (!p->posted && !p->closed) {
		p->posted = true;
		loop_post(p->loop, &p->task);
	}
	pthread_mutex_unlock(&p->lock);
}

static int
watch_pipes(struct publisher *p, struct worker *w)
{
	int rv;

	p->loop = w->loop;
	p->task.run = on_task;
	p->shown = metrics_declare(&subscribers_row);
	pthread_mutex_init(&p->lock, NULL);
	rv = nng_pipe_notify(p->socket, NNG_PIPE_EV_ADD_POST, on_pipe, p);
	return rv
	    ? rv
	    : nng_pipe_notify(p->socket, NNG_PIPE_EV_REM_POST, on_pipe, p);
}

/* ---- the socket --------------------------------------------------------------- */

enum ms_err
worker_address(struct worker *w, const char *suffix, char **address_r,
    struct why *why)
{
	char *address =
	    xasprintf("ipc://%s/%s%s", w->dirs.run, w->args.name, suffix);
	size_t path = strlen(address) - strlen("ipc://");

	if (path >= sizeof(((struct sockaddr_un *)0)->sun_path)) {
		why_set(why, MS_EINVAL,
		    "socket path %.128s is too long: %zu bytes, at most %zu",
		    address + strlen("ipc://"), path,
		    sizeof(((struct sockaddr_un *)0)->sun_path) - 1);
		free(address);
		return MS_EINVAL;
	}
	*address_r = address;
	return MS_OK;
}

uint32_t
publisher_subscribers(struct publisher *p)
{
	uint32_t count;

	pthread_mutex_lock(&p->lock);
	count = p->subscribers;
	pthread_mutex_unlock(&p->lock);
	return count;
}

static int
listen_at(nng_socket socket, const char *address)
{
	nng_listener listener;
	int rv = nng_socket_set_int(socket, NNG_OPT_SENDBUF, WORKER_PUB_QUEUE);

	if (!rv)
		rv = nng_listener_create(&listener, socket, address);
	if (!rv)
		rv = nng_listener_set_int(listener, NNG_OPT_IPC_PERMISSIONS,
		    SOCKET_MODE);
	return rv ? rv : nng_listener_start(listener, 0);
}

enum ms_err
publisher_open(struct worker *w, struct publisher **publisher_r,
    struct why *why)
{
	struct publisher *p;
	char *address;
	enum ms_err err = worker_address(w, PUB_SUFFIX, &address, why);
	int rv;

	if (err)
		return err;
	p = xcalloc(1, sizeof(*p));
	rv = nng_pub0_open(&p->socket);
	if (!rv) {
		rv = watch_pipes(p, w);
		if (!rv)
			rv = listen_at(p->socket, address);
		if (rv)
			nng_close(p->socket);
	}
	if (rv) {
		err = why_set(why, MS_EIO, "cannot listen on %s: %s", address,
		    nng_strerror(rv));
		free(address);
		free(p);
	} else {
		p->address = address;
		*publisher_r = p;
	}
	return err;
}

/* The process ends; as to nng_close() and to memory see service_close(). */
void
publisher_close(struct publisher **publisher)
{
	struct publisher *p = *publisher;

	if (!p)
		return;
	*publisher = NULL;
	pthread_mutex_lock(&p->lock);
	p->closed = true;
	pthread_mutex_unlock(&p->lock);
	unlink(p->address + strlen("ipc://"));
	free(p->address);
}

enum ms_err
publisher_send(struct publisher *publisher, struct slice topic,
    struct slice head, struct slice body)
{
	nng_msg *msg;
	char *at;

	if (nng_msg_alloc(&msg, topic.len + 1 + head.len + body.len) != 0)
		return MS_ENOMEM;
	at = nng_msg_body(msg);
	memcpy(at, topic.ptr, topic.len);
	at += topic.len;
	*at++ = '\0';
	if (head.len)
		memcpy(at, head.ptr, head.len);
	if (body.len)
		memcpy(at + head.len, body.ptr, body.len);
	if (nng_sendmsg(publisher->socket, msg, NNG_FLAG_NONBLOCK) != 0) {
		nng_msg_free(msg);
		return MS_ECLOSED;
	}
	return MS_OK;
}
