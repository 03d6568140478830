/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/sock.h"
#include "proto/contract.h"
#include "supervisor/inherited.h"
#include "t/lib/unit.h"

#define OTHER_PID 1

static char path[64];

/* Two descriptors: a pipe's end, and the socket. */
static void
pass(pid_t to)
{
	char text[16];
	int fd, fds[2];

	snprintf(path, sizeof(path), "/tmp/ms-inherited.%d", (int)getpid());
	ck_assert_int_eq(sock_listen_unix(path, 0600, &fd, NULL), MS_OK);
	ck_assert_int_eq(pipe(fds), 0);
	ck_assert(dup2(fd, LISTEN_FD_START + 5) >= 0);
	ck_assert(dup2(fds[0], LISTEN_FD_START) >= 0);
	ck_assert(dup2(LISTEN_FD_START + 5, LISTEN_FD_START + 1) >= 0);
	snprintf(text, sizeof(text), "%d", (int)to);
	setenv("LISTEN_PID", text, 1);
	setenv("LISTEN_FDS", "2", 1);
}

START_TEST(the_socket_is_found_by_its_path)
{
	pass(getpid());
	ck_assert_int_eq(inherited_unix(getpid(), path), LISTEN_FD_START + 1);
	ck_assert_int_eq(inherited_unix(getpid(), "/tmp/another"), -1);
	unlink(path);
}
END_TEST

START_TEST(what_was_passed_to_another_process_is_not_ours)
{
	pass(OTHER_PID);
	ck_assert_int_eq(inherited_unix(getpid(), path), -1);
	unlink(path);
}
END_TEST

START_TEST(nonsense_is_nothing)
{
	pass(getpid());
	setenv("LISTEN_FDS", "99999999999", 1);
	ck_assert_int_eq(inherited_unix(getpid(), path), -1);
	setenv("LISTEN_FDS", "-1", 1);
	ck_assert_int_eq(inherited_unix(getpid(), path), -1);
	unsetenv("LISTEN_FDS");
	ck_assert_int_eq(inherited_unix(getpid(), path), -1);
	unlink(path);
}
END_TEST

UNIT(inherited, the_socket_is_found_by_its_path,
    what_was_passed_to_another_process_is_not_ours, nonsense_is_nothing)
