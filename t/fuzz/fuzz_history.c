/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A history from anywhere: its head, and a frame.  The first byte chooses
 * whether the frame's checksum is made right, so that what is behind it is
 * reached; what is read can be written and read again.
 */
#include <stdlib.h>
#include <string.h>

#include "common/crc32c.h"
#include "proto/history.h"

#define FRAME_HEAD_BYTES 20u

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void
seal(unsigned char *frame, size_t n)
{
	if (n < FRAME_HEAD_BYTES)
		return;
	put_u32(frame, 0x4d534846u);
	put_u32(frame + 16, (uint32_t)(n - FRAME_HEAD_BYTES));
	put_u32(frame + 4, crc32c(0, frame + 8, n - 8));
}

static void
write_again(const struct top_frame *f)
{
	struct top_frame g;
	struct buf out = { 0 };

	if (history_frame_print(f, 1, &out) != MS_OK)
		abort();
	if (out.len > HISTORY_FRAME_BYTES ||
	    history_frame_parse(buf_slice(&out), &g) != MS_OK)
		abort();
	if (g.worker_count > f->worker_count)
		abort();
	top_frame_fini(&g);
	buf_fini(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct top_frame f;
	struct why why;
	uint64_t period_ms;
	unsigned char *copy;

	if (n == 0 || n > HISTORY_FRAME_BYTES)
		return 0;
	copy = malloc(n);
	memcpy(copy, bytes + 1, n - 1);
	n--;
	(void)!history_head_parse((struct slice){ (char *)copy, n }, &period_ms,
	    &why);
	if (bytes[0] & 1)
		seal(copy, n);
	if (history_frame_parse((struct slice){ (char *)copy, n }, &f) == MS_OK)
		write_again(&f);
	top_frame_fini(&f);
	free(copy);
	return 0;
}
