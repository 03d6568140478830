/* SPDX-License-Identifier: Apache-2.0 */
/* The one place of msctl that knows the control socket's framing. */
#include "supervisor/msctl/ctl_client.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/mono.h"
#include "common/sock.h"

#define READ_BYTES (64u << 10)

enum ms_err
ctl_open_quiet(const struct msctl *ctl, struct ctl_client *client_r,
    struct why *why)
{
	*client_r = (struct ctl_client){
		.ctl = ctl,
		.fd = -1,
		.in = { .limit_bytes = CTL_LINE_BYTES_MAX },
		.next_id = 1,
	};
	return sock_dial_unix(ctl->socket, &client_r->fd, why);
}

int
ctl_open(const struct msctl *ctl, struct ctl_client *client_r)
{
	struct why why = { "" };
	enum ms_err err = ctl_open_quiet(ctl, client_r, &why);

	switch (err) {
	case MS_OK:
		return CTL_OK;
	case MS_EPERM:
		return ctl_fail(ctl, "permission",
		    "not allowed to talk to msd at %s (it is for root and "
		    "msd's control_group)",
		    ctl->socket);
	case MS_EINVAL:
		return ctl_fail(ctl, "bad_request", "%s", why.text);
	case MS_EBUSY:
		return ctl_fail(ctl, "unreachable",
		    "msd at %s does not accept connections at the moment",
		    ctl->socket);
	default:
		return ctl_fail(ctl, "unreachable",
		    "no msd answers at %s; is it running there?  (-s SOCKET "
		    "or MS_SOCKET name another place)",
		    ctl->socket);
	}
}

void
ctl_close(struct ctl_client *client)
{
	fd_close(&client->fd);
	buf_fini(&client->in);
}

struct json *
ctl_request(const char *verb, const char *name)
{
	struct json *request = json_object();

	json_put_num(request, "v", 1);
	json_put_str(request, "do", verb);
	if (name)
		json_put_str(request, "name", name);
	return request;
}

/* ---- bytes ---------------------------------------------------------------- */

static enum ms_err
wait_for(int fd, short events, struct mono deadline)
{
	for (;;) {
		struct pollfd p = { .fd = fd, .events = events };
		uint64_t left = mono_ms_left(mono_now(), deadline);
		int n;
		if (left == 0)
			return MS_ETIMEOUT;
		n = poll(&p, 1, left > 1000000 ? 1000000 : (int)left);
		if (n > 0)
			return MS_OK;
		if (n < 0 && errno != EINTR)
			return MS_EIO;
	}
}

static enum ms_err
send_all(int fd, struct slice bytes, struct mono deadline)
{
	while (bytes.len > 0) {
		ssize_t n = fd_send(fd, bytes.ptr, bytes.len, -1);
		if (n > 0) {
			bytes.ptr += n;
			bytes.len -= (size_t)n;
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN)
			return MS_ECLOSED;
		enum ms_err err = wait_for(fd, POLLOUT, deadline);
		if (err != MS_OK)
			return err;
	}
	return MS_OK;
}

static struct mono
deadline_of(uint64_t timeout_ms)
{
	if (timeout_ms == DURATION_INFINITY)
		return (struct mono){ 0 };
	return mono_add_ms(mono_now(), timeout_ms);
}

static enum ms_err
more(struct ctl_client *client, struct mono deadline)
{
	ssize_t n;
	enum ms_err err;

	/* consumed lines make room before the buffer grows */
	buf_drop(&client->in, client->seen);
	client->seen = 0;
	err = wait_for(client->fd, POLLIN, deadline);
	if (err != MS_OK)
		return err;
	n = fd_read_some(client->fd, &client->in, READ_BYTES);
	if (n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR)))
		return MS_OK;
	if (n < 0 && errno == ENOBUFS)
		return MS_ETOOBIG;
	return MS_ECLOSED;
}

enum ms_err
ctl_next(struct ctl_client *client, uint64_t timeout_ms, struct json **line_r)
{
	struct mono deadline = deadline_of(timeout_ms);
	struct slice line;

	*line_r = NULL;
	while (!buf_line(&client->in, &client->seen, &line)) {
		enum ms_err err = more(client, deadline);
		if (err != MS_OK)
			return err;
	}
	return json_parse(line, line_r, NULL) == MS_OK ? MS_OK : MS_EPROTO;
}

/* ---- questions ------------------------------------------------------------ */

static int
say_lost(const struct msctl *ctl, enum ms_err err)
{
	switch (err) {
	case MS_ETIMEOUT:
		return ctl_fail(ctl, "timeout", "msd did not answer in time");
	case MS_ECLOSED:
	case MS_EIO:
		return ctl_fail(ctl, "unreachable",
		    "msd closed the connection without an answer");
	default:
		return ctl_fail(ctl, "malformed",
		    "the answer of msd cannot be read: %s", ms_strerr(err));
	}
}

enum ms_err
ctl_ask_quiet(struct ctl_client *client, struct json *request,
    uint64_t timeout_ms, struct json **reply_r)
{
	struct buf line = { 0 };
	unsigned id = client->next_id++;
	enum ms_err err;

	json_put_num(request, "id", id);
	json_print(request, &line);
	json_free(&request);
	buf_add_u8(&line, '\n');
	*reply_r = NULL;
	err = line.failed
	    ? MS_ENOMEM
	    : send_all(client->fd, buf_slice(&line), deadline_of(timeout_ms));
	buf_fini(&line);
	if (err == MS_OK)
		err = ctl_next(client, timeout_ms, reply_r);
	return err;
}

int
ctl_ask(struct ctl_client *client, struct json *request, uint64_t timeout_ms,
    struct json **reply_r)
{
	enum ms_err err = ctl_ask_quiet(client, request, timeout_ms, reply_r);

	return err == MS_OK ? CTL_OK : say_lost(client->ctl, err);
}

bool
ctl_is_ok(const struct json *reply)
{
	return json_get_bool(reply, "ok", false);
}

int
ctl_refused(const struct msctl *ctl, const struct json *reply)
{
	const struct json *error = json_get(reply, "error");
	const struct json *list = json_get(error, "errors");

	/* all errors of a configuration, each with its place */
	for (const struct json *e = json_first(list); e && !ctl->json;
	     e = json_next(e))
		if (json_text(e))
			fprintf(stderr, "%s\n", json_text(e));
	return ctl_fail(ctl, json_get_str(error, "code", "internal"), "%s",
	    json_get_str(error, "message", "msd refused without a reason"));
}

void
ctl_write_reply(const struct json *reply)
{
	struct buf out = { 0 };
	const char *sep = "{";
	bool pretty = isatty(STDOUT_FILENO);

	for (const struct json *m = json_first(reply); m; m = json_next(m)) {
		const char *key = json_key(m);
		if (strcmp(key, "id") == 0 || strcmp(key, "ok") == 0)
			continue;
		buf_add_str(&out, sep);
		json_quote(&out, slice_of(key));
		buf_add_str(&out, ":");
		json_print(m, &out);
		sep = ",";
	}
	buf_add_str(&out, sep[0] == '{' ? "{}" : "}");
	if (pretty) {
		struct json *clean = NULL;
		if (json_parse(buf_slice(&out), &clean, NULL) == MS_OK)
			ctl_write_json(clean);
		json_free(&clean);
	} else {
		buf_add_str(&out, "\n");
		ctl_write(&out);
	}
	buf_fini(&out);
}

int
ctl_once(const struct msctl *ctl, struct json *request, uint64_t timeout_ms,
    struct json **reply_r)
{
	struct ctl_client client;
	int code = ctl_open(ctl, &client);

	*reply_r = NULL;
	if (code != CTL_OK) {
		json_free(&request);
		return code;
	}
	code = ctl_ask(&client, request, timeout_ms, reply_r);
	ctl_close(&client);
	if (code == CTL_OK && !ctl_is_ok(*reply_r)) {
		code = ctl_refused(ctl, *reply_r);
		json_free(reply_r);
	}
	return code;
}

int
ctl_show(const struct msctl *ctl, struct json *request, uint64_t timeout_ms,
    void (*render)(const struct json *reply, const struct look *look,
	struct buf *out))
{
	struct json *reply;
	struct buf out = { 0 };
	int code = ctl_once(ctl, request, timeout_ms, &reply);

	if (code != CTL_OK)
		return code;
	if (ctl->json)
		ctl_write_reply(reply);
	else
		render(reply, &ctl->look, &out);
	ctl_write(&out);
	buf_fini(&out);
	json_free(&reply);
	return CTL_OK;
}

void
ctl_put_timeout(struct json *request, uint64_t wait_ms)
{
	if (wait_ms != DURATION_INFINITY)
		json_put_num(request, "timeout_ms", (double)wait_ms);
}

/* msd's own deadline comes first; ours only guards against a silent msd */
uint64_t
ctl_answer_after(uint64_t wait_ms)
{
	return wait_ms > DURATION_INFINITY - CTL_ANSWER_MS
	    ? DURATION_INFINITY
	    : wait_ms + CTL_ANSWER_MS;
}

int
ctl_say_or_write(const struct msctl *ctl, struct json **reply, const char *text)
{
	if (ctl->json)
		ctl_write_reply(*reply);
	else if (text)
		printf("%s\n", text);
	json_free(reply);
	return CTL_OK;
}
