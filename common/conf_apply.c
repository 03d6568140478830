/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sections into structs by their rows, and the list of errors that all
 * reading and applying collects.
 */
#include <stdarg.h>
#include <stdio.h>

#include "common/conf.h"

#define CANDIDATES_MAX   128u
#define ERROR_TEXT_BYTES 1024
/* room for all of them at full length */
#define ERRORS_ARENA_BYTES_MAX (1u << 20)

/* ---- errors ------------------------------------------------------------- */

void
conf_errors_init(struct conf_errors *errors)
{
	*errors = (struct conf_errors){ .count = 0 };
	arena_init(&errors->arena, ERRORS_ARENA_BYTES_MAX);
}

void
conf_error(struct conf_errors *errors, const struct conf_place *place,
    const char *fmt, ...)
{
	char text[ERROR_TEXT_BYTES];
	const char *line = NULL;
	va_list args;

	if (errors->count++ >= CONF_ERRORS_MAX)
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (!place)
		line = arena_strdup(&errors->arena, text);
	else if (place->line == 0)
		line =
		    arena_printf(&errors->arena, "%s: %s", place->file, text);
	else
		line = arena_printf(&errors->arena, "%s:%u:%u: %s", place->file,
		    place->line, place->column, text);
	errors->text[errors->count - 1] =
	    line ? line : "an error there is no memory to tell";
}

void
conf_errors_fini(struct conf_errors *errors)
{
	arena_fini(&errors->arena);
	errors->count = 0;
}

void
conf_errors_print(const struct conf_errors *errors, FILE *out)
{
	size_t kept =
	    errors->count < CONF_ERRORS_MAX ? errors->count : CONF_ERRORS_MAX;

	for (size_t i = 0; i < kept; i++)
		fprintf(out, "%s\n", errors->text[i]);
	fprintf(out, "config: %zu error%s\n", errors->count,
	    errors->count == 1 ? "" : "s");
}

/* ---- rows --------------------------------------------------------------- */

struct apply {
	const struct conf_section *section;
	const struct field *rows;
	void *base;
	struct arena *arena;
	struct conf_errors *errors;
};

/* A key as its place makes it readable: a line says its section, the
 * environment does not. */
static void
complain(const struct apply *a, const struct conf_place *place, const char *key,
    const char *what)
{
	const struct conf_section *s = a->section;

	if (place->line)
		conf_error(a->errors, place, "%s: %s", key, what);
	else
		conf_error(a->errors, place, "%s%s%s.%s: %s", s->kind,
		    *s->name ? "." : "", s->name, key, what);
}

static void
refuse_unknown(const struct apply *a, const struct conf_entry *entry)
{
	const char *candidates[CANDIDATES_MAX];
	struct why why;
	const char *near;
	size_t n = 0;

	for (const struct field *row = a->rows; row->name; row++)
		if (n < CANDIDATES_MAX && !(row->flags & FIELD_LATER))
			candidates[n++] = row->name;
	near = suggest(slice_of(entry->key), candidates, n);
	snprintf(why.text, sizeof(why.text), "unknown key in [%s]%s%s%s",
	    a->section->kind, near ? " (did you mean " : "", near ? near : "",
	    near ? "?)" : "");
	complain(a, &entry->key_place, entry->key, why.text);
}

static void
refuse_again(const struct apply *a, const struct conf_entry *entry,
    const struct conf_place *first)
{
	char text[ERROR_TEXT_BYTES];

	if (first->line)
		snprintf(text, sizeof(text), "already given at %s:%u:%u",
		    first->file, first->line, first->column);
	else
		snprintf(text, sizeof(text), "given twice");
	complain(a, &entry->key_place, entry->key, text);
}

/* In every layer: an override does not make a wrong file right. */
static void
refuse_duplicates(const struct apply *a, const struct conf_entry *entry)
{
	for (; entry; entry = entry->over)
		for (const struct conf_entry *e = entry->again; e; e = e->again)
			refuse_again(a, e, &entry->key_place);
}

static void
set_entry(const struct apply *a, const struct field *row,
    const struct conf_entry *entry)
{
	struct why why = { "" };
	enum ms_err err = field_set(row, a->base, entry->value, a->arena, &why);

	if (err != MS_OK)
		complain(a, &entry->place, entry->key,
		    *why.text ? why.text : ms_strerr(err));
}

static void
apply_entry(const struct apply *a, const struct conf_entry *entry)
{
	const struct field *row = field_find(a->rows, slice_of(entry->key));
	bool repeat;

	if (!row) {
		refuse_unknown(a, entry);
		return;
	}
	if (row->flags & FIELD_LATER) {
		complain(a, &entry->key_place, entry->key, "not supported yet");
		return;
	}
	repeat = row->flags & FIELD_REPEAT;
	if (repeat && row->type == FIELD_WORDS) /* no default in the list */
		*(struct words *)(void *)((char *)a->base + row->off) =
		    (struct words){ NULL, 0 };
	set_entry(a, row, entry);
	for (const struct conf_entry *e = entry->again; repeat && e;
	     e = e->again)
		set_entry(a, row, e);
	if (!repeat)
		refuse_duplicates(a, entry);
}

static void
check_required(const struct apply *a)
{
	for (const struct field *row = a->rows; row->name; row++)
		if ((row->flags & FIELD_REQUIRED) &&
		    !conf_entry_find(a->section, row->name))
			complain(a, &a->section->place, row->name,
			    "is required and not given");
}

void
conf_apply(const struct conf_section *section, const struct field *rows,
    void *base, size_t bytes, struct arena *arena, struct conf_errors *errors)
{
	struct apply a = { section, rows, base, arena, errors };
	struct why why = { "" };

	memset(base, 0, bytes);
	if (field_set_defaults(rows, base, arena, &why) != MS_OK)
		conf_error(errors, section ? &section->place : NULL, "%s",
		    why.text);
	if (!section)
		return;
	for (size_t i = 0; i < section->entry_count; i++)
		apply_entry(&a, &section->entries[i]);
	check_required(&a);
}
