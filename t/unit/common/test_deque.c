/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <stdlib.h>

#include "common/defs.h"
#include "common/deque.h"
#include "t/lib/unit.h"

static int numbers[DEQUE_ITEMS_MAX + 1];

START_TEST(the_owner_pops_the_newest_and_a_thief_gets_the_oldest)
{
	struct deque d = { 0 };

	for (int i = 0; i < 3; i++)
		ck_assert(deque_push(&d, &numbers[i]));
	ck_assert_uint_eq(deque_len(&d), 3);
	ck_assert_ptr_eq(deque_steal(&d), &numbers[0]);
	ck_assert_ptr_eq(deque_pop(&d), &numbers[2]);
	ck_assert_ptr_eq(deque_pop(&d), &numbers[1]);
	ck_assert_ptr_null(deque_pop(&d));
	ck_assert_ptr_null(deque_steal(&d));
	ck_assert_uint_eq(deque_len(&d), 0);
}
END_TEST

START_TEST(a_full_deque_refuses)
{
	struct deque d = { 0 };

	for (size_t i = 0; i < DEQUE_ITEMS_MAX; i++)
		ck_assert(deque_push(&d, &numbers[i]));
	ck_assert(!deque_push(&d, &numbers[DEQUE_ITEMS_MAX]));
	ck_assert_ptr_eq(deque_steal(&d), &numbers[0]);
	ck_assert(deque_push(&d, &numbers[DEQUE_ITEMS_MAX]));
	ck_assert_ptr_eq(deque_pop(&d), &numbers[DEQUE_ITEMS_MAX]);
}
END_TEST

START_TEST(its_cells_are_used_again_and_again)
{
	struct deque d = { 0 };

	for (size_t i = 0; i < 10 * DEQUE_ITEMS_MAX; i++) {
		ck_assert(deque_push(&d, &numbers[0]));
		ck_assert(deque_push(&d, &numbers[1]));
		ck_assert_ptr_eq(deque_steal(&d), &numbers[0]);
		ck_assert_ptr_eq(deque_pop(&d), &numbers[1]);
	}
}
END_TEST

/* An owner that pushes and pops, thieves that take: each item comes out once.
 * The item's own field is written without an atomic: whoever gets it must see
 * what was written before the push, and nobody else may touch it. */
#define ITEMS   20000u
#define THIEVES 3u

struct item {
	unsigned number;
	unsigned taken;
};

struct race {
	struct deque deque;
	atomic_bool over;
	atomic_size_t taken;
	struct item items[ITEMS];
};

static void
take(struct race *race, struct item *item)
{
	ck_assert_uint_eq(item->number, (unsigned)(item - race->items) + 1);
	item->taken++;
	atomic_fetch_add(&race->taken, 1);
}

static void *
thieve(void *arg)
{
	struct race *race = arg;
	struct item *item;

	while (!atomic_load(&race->over))
		if ((item = deque_steal(&race->deque)))
			take(race, item);
	return NULL;
}

static void
own(struct race *race)
{
	struct item *item;

	for (unsigned i = 0; i < ITEMS; i++) {
		race->items[i].number = i + 1;
		while (!deque_push(&race->deque, &race->items[i]))
			if ((item = deque_pop(&race->deque)))
				take(race, item);
		/* near empty is where owner and thieves meet */
		if (i % 3 == 0 && (item = deque_pop(&race->deque)))
			take(race, item);
	}
	while ((item = deque_pop(&race->deque)))
		take(race, item);
}

START_TEST(every_item_comes_out_once_whoever_takes_it)
{
	struct race *race = calloc(1, sizeof(*race));
	pthread_t thieves[THIEVES];

	for (size_t i = 0; i < THIEVES; i++)
		ck_assert_int_eq(pthread_create(&thieves[i], NULL, thieve,
				     race),
		    0);
	own(race);
	atomic_store(&race->over, true);
	for (size_t i = 0; i < THIEVES; i++)
		pthread_join(thieves[i], NULL);
	ck_assert_uint_eq(race->taken, ITEMS);
	for (size_t i = 0; i < ITEMS; i++)
		ck_assert_uint_eq(race->items[i].taken, 1);
	free(race);
}
END_TEST

UNIT(deque, the_owner_pops_the_newest_and_a_thief_gets_the_oldest,
    a_full_deque_refuses, its_cells_are_used_again_and_again,
    every_item_comes_out_once_whoever_takes_it)
