/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One key by its name.  Who asks for one that is not there is told what is
 * wrong with the question (section, name or key) and what is near.  Names of
 * keys and kinds have no dots, so a question is cut at its first two.
 */
#include <stdlib.h>

#include "workers/config/store.h"

#define CANDIDATES_MAX 256u
/* names are at most 64 bytes; the arena's blocks come on top */
#define NAMES_BYTES_MAX (256u << 10)

/* A key as asked for, cut at its dots. */
struct asked {
	struct slice whole, kind, name, key;
};

static struct asked
cut_asked(const char *text)
{
	struct asked a = { .whole = slice_of(text) };
	struct slice rest = a.whole;
	const char *dot;

	slice_cut(&rest, '.', &a.kind);
	dot = rest.len ? memchr(rest.ptr, '.', rest.len) : NULL;
	if (dot)
		slice_cut(&rest, '.', &a.name);
	a.key = rest;
	return a;
}

static enum ms_err
unknown(const struct asked *a, struct why *why, const char *what,
    struct slice before, const char *near, struct slice after)
{
	int len = (int)(a->whole.len < 100 ? a->whole.len : 100);

	if (!near)
		return why_set(why, MS_ENOTFOUND, "%.*s: %s", len, a->whole.ptr,
		    what);
	return why_set(why, MS_ENOTFOUND, "%.*s: %s (did you mean %.*s%s%.*s?)",
	    len, a->whole.ptr, what, (int)before.len, before.ptr, near,
	    (int)(after.len < 60 ? after.len : 60), after.ptr);
}

/* The text from the start of the question to `end`, and from there on. */
static struct slice
head_of(const struct asked *a, const char *end)
{
	return (struct slice){ a->whole.ptr, (size_t)(end - a->whole.ptr) };
}

static struct slice
tail_of(const struct asked *a, struct slice part)
{
	const char *end = part.ptr + part.len;

	return (
	    struct slice){ end, (size_t)(a->whole.ptr + a->whole.len - end) };
}

static enum ms_err
unknown_kind(const struct asked *a, struct why *why)
{
	const char *kinds[CANDIDATES_MAX];
	size_t n = 0;

	for (const struct section_kind *k = section_kinds; k->kind; k++)
		if (n < CANDIDATES_MAX)
			kinds[n++] = k->kind;
	return unknown(a, why, "no such section", head_of(a, a->kind.ptr),
	    suggest(a->kind, kinds, n), tail_of(a, a->kind));
}

static enum ms_err
unknown_key(const struct asked *a, const struct section_kind *kind,
    struct why *why)
{
	const char *keys[CANDIDATES_MAX];
	const struct field *row = field_find(kind->rows, a->key);
	size_t n = 0;

	if (row && !store_serves(row))
		return unknown(a, why, "not supported yet", a->key, NULL,
		    a->key);
	for (row = kind->rows; row->name; row++)
		if (store_serves(row) && n < CANDIDATES_MAX)
			keys[n++] = row->name;
	return unknown(a, why, "no such key", head_of(a, a->key.ptr),
	    suggest(a->key, keys, n), tail_of(a, a->key));
}

/* Every section of the kind is seen by the key all of them have: the first
 * row. */
static enum ms_err
unknown_name(const struct store *store, const struct asked *a,
    const struct section_kind *kind, struct why *why)
{
	const char *names[CANDIDATES_MAX];
	struct arena arena;
	enum ms_err err;
	size_t n = 0;

	arena_init(&arena, NAMES_BYTES_MAX);
	for (size_t i = 0; i < store->count && n < CANDIDATES_MAX; i++) {
		struct asked key = cut_asked(store->keys[i].key);

		if (slice_is(key.kind, kind->kind) &&
		    slice_is(key.key, kind->rows->name) &&
		    (names[n] =
			    arena_strndup(&arena, key.name.ptr, key.name.len)))
			n++;
	}
	err = unknown(a, why, "no such section", head_of(a, a->name.ptr),
	    suggest(a->name, names, n), tail_of(a, a->name));
	arena_fini(&arena);
	return err;
}

static bool
has_section(const struct store *store, const struct section_kind *kind,
    struct slice name)
{
	for (size_t i = 0; i < store->count; i++) {
		struct asked key = cut_asked(store->keys[i].key);

		if (slice_is(key.kind, kind->kind) && slice_eq(key.name, name))
			return true;
	}
	return false;
}

static const struct section_kind *
kind_of(struct slice text)
{
	for (const struct section_kind *k = section_kinds; k->kind; k++)
		if (slice_is(text, k->kind))
			return k;
	return NULL;
}

static void
explain_unknown(const struct store *store, const char *text, struct why *why)
{
	struct asked a = cut_asked(text);
	const struct section_kind *kind = kind_of(a.kind);
	bool named = kind && kind->naming == SECTION_NAMED;

	if (!kind)
		(void)unknown_kind(&a, why);
	else if (a.key.len == 0 || named != (a.name.len > 0))
		(void)why_set(why, MS_ENOTFOUND,
		    "%.100s: a key of [%s%s] is %s%s", text, kind->kind,
		    named ? " NAME" : "", kind->kind,
		    named ? ".NAME.KEY" : ".KEY");
	else if (named && !has_section(store, kind, a.name))
		(void)unknown_name(store, &a, kind, why);
	else
		(void)unknown_key(&a, kind, why);
}

static int
by_key(const void *wanted, const void *at)
{
	return strcmp(wanted, ((const struct store_key *)at)->key);
}

const struct store_key *
store_find(const struct store *store, const char *key, struct why *why)
{
	const struct store_key *found = bsearch(key, store->keys, store->count,
	    sizeof(*store->keys), by_key);

	if (!found)
		explain_unknown(store, key, why);
	return found;
}
