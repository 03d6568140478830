/* SPDX-License-Identifier: Apache-2.0 */
#include "t/unit/bus/fixture.h"
#include "workers/bus/cursors.h"

#define CONSUMERS_MAX 8

/* What a bus would know: the last record of each name. */
struct known {
	struct consumer *consumers[CONSUMERS_MAX];
	size_t count;
	unsigned reserve_asked;
};

static void
on_found(void *arg, struct consumer *c)
{
	struct known *k = arg;

	for (size_t i = 0; i < k->count; i++) {
		if (strcmp(k->consumers[i]->name, c->name) != 0)
			continue;
		consumer_free(&k->consumers[i]);
		k->consumers[i] = c;
		return;
	}
	ck_assert_uint_lt(k->count, CONSUMERS_MAX);
	k->consumers[k->count++] = c;
}

static void
on_snapshot(void *arg, struct buf *out)
{
	const struct known *k = arg;

	for (size_t i = 0; i < k->count; i++)
		cursor_encode(k->consumers[i], out);
}

static bool
on_reserve(void *arg)
{
	struct known *k = arg;

	k->reserve_asked++;
	return false;
}

static void
forget(struct known *k)
{
	while (k->count > 0)
		consumer_free(&k->consumers[--k->count]);
}

static enum ms_err
open_in(const struct place *p, bool expected, struct known *k,
    struct cursors **cursors_r, unsigned *damaged_r)
{
	struct cursors_hooks hooks = { on_found, on_snapshot, on_reserve, k };
	static int dir = -1;

	fd_close(&dir);
	dir = open(p->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	forget(k);
	return cursors_open(dir, expected, &hooks, cursors_r, damaged_r, NULL);
}

static struct consumer *
add(struct known *k, struct cursors *cursors, const char *name)
{
	char pattern[] = "agent.>";
	struct words filter = { (char *[]){ pattern, NULL }, 1 };
	struct consumer *c = consumer_new(name, &filter, DELIVER_NEW, 1234);

	consumer_set_cursor(c, 7, 9);
	k->consumers[k->count++] = c;
	ck_assert_int_eq(cursors_write_new(cursors, c, NULL), MS_OK);
	return c;
}

static struct consumer *
find(struct known *k, const char *name)
{
	for (size_t i = 0; i < k->count; i++) {
		if (strcmp(k->consumers[i]->name, name) == 0)
			return k->consumers[i];
	}
	return NULL;
}

START_TEST(a_record_gives_the_consumer_back)
{
	char one[] = "a.*", two[] = "b.>";
	struct words filter = { (char *[]){ one, two, NULL }, 2 };
	struct consumer *c = consumer_new("n", &filter, DELIVER_NEW, 77), *d;
	struct buf out = { 0 };
	size_t total = 0;

	consumer_set_cursor(c, 10, 20);
	cursor_encode(c, &out);
	d = cursor_decode(buf_slice(&out), &total);
	ck_assert_ptr_nonnull(d);
	ck_assert_uint_eq(total, out.len);
	ck_assert_str_eq(d->name, "n");
	ck_assert_uint_eq(d->ack_floor, 10);
	ck_assert_uint_eq(d->delivered, 20);
	ck_assert(consumer_is_same(d, &filter, DELIVER_NEW, 77));
	for (size_t i = 0; i < out.len; i++) {
		out.ptr[i] ^= 1;
		ck_assert_ptr_null(cursor_decode(buf_slice(&out), &total));
		out.ptr[i] ^= 1;
	}
	consumer_free(&c);
	consumer_free(&d);
	buf_fini(&out);
}
END_TEST

START_TEST(the_last_cursor_written_is_the_one_found)
{
	struct place p = place_new();
	struct known k = { 0 };
	struct cursors *cursors;
	unsigned damaged;
	struct consumer *c;

	ck_assert_int_eq(open_in(&p, false, &k, &cursors, &damaged), MS_OK);
	c = add(&k, cursors, "one");
	add(&k, cursors, "two");
	for (uint64_t floor = 10; floor <= 100; floor++) {
		c->ack_floor = c->delivered = floor;
		ck_assert_int_eq(cursors_write(cursors, c, NULL), MS_OK);
	}
	cursors_close(&cursors);
	ck_assert_int_eq(open_in(&p, true, &k, &cursors, &damaged), MS_OK);
	ck_assert_uint_eq(damaged, 0);
	ck_assert_uint_eq(k.count, 2);
	ck_assert_uint_eq(find(&k, "one")->ack_floor, 100);
	ck_assert_uint_eq(find(&k, "two")->ack_floor, 7);
	cursors_close(&cursors);
	forget(&k);
	place_free(&p);
}
END_TEST

START_TEST(a_full_file_is_replaced_and_keeps_everybody)
{
	struct place p = place_new();
	struct known k = { 0 };
	struct cursors *cursors;
	unsigned damaged;
	struct consumer *c;
	int fd;

	ck_assert_int_eq(open_in(&p, false, &k, &cursors, &damaged), MS_OK);
	c = add(&k, cursors, "one");
	add(&k, cursors, "two");
	fd = cursors_fd(cursors);
	for (uint64_t floor = 10; floor <= 100000; floor++) {
		c->ack_floor = c->delivered = floor;
		ck_assert_int_eq(cursors_write(cursors, c, NULL), MS_OK);
	}
	/* a sync that is at work may hold the number */
	ck_assert_int_eq(cursors_fd(cursors), fd);
	cursors_close(&cursors);
	ck_assert_int_eq(open_in(&p, true, &k, &cursors, &damaged), MS_OK);
	ck_assert_uint_eq(find(&k, "one")->ack_floor, 100000);
	ck_assert_uint_eq(find(&k, "two")->ack_floor, 7);
	cursors_close(&cursors);
	forget(&k);
	place_free(&p);
}
END_TEST

START_TEST(a_missing_file_is_an_error_when_consumers_exist)
{
	struct place p = place_new();
	struct known k = { 0 };
	struct cursors *cursors = NULL;
	unsigned damaged;

	ck_assert_int_eq(open_in(&p, true, &k, &cursors, &damaged),
	    MS_ECORRUPT);
	ck_assert_ptr_null(cursors);
	place_free(&p);
}
END_TEST

START_TEST(a_flipped_bit_never_loses_a_consumer_nor_moves_it_ahead)
{
	struct place p = place_new();
	struct known k = { 0 };
	struct cursors *cursors;
	struct buf bytes = { 0 };
	char path[PATH_MAX];
	unsigned damaged;
	struct consumer *c;
	size_t used;

	ck_assert_int_eq(open_in(&p, false, &k, &cursors, &damaged), MS_OK);
	add(&k, cursors, "two");
	c = add(&k, cursors, "one");
	c->ack_floor = c->delivered = 50;
	ck_assert_int_eq(cursors_write(cursors, c, NULL), MS_OK);
	cursors_close(&cursors);
	file_get(place_path(&p, "CURSORS.log", path), &bytes);
	for (used = bytes.len; bytes.ptr[used - 1] == 0; used--)
		;
	for (size_t at = 0; at < used; at++) {
		bytes.ptr[at] ^= 16;
		file_put(path, bytes.ptr, bytes.len);
		bytes.ptr[at] ^= 16;
		ck_assert_int_eq(open_in(&p, true, &k, &cursors, &damaged),
		    MS_OK);
		ck_assert_uint_eq(k.count, 2);
		ck_assert(find(&k, "one")->ack_floor == 50 ||
		    find(&k, "one")->ack_floor == 7);
		ck_assert_uint_eq(find(&k, "two")->ack_floor, 7);
		ck_assert_uint_gt(damaged, 0);
		cursors_close(&cursors);
	}
	buf_fini(&bytes);
	forget(&k);
	place_free(&p);
}
END_TEST

START_TEST(a_torn_last_record_leaves_the_one_before)
{
	struct place p = place_new();
	struct known k = { 0 };
	struct cursors *cursors;
	struct buf bytes = { 0 };
	char path[PATH_MAX];
	unsigned damaged;
	struct consumer *c;
	size_t used;

	ck_assert_int_eq(open_in(&p, false, &k, &cursors, &damaged), MS_OK);
	c = add(&k, cursors, "one");
	c->ack_floor = c->delivered = 50;
	ck_assert_int_eq(cursors_write(cursors, c, NULL), MS_OK);
	cursors_close(&cursors);
	file_get(place_path(&p, "CURSORS.log", path), &bytes);
	for (used = bytes.len; bytes.ptr[used - 1] == 0; used--)
		;
	memset(bytes.ptr + used - 4, 0, 4);
	file_put(path, bytes.ptr, bytes.len);
	ck_assert_int_eq(open_in(&p, true, &k, &cursors, &damaged), MS_OK);
	ck_assert_uint_eq(find(&k, "one")->ack_floor, 7);
	/* and it is good again */
	cursors_close(&cursors);
	ck_assert_int_eq(open_in(&p, true, &k, &cursors, &damaged), MS_OK);
	ck_assert_uint_eq(damaged, 0);
	cursors_close(&cursors);
	buf_fini(&bytes);
	forget(&k);
	place_free(&p);
}
END_TEST

UNIT(cursors, a_record_gives_the_consumer_back,
    the_last_cursor_written_is_the_one_found,
    a_full_file_is_replaced_and_keeps_everybody,
    a_missing_file_is_an_error_when_consumers_exist,
    a_flipped_bit_never_loses_a_consumer_nor_moves_it_ahead,
    a_torn_last_record_leaves_the_one_before)
