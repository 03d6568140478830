/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <string.h>

#include "common/arena.h"
#include "t/lib/unit.h"

START_TEST(every_piece_is_zeroed_aligned_and_its_own)
{
	struct arena arena;
	unsigned char *piece[300];

	arena_init(&arena, 0);
	for (size_t i = 0; i < 300; i++) {
		size_t n = i * 7;

		piece[i] = arena_alloc(&arena, n);
		ck_assert_ptr_nonnull(piece[i]);
		ck_assert_uint_eq((uintptr_t)piece[i] % 16, 0);
		for (size_t k = 0; k < n; k++)
			ck_assert_int_eq(piece[i][k], 0);
		memset(piece[i], (int)(i & 0xff), n);
	}
	for (size_t i = 0; i < 300; i++) {
		for (size_t k = 0; k < i * 7; k++)
			ck_assert_int_eq(piece[i][k], (int)(i & 0xff));
	}
	arena_fini(&arena);
}
END_TEST

START_TEST(memory_after_reset_is_zeroed_again)
{
	struct arena arena;
	unsigned char *p;

	arena_init(&arena, 0);
	for (int round = 0; round < 3; round++) {
		p = arena_alloc(&arena, 200);
		for (int i = 0; i < 200; i++)
			ck_assert_int_eq(p[i], 0);
		memset(p, 0xff, 200);
		arena_alloc(&arena, 100000); /* a block of its own */
		arena_reset(&arena);
		ck_assert_uint_eq(arena.used_bytes, 0);
	}
	arena_fini(&arena);
}
END_TEST

START_TEST(an_arena_that_began_with_a_large_piece_can_be_reset)
{
	struct arena arena;

	arena_init(&arena, 0);
	ck_assert_ptr_nonnull(arena_alloc(&arena, 1000000));
	ck_assert_ptr_nonnull(arena_alloc(&arena, 8));
	arena_reset(&arena);
	ck_assert_ptr_nonnull(arena_alloc(&arena, 8));
	arena_fini(&arena);
	ck_assert_ptr_null(arena.head);
}
END_TEST

START_TEST(the_limit_holds_and_comes_back_with_reset)
{
	struct arena arena;

	arena_init(&arena, 4096);
	ck_assert_ptr_null(arena_alloc(&arena, 4097));
	ck_assert_ptr_nonnull(arena_alloc(&arena, 4000));
	ck_assert_ptr_null(arena_alloc(&arena, 97));
	ck_assert_ptr_nonnull(arena_alloc(&arena, 96));
	ck_assert_ptr_null(arena_alloc(&arena, 1));
	arena_reset(&arena);
	ck_assert_ptr_nonnull(arena_alloc(&arena, 4096));
	arena_fini(&arena);
	ck_assert_ptr_nonnull(arena_alloc(&arena, 4096));
	ck_assert_ptr_null(arena_alloc(&arena, 1));
	arena_fini(&arena);
}
END_TEST

START_TEST(sizes_near_the_top_do_not_wrap)
{
	struct arena arena;
	struct slice absurd = { "x", SIZE_MAX };

	arena_init(&arena, 0);
	ck_assert_ptr_null(arena_alloc(&arena, SIZE_MAX));
	ck_assert_ptr_null(arena_alloc(&arena, SIZE_MAX - 15));
	ck_assert_ptr_null(arena_slice(&arena, absurd).ptr);
	ck_assert_uint_eq(arena.used_bytes, 0);
	arena_fini(&arena);
}
END_TEST

START_TEST(copies_end_with_nul_and_slices_keep_their_nuls)
{
	struct arena arena;
	struct slice s;

	arena_init(&arena, 0);
	ck_assert_str_eq(arena_strdup(&arena, "config"), "config");
	ck_assert_str_eq(arena_strndup(&arena, "config", 4), "conf");
	ck_assert_str_eq(arena_strndup(&arena, NULL, 0), "");
	ck_assert_str_eq(arena_printf(&arena, "%s=%d", "a", 5), "a=5");
	s = arena_slice(&arena, (struct slice){ "a\0b", 3 });
	ck_assert_uint_eq(s.len, 3);
	ck_assert_mem_eq(s.ptr, "a\0b", 4);
	s = arena_slice(&arena, (struct slice){ NULL, 0 });
	ck_assert_uint_eq(s.len, 0);
	ck_assert_ptr_nonnull(s.ptr);
	arena_fini(&arena);
}
END_TEST

START_TEST(a_failed_copy_is_null_and_not_half)
{
	struct arena arena;
	struct slice s;

	arena_init(&arena, 16);
	ck_assert_ptr_null(arena_strdup(&arena, "sixteen and more"));
	ck_assert_ptr_null(arena_printf(&arena, "%020d", 1));
	s = arena_slice(&arena, SLICE_LIT("sixteen and more"));
	ck_assert_ptr_null(s.ptr);
	ck_assert_uint_eq(s.len, 0);
	ck_assert_str_eq(arena_strdup(&arena, "fifteen bytes.."),
	    "fifteen bytes..");
	arena_fini(&arena);
}
END_TEST

UNIT(arena, every_piece_is_zeroed_aligned_and_its_own,
    memory_after_reset_is_zeroed_again,
    an_arena_that_began_with_a_large_piece_can_be_reset,
    the_limit_holds_and_comes_back_with_reset, sizes_near_the_top_do_not_wrap,
    copies_end_with_nul_and_slices_keep_their_nuls,
    a_failed_copy_is_null_and_not_half)
