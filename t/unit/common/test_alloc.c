/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/log.h"
#include "t/lib/unit.h"

START_TEST(nothing_asked_for_is_still_a_pointer)
{
	void *a = xmalloc(0), *b = xcalloc(0, 16), *c = xrealloc(NULL, 0);

	ck_assert_ptr_nonnull(a);
	ck_assert_ptr_nonnull(b);
	ck_assert_ptr_nonnull(c);
	free(a);
	free(b);
	free(c);
}
END_TEST

START_TEST(copies_are_exact)
{
	char *whole = xstrdup("bus"), *part = xstrndup("configuration", 6);
	char *shorter = xstrndup("ab\0cd", 5);
	char *printed = xasprintf("%s-%d", "ms", 7);

	ck_assert_str_eq(whole, "bus");
	ck_assert_str_eq(part, "config");
	ck_assert_str_eq(shorter, "ab");
	ck_assert_str_eq(printed, "ms-7");
	free(whole);
	free(part);
	free(shorter);
	free(printed);
}
END_TEST

START_TEST(xcalloc_is_zeroed_and_xreallocarray_keeps_what_was_there)
{
	int *n = xcalloc(4, sizeof(*n));

	ck_assert_int_eq(n[0] | n[1] | n[2] | n[3], 0);
	n[3] = 9;
	n = xreallocarray(n, 400, sizeof(*n));
	ck_assert_int_eq(n[3], 9);
	free(n);
}
END_TEST

START_TEST(out_of_memory_writes_a_line_and_exits_71)
{
	int pipe_fd[2], status;
	char line[256] = "";
	pid_t pid;

	ck_assert_int_eq(pipe(pipe_fd), 0);
	pid = fork();
	if (pid == 0) {
		volatile size_t many = SIZE_MAX / 2;

		log_to_fd(pipe_fd[1]);
		free(xreallocarray(NULL, many, 16));
		_exit(0);
	}
	close(pipe_fd[1]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 71);
	ck_assert_int_gt(read(pipe_fd[0], line, sizeof(line) - 1), 0);
	ck_assert_ptr_nonnull(strstr(line, "fatal out of memory bytes="));
	close(pipe_fd[0]);
}
END_TEST

UNIT(alloc, nothing_asked_for_is_still_a_pointer, copies_are_exact,
    xcalloc_is_zeroed_and_xreallocarray_keeps_what_was_there,
    out_of_memory_writes_a_line_and_exits_71)
