/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/sock.h"
#include "t/lib/unit.h"

static char room[] = "/tmp/ms-sock-XXXXXX";
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
	strcpy(room, "/tmp/ms-sock-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(room));
}

static void
leave(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf '%s'", room);
	ck_assert_int_eq(system(command), 0);
}

static void
expect_flags(int fd)
{
	ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	ck_assert(fcntl(fd, F_GETFL) & O_NONBLOCK);
}

/* Dials path, which must be answered, and says who answered. */
static void
expect_answer(int listener, const char *path)
{
	struct peer peer;
	int client, server;

	ck_assert_int_eq(sock_dial_unix(path, &client, NULL), MS_OK);
	expect_flags(client);
	server = accept(listener, NULL, NULL);
	ck_assert_int_ge(server, 0);
	ck_assert(sock_peer(server, &peer));
	ck_assert_int_eq(peer.pid, getpid());
	ck_assert_uint_eq(peer.uid, geteuid());
	ck_assert_uint_eq(peer.gid, getegid());
	fd_close(&client);
	fd_close(&server);
}

START_TEST(a_listener_is_reached_and_knows_its_peer)
{
	struct stat st;
	mode_t mask = umask(077);
	int fd;

	enter();
	ck_assert_int_eq(sock_listen_unix(in_room("s"), 0660, &fd, NULL),
	    MS_OK);
	expect_flags(fd);
	ck_assert_int_eq(stat(in_room("s"), &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0660);
	expect_answer(fd, in_room("s"));
	fd_close(&fd);
	umask(mask);
	leave();
}
END_TEST

START_TEST(an_abstract_name_leaves_no_file)
{
	char name[64];
	struct why why;
	int fd, second = -1;

	snprintf(name, sizeof(name), "@ms-test-sock-%d", (int)getpid());
	ck_assert_int_eq(sock_listen_unix(name, 0600, &fd, NULL), MS_OK);
	expect_answer(fd, name);
	ck_assert_int_eq(sock_listen_unix(name, 0600, &second, &why),
	    MS_EEXISTS);
	ck_assert_int_eq(second, -1);
	ck_assert_int_ne(access(name, F_OK), 0);
	fd_close(&fd);
	ck_assert_int_eq(sock_dial_unix(name, &fd, &why), MS_EUNAVAILABLE);
}
END_TEST

START_TEST(a_stale_socket_file_is_replaced)
{
	int fd;

	enter();
	ck_assert_int_eq(sock_listen_unix(in_room("s"), 0600, &fd, NULL),
	    MS_OK);
	fd_close(&fd);
	ck_assert_int_eq(access(in_room("s"), F_OK), 0);
	ck_assert_int_eq(sock_listen_unix(in_room("s"), 0600, &fd, NULL),
	    MS_OK);
	expect_answer(fd, in_room("s"));
	fd_close(&fd);
	ck_assert_int_eq(sock_bind_dgram(in_room("d"), &fd, NULL), MS_OK);
	fd_close(&fd);
	ck_assert_int_eq(sock_bind_dgram(in_room("d"), &fd, NULL), MS_OK);
	fd_close(&fd);
	leave();
}
END_TEST

START_TEST(a_live_socket_is_refused_and_lives_on)
{
	struct why why;
	int fd, second = -1;

	enter();
	ck_assert_int_eq(sock_listen_unix(in_room("s"), 0600, &fd, NULL),
	    MS_OK);
	ck_assert_int_eq(sock_listen_unix(in_room("s"), 0600, &second, &why),
	    MS_EEXISTS);
	ck_assert_ptr_nonnull(strstr(why.text, "somebody listens on"));
	ck_assert_ptr_nonnull(strstr(why.text, in_room("s")));
	ck_assert_int_eq(sock_bind_dgram(in_room("s"), &second, &why),
	    MS_EEXISTS);
	ck_assert_int_eq(second, -1);
	fd_close(&fd);
	leave();
}
END_TEST

START_TEST(a_listener_with_a_full_queue_counts_as_alive)
{
	struct why why;
	int fd, waiting, second;
	enum ms_err err;

	enter();
	ck_assert_int_eq(sock_listen_unix(in_room("s"), 0600, &fd, NULL),
	    MS_OK);
	ck_assert_int_eq(listen(fd, 0), 0);
	ck_assert_int_eq(sock_dial_unix(in_room("s"), &waiting, NULL), MS_OK);
	err = sock_dial_unix(in_room("s"), &second, &why);
	ck_assert_int_eq(err, MS_EBUSY);
	ck_assert_int_eq(sock_listen_unix(in_room("s"), 0600, &second, &why),
	    MS_EEXISTS);
	fd_close(&waiting);
	fd_close(&fd);
	leave();
}
END_TEST

START_TEST(a_file_that_is_no_socket_is_not_touched)
{
	struct why why;
	int fd;

	enter();
	ck_assert_int_eq(file_replace(in_room("s"), SLICE_LIT("precious"), 0600,
			     NULL),
	    MS_OK);
	ck_assert_int_eq(sock_listen_unix(in_room("s"), 0600, &fd, &why),
	    MS_EEXISTS);
	ck_assert_ptr_nonnull(strstr(why.text, "not a socket"));
	ck_assert_int_eq(access(in_room("s"), F_OK), 0);
	leave();
}
END_TEST

START_TEST(too_long_a_path_is_refused_never_cut)
{
	char path[200], cut[200];
	struct why why;
	int fd;

	enter();
	memset(path, 'x', sizeof(path));
	memcpy(path, in_room(""), strlen(in_room("")));
	path[108] = '\0'; /* one more than fits */
	ck_assert_int_eq(sock_listen_unix(path, 0600, &fd, &why), MS_EINVAL);
	ck_assert_ptr_nonnull(strstr(why.text, "too long"));
	ck_assert_int_eq(sock_dial_unix(path, &fd, &why), MS_EINVAL);
	ck_assert_int_eq(sock_bind_dgram(path, &fd, &why), MS_EINVAL);
	strcpy(cut, path);
	cut[107] = '\0';
	ck_assert_int_ne(access(cut, F_OK), 0);
	ck_assert_int_eq(sock_listen_unix(cut, 0600, &fd, &why), MS_OK);
	expect_answer(fd, cut);
	fd_close(&fd);
	path[0] = '@';
	ck_assert_int_eq(sock_listen_unix(path, 0600, &fd, &why), MS_EINVAL);
	ck_assert_int_eq(sock_listen_unix("", 0600, &fd, &why), MS_EINVAL);
	ck_assert_int_eq(sock_listen_unix("@", 0600, &fd, &why), MS_EINVAL);
	leave();
}
END_TEST

START_TEST(a_missing_directory_is_named)
{
	char expected[PATH_MAX + 32];
	struct why why;
	int fd;

	enter();
	snprintf(expected, sizeof(expected), "directory %s does not exist",
	    in_room("run"));
	ck_assert_int_eq(sock_listen_unix(in_room("run/s"), 0600, &fd, &why),
	    MS_ENOTFOUND);
	ck_assert_ptr_nonnull(strstr(why.text, expected));
	leave();
}
END_TEST

START_TEST(a_retired_socket_refuses_and_leaves_no_file)
{
	const char *path;
	struct why why;
	int fd, copy, client;

	enter();
	path = in_room("s");
	ck_assert_int_eq(sock_listen_unix(path, 0600, &fd, &why), MS_OK);
	copy = dup(fd); /* somebody else holds it, too */
	sock_retire_unix(fd);
	ck_assert_int_ne(access(path, F_OK), 0);
	ck_assert_int_ne(sock_dial_unix(path, &client, &why), MS_OK);
	close(fd);
	close(copy);
	leave();
}
END_TEST

START_TEST(a_retired_socket_spares_the_one_that_took_its_path)
{
	const char *path;
	struct why why;
	int old, fd, client;

	enter();
	path = in_room("s");
	ck_assert_int_eq(sock_listen_unix(path, 0600, &old, &why), MS_OK);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(sock_listen_unix(path, 0600, &fd, &why), MS_OK);
	sock_retire_unix(old);
	ck_assert_int_eq(sock_dial_unix(path, &client, &why), MS_OK);
	close(client);
	close(old);
	close(fd);
	leave();
}
END_TEST

START_TEST(dialling_nobody_is_unavailable)
{
	struct why why;
	int fd;

	enter();
	ck_assert_int_eq(sock_dial_unix(in_room("s"), &fd, &why),
	    MS_EUNAVAILABLE);
	ck_assert_int_eq(sock_listen_unix(in_room("s"), 0600, &fd, NULL),
	    MS_OK);
	fd_close(&fd);
	ck_assert_int_eq(sock_dial_unix(in_room("s"), &fd, &why),
	    MS_EUNAVAILABLE);
	ck_assert_ptr_nonnull(strstr(why.text, in_room("s")));
	leave();
}
END_TEST

START_TEST(a_datagram_carries_its_senders_credentials)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(struct ucred))];
	} control;
	char bytes[16];
	struct iovec iov = { bytes, sizeof(bytes) };
	struct msghdr msg = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control.bytes) };
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	struct cmsghdr *cmsg;
	struct ucred cred;
	int fd, sender;

	enter();
	ck_assert_int_eq(sock_bind_dgram(in_room("n"), &fd, NULL), MS_OK);
	expect_flags(fd);
	strcpy(un.sun_path, in_room("n"));
	sender = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(sendto(sender, "READY=1", 7, 0, (struct sockaddr *)&un,
			     sizeof(un)),
	    7);
	ck_assert_int_eq(recvmsg(fd, &msg, 0), 7);
	cmsg = CMSG_FIRSTHDR(&msg);
	ck_assert_ptr_nonnull(cmsg);
	ck_assert_int_eq(cmsg->cmsg_type, SCM_CREDENTIALS);
	memcpy(&cred, CMSG_DATA(cmsg), sizeof(cred));
	ck_assert_int_eq(cred.pid, getpid());
	fd_close(&sender);
	fd_close(&fd);
	leave();
}
END_TEST

START_TEST(tcp_listens_on_numeric_addresses_and_has_no_peer)
{
	struct sockaddr_in in;
	socklen_t len = sizeof(in);
	struct peer peer;
	struct why why;
	int fd, client, second = -1;

	ck_assert_int_eq(sock_listen_tcp("127.0.0.1", 0, &fd, NULL), MS_OK);
	expect_flags(fd);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&in, &len), 0);
	client = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(connect(client, (struct sockaddr *)&in, len), 0);
	ck_assert(!sock_peer(client, &peer));
	ck_assert_int_eq(sock_listen_tcp("127.0.0.1", ntohs(in.sin_port),
			     &second, &why),
	    MS_EEXISTS);
	ck_assert_int_eq(second, -1);
	fd_close(&client);
	fd_close(&fd);
	ck_assert_int_eq(sock_listen_tcp("localhost", 0, &fd, &why), MS_EINVAL);
	ck_assert_ptr_nonnull(strstr(why.text, "localhost"));
	ck_assert_int_eq(sock_listen_tcp("", 0, &fd, &why), MS_EINVAL);
	ck_assert_int_eq(sock_listen_tcp("127.0.0.1", 65536, &fd, &why),
	    MS_EINVAL);
}
END_TEST

UNIT(sock, a_listener_is_reached_and_knows_its_peer,
    an_abstract_name_leaves_no_file, a_stale_socket_file_is_replaced,
    a_live_socket_is_refused_and_lives_on,
    a_listener_with_a_full_queue_counts_as_alive,
    a_file_that_is_no_socket_is_not_touched,
    too_long_a_path_is_refused_never_cut, a_missing_directory_is_named,
    a_retired_socket_refuses_and_leaves_no_file,
    a_retired_socket_spares_the_one_that_took_its_path,
    dialling_nobody_is_unavailable, a_datagram_carries_its_senders_credentials,
    tcp_listens_on_numeric_addresses_and_has_no_peer)
