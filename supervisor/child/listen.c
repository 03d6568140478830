/* SPDX-License-Identifier: Apache-2.0 */
/* NAME=unix:PATH, NAME=tcp:ADDR:PORT; the form was checked with the row. */
#include "supervisor/child/listen.h"

#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/fd.h"
#include "common/sock.h"
#include "supervisor/child/child.h"

#define SOCKET_MODE 0666 /* as systemd's: who may connect is the worker's */

static enum ms_err
open_tcp(const char *where, int *fd_r, struct why *why)
{
	const char *colon = strrchr(where, ':');
	char addr[64];
	uint64_t port = 0;

	if (!colon || (size_t)(colon - where) >= sizeof(addr) ||
	    !parse_u64(slice_of(colon + 1), &port))
		return why_set(why, MS_EINVAL, "bad address '%s'", where);
	memcpy(addr, where, (size_t)(colon - where));
	addr[colon - where] = '\0';
	return sock_listen_tcp(addr, (unsigned)port, fd_r, why);
}

static enum ms_err
open_one(const char *word, int *fd_r, struct why *why)
{
	const char *where = strchr(word, '=') + 1;
	enum ms_err err = strncmp(where, "unix:", 5) == 0
	    ? sock_listen_unix(where + 5, SOCKET_MODE, fd_r, why)
	    : open_tcp(where + 4, fd_r, why);

	/* a program that was given a socket expects a plain one */
	if (err == MS_OK)
		fd_set_nonblock(*fd_r, false);
	return err;
}

enum ms_err
listen_open(struct child *child, struct why *why)
{
	const struct words *words = &child->spec->conf.listen;

	if (child->listen_count == words->count)
		return MS_OK;
	listen_close(child);
	child->listen_fds = xcalloc(words->count, sizeof(int));
	for (size_t i = 0; i < words->count; i++) {
		enum ms_err err =
		    open_one(words->word[i], &child->listen_fds[i], why);

		if (err != MS_OK) {
			listen_close(child);
			return err;
		}
		child->listen_count++;
	}
	return MS_OK;
}

void
listen_close(struct child *child)
{
	for (size_t i = 0; i < child->listen_count; i++)
		fd_close(&child->listen_fds[i]);
	free(child->listen_fds);
	child->listen_fds = NULL;
	child->listen_count = 0;
}

void
listen_names(const struct child *child, struct buf *out)
{
	const struct words *words = &child->spec->conf.listen;

	for (size_t i = 0; i < child->listen_count; i++)
		buf_printf(out, "%.*s:", (int)strcspn(words->word[i], "="),
		    words->word[i]);
}
