/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames from anywhere.  The first byte chooses whether the header's checksum
 * is made right, so that the rules behind it are reached too.  What decodes
 * must encode again, and to the same bytes when no unknown key was skipped.
 */
#include <stdlib.h>
#include <string.h>

#include "proto/cloudevent.h"
#include "proto/envelope.h"
#include "proto/traceparent.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void
seal(unsigned char *frame, size_t n)
{
	if (n >= ENVELOPE_FIXED_BYTES &&
	    get_u32(frame + 8) >= ENVELOPE_FIXED_BYTES &&
	    get_u32(frame + 8) <= n)
		frame_stamp(frame, get_u64(frame + 24), get_u32(frame + 32),
		    get_u16(frame + 36), 0);
}

static void
check_again(struct envelope *event)
{
	struct buf frame = { 0 }, line = { 0 };
	struct traceparent ignored;
	struct envelope again;
	struct arena arena;

	arena_init(&arena, 0);
	if (traceparent_parse(event->traceparent, &ignored, NULL) != MS_OK)
		event->traceparent.len = 0; /* read, but not written again */
	if (envelope_encode(event, NULL, &frame, NULL) != MS_OK ||
	    envelope_decode(buf_slice(&frame), NULL, &arena, &again, NULL) !=
		MS_OK)
		abort();
	cloudevent_print(&again, &line);
	if (line.failed || memchr(line.ptr, '\n', line.len))
		abort();
	buf_fini(&frame);
	buf_fini(&line);
	arena_fini(&arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct envelope peeked, event;
	struct arena arena;
	unsigned char *copy;
	struct slice frame;
	struct why why;
	enum ms_err err;

	if (n == 0)
		return 0;
	copy = malloc(n);
	memcpy(copy, bytes + 1, n - 1);
	if (bytes[0] & 1)
		seal(copy, n - 1);
	frame = (struct slice){ (char *)copy, n - 1 };
	arena_init(&arena, 1 << 20);
	err = envelope_peek(frame, NULL, &peeked, &why);
	if (err != MS_OK &&
	    envelope_decode(frame, NULL, &arena, &event, &why) == MS_OK)
		abort();
	if (err == MS_OK &&
	    envelope_decode(frame, NULL, &arena, &event, &why) == MS_OK)
		check_again(&event);
	arena_fini(&arena);
	free(copy);
	return 0;
}
