/* SPDX-License-Identifier: Apache-2.0 */
#include "common/crypto.h"
#include "t/lib/unit.h"

static void
expect(struct slice bytes, const char *hex)
{
	char out[SHA256_TEXT_BYTES];

	sha256_hex(bytes, out);
	ck_assert_str_eq(out, hex);
}

/* FIPS 180-4 examples */
START_TEST(sha_256_agrees_with_the_standard)
{
	expect((struct slice){ NULL, 0 },
	    "e3b0c44298fc1c149afbf4c8996fb924"
	    "27ae41e4649b934ca495991b7852b855");
	expect(SLICE_LIT("abc"),
	    "ba7816bf8f01cfea414140de5dae2223"
	    "b00361a396177a9cb410ff61f20015ad");
	expect(SLICE_LIT("abcdbcdecdefdefgefghfghighijhijk"
			 "ijkljklmklmnlmnomnopnopq"),
	    "248d6a61d20638b8e5c026930c3e6039"
	    "a33ce45964ff2167f6ecedd419db06c1");
}
END_TEST

START_TEST(raw_and_hex_forms_are_the_same_digest)
{
	uint8_t raw[SHA256_BYTES];
	char hex[SHA256_TEXT_BYTES];

	sha256(SLICE_LIT("abc"), raw);
	sha256_hex(SLICE_LIT("abc"), hex);
	ck_assert_int_eq(raw[0], 0xba);
	ck_assert_int_eq(raw[31], 0xad);
	ck_assert_uint_eq(strlen(hex), 64);
}
END_TEST

UNIT(crypto, sha_256_agrees_with_the_standard,
    raw_and_hex_forms_are_the_same_digest)
