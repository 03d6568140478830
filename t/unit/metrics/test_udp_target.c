/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/log.h"
#include "t/lib/unit.h"
#include "workers/metrics/udp_target.h"

/* The lines that have been logged, in a pipe. */
static int log_out, log_in;

static void
catch_log(void)
{
	int fds[2];

	ck_assert_int_eq(pipe(fds), 0);
	log_out = fds[0];
	log_in = fds[1];
	fd_set_nonblock(log_out, true);
	log_init("test", false, LOG_INFO);
	log_to_fd(log_in);
}

static size_t
lines_logged(void)
{
	char text[4096];
	ssize_t n = read(log_out, text, sizeof(text));
	size_t lines = 0;

	for (ssize_t i = 0; i < n; i++)
		lines += text[i] == '\n';
	return lines;
}

static int
sink(uint16_t *port_r)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons(*port_r) };
	socklen_t len = sizeof(addr);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(bind(fd, (struct sockaddr *)&addr, len), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&addr, &len), 0);
	*port_r = ntohs(addr.sin_port);
	return fd;
}

static size_t
round_of(struct udp_target *t, int packets)
{
	size_t sent = 0;

	udp_target_begin_round(t);
	for (int i = 0; i < packets; i++)
		sent += udp_target_send(t, SLICE_LIT("a:1|c"));
	udp_target_end_round(t);
	return sent;
}

START_TEST(an_outage_is_told_of_once_and_its_end_too)
{
	struct udp_target t;
	uint16_t port = 0;
	char bytes[64];
	int fd;

	catch_log();
	fd = sink(&port);
	udp_target_init(&t, "here");
	ck_assert(udp_target_numeric(&t, "127.0.0.1", port));
	ck_assert_uint_eq(round_of(&t, 3), 3);
	ck_assert_int_eq(recv(fd, bytes, sizeof(bytes), 0), 5);
	fd_close(&fd);
	for (int i = 0; i < 5; i++) /* every second one is refused */
		ck_assert_uint_lt(round_of(&t, 4), 4);
	ck_assert(t.told);
	ck_assert_uint_eq(lines_logged(), 1);
	fd = sink(&port);
	(void)round_of(&t, 4); /* hears of the packet before */
	for (int i = 0; i < 2; i++)
		ck_assert_uint_eq(round_of(&t, 4), 4);
	ck_assert(!t.told);
	ck_assert_uint_eq(lines_logged(), 1);
	fd_close(&fd);
	udp_target_fini(&t);
}
END_TEST

START_TEST(names_are_no_addresses_and_nowhere_takes_nothing)
{
	struct udp_target t;

	udp_target_init(&t, "there");
	ck_assert(!udp_target_numeric(&t, "stats.example", 8125));
	ck_assert_uint_eq(round_of(&t, 2), 0);
	ck_assert(udp_target_numeric(&t, "::1", 8125));
	ck_assert_int_eq(t.addr.ss_family, AF_INET6);
	udp_target_fini(&t);
}
END_TEST

UNIT(udp_target, an_outage_is_told_of_once_and_its_end_too,
    names_are_no_addresses_and_nowhere_takes_nothing)
