/* SPDX-License-Identifier: Apache-2.0 */
/* What a worker keeps and takes back; each life is a process of its own,
 * because passed descriptors have fixed numbers. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/sock.h"
#include "t/lib/unit.h"
#include "workers/worker_impl.h"

static int hub; /* plays msd */
static char address[64];

static void
begin(void)
{
	snprintf(address, sizeof(address), "@ms-test-fds-%d", (int)getpid());
	ck_assert_int_eq(sock_bind_dgram(address, &hub, NULL), MS_OK);
}

/* The number of the first claim in `live` that is false; 0: all are true. */
static void
assert_life(int (*live)(struct worker *w), const int *passed, size_t count,
    const char *names)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		struct worker w = { .loop = loop_new() };
		char text[32];

		for (size_t i = 0; i < count; i++)
			dup2(passed[i], LISTEN_FD_START + (int)i);
		snprintf(text, sizeof(text), "%d", (int)getpid());
		setenv("LISTEN_PID", text, 1);
		snprintf(text, sizeof(text), "%zu", count);
		setenv("LISTEN_FDS", text, 1);
		setenv("LISTEN_FDNAMES", names, 1);
		setenv("FDSTORE", "8", 1);
		setenv("NOTIFY_SOCKET", address, 1);
		notifier_init(&w.notifier, w.loop);
		worker_fds_find(&w.fds);
		status = live(&w);
		worker_fds_fini(&w.fds);
		_exit(status);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}

/* A descriptor far from where they are passed. */
static int
memory(const char *text)
{
	int fd = memfd_create("t", MFD_CLOEXEC), high;

	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	high = fcntl(fd, F_DUPFD_CLOEXEC, 100);
	close(fd);
	ck_assert_int_ge(high, 100);
	return high;
}

static int
heard(struct notify *notify_r)
{
	char bytes[NOTIFY_BYTES_MAX];
	int fd;
	ssize_t n = fd_recv(hub, bytes, sizeof(bytes), &fd);

	ck_assert_int_ge(n, 0);
	notify_parse((struct slice){ bytes, (size_t)n }, notify_r);
	return fd;
}

static bool
holds(int fd, char c)
{
	char got;

	return pread(fd, &got, 1, 0) == 1 && got == c;
}

static int
takes_by_name(struct worker *w)
{
	if (!holds(worker_take_fd(w, "a"), '1'))
		return 1;
	if (!holds(worker_take_fd(w, "b"), '2'))
		return 2;
	if (!holds(worker_take_fd(w, "a"), '3'))
		return 3;
	return worker_take_fd(w, "a") < 0 && worker_take_fd(w, "") < 0 ? 0 : 4;
}

START_TEST(what_was_kept_is_taken_by_name_oldest_first)
{
	int fds[3];

	begin();
	fds[0] = memory("1");
	fds[1] = memory("2");
	fds[2] = memory("3");
	assert_life(takes_by_name, fds, 3, "a:b:a");
}
END_TEST

static int
needs_only_b(struct worker *w)
{
	if (worker_take_fd(w, "b") < 0)
		return 1;
	worker_fds_settle(w);
	if (worker_take_fd(w, "a") >= 0)
		return 2;
	return fcntl(LISTEN_FD_START, F_GETFD) < 0 &&
		fcntl(LISTEN_FD_START + 1, F_GETFD) == FD_CLOEXEC
	    ? 0
	    : 3;
}

START_TEST(what_nobody_takes_is_closed_and_forgotten)
{
	struct notify notify;
	int fds[2];

	begin();
	fds[0] = memory("1");
	fds[1] = memory("2");
	assert_life(needs_only_b, fds, 2, "a:b");
	ck_assert_int_eq(heard(&notify), -1);
	ck_assert_uint_eq(notify.what, NOTIFY_FDSTOREREMOVE);
	ck_assert_str_eq(notify.fdname, "a");
}
END_TEST

static int
is_not_for_it(struct worker *w)
{
	worker_fds_fini(&w->fds);
	setenv("LISTEN_PID", "1", 1);
	worker_fds_find(&w->fds);
	return worker_take_fd(w, "a") < 0 ? 0 : 1;
}

START_TEST(what_was_passed_to_another_process_is_not_taken)
{
	int fd;

	begin();
	fd = memory("1");
	assert_life(is_not_for_it, &fd, 1, "a");
}
END_TEST

static int
writes_a_note(struct worker *w)
{
	uint64_t *count = worker_note(w, "count", sizeof(*count));

	if (*count != 0)
		return 1;
	*count = 41;
	return 0;
}

static int
reads_the_note(struct worker *w)
{
	const uint64_t *count = worker_note(w, "count", sizeof(*count));

	return *count == 41 ? 0 : 1;
}

static int
reads_a_longer_note(struct worker *w)
{
	const uint64_t *count = worker_note(w, "count", 2 * sizeof(*count));

	return *count == 0 ? 0 : 1;
}

START_TEST(a_note_is_as_the_last_life_left_it)
{
	struct notify notify;
	int fd, high;

	begin();
	assert_life(writes_a_note, NULL, 0, "");
	fd = heard(&notify);
	ck_assert_uint_eq(notify.what, NOTIFY_FDSTORE);
	ck_assert_str_eq(notify.fdname, "count");
	high = fcntl(fd, F_DUPFD_CLOEXEC, 100);
	assert_life(reads_the_note, &high, 1, "count");
	assert_life(reads_a_longer_note, &high, 1, "count");
	heard(&notify);
	ck_assert_uint_eq(notify.what, NOTIFY_FDSTOREREMOVE);
	heard(&notify);
	ck_assert_uint_eq(notify.what, NOTIFY_FDSTORE);
}
END_TEST

UNIT(worker_fds, what_was_kept_is_taken_by_name_oldest_first,
    what_nobody_takes_is_closed_and_forgotten,
    what_was_passed_to_another_process_is_not_taken,
    a_note_is_as_the_last_life_left_it)
