/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A configuration text, and behind its first NUL byte the environment.  Reads
 * it and applies one row of every type to each section.
 */
#include "common/conf.h"
#include "common/log.h"

#define VARIABLES_MAX 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct target {
	bool on;
	uint32_t u32;
	int64_t i64;
	char *text;
	struct words words, list;
	uint64_t wait_ms, bytes;
	int mode, signo;
	struct span_ms span;
	struct rate rate;
};

static const struct field_name modes[] = { { "one", 1 }, { "two", 2 },
	{ NULL, 0 } };

#define AT(member) .off = offsetof(struct target, member)
/* clang-format off */
static const struct field rows[] = {
	{ .name = "on", .type = FIELD_BOOL, AT(on), .def = "yes" },
	{ .name = "u32", .type = FIELD_U32, AT(u32), .min = 1, .max = 99, .def = "5" },
	{ .name = "i64", .type = FIELD_I64, AT(i64) },
	{ .name = "text", .type = FIELD_STR, AT(text) },
	{ .name = "words", .type = FIELD_WORDS, AT(words) },
	{ .name = "list", .type = FIELD_WORDS, AT(list), .flags = FIELD_REPEAT, .def = "a b" },
	{ .name = "wait", .type = FIELD_DURATION, AT(wait_ms), .def = "10s" },
	{ .name = "bytes", .type = FIELD_SIZE, AT(bytes) },
	{ .name = "mode", .type = FIELD_ENUM, AT(mode), .names = modes, .def = "one" },
	{ .name = "signo", .type = FIELD_SIGNAL, AT(signo) },
	{ .name = "span", .type = FIELD_RANGE, AT(span), .def = "1s..2s" },
	{ .name = "rate", .type = FIELD_RATE, AT(rate) },
	FIELD_END,
};
/* clang-format on */

static void
apply(const struct conf_section *section, struct conf_errors *errors)
{
	struct target target;
	struct arena arena;
	struct buf out = { 0 };

	arena_init(&arena, 0);
	conf_apply(section, rows, &target, sizeof(target), &arena, errors);
	for (const struct field *row = rows; row->name; row++)
		field_print(row, &target, &out);
	ms_assert(utf8_is_valid(buf_slice(&out)));
	buf_fini(&out);
	arena_fini(&arena);
}

static void
check(const struct conf *conf)
{
	for (size_t i = 0; i < conf->section_count; i++) {
		const struct conf_section *s = &conf->sections[i];
		ms_assert(conf_find(conf, s->kind, s->name) == s);
		for (size_t k = 0; k < s->entry_count; k++) {
			const struct conf_entry *e = &s->entries[k];
			ms_assert(conf_entry_find(s, e->key) == e);
			ms_assert(e->value.len <= CONF_VALUE_BYTES_MAX);
			ms_assert(utf8_is_valid(e->value));
		}
	}
}

/* Everything behind the first NUL, which the copy ends with. */
static void
split_env(char *text, size_t len, char *env[static VARIABLES_MAX + 1])
{
	size_t n = 0;

	for (size_t i = strlen(text) + 1; i < len && n < VARIABLES_MAX;
	     i += strlen(text + i) + 1)
		env[n++] = text + i;
	env[n] = NULL;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena;
	struct conf_errors errors;
	char *env[VARIABLES_MAX + 1];
	char *copy;

	arena_init(&arena, 0);
	copy = arena_alloc(&arena, size + 1);
	ms_assert(copy != NULL);
	if (size)
		memcpy(copy, data, size);
	split_env(copy, size, env);
	conf_errors_init(&errors);
	struct conf *conf = conf_read_text("fuzz",
	    (struct slice){ (const char *)data, strlen(copy) }, env, &errors);
	check(conf);
	for (size_t i = 0; i < conf->section_count; i++)
		apply(&conf->sections[i], &errors);
	for (size_t i = 0; i < errors.count && i < CONF_ERRORS_MAX; i++)
		ms_assert(errors.text[i][0] != '\0');
	conf_free(&conf);
	conf_errors_fini(&errors);
	arena_fini(&arena);
	return 0;
}
