/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/id.h"
#include "common/mono.h"
#include "t/lib/unit.h"

#define MANY    20000
#define THREADS 4

static uint64_t
ms_of(const struct id128 *id)
{
	uint64_t ms = 0;

	for (int i = 0; i < 6; i++)
		ms = ms << 8 | id->byte[i];
	return ms;
}

START_TEST(an_id_is_a_uuid_version_7_of_now)
{
	uint64_t before = (uint64_t)wall_ns() / 1000000;
	struct id128 id = id_new();
	uint64_t after = (uint64_t)wall_ns() / 1000000;

	ck_assert_int_eq(id.byte[6] >> 4, 7);
	ck_assert_int_eq(id.byte[8] >> 6, 2);
	ck_assert_uint_ge(ms_of(&id), before);
	ck_assert_uint_le(ms_of(&id), after);
	ck_assert(!id_is_zero(&id));
}
END_TEST

START_TEST(ids_only_grow_even_inside_one_millisecond)
{
	struct id128 last = id_new();
	int same_ms = 0;

	for (int i = 0; i < MANY; i++) {
		struct id128 id = id_new();

		ck_assert_int_gt(memcmp(id.byte, last.byte, 8), 0);
		same_ms += ms_of(&id) == ms_of(&last);
		last = id;
	}
	ck_assert_int_gt(same_ms, 0); /* the case was met */
}
END_TEST

static void *
make_many(void *arg)
{
	struct id128 *id = arg;

	for (int i = 0; i < MANY; i++)
		id[i] = id_new();
	return NULL;
}

static int
by_bytes(const void *a, const void *b)
{
	return memcmp(a, b, 8); /* the 60 ordered bits and the version */
}

START_TEST(threads_never_share_an_instant_and_each_sees_growth)
{
	struct id128 *id = calloc(THREADS * MANY, sizeof(*id));
	pthread_t thread[THREADS];

	for (int t = 0; t < THREADS; t++)
		ck_assert_int_eq(pthread_create(&thread[t], NULL, make_many,
				     id + t * MANY),
		    0);
	for (int t = 0; t < THREADS; t++)
		pthread_join(thread[t], NULL);
	for (int i = 1; i < THREADS * MANY; i++) {
		if (i % MANY)
			ck_assert_int_lt(by_bytes(id + i - 1, id + i), 0);
	}
	qsort(id, THREADS * MANY, sizeof(*id), by_bytes);
	for (int i = 1; i < THREADS * MANY; i++)
		ck_assert_int_ne(by_bytes(id + i - 1, id + i), 0);
	free(id);
}
END_TEST

START_TEST(a_forked_child_does_not_repeat_its_parents_dice)
{
	struct id128 mine, its;
	int fd[2], status;
	pid_t pid;

	id_new();
	ck_assert_int_eq(pipe(fd), 0);
	pid = fork();
	if (pid == 0) {
		its = id_new();
		_exit(write(fd[1], &its, sizeof(its)) != sizeof(its));
	}
	mine = id_new();
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(read(fd[0], &its, sizeof(its)), sizeof(its));
	ck_assert_mem_ne(mine.byte + 8, its.byte + 8, 8);
	close(fd[0]);
	close(fd[1]);
}
END_TEST

START_TEST(text_is_canonical_and_reads_back)
{
	struct id128 id, back;
	char out[ID_TEXT_BYTES];

	ck_assert(
	    id_parse(SLICE_LIT("017F22E2-79b0-7cc3-98C4-dc0c0c07398f"), &id));
	ck_assert_str_eq(id_print(&id, out),
	    "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
	for (int i = 0; i < 100; i++) {
		id = id_new();
		ck_assert(id_parse(slice_of(id_print(&id, out)), &back));
		ck_assert_mem_eq(&id, &back, sizeof(id));
	}
}
END_TEST

START_TEST(other_forms_are_refused_and_change_nothing)
{
	static const char *const wrong[] = { "",
		"017f22e279b07cc398c4dc0c0c07398f",
		"017f22e2-79b0-7cc3-98c4-dc0c0c07398",
		"017f22e2-79b0-7cc3-98c4-dc0c0c07398ff",
		"017f22e2-79b0-7cc3-98c4-dc0c0c07398g",
		"017f22e2_79b0-7cc3-98c4-dc0c0c07398f",
		"{17f22e2-79b0-7cc3-98c4-dc0c0c07398}",
		"017f22e-279b0-7cc3-98c4-dc0c0c07398f" };
	struct id128 id = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		ck_assert_msg(!id_parse(slice_of(wrong[i]), &id), "taken: %s",
		    wrong[i]);
	ck_assert(id_is_zero(&id));
}
END_TEST

UNIT(id, an_id_is_a_uuid_version_7_of_now,
    ids_only_grow_even_inside_one_millisecond,
    threads_never_share_an_instant_and_each_sees_growth,
    a_forked_child_does_not_repeat_its_parents_dice,
    text_is_canonical_and_reads_back,
    other_forms_are_refused_and_change_nothing)
