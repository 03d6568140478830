/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control socket within a saved state.  A client does not notice that msd
 * has replaced itself: half a line, answers not sent yet, its place in the
 * stream of events and what it waits for go along.
 */
#include <stdlib.h>

#include "common/alloc.h"
#include "supervisor/ctl/ctl_impl.h"
#include "supervisor/state/state.h"

static const struct state_row client_rows[] = {
	STATE_ROW(STATE_BOOL, struct ctl_client, may_control),
	STATE_ROW(STATE_BOOL, struct ctl_client, follows),
	STATE_ROW(STATE_BOOL, struct ctl_client, ends),
	STATE_ROW(STATE_U64, struct ctl_client, next),
	STATE_ROW(STATE_U64, struct ctl_client, until),
	STATE_ROW(STATE_I64, struct ctl_client, stream_id),
	STATE_ROW(STATE_BOOL, struct ctl_client, asks_reexec),
	STATE_ROW(STATE_I64, struct ctl_client, reexec_id),
	STATE_END,
};

static const struct state_row wait_rows[] = {
	STATE_ROW(STATE_I64, struct wait, id),
	STATE_ROW(STATE_TEXT, struct wait, name),
	STATE_ROW(STATE_INT, struct wait, what.what),
	STATE_ROW(STATE_INT, struct wait, what.face),
	STATE_ROW(STATE_U64, struct wait, what.generation),
	STATE_ROW(STATE_MONO, struct wait, until),
	STATE_END,
};

/* ---- saving -------------------------------------------------------------- */

static void
save_client(const struct ctl *ctl, const struct ctl_client *client,
    struct state_out *out)
{
	const struct wait *wait;

	state_begin(out, "client");
	state_put_fd(out, "fd", client->fd);
	state_put(out, client_rows, client);
	state_put_bytes(out, "in", buf_slice(&client->in));
	state_put_bytes(out, "out", buf_slice(&client->out));
	state_open_list(out, "waits");
	TAILQ_FOREACH(wait, &ctl->waits, entry) {
		if (wait->client != client)
			continue;
		state_open_item(out);
		state_put(out, wait_rows, wait);
		state_close_item(out);
	}
	state_close_list(out);
	state_end(out);
}

void
ctl_save(const struct ctl *ctl, struct state_out *out)
{
	const struct ctl_client *client;

	state_begin(out, "ctl");
	state_put_fd(out, "fd", ctl->fd);
	state_put_u64(out, "inherited", ctl->inherited);
	state_put_u64(out, "slow_dropped", ctl->slow_dropped);
	state_end(out);
	TAILQ_FOREACH(client, &ctl->clients, entry)
		save_client(ctl, client, out);
}

/* ---- loading ------------------------------------------------------------- */

static void
load_wait(struct ctl_client *client, struct state_in *in,
    const struct json *item)
{
	struct wait *wait = xcalloc(1, sizeof(*wait));

	state_get(in, item, wait_rows, wait);
	if (!wait->name || (unsigned)wait->what.face >= FACE_COUNT)
		state_fail(in, "a client waits for nothing");
	wait->client = client;
	ctl_wait_begin(wait);
}

static void
load_client(struct ctl *ctl, struct state_in *in, const struct json *record)
{
	struct ctl_client *client;
	const struct json *wait;
	int fd = state_get_fd(in, record, "fd");

	if (fd < 0) {
		state_fail(in, "a client without a connection");
		return;
	}
	client = ctl_client_new(ctl, fd, false);
	state_get(in, record, client_rows, client);
	state_get_bytes(in, record, "in", &client->in);
	state_get_bytes(in, record, "out", &client->out);
	wait = state_get_list(in, record, "waits");
	for (; wait; wait = json_next(wait))
		load_wait(client, in, wait);
	/* whole lines may be waiting for their turn */
	loop_later(ctl->msd->loop, &client->more);
}

struct ctl *
ctl_load(struct msd *msd, struct state_in *in)
{
	size_t off = 0;
	struct json *record = state_next(in, "ctl", &off);
	int fd = record ? state_get_fd(in, record, "fd") : -1;
	struct ctl *ctl;

	if (fd < 0) {
		state_fail(in, "there is no control socket");
		json_free(&record);
		return NULL;
	}
	ctl = ctl_new(msd, fd);
	ctl->inherited = state_get_u64(in, record, "inherited");
	ctl->slow_dropped = state_get_u64(in, record, "slow_dropped");
	json_free(&record);
	for (off = 0; (record = state_next(in, "client", &off));
	     json_free(&record))
		load_client(ctl, in, record);
	return ctl;
}

/* ---- answering ----------------------------------------------------------- */

void
ctl_await_reexec(const struct ctl_request *request)
{
	request->client->asks_reexec = true;
	request->client->reexec_id = request->id;
}

void
ctl_on_reexec(struct ctl *ctl, const char *failure)
{
	struct ctl_client *client, *next;

	for (client = TAILQ_FIRST(&ctl->clients); client; client = next) {
		next = TAILQ_NEXT(client, entry);
		if (!client->asks_reexec)
			continue;
		client->asks_reexec = false;
		if (failure) {
			ctl_client_fail(client, client->reexec_id, "failed",
			    failure);
		} else {
			ctl_client_head(client, client->reexec_id, true);
			buf_printf(&client->out,
			    ",\"v\":1,\"version\":\"" MS_VERSION
			    "\",\"pid\":%d}\n",
			    (int)ctl->msd->pid);
		}
		ctl_client_flush(client);
	}
}
