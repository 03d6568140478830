/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "supervisor/launch/spawn_env.h"
#include "t/lib/unit.h"

static struct arena arena;
static struct env_list env;

static void
given(void)
{
	arena_init(&arena, 1u << 20);
	env_init(&env, &arena);
}

static const char *
value(const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < env.count; i++)
		if (strncmp(env.var[i], name, len) == 0 &&
		    env.var[i][len] == '=')
			return env.var[i] + len + 1;
	return NULL;
}

START_TEST(the_later_assignment_wins)
{
	given();
	env_set(&env, "A=1");
	env_set(&env, "AB=2");
	env_set(&env, "A=3");
	ck_assert_uint_eq(env.count, 2);
	ck_assert_str_eq(value("A"), "3");
	ck_assert_ptr_null(env.var[2]);
	arena_fini(&arena);
}
END_TEST

START_TEST(what_speaks_of_msds_manager_is_not_inherited)
{
	static char *const from[] = { "PATH=/bin", "NOTIFY_SOCKET=@x",
		"WATCHDOG_USEC=1", "WATCHDOG_PID=2", "LISTEN_FDS=1",
		"LISTEN_PID=3", "LISTEN_FDNAMES=a", "FDSTORE=4", "MS_NAME=b",
		"MS_GENERATION=5", "MS_LOG_FD=6", "MS_SOCKET=c",
		"MS_DEV_DIR=var", "MS__BUS__X=1", NULL };

	given();
	env_inherit(&env, (char **)from);
	ck_assert_uint_eq(env.count, 3);
	ck_assert_str_eq(value("PATH"), "/bin");
	ck_assert_str_eq(value("MS_DEV_DIR"), "var");
	ck_assert_str_eq(value("MS__BUS__X"), "1");
	arena_fini(&arena);
}
END_TEST

START_TEST(too_many_variables_are_an_error_not_a_cut)
{
	given();
	for (unsigned i = 0; i <= ENV_VARS_MAX; i++)
		env_setf(&env, "V%u=x", i);
	ck_assert(env.failed);
	arena_fini(&arena);
}
END_TEST

START_TEST(a_file_is_read_line_by_line)
{
	static const char text[] = "# words\n\n A=1 \nB=x=y\n";
	char path[] = "/tmp/test_env.XXXXXX";
	int fd = mkstemp(path);

	given();
	ck_assert_int_eq(write(fd, text, sizeof(text) - 1), sizeof(text) - 1);
	ck_assert_int_eq(env_read_file(&env, path, NULL), MS_OK);
	ck_assert_str_eq(value("A"), "1");
	ck_assert_str_eq(value("B"), "x=y");
	ck_assert_int_eq(write(fd, "nonsense\n", 9), 9);
	ck_assert_int_eq(env_read_file(&env, path, NULL), MS_EINVAL);
	close(fd);
	unlink(path);
	ck_assert_int_ne(env_read_file(&env, path, NULL), MS_OK);
	arena_fini(&arena);
}
END_TEST

UNIT(spawn_env, the_later_assignment_wins,
    what_speaks_of_msds_manager_is_not_inherited,
    too_many_variables_are_an_error_not_a_cut, a_file_is_read_line_by_line)
