/* SPDX-License-Identifier: Apache-2.0 */
/* OpenSSL behind our own names, so that its headers stay in this room. */
#include "common/crypto.h"

#include <openssl/sha.h>

_Static_assert(SHA256_BYTES == SHA256_DIGEST_LENGTH, "one size of SHA-256");

void
sha256(struct slice bytes, uint8_t out[static SHA256_BYTES])
{
	SHA256((const unsigned char *)bytes.ptr, bytes.len, out);
}

void
sha256_hex(struct slice bytes, char out[static SHA256_TEXT_BYTES])
{
	static const char hex[] = "0123456789abcdef";
	uint8_t digest[SHA256_BYTES];

	sha256(bytes, digest);
	for (size_t i = 0; i < SHA256_BYTES; i++) {
		out[2 * i] = hex[digest[i] >> 4];
		out[2 * i + 1] = hex[digest[i] & 15];
	}
	out[2 * SHA256_BYTES] = '\0';
}
