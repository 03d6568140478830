/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UUID version 7: 48 bits of milliseconds, 12 bits that keep order inside the
 * millisecond, 62 random bits.  The first 60 bits are one number (time in
 * 1/4096 ms, RFC 9562 method 3) that only grows: when the clock has not moved,
 * or moved back, the next id is one more than the last.
 */
#include "common/id.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/random.h>
#include <sysexits.h>

#include "common/log.h"
#include "common/mono.h"

#define TICKS_PER_MS UINT64_C(4096)
#define NS_PER_MS    UINT64_C(1000000)

/* Process-wide on purpose: order among all threads is the promise. */
static _Atomic uint64_t last_ticks;
static _Atomic unsigned forks; /* a child must not reuse its parent's dice */

/* Random bytes fetched ahead: one getrandom(2) serves 64 ids. */
struct dice {
	unsigned char byte[512];
	size_t used;
	unsigned forks;
	bool filled;
};

static uint64_t
next_ticks(void)
{
	uint64_t ns = (uint64_t)wall_ns();
	uint64_t now = ns / NS_PER_MS * TICKS_PER_MS +
	    ns % NS_PER_MS * TICKS_PER_MS / NS_PER_MS;
	uint64_t last = atomic_load(&last_ticks);
	uint64_t next;

	do
		next = now > last ? now : last + 1;
	while (!atomic_compare_exchange_weak(&last_ticks, &last, next));
	return next;
}

static void
on_fork_child(void)
{
	atomic_fetch_add(&forks, 1);
}

static void
watch_forks(void)
{
	pthread_atfork(NULL, NULL, on_fork_child);
}

static void
dice_fill(struct dice *dice)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	ssize_t n;

	pthread_once(&once, watch_forks);
	dice->forks = forks;
	do /* up to 256 bytes come whole; more may be cut by a signal */
		n = getrandom(dice->byte, sizeof(dice->byte), 0);
	while ((n < 0 && errno == EINTR) ||
	    (n >= 0 && n < (ssize_t)sizeof(dice->byte)));
	if (n < 0)
		log_fatal(EX_OSERR, "no randomness", "errno=%d", errno);
	dice->used = 0;
	dice->filled = true;
}

static void
random_bytes(unsigned char out[static 8])
{
	static _Thread_local struct dice dice;

	if (!dice.filled || dice.forks != forks ||
	    dice.used + 8 > sizeof(dice.byte))
		dice_fill(&dice);
	memcpy(out, dice.byte + dice.used, 8);
	memset(dice.byte + dice.used, 0, 8);
	dice.used += 8;
}

struct id128
id_new(void)
{
	uint64_t ticks = next_ticks();
	uint64_t ms = ticks / TICKS_PER_MS;
	unsigned fine = (unsigned)(ticks % TICKS_PER_MS);
	struct id128 id;

	for (int i = 0; i < 6; i++)
		id.byte[i] = (uint8_t)(ms >> (8 * (5 - i)));
	id.byte[6] = (uint8_t)(0x70 | fine >> 8);
	id.byte[7] = (uint8_t)fine;
	random_bytes(id.byte + 8);
	id.byte[8] = (uint8_t)((id.byte[8] & 0x3f) | 0x80);
	return id;
}

bool
id_is_zero(const struct id128 *id)
{
	static const struct id128 zero;

	return memcmp(id, &zero, sizeof(zero)) == 0;
}

static bool
dash_before(int byte)
{
	return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

char *
id_print(const struct id128 *id, char out[static ID_TEXT_BYTES])
{
	static const char hex[] = "0123456789abcdef";
	char *at = out;

	for (int i = 0; i < 16; i++) {
		if (dash_before(i))
			*at++ = '-';
		*at++ = hex[id->byte[i] >> 4];
		*at++ = hex[id->byte[i] & 15];
	}
	*at = '\0';
	return out;
}

static int
nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool
id_parse(struct slice text, struct id128 *id_r)
{
	const char *at = text.ptr;
	struct id128 id;

	if (text.len != ID_TEXT_BYTES - 1)
		return false;
	for (int i = 0; i < 16; i++) {
		int high, low;

		if (dash_before(i) && *at++ != '-')
			return false;
		high = nibble(*at++);
		low = nibble(*at++);
		if (high < 0 || low < 0)
			return false;
		id.byte[i] = (uint8_t)(high << 4 | low);
	}
	*id_r = id;
	return true;
}
