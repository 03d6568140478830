/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines of other people's files.  What parses must print as one line that
 * parses to the same line again.
 */
#include <stdlib.h>
#include <string.h>

#include "proto/cloudevent.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static const struct envelope defaults = {
	.time_ns = 1,
	.id = { { 1 } },
	.type = { "t", 1 },
	.source = { "s", 1 },
	.subject = { "a.b", 3 },
};

static void
encode(const struct envelope *event)
{
	struct buf frame = { 0 };
	enum ms_err err = envelope_encode(event, NULL, &frame, NULL);

	if (err == MS_EINVAL || err == MS_EPROTO)
		abort();
	buf_fini(&frame);
}

static void
check_again(struct envelope *event)
{
	struct buf line = { 0 }, twice = { 0 };
	struct envelope again;
	struct arena arena;

	arena_init(&arena, 0);
	if (event->id_text.len == 0)
		event->id.byte[0] |= 1; /* what the caller would do */
	cloudevent_print(event, &line);
	if (line.failed || memchr(line.ptr, '\n', line.len))
		abort();
	if (cloudevent_parse(buf_slice(&line), &defaults, &arena, &again,
		NULL) != MS_OK)
		abort();
	cloudevent_print(&again, &twice);
	if (!slice_eq(buf_slice(&line), buf_slice(&twice)))
		abort();
	encode(event);
	buf_fini(&line);
	buf_fini(&twice);
	arena_fini(&arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	char *copy = malloc(n ? n : 1);
	struct envelope event;
	struct arena arena;
	struct why why;

	memcpy(copy, bytes, n);
	arena_init(&arena, 1 << 20);
	if (cloudevent_parse((struct slice){ copy, n }, &defaults, &arena,
		&event, &why) == MS_OK)
		check_again(&event);
	arena_fini(&arena);
	free(copy);
	return 0;
}
