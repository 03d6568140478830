/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests and replies from anywhere: the head, then the fields by the rows
 * of the verb (or all rows that could be meant), as JSON and back.
 */
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "proto/msg.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

#define STRUCT_BYTES_MAX 512

static void
check_json(const struct field *rows, const void *base)
{
	struct json *object = json_object();
	struct arena arena;
	max_align_t again[STRUCT_BYTES_MAX / sizeof(max_align_t)] = { 0 };

	arena_init(&arena, 0);
	fields_to_json(rows, base, object);
	(void)!fields_from_json(rows, object, again, &arena, NULL);
	json_free(&object);
	arena_fini(&arena);
}

static void
decode(const struct field *rows, size_t size, struct slice fields)
{
	max_align_t base[STRUCT_BYTES_MAX / sizeof(max_align_t)] = { 0 };
	struct arena arena;
	struct why why;

	if (size > sizeof(base))
		abort();
	arena_init(&arena, 1 << 20);
	if (field_decode(rows, fields, base, &arena, &why) == MS_OK)
		check_json(rows, base);
	arena_fini(&arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	char *copy = malloc(n ? n : 1);
	const struct msg_desc *desc;
	struct traceparent trace;
	struct why why;
	struct msg m;

	memcpy(copy, bytes, n);
	if (msg_decode((struct slice){ copy, n }, &m, &why) == MS_OK) {
		(void)!msg_trace(&m, &trace);
		desc = msg_find(m.verb);
		decode(msg_error_rows, sizeof(struct msg_error), m.fields);
		if (desc) {
			decode(desc->in, desc->in_bytes, m.fields);
			decode(desc->out, desc->out_bytes, m.fields);
		}
	}
	free(copy);
	return 0;
}
