/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The checksum over every stored or sent frame.  One instruction per eight
 * bytes where the processor has it; elsewhere eight table look-ups.
 */
#include "common/crc32c.h"

#include <pthread.h>
#include <string.h>

#include "common/buf.h"

#define POLYNOMIAL UINT32_C(0x82f63b78) /* Castagnoli, bits reversed */

/* table[k][b]: the effect of byte b with k zero bytes after it.  Written once,
 * under pthread_once. */
static uint32_t table[8][256];

static void
table_fill(void)
{
	for (uint32_t b = 0; b < 256; b++) {
		uint32_t crc = b;

		for (int bit = 0; bit < 8; bit++)
			crc = (crc >> 1) ^ (crc & 1 ? POLYNOMIAL : 0);
		table[0][b] = crc;
	}
	for (int k = 1; k < 8; k++) {
		for (int b = 0; b < 256; b++) {
			uint32_t before = table[k - 1][b];

			table[k][b] = (before >> 8) ^ table[0][before & 0xff];
		}
	}
}

static uint32_t
step_byte(uint32_t crc, unsigned char byte)
{
	return (crc >> 8) ^ table[0][(crc ^ byte) & 0xff];
}

static uint32_t
step_word(uint32_t crc, uint64_t word)
{
	uint32_t next = 0;

	word ^= crc;
	for (int k = 7; k >= 0; k--) {
		next ^= table[k][word & 0xff];
		word >>= 8;
	}
	return next;
}

uint32_t
crc32c_portable(uint32_t crc, const void *bytes, size_t n)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	const unsigned char *p = bytes;

	pthread_once(&once, table_fill);
	crc = ~crc;
	for (; n >= 8; n -= 8, p += 8)
		crc = step_word(crc, get_u64(p));
	for (; n > 0; n--, p++)
		crc = step_byte(crc, *p);
	return ~crc;
}

#ifdef __x86_64__
__attribute__((target("sse4.2"))) static uint32_t
crc32c_sse42(uint32_t crc, const void *bytes, size_t n)
{
	const unsigned char *p = bytes;
	uint64_t wide = (uint32_t)~crc;
	uint64_t word;

	for (; n >= 8; n -= 8, p += 8) {
		memcpy(&word, p, sizeof(word));
		wide = __builtin_ia32_crc32di(wide, word);
	}
	crc = (uint32_t)wide;
	for (; n > 0; n--, p++)
		crc = __builtin_ia32_crc32qi(crc, *p);
	return ~crc;
}
#endif

uint32_t
crc32c(uint32_t crc, const void *bytes, size_t n)
{
#ifdef __x86_64__
	if (__builtin_cpu_supports("sse4.2"))
		return crc32c_sse42(crc, bytes, n);
#endif
	return crc32c_portable(crc, bytes, n);
}
