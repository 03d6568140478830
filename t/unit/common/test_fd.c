/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "t/lib/unit.h"

/* A room of its own for each test, gone afterwards. */
static char room[] = "/tmp/ms-fd-XXXXXX";
static char path_buf[PATH_MAX];

static const char *
in_room(const char *name)
{
	snprintf(path_buf, sizeof(path_buf), "%s/%s", room, name);
	return path_buf;
}

static void
enter(void)
{
	strcpy(room, "/tmp/ms-fd-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(room));
}

static void
leave(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf '%s'", room);
	ck_assert_int_eq(system(command), 0);
}

static mode_t
mode_of(const char *path)
{
	struct stat st;

	ck_assert_int_eq(stat(path, &st), 0);
	return st.st_mode & 07777;
}

static bool
is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

START_TEST(closing_forgets_the_number_and_keeps_errno)
{
	int fd = open("/dev/null", O_RDONLY), was = fd, none = -1;

	errno = ENOSPC;
	fd_close(&fd);
	ck_assert_int_eq(fd, -1);
	ck_assert(!is_open(was));
	errno = ENOSPC;
	fd_close(&none);
	ck_assert_int_eq(errno, ENOSPC);
}
END_TEST

START_TEST(flags_go_on_and_off)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	ck_assert(fd_set_nonblock(fd, true));
	ck_assert(fcntl(fd, F_GETFL) & O_NONBLOCK);
	ck_assert(fd_set_nonblock(fd, false));
	ck_assert(!(fcntl(fd, F_GETFL) & O_NONBLOCK));
	ck_assert(fd_set_cloexec(fd, false));
	ck_assert_int_eq(fcntl(fd, F_GETFD), 0);
	ck_assert(fd_set_cloexec(fd, true));
	ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	fd_close(&fd);
	ck_assert(!fd_set_nonblock(-1, true));
}
END_TEST

START_TEST(moving_takes_the_place_and_closes_the_old_one)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int to = fcntl(fd, F_DUPFD, 100);

	ck_assert_int_eq(fd_move(fd, to, false), 0);
	ck_assert(!is_open(fd));
	ck_assert_int_eq(fcntl(to, F_GETFD), 0);
	ck_assert_int_eq(fd_move(to, to, true), 0);
	ck_assert_int_eq(fcntl(to, F_GETFD), FD_CLOEXEC);
	fd_close(&to);
	ck_assert_int_eq(fd_move(-1, 100, true), -1);
}
END_TEST

START_TEST(parts_are_written_whole_at_their_place)
{
	struct slice part[200];
	char bytes[200], back[400];
	size_t total = 0;
	int fd;

	enter();
	fd = open(in_room("log"), O_RDWR | O_CREAT, 0600);
	for (size_t i = 0; i < 200; i++) { /* more than one iovec window */
		bytes[i] = (char)('a' + i % 26);
		part[i] = (struct slice){ &bytes[i], i % 3 != 0 };
		total += part[i].len;
	}
	ck_assert_int_eq(fd_pwritev_all(fd, part, 200, 10, NULL), MS_OK);
	ck_assert_int_eq(pread(fd, back, sizeof(back), 10), (ssize_t)total);
	ck_assert_mem_eq(back, "bcefhiklnoqrtuwxz", 17);
	ck_assert_int_eq(fd_pwritev_all(fd, part, 0, 0, NULL), MS_OK);
	ck_assert_int_eq(fd_pwritev_all(fd, part, 1, 0, NULL), MS_OK);
	fd_close(&fd);
	leave();
}
END_TEST

START_TEST(a_full_device_is_an_error_with_its_reason)
{
	int fd = open("/dev/full", O_WRONLY);
	struct slice part = SLICE_LIT("bytes");
	struct why why = { "" };

	ck_assert_int_eq(fd_write_all(fd, "bytes", 5, &why), MS_EIO);
	ck_assert_ptr_nonnull(strstr(why.text, "No space left"));
	why.text[0] = '\0';
	ck_assert_int_eq(fd_pwritev_all(fd, &part, 1, 0, &why), MS_EIO);
	ck_assert_ptr_nonnull(strstr(why.text, "No space left"));
	fd_close(&fd);
}
END_TEST

START_TEST(reading_some_takes_what_is_there_and_never_waits)
{
	struct buf buf = { .limit_bytes = 8 };
	int fd[2];

	ck_assert_int_eq(pipe2(fd, O_NONBLOCK), 0);
	ck_assert_int_eq(fd_read_some(fd[0], &buf, 100), -1);
	ck_assert_int_eq(errno, EAGAIN);
	ck_assert_int_eq(fd_write_all(fd[1], "0123456789", 10, NULL), MS_OK);
	ck_assert_int_eq(fd_read_some(fd[0], &buf, 4), 4);
	ck_assert_int_eq(fd_read_some(fd[0], &buf, 100), 4);
	ck_assert_int_eq(fd_read_some(fd[0], &buf, 100), -1);
	ck_assert_int_eq(errno, ENOBUFS);
	ck_assert(!buf.failed);
	ck_assert(slice_is(buf_slice(&buf), "01234567"));
	buf_reset(&buf);
	fd_close(&fd[1]);
	ck_assert_int_eq(fd_read_some(fd[0], &buf, 100), 2);
	ck_assert_int_eq(fd_read_some(fd[0], &buf, 100), 0);
	fd_close(&fd[0]);
	buf_fini(&buf);
}
END_TEST

START_TEST(a_replaced_file_is_whole_with_exactly_its_mode)
{
	struct buf buf = { 0 };
	mode_t mask = umask(077);

	enter();
	ck_assert_int_eq(file_replace(in_room("conf"), SLICE_LIT("one"), 0644,
			     NULL),
	    MS_OK);
	ck_assert_int_eq(mode_of(in_room("conf")), 0644);
	ck_assert_int_eq(file_replace(in_room("conf"), SLICE_LIT("second"),
			     0600, NULL),
	    MS_OK);
	ck_assert_int_eq(mode_of(in_room("conf")), 0600);
	ck_assert_int_eq(file_read(in_room("conf"), 6, &buf, NULL), MS_OK);
	ck_assert(slice_is(buf_slice(&buf), "second"));
	ck_assert_int_ne(access(in_room("conf.tmp"), F_OK), 0);
	buf_fini(&buf);
	umask(mask);
	leave();
}
END_TEST

START_TEST(what_a_dead_writer_left_does_not_hinder)
{
	int fd;

	enter();
	fd = open(in_room("conf.tmp"), O_WRONLY | O_CREAT, 0400);
	ck_assert_int_eq(fd_write_all(fd, "half of something", 17, NULL),
	    MS_OK);
	fd_close(&fd);
	ck_assert_int_eq(file_replace(in_room("conf"), SLICE_LIT("whole"), 0600,
			     NULL),
	    MS_OK);
	leave();
}
END_TEST

START_TEST(a_failed_replacement_leaves_the_old_and_nothing_else)
{
	struct why why;

	enter();
	ck_assert_int_eq(mkdir(in_room("dir"), 0700), 0);
	ck_assert_int_ne(file_replace(in_room("dir"), SLICE_LIT("x"), 0600,
			     &why),
	    MS_OK);
	ck_assert_int_ne(access(in_room("dir.tmp"), F_OK), 0);
	ck_assert_int_eq(file_replace(in_room("no/file"), SLICE_LIT("x"), 0600,
			     &why),
	    MS_ENOTFOUND);
	ck_assert_ptr_nonnull(strstr(why.text, "no/file"));
	leave();
}
END_TEST

START_TEST(a_file_past_the_limit_is_refused_and_not_kept)
{
	struct buf buf = { 0 };
	struct why why;

	enter();
	buf_add_str(&buf, "before");
	ck_assert_int_eq(file_replace(in_room("f"), SLICE_LIT("12345678"), 0600,
			     NULL),
	    MS_OK);
	ck_assert_int_eq(file_read(in_room("f"), 7, &buf, &why), MS_ETOOBIG);
	ck_assert(slice_is(buf_slice(&buf), "before"));
	ck_assert_int_eq(file_read(in_room("f"), 8, &buf, &why), MS_OK);
	ck_assert(slice_is(buf_slice(&buf), "before12345678"));
	ck_assert_int_eq(file_read("/dev/zero", 100000, &buf, &why),
	    MS_ETOOBIG);
	ck_assert_int_eq(file_read(in_room("none"), 8, &buf, &why),
	    MS_ENOTFOUND);
	ck_assert_int_eq(file_read(room, 8, &buf, &why), MS_EIO);
	buf_fini(&buf);
	leave();
}
END_TEST

START_TEST(a_file_without_a_size_is_read_to_its_end)
{
	struct buf buf = { 0 };

	ck_assert_int_eq(file_read("/proc/self/status", 1 << 20, &buf, NULL),
	    MS_OK);
	ck_assert_uint_gt(buf.len, 100);
	buf_fini(&buf);
}
END_TEST

START_TEST(a_pipe_that_nobody_writes_is_empty)
{
	struct buf buf = { 0 };

	enter();
	ck_assert_int_eq(mkfifo(in_room("pipe"), 0600), 0);
	ck_assert_int_eq(file_read(in_room("pipe"), 8, &buf, NULL), MS_OK);
	ck_assert_uint_eq(buf.len, 0);
	buf_fini(&buf);
	leave();
}
END_TEST

START_TEST(directories_are_made_with_their_parents_and_mode)
{
	mode_t mask = umask(077);
	struct why why;

	enter();
	ck_assert_int_eq(dir_make(in_room("a/b//c/"), 0751, &why), MS_OK);
	ck_assert_int_eq(mode_of(in_room("a")), 0751);
	ck_assert_int_eq(mode_of(in_room("a/b/c")), 0751);
	ck_assert_int_eq(dir_make(in_room("a/b"), 0700, &why), MS_OK);
	ck_assert_int_eq(mode_of(in_room("a/b")), 0751); /* was there */
	ck_assert_int_eq(file_replace(in_room("a/f"), SLICE_LIT(""), 0600,
			     NULL),
	    MS_OK);
	ck_assert_int_eq(dir_make(in_room("a/f"), 0700, &why), MS_EEXISTS);
	ck_assert_ptr_nonnull(strstr(why.text, "not a directory"));
	ck_assert_int_ne(dir_make(in_room("a/f/g"), 0700, &why), MS_OK);
	ck_assert_int_eq(dir_make("", 0700, &why), MS_EINVAL);
	umask(mask);
	leave();
}
END_TEST

START_TEST(a_descriptor_travels_with_its_bytes)
{
	int pair[2], pipe_fd[2], got;
	char bytes[8];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	ck_assert_int_eq(pipe(pipe_fd), 0);
	ck_assert_int_eq(fd_send(pair[0], "take", 4, pipe_fd[1]), 4);
	fd_close(&pipe_fd[1]);
	ck_assert_int_eq(fd_recv(pair[1], bytes, sizeof(bytes), &got), 4);
	ck_assert_mem_eq(bytes, "take", 4);
	ck_assert_int_eq(fcntl(got, F_GETFD), FD_CLOEXEC);
	ck_assert_int_eq(fd_write_all(got, "through", 7, NULL), MS_OK);
	ck_assert_int_eq(read(pipe_fd[0], bytes, sizeof(bytes)), 7);
	ck_assert_int_eq(fd_send(pair[0], "none", 4, -1), 4);
	ck_assert_int_eq(fd_recv(pair[1], bytes, sizeof(bytes), &got), 4);
	ck_assert_int_eq(got, -1);
	fd_close(&pair[0]);
	ck_assert_int_eq(fd_recv(pair[1], bytes, sizeof(bytes), &got), 0);
	ck_assert_int_eq(fd_send(pair[1], "x", 1, -1), -1); /* no SIGPIPE */
	ck_assert_int_eq(errno, EPIPE);
	fd_close(&pair[1]);
	fd_close(&pipe_fd[0]);
}
END_TEST

static int
open_fds(void)
{
	int count = 0;

	for (int fd = 0; fd < 256; fd++)
		count += is_open(fd);
	return count;
}

static void
send_three(int sock)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(3 * sizeof(int))];
	} control = { 0 };
	struct iovec iov = { (char[]){ "x" }, 1 };
	struct msghdr msg = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control.bytes) };
	int fds[3] = { 0, 1, 2 };

	control.align.cmsg_level = SOL_SOCKET;
	control.align.cmsg_type = SCM_RIGHTS;
	control.align.cmsg_len = CMSG_LEN(sizeof(fds));
	memcpy(CMSG_DATA(&control.align), fds, sizeof(fds));
	ck_assert_int_eq(sendmsg(sock, &msg, 0), 1);
}

START_TEST(descriptors_beyond_the_first_are_closed)
{
	int pair[2], got, before;
	char byte;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), 0);
	before = open_fds();
	send_three(pair[0]);
	ck_assert_int_eq(fd_recv(pair[1], &byte, 1, &got), 1);
	ck_assert_int_ge(got, 0);
	ck_assert_int_eq(open_fds(), before + 1);
	fd_close(&got);
	fd_close(&pair[0]);
	fd_close(&pair[1]);
}
END_TEST

START_TEST(a_descriptor_arrives_beside_credentials)
{
	int pair[2], got, on = 1;
	char byte;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), 0);
	ck_assert_int_eq(setsockopt(pair[1], SOL_SOCKET, SO_PASSCRED, &on,
			     sizeof(on)),
	    0);
	ck_assert_int_eq(fd_send(pair[0], "x", 1, pair[0]), 1);
	ck_assert_int_eq(fd_recv(pair[1], &byte, 1, &got), 1);
	ck_assert(is_open(got));
	fd_close(&got);
	fd_close(&pair[0]);
	fd_close(&pair[1]);
}
END_TEST

UNIT(fd, closing_forgets_the_number_and_keeps_errno, flags_go_on_and_off,
    moving_takes_the_place_and_closes_the_old_one,
    parts_are_written_whole_at_their_place,
    a_full_device_is_an_error_with_its_reason,
    reading_some_takes_what_is_there_and_never_waits,
    a_replaced_file_is_whole_with_exactly_its_mode,
    what_a_dead_writer_left_does_not_hinder,
    a_failed_replacement_leaves_the_old_and_nothing_else,
    a_file_past_the_limit_is_refused_and_not_kept,
    a_file_without_a_size_is_read_to_its_end,
    a_pipe_that_nobody_writes_is_empty,
    directories_are_made_with_their_parents_and_mode,
    a_descriptor_travels_with_its_bytes,
    descriptors_beyond_the_first_are_closed,
    a_descriptor_arrives_beside_credentials)
