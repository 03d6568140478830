/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "supervisor/child/fdstore.h"
#include "t/lib/unit.h"

static bool
is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static int
memory(void)
{
	int fd = memfd_create("kept", MFD_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	return fd;
}

static void
assert_names(const struct fdstore *store, const char *first, const char *second)
{
	ck_assert_uint_eq(fdstore_count(store), second ? 2 : 1);
	ck_assert_str_eq(fdstore_name(store, 0), first);
	if (second)
		ck_assert_str_eq(fdstore_name(store, 1), second);
}

START_TEST(no_store_keeps_nothing)
{
	struct fdstore *store = NULL;

	ck_assert_uint_eq(fdstore_count(NULL), 0);
	ck_assert_uint_eq(fdstore_remove(NULL, "x"), 0);
	fdstore_trim(NULL, 0);
	fdstore_free(&store);
}
END_TEST

START_TEST(what_is_kept_comes_back_in_order_with_its_name)
{
	struct loop *loop = loop_new();
	struct fdstore *store = NULL;
	int a = memory(), b = memory();

	ck_assert(fdstore_add(&store, loop, a, "a", true, 2));
	ck_assert(fdstore_add(&store, loop, b, "", true, 2));
	ck_assert_uint_eq(fdstore_count(store), 2);
	ck_assert_int_eq(fdstore_fd(store, 0), a);
	ck_assert_int_eq(fdstore_fd(store, 1), b);
	assert_names(store, "a", "stored");
	fdstore_free(&store);
	ck_assert(!is_open(a) && !is_open(b));
	loop_free(&loop);
}
END_TEST

START_TEST(more_than_max_is_refused_and_closed)
{
	struct loop *loop = loop_new();
	struct fdstore *store = NULL;
	int a = memory(), b = memory();

	ck_assert(!fdstore_add(&store, loop, b, "b", true, 0));
	ck_assert(!is_open(b) && !store);
	b = memory();
	ck_assert(fdstore_add(&store, loop, a, "a", true, 1));
	ck_assert(!fdstore_add(&store, loop, b, "b", true, 1));
	ck_assert(is_open(a) && !is_open(b));
	fdstore_free(&store);
	loop_free(&loop);
}
END_TEST

START_TEST(the_same_file_is_kept_once)
{
	struct loop *loop = loop_new();
	struct fdstore *store = NULL;
	int a = memory(), again = dup(a);

	ck_assert(fdstore_add(&store, loop, a, "a", true, 1));
	ck_assert(fdstore_add(&store, loop, again, "a", true, 1));
	ck_assert(is_open(a) && !is_open(again));
	ck_assert_uint_eq(fdstore_count(store), 1);
	fdstore_free(&store);
	loop_free(&loop);
}
END_TEST

START_TEST(removal_takes_all_of_a_name_and_nothing_else)
{
	struct loop *loop = loop_new();
	struct fdstore *store = NULL;
	int fd[4];

	for (int i = 0; i < 4; i++)
		ck_assert(fdstore_add(&store, loop, fd[i] = memory(),
		    i % 2 ? "odd" : "even", true, 4));
	ck_assert_uint_eq(fdstore_remove(store, "odd"), 2);
	ck_assert_uint_eq(fdstore_remove(store, "odd"), 0);
	ck_assert(is_open(fd[0]) && !is_open(fd[1]));
	ck_assert(is_open(fd[2]) && !is_open(fd[3]));
	assert_names(store, "even", "even");
	fdstore_trim(store, 1);
	ck_assert(is_open(fd[0]) && !is_open(fd[2]));
	fdstore_free(&store);
	loop_free(&loop);
}
END_TEST

START_TEST(a_hang_up_ends_the_keeping_unless_it_is_not_asked)
{
	struct loop *loop = loop_new();
	struct fdstore *store = NULL;
	int asked[2], unasked[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, asked), 0);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, unasked), 0);
	ck_assert(fdstore_add(&store, loop, asked[0], "asked", true, 9));
	ck_assert(fdstore_add(&store, loop, unasked[0], "unasked", false, 9));
	/* data alone is no reason, and nobody is woken by it */
	ck_assert_int_eq(write(asked[1], "x", 1), 1);
	loop_turn(loop, false);
	ck_assert_uint_eq(fdstore_count(store), 2);
	close(asked[1]);
	close(unasked[1]);
	loop_turn(loop, true);
	assert_names(store, "unasked", NULL);
	ck_assert(!is_open(asked[0]));
	fdstore_free(&store);
	loop_free(&loop);
}
END_TEST

START_TEST(what_hung_up_while_nobody_looked_is_not_handed_back)
{
	struct loop *loop = loop_new();
	struct fdstore *store = NULL;

	for (int i = 0; i < 40; i++) {
		int pair[2];

		ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
		ck_assert(
		    fdstore_add(&store, loop, pair[0], "n", true, FDSTORE_MAX));
		close(pair[1]);
	}
	fdstore_trim(store, FDSTORE_MAX);
	ck_assert_uint_eq(fdstore_count(store), 0);
	fdstore_free(&store);
	loop_free(&loop);
}
END_TEST

UNIT(fdstore, no_store_keeps_nothing,
    what_is_kept_comes_back_in_order_with_its_name,
    more_than_max_is_refused_and_closed, the_same_file_is_kept_once,
    removal_takes_all_of_a_name_and_nothing_else,
    a_hang_up_ends_the_keeping_unless_it_is_not_asked,
    what_hung_up_while_nobody_looked_is_not_handed_back)
