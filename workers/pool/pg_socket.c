/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A socket from an earlier life is taken only when clients that follow the
 * configuration of today would reach it: its address is the configured one
 * and the file is still there.
 */
#include "workers/pool/pg_socket.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "common/alloc.h"
#include "common/fd.h"
#include "common/log.h"
#include "common/sock.h"

#define SOCKET_PREFIX "socket-"

static bool
is_reached_by(const char *path, int fd)
{
	struct sockaddr_un addr = { .sun_family = AF_UNSPEC };
	socklen_t len = sizeof(addr);
	int listens = 0;
	socklen_t int_len = sizeof(listens);
	struct stat st;

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &int_len) ==
	    0 &&
	    listens && getsockname(fd, (struct sockaddr *)&addr, &len) == 0 &&
	    addr.sun_family == AF_UNIX &&
	    strncmp(addr.sun_path, path, sizeof(addr.sun_path)) == 0 &&
	    lstat(path, &st) == 0 && S_ISSOCK(st.st_mode);
}

static bool
take_over(struct pg_pool *pool, struct worker *w, const char *name, mode_t mode)
{
	int fd = worker_take_fd(w, name);

	if (fd < 0)
		return false;
	if (is_reached_by(pool->path, fd) && fd_set_nonblock(fd, true) &&
	    chmod(pool->path, mode) == 0) {
		pool->listen_fd = fd;
		return true;
	}
	worker_forget_fd(w, name);
	sock_retire_unix(fd); /* clients of the old address shall know */
	fd_close(&fd);
	return false;
}

void
pg_socket_retire_rest(struct worker *w)
{
	int fd;

	while ((fd = worker_take_left(w, SOCKET_PREFIX)) >= 0) {
		sock_retire_unix(fd);
		fd_close(&fd);
	}
}

enum ms_err
pg_socket_open(struct pg_pool *pool, struct worker *w,
    const struct pool_conf *conf, struct why *why)
{
	mode_t mode = (mode_t)conf->listen_mode;
	char *dir = conf->listen_dir ? xstrdup(conf->listen_dir)
				     : xasprintf("%s/pool", worker_run_dir(w));
	char *name = xasprintf(SOCKET_PREFIX "%s", pool->name);
	enum ms_err err = dir_make(dir, 0755, why);

	pool->path = xasprintf("%s/.s.PGSQL.%u", dir, conf->listen_port);
	if (!err && !take_over(pool, w, name, mode)) {
		err = sock_listen_unix(pool->path, mode, &pool->listen_fd, why);
		if (!err)
			worker_keep_fd(w, name, pool->listen_fd);
	}
	free(name);
	free(dir);
	return err;
}

struct pool_record *
pg_socket_record(struct worker *w, const char *name)
{
	char *note = xasprintf("record-%s", name);
	struct pool_record *record = worker_note(w, note, sizeof(*record));

	record->lives++;
	free(note);
	return record;
}
