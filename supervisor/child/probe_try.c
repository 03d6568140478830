/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection is an answer: the kernel makes it when the worker listens, so
 * it says that the socket is there and its queue not full.  More is asked by
 * a program.
 */
#include "supervisor/child/probe_try.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/fd.h"
#include "supervisor/child/child.h"
#include "supervisor/launch/launch.h"
#include "supervisor/launch/spawn.h"
#include "supervisor/msd.h"

#define HEAR_BYTES 4096u
/* A probe that says more than this is told that nobody listens (EPIPE). */
#define HEAR_MAX (1u << 20)

enum try_result
try_fail(struct probe *probe, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(probe->text, sizeof(probe->text), fmt, args);
	va_end(args);
	return TRY_BAD;
}

static enum try_result
bad_errno(struct probe *probe, const char *what, int error)
{
	return try_fail(probe, "%s: %s", what, strerror(error));
}

/* Not the worker's fault. */
static bool
is_shortage(int error)
{
	return error == EAGAIN || error == ENOMEM || error == EMFILE ||
	    error == ENFILE || error == ENOBUFS;
}

static enum try_result
cannot(struct probe *probe, const char *what, int error)
{
	bad_errno(probe, what, error);
	return is_shortage(error) ? TRY_CANNOT : TRY_BAD;
}

static void
watch(struct probe *probe, int events)
{
	ev_io_set(&probe->io, probe->fd, events);
	ev_io_start(loop_ev(probe->child->msd->loop), &probe->io);
}

/* ---- connections -------------------------------------------------------- */

union address {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_un un;
	struct sockaddr_storage room;
};

static socklen_t
unix_address(const char *path, union address *address)
{
	size_t len = strlen(path);

	address->un.sun_family = AF_UNIX;
	if (len >= sizeof(address->un.sun_path))
		len = sizeof(address->un.sun_path) - 1;
	memcpy(address->un.sun_path, path, len);
	if (path[0] == '@')
		address->un.sun_path[0] = '\0';
	else
		len++;
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
}

static socklen_t
make_address(const struct check_conf *check, union address *address)
{
	memset(address, 0, sizeof(*address));
	if (check->kind == CHECK_UNIX)
		return unix_address(check->path, address);
	if (inet_pton(AF_INET, check->host, &address->in.sin_addr) == 1) {
		address->in.sin_family = AF_INET;
		address->in.sin_port = htons(check->port);
		return sizeof(address->in);
	}
	inet_pton(AF_INET6, check->host, &address->in6.sin6_addr);
	address->in6.sin6_family = AF_INET6;
	address->in6.sin6_port = htons(check->port);
	return sizeof(address->in6);
}

/* A port nobody listens on can be given to our own end: then we have met
 * ourselves, and hold what the worker wants. */
static bool
is_ourselves(int fd)
{
	union address here, there;
	socklen_t here_len = sizeof(here), there_len = sizeof(there);

	memset(&here, 0, sizeof(here));
	memset(&there, 0, sizeof(there));
	return getsockname(fd, &here.any, &here_len) == 0 &&
	    getpeername(fd, &there.any, &there_len) == 0 &&
	    here.any.sa_family != AF_UNIX && here_len == there_len &&
	    memcmp(&here, &there, here_len) == 0;
}

static enum try_result
connected(struct probe *probe)
{
	return is_ourselves(probe->fd)
	    ? bad_errno(probe, "cannot connect", ECONNREFUSED)
	    : TRY_GOOD;
}

static enum try_result
open_connection(struct probe *probe)
{
	const struct check_conf *check = probe->child->spec->conf.check;
	union address address;
	socklen_t len = make_address(check, &address);
	enum try_result result;

	probe->fd = socket(address.any.sa_family,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (probe->fd < 0)
		return cannot(probe, "no socket", errno);
	if (connect(probe->fd, &address.any, len) == 0)
		result = connected(probe);
	else if (errno == EINPROGRESS) {
		watch(probe, EV_WRITE);
		return TRY_RUNS;
	} else if (check->kind == CHECK_UNIX && errno == EAGAIN)
		result = try_fail(probe, "cannot connect: its queue is full");
	else
		result = bad_errno(probe, "cannot connect", errno);
	fd_close(&probe->fd);
	return result;
}

static enum try_result
look_at_connection(struct probe *probe)
{
	struct pollfd look = { .fd = probe->fd, .events = POLLOUT };
	int error = 0;
	socklen_t len = sizeof(error);

	if (poll(&look, 1, 0) == 0)
		return TRY_RUNS;
	if (getsockopt(probe->fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
		error = errno;
	return error ? bad_errno(probe, "cannot connect", error)
		     : connected(probe);
}

/* ---- programs ----------------------------------------------------------- */

static enum try_result
open_program(struct probe *probe)
{
	struct child *child = probe->child;
	struct probes *probes = &child->msd->probes;
	struct why why = { "" };
	int fds[2], error;
	bool ok;

	probe->heard_bytes = 0;
	probe->heard_blank = false;
	probe->heard[0] = '\0';
	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0)
		return cannot(probe, "no pipe", errno);
	fd_set_nonblock(fds[1], false);
	ok = child_launch_probe(child, fds[1], &probe->program, &why);
	error = errno;
	fd_close(&fds[1]);
	if (!ok) {
		probe->program = (struct spawn_result){ .error_fd = -1 };
		fd_close(&fds[0]);
		return why.text[0] ? try_fail(probe, "%s", why.text)
				   : cannot(probe, "cannot start", error);
	}
	HASH_ADD(by_pid, probes->by_pid, program.pid, sizeof(pid_t), probe);
	probe->fd = fds[0];
	watch(probe, EV_READ);
	return TRY_RUNS;
}

/* Printable, one line, single blanks: it goes into logs and tables. */
static void
keep_heard(struct probe *probe, const char *text, size_t n)
{
	size_t len = strlen(probe->heard);

	for (size_t i = 0; i < n && len + 2 < sizeof(probe->heard); i++) {
		unsigned char c = (unsigned char)text[i];

		if (c <= ' ' || c == 0x7f) {
			probe->heard_blank = len > 0;
			continue;
		}
		if (probe->heard_blank)
			probe->heard[len++] = ' ';
		probe->heard_blank = false;
		probe->heard[len++] = (char)c;
	}
	probe->heard[len] = '\0';
}

/* False: nothing more now, or ever. */
static bool
hear_once(struct probe *probe)
{
	char text[HEAR_BYTES];
	ssize_t n;

	if (probe->fd < 0)
		return false;
	n = read(probe->fd, text, sizeof(text));
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n > 0) {
		keep_heard(probe, text, (size_t)n);
		probe->heard_bytes += (size_t)n;
	}
	if (n > 0 && probe->heard_bytes < HEAR_MAX)
		return true;
	ev_io_stop(loop_ev(probe->child->msd->loop), &probe->io);
	fd_close(&probe->fd);
	return false;
}

void
try_hear(struct probe *probe)
{
	hear_once(probe);
}

/* Did the process never become the program? */
static bool
is_stillborn(struct probe *probe)
{
	struct spawn_error *failed = &probe->program.failed;

	if (probe->program.error_fd < 0)
		return failed->stage >= 0;
	return read(probe->program.error_fd, failed, sizeof(*failed)) ==
	    (ssize_t)sizeof(*failed);
}

enum try_result
try_end(struct probe *probe)
{
	const struct spawn_error *failed = &probe->program.failed;
	const char *colon;

	while (hear_once(probe))
		;
	colon = probe->heard[0] ? ": " : "";
	if (is_stillborn(probe)) {
		try_fail(probe, "cannot start: %s: %s",
		    spawn_stage_name(failed->stage), strerror(failed->error));
		return is_shortage(failed->error) ? TRY_CANNOT : TRY_BAD;
	}
	if (probe->wait_code != CLD_EXITED)
		return try_fail(probe, "killed by %s%s%.200s",
		    signal_name(probe->wait_status), colon, probe->heard);
	if (probe->wait_status == 0)
		return TRY_GOOD;
	return try_fail(probe, "exit code %d%s%.200s", probe->wait_status,
	    colon, probe->heard);
}

/* ---- both --------------------------------------------------------------- */

enum try_result
try_open(struct probe *probe)
{
	return probe->is_program ? open_program(probe) : open_connection(probe);
}

enum try_result
try_look(struct probe *probe)
{
	siginfo_t info = { .si_pid = 0 };

	if (!probe->is_program)
		return look_at_connection(probe);
	if (probe->program.pid == 0 || /* reaped, not judged yet */
	    (waitid(P_PID, (id_t)probe->program.pid, &info,
		 WEXITED | WNOHANG | WNOWAIT) == 0 &&
		info.si_pid != 0))
		return TRY_BAD;
	return TRY_RUNS;
}

void
try_kill(struct probe *probe)
{
	if (probe->program.pid <= 0)
		return;
	kill(-probe->program.pid, SIGKILL);
	kill(probe->program.pid,
	    SIGKILL); /* it may not have setsid() behind it */
}

void
try_close(struct probe *probe)
{
	ev_io_stop(loop_ev(probe->child->msd->loop), &probe->io);
	fd_close(&probe->fd);
	fd_close(&probe->program.error_fd);
}
