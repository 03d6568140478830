/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "common/backoff.h"
#include "common/crc32c.h"
#include "t/lib/unit.h"

static unsigned char data[4096];

static void
fill(void)
{
	uint64_t state = 42;

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (unsigned char)dice_next(&state);
}

/* RFC 3720, appendix B.4 */
START_TEST(the_vectors_of_rfc_3720_hold_on_both_paths)
{
	static const unsigned char read_pdu[48] = { 0x01, 0xc0, 0, 0, 0, 0, 0,
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0x14, 0, 0, 0, 0, 0, 0x04, 0, 0, 0,
		0, 0x14, 0, 0, 0, 0x18, 0x28, 0, 0, 0, 0, 0, 0, 0, 0x02, 0, 0,
		0, 0, 0, 0, 0 };
	unsigned char zeros[32] = { 0 }, ones[32], up[32], down[32];

	memset(ones, 0xff, sizeof(ones));
	for (int i = 0; i < 32; i++) {
		up[i] = (unsigned char)i;
		down[i] = (unsigned char)(31 - i);
	}
	ck_assert_uint_eq(crc32c(0, zeros, 32), 0x8a9136aa);
	ck_assert_uint_eq(crc32c(0, ones, 32), 0x62a8ab43);
	ck_assert_uint_eq(crc32c(0, up, 32), 0x46dd794e);
	ck_assert_uint_eq(crc32c(0, down, 32), 0x113fdb5c);
	ck_assert_uint_eq(crc32c(0, read_pdu, 48), 0xd9963a56);
	ck_assert_uint_eq(crc32c_portable(0, zeros, 32), 0x8a9136aa);
	ck_assert_uint_eq(crc32c_portable(0, ones, 32), 0x62a8ab43);
	ck_assert_uint_eq(crc32c_portable(0, up, 32), 0x46dd794e);
	ck_assert_uint_eq(crc32c_portable(0, down, 32), 0x113fdb5c);
	ck_assert_uint_eq(crc32c_portable(0, read_pdu, 48), 0xd9963a56);
	ck_assert_uint_eq(crc32c(0, "123456789", 9), 0xe3069283);
}
END_TEST

START_TEST(the_portable_path_equals_the_instruction)
{
	fill();
	for (size_t at = 0; at < 9; at++) {
		for (size_t n = 0; n < 300; n++)
			ck_assert_uint_eq(crc32c(7, data + at, n),
			    crc32c_portable(7, data + at, n));
	}
	ck_assert_uint_eq(crc32c(0, data, sizeof(data)),
	    crc32c_portable(0, data, sizeof(data)));
}
END_TEST

START_TEST(a_sum_can_be_taken_in_parts)
{
	uint32_t whole;

	fill();
	whole = crc32c(0, data, 1000);
	for (size_t cut = 0; cut <= 1000; cut += 13) {
		uint32_t crc = crc32c(0, data, cut);

		ck_assert_uint_eq(crc32c(crc, data + cut, 1000 - cut), whole);
	}
}
END_TEST

START_TEST(every_flipped_bit_changes_the_sum)
{
	uint32_t whole;

	fill();
	whole = crc32c(0, data, 64);
	for (int bit = 0; bit < 64 * 8; bit++) {
		data[bit / 8] ^= (unsigned char)(1 << bit % 8);
		ck_assert_uint_ne(crc32c(0, data, 64), whole);
		data[bit / 8] ^= (unsigned char)(1 << bit % 8);
	}
}
END_TEST

UNIT(crc32c, the_vectors_of_rfc_3720_hold_on_both_paths,
    the_portable_path_equals_the_instruction, a_sum_can_be_taken_in_parts,
    every_flipped_bit_changes_the_sum)
