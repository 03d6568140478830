/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Batches from anywhere.  The first byte chooses whether the header's
 * checksum is made right; records are read in any case, because a reader of
 * the log meets bodies whose checksum does not match.
 */
#include <stdlib.h>
#include <string.h>

#include "proto/batch.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void
seal(unsigned char *batch, size_t n)
{
	struct batch_head head = { 0 };

	if (n < BATCH_HEADER_BYTES)
		return;
	head.body_bytes = get_u32(batch + 8);
	head.count = get_u32(batch + 12);
	head.body_crc = get_u32(batch + 44);
	batch_head_put(batch, &head);
}

static void
read_all(struct slice body, uint32_t count)
{
	struct batch_reader r = batch_read(body, count);
	uint32_t turns = 0;
	bool end = false;
	uint64_t sum = 0;

	while (!end) {
		struct slice frame;
		enum ms_err err = batch_next(&r, &frame, &end);

		for (size_t i = 0; i < frame.len; i++)
			sum += (unsigned char)frame.ptr[i];
		if (err == MS_EPROTO && r.left)
			abort();
		if (turns++ > count)
			abort();
		if (end && err != MS_OK)
			break;
	}
	if (sum == UINT64_MAX)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	unsigned char *copy;
	struct batch_head head = { 0 };
	struct why why;
	size_t total = 0;

	if (n == 0)
		return 0;
	copy = malloc(n);
	memcpy(copy, bytes + 1, n - 1);
	if (bytes[0] & 1)
		seal(copy, n - 1);
	n--;
	if (batch_check((struct slice){ (char *)copy, n }, &head, &total,
		&why) == MS_OK &&
	    total > n)
		abort();
	if (n > BATCH_HEADER_BYTES)
		read_all((struct slice){ (char *)copy + BATCH_HEADER_BYTES,
			     n - BATCH_HEADER_BYTES },
		    get_u32(copy + 12) % (BATCH_COUNT_MAX + 1));
	free(copy);
	return 0;
}
