/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows of proto/conf/sections.h turned into a sorted list of keys.  A
 * section is applied once, as its worker does it; values are printed from that
 * struct on demand, so a generation costs little more than its sections.
 */
#include "workers/config/store.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/alloc.h"
#include "common/crypto.h"
#include "common/json.h"

#define STORE_BYTES_MAX (256u << 20)

_Static_assert(STORE_FINGERPRINT_BYTES == SHA256_TEXT_BYTES,
    "a fingerprint is a SHA-256");

bool
store_serves(const struct field *row)
{
	return !(row->flags & FIELD_LATER);
}

/* ---- making ------------------------------------------------------------- */

struct maker {
	struct store *store;
	size_t room;
	struct conf_errors errors; /* there are none: conf has been checked */
};

static size_t
count_rows(const struct section_kind *kind)
{
	size_t n = 0;

	for (const struct field *row = kind->rows; row->name; row++)
		n += store_serves(row);
	return n;
}

/* [supervisor root] is there whether the file says it or not. */
static bool
has_default_root(const struct section_kind *kind, const struct conf *conf)
{
	return strcmp(kind->kind, "supervisor") == 0 &&
	    !conf_find(conf, kind->kind, "root");
}

static size_t
count_keys(const struct conf *conf)
{
	size_t n = 0;

	for (const struct section_kind *k = section_kinds; k->kind; k++)
		if (!conf_find(conf, k->kind, ""))
			n += count_rows(k);
	for (size_t i = 0; i < conf->section_count; i++)
		n += count_rows(section_kind_find(conf->sections[i].kind));
	return n;
}

static const char *
print_origin(struct arena *arena, const struct conf_entry *entry)
{
	if (!entry)
		return "default";
	if (entry->place.line == 0)
		return arena_strdup(arena, entry->place.file);
	return arena_printf(arena, "%s:%u:%u", entry->place.file,
	    entry->place.line, entry->place.column);
}

static bool
add_key(struct maker *m, const struct section_kind *kind, const char *name,
    const struct conf_section *section, const struct field *row,
    const void *base)
{
	struct arena *arena = &m->store->arena;
	const struct conf_entry *entry =
	    section ? conf_entry_find(section, row->name) : NULL;
	struct store_key key = {
		.key = arena_printf(arena, "%s%s%s.%s", kind->kind,
		    *name ? "." : "", name, row->name),
		.origin = print_origin(arena, entry),
		.given = entry != NULL,
		.row = row,
		.base = base,
	};

	if (!key.key || !key.origin || m->store->count == m->room)
		return false;
	m->store->keys[m->store->count++] = key;
	return true;
}

/* section NULL: all defaults. */
static bool
add_section(struct maker *m, const struct section_kind *kind, const char *name,
    const struct conf_section *section)
{
	void *base = arena_alloc(&m->store->arena, kind->bytes);

	if (!base)
		return false;
	conf_apply(section, kind->rows, base, kind->bytes, &m->store->arena,
	    &m->errors);
	for (const struct field *row = kind->rows; row->name; row++)
		if (store_serves(row) &&
		    !add_key(m, kind, name, section, row, base))
			return false;
	return true;
}

static bool
add_sections(struct maker *m, const struct conf *conf)
{
	for (size_t i = 0; i < conf->section_count; i++) {
		const struct conf_section *s = &conf->sections[i];

		if (!add_section(m, section_kind_find(s->kind), s->name, s))
			return false;
	}
	for (const struct section_kind *k = section_kinds; k->kind; k++) {
		if (k->naming == SECTION_SINGLE &&
		    !conf_find(conf, k->kind, "") &&
		    !add_section(m, k, "", NULL))
			return false;
		if (has_default_root(k, conf) &&
		    !add_section(m, k, "root", NULL))
			return false;
	}
	return true;
}

static int
by_key(const void *a, const void *b)
{
	const struct store_key *key_a = a, *key_b = b;

	return strcmp(key_a->key, key_b->key);
}

static bool
fill(struct maker *m, const struct conf *conf)
{
	m->room = count_keys(conf);
	m->store->files = conf->file_count;
	m->store->keys =
	    arena_alloc(&m->store->arena, m->room * sizeof(*m->store->keys));
	if (!m->store->keys || !add_sections(m, conf))
		return false;
	qsort(m->store->keys, m->store->count, sizeof(*m->store->keys), by_key);
	return true;
}

enum ms_err
store_new(const struct conf *conf, struct store **store_r, struct why *why)
{
	struct maker m = { .store = xcalloc(1, sizeof(*m.store)) };
	enum ms_err err = MS_OK;

	arena_init(&m.store->arena, STORE_BYTES_MAX);
	conf_errors_init(&m.errors);
	if (!fill(&m, conf))
		err = why_set(why, MS_ETOOBIG,
		    "the configuration takes more than %u MiB",
		    STORE_BYTES_MAX >> 20);
	else if (m.errors.count)
		err = why_set(why, MS_ECONFIG, "%s", m.errors.text[0]);
	conf_errors_fini(&m.errors);
	if (err)
		store_free(&m.store);
	*store_r = m.store;
	return err;
}

void
store_free(struct store **store)
{
	if (!*store)
		return;
	arena_fini(&(*store)->arena);
	free(*store);
	*store = NULL;
}

/* ---- showing ------------------------------------------------------------ */

void
store_print(const struct store_key *key, struct buf *out)
{
	bool secret = key->row->flags & FIELD_SECRET;

	if (key->given || !secret)
		field_print(key->row, key->base, out);
}

static void
list_key(const struct store_key *key, struct buf *value, struct buf *out)
{
	buf_reset(value);
	store_print(key, value);
	buf_add_str(out, "{\"key\":");
	json_quote(out, slice_of(key->key));
	buf_add_str(out, ",\"value\":");
	json_quote(out, buf_slice(value));
	buf_add_str(out, ",\"origin\":");
	json_quote(out, slice_of(key->origin));
	buf_add_u8(out, '}');
}

size_t
store_list(const struct store *store, const char *prefix, struct buf *out)
{
	size_t len = prefix ? strlen(prefix) : 0;
	struct buf value = { 0 };
	size_t n = 0;

	buf_add_u8(out, '[');
	for (size_t i = 0; i < store->count && !out->failed; i++) {
		if (len && strncmp(store->keys[i].key, prefix, len) != 0)
			continue;
		if (n++)
			buf_add_u8(out, ',');
		list_key(&store->keys[i], &value, out);
	}
	buf_add_u8(out, ']');
	buf_fini(&value);
	return n;
}

/* ---- comparing ---------------------------------------------------------- */

enum ms_err
store_diff(const struct store *old, const struct store *new,
    struct arena *arena, struct words *changed_r)
{
	size_t i = 0, k = 0, n = 0;
	char **word =
	    arena_alloc(arena, (old->count + new->count + 1) * sizeof(*word));

	if (!word)
		return MS_ENOMEM;
	while (i < old->count || k < new->count) {
		const struct store_key *a = &old->keys[i], *b = &new->keys[k];
		int order = i == old->count ? 1
		    : k == new->count       ? -1
					    : strcmp(a->key, b->key);

		if (order != 0 || !field_same(a->row, a->base, b->base))
			word[n++] = (char *)(order <= 0 ? a : b)->key;
		i += order <= 0;
		k += order >= 0;
	}
	*changed_r = (struct words){ word, n };
	return MS_OK;
}

/* What field_print() hides is told apart by its own hash. */
static void
add_value(const struct store_key *key, struct buf *value, struct buf *all)
{
	struct field shown = *key->row;

	shown.flags &= ~(unsigned)FIELD_SECRET;
	buf_reset(value);
	field_print(&shown, key->base, value);
	buf_add_str(all, key->key);
	buf_add_u32(all, (uint32_t)value->len);
	buf_add_slice(all, buf_slice(value));
}

void
store_fingerprint(const struct store *store,
    char out[static STORE_FINGERPRINT_BYTES])
{
	struct buf all = { 0 }, value = { 0 };

	for (size_t i = 0; i < store->count; i++)
		add_value(&store->keys[i], &value, &all);
	sha256_hex(buf_slice(&all), out);
	if (all.ptr)
		explicit_bzero(all.ptr, all.cap);
	if (value.ptr)
		explicit_bzero(value.ptr, value.cap);
	buf_fini(&value);
	buf_fini(&all);
}
