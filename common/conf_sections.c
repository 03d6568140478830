/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sections and entries that readers fill and everybody else searches.
 * Lists grow by doubling inside the configuration's arena.
 */
#include <stdlib.h>

#include "common/conf.h"
#include "common/conf_reader.h"

/* The list with room for one more, or NULL.  A list is full when its count
 * is a power of two, so the capacity need not be kept. */
static void *
grow(struct conf_reader *r, void *list, size_t count, size_t item_bytes)
{
	const size_t first = 4; /* a section of a few keys is the rule */
	void *more;

	if (count && (count < first || (count & (count - 1)) != 0))
		return list;
	more = arena_alloc(&r->conf->arena,
	    (count ? count * 2 : first) * item_bytes);
	if (!more)
		r->full = true;
	else if (count)
		memcpy(more, list, count * item_bytes);
	return more;
}

static bool
is_section(const struct conf_section *section, struct slice kind,
    struct slice name)
{
	return slice_is(kind, section->kind) && slice_is(name, section->name);
}

size_t
conf_reader_section(struct conf_reader *r, struct slice kind, struct slice name,
    const struct conf_place *place)
{
	struct conf *conf = r->conf;
	struct conf_section *section;

	for (size_t i = 0; i < conf->section_count; i++)
		if (is_section(&conf->sections[i], kind, name))
			return i;
	if (conf->section_count == CONF_SECTIONS_MAX) {
		conf_error(r->errors, place, "more than %u sections",
		    CONF_SECTIONS_MAX);
		r->full = true;
		return SIZE_MAX;
	}
	section =
	    grow(r, conf->sections, conf->section_count, sizeof(*section));
	if (!section)
		return SIZE_MAX;
	conf->sections = section;
	section += conf->section_count;
	*section = (struct conf_section){
		.kind = arena_strndup(&conf->arena, kind.ptr, kind.len),
		.name = arena_strndup(&conf->arena, name.len ? name.ptr : "",
		    name.len),
		.place = *place,
	};
	if (!section->kind || !section->name) {
		r->full = true;
		return SIZE_MAX;
	}
	return conf->section_count++;
}

static struct conf_entry *
find_entry(const struct conf_section *section, const char *key)
{
	for (size_t i = 0; i < section->entry_count; i++)
		if (strcmp(section->entries[i].key, key) == 0)
			return &section->entries[i];
	return NULL;
}

/* Behind the entries of the same key. */
static void
put_again(struct conf_reader *r, struct conf_entry *first,
    const struct conf_entry *entry)
{
	struct conf_entry **end = &first->again;
	size_t count = 0;

	for (; *end; end = &(*end)->again)
		count++;
	if (count == CONF_ENTRIES_MAX) {
		conf_error(r->errors, &entry->key_place,
		    "%s: given more than %u times", entry->key,
		    CONF_ENTRIES_MAX);
		r->full = true;
		return;
	}
	*end = arena_alloc(&r->conf->arena, sizeof(**end));
	if (*end)
		**end = *entry;
	else
		r->full = true;
}

static void
override(struct conf_reader *r, struct conf_entry *old,
    const struct conf_entry *entry)
{
	struct conf_entry *hidden =
	    arena_alloc(&r->conf->arena, sizeof(*hidden));

	if (!hidden) {
		r->full = true;
		return;
	}
	*hidden = *old;
	*old = *entry;
	old->over = hidden;
}

/* The pointer to a file's name tells one reading of a file from another. */
void
conf_reader_put(struct conf_reader *r, size_t section_index,
    const struct conf_entry *entry)
{
	struct conf_section *section = &r->conf->sections[section_index];
	struct conf_entry *old = find_entry(section, entry->key);
	struct conf_entry *entries;

	if (old && old->key_place.file == entry->key_place.file) {
		put_again(r, old, entry);
		return;
	}
	if (old) {
		override(r, old, entry);
		return;
	}
	if (section->entry_count == CONF_ENTRIES_MAX) {
		conf_error(r->errors, &entry->key_place,
		    "more than %u keys in [%s%s%s]", CONF_ENTRIES_MAX,
		    section->kind, *section->name ? " " : "", section->name);
		r->full = true;
		return;
	}
	entries =
	    grow(r, section->entries, section->entry_count, sizeof(*entries));
	if (!entries)
		return;
	section->entries = entries;
	entries[section->entry_count++] = *entry;
}

const struct conf_section *
conf_find(const struct conf *conf, const char *kind, const char *name)
{
	struct slice k = slice_of(kind), n = slice_of(name);

	for (size_t i = 0; i < conf->section_count; i++)
		if (is_section(&conf->sections[i], k, n))
			return &conf->sections[i];
	return NULL;
}

const struct conf_entry *
conf_entry_find(const struct conf_section *section, const char *key)
{
	return section ? find_entry(section, key) : NULL;
}

void
conf_free(struct conf **conf)
{
	if (!*conf)
		return;
	arena_fini(&(*conf)->arena);
	free(*conf);
	*conf = NULL;
}
