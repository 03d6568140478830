/* SPDX-License-Identifier: Apache-2.0 */
/*
 * {"files":[names],"read":N,"sections":[{"kind","name","at":[file,line,column],
 * "entries":[[key,value,key's place,value's place],...]},...]}
 * A place is three numbers, its file an index of `files`; the first `read` of
 * these are what was read.  The pointer to a file's name tells one reading of
 * a file from another (conf_sections.c), so each pointer has its own index.
 */
#include "common/conf_json.h"

#include <stdlib.h>

#include "common/alloc.h"
#include "common/conf_reader.h"

#define ARENA_BYTES_MAX (64u << 20)
#define NAMES_MAX       (2 * CONF_FILES_MAX)

struct names {
	const char *at[NAMES_MAX];
	size_t count;
};

/* ---- printing ----------------------------------------------------------- */

static size_t
index_of(struct names *names, const char *file)
{
	for (size_t i = 0; i < names->count; i++)
		if (names->at[i] == file)
			return i;
	if (names->count == NAMES_MAX)
		return 0;
	names->at[names->count] = file;
	return names->count++;
}

static void
print_place(struct names *names, const struct conf_place *place,
    struct buf *out)
{
	buf_printf(out, "[%zu,%u,%u]", index_of(names, place->file),
	    place->line, place->column);
}

static void
print_entry(struct names *names, const struct conf_entry *entry, bool first,
    struct buf *out)
{
	buf_add_str(out, first ? "[" : ",[");
	json_quote(out, slice_of(entry->key));
	buf_add_u8(out, ',');
	json_quote(out, entry->value);
	buf_add_u8(out, ',');
	print_place(names, &entry->key_place, out);
	buf_add_u8(out, ',');
	print_place(names, &entry->place, out);
	buf_add_u8(out, ']');
}

static void
print_section(struct names *names, const struct conf_section *section,
    struct buf *out)
{
	buf_add_str(out, "{\"kind\":");
	json_quote(out, slice_of(section->kind));
	buf_add_str(out, ",\"name\":");
	json_quote(out, slice_of(section->name));
	buf_add_str(out, ",\"at\":");
	print_place(names, &section->place, out);
	buf_add_str(out, ",\"entries\":[");
	for (size_t i = 0; i < section->entry_count; i++) {
		const struct conf_entry *entry = &section->entries[i];

		for (const struct conf_entry *e = entry; e; e = e->again)
			print_entry(names, e, i == 0 && e == entry, out);
	}
	buf_add_str(out, "]}");
}

void
conf_print_json(const struct conf *conf, struct buf *out)
{
	struct names names = { .count = 0 };

	for (size_t i = 0; i < conf->file_count; i++)
		index_of(&names, conf->files[i]);
	buf_printf(out, "{\"read\":%zu,\"sections\":[", names.count);
	for (size_t i = 0; i < conf->section_count; i++) {
		buf_add_str(out, i ? "," : "");
		print_section(&names, &conf->sections[i], out);
	}
	buf_add_str(out, "],\"files\":[");
	for (size_t i = 0; i < names.count; i++) {
		buf_add_str(out, i ? "," : "");
		json_quote(out, slice_of(names.at[i] ? names.at[i] : ""));
	}
	buf_add_str(out, "]}");
}

/* ---- reading ------------------------------------------------------------ */

struct reading {
	struct conf_reader reader;
	struct names names;
	bool bad;
};

static const char *
keep(struct reading *r, const char *text)
{
	const char *copy =
	    text ? arena_strdup(&r->reader.conf->arena, text) : NULL;

	r->bad |= !copy;
	return copy ? copy : "";
}

static unsigned
number_of(struct reading *r, const struct json *node)
{
	double n =
	    node && json_type_of(node) == JSON_NUMBER ? json_num(node) : -1;

	if (n >= 0 && n <= UINT32_MAX)
		return (unsigned)n;
	r->bad = true;
	return 0;
}

static const struct json *
next_of(const struct json *node)
{
	return node ? json_next(node) : NULL;
}

static struct conf_place
place_of(struct reading *r, const struct json *list)
{
	const struct json *file =
	    list && json_type_of(list) == JSON_ARRAY ? json_first(list) : NULL;
	const struct json *line = next_of(file), *column = next_of(line);
	size_t n = number_of(r, file);
	struct conf_place place = { .line = number_of(r, line),
		.column = number_of(r, column) };

	if (n < r->names.count)
		place.file = r->names.at[n];
	else
		r->bad = true;
	return place;
}

static void
read_names(struct reading *r, const struct json *list, double read)
{
	struct conf *conf = r->reader.conf;

	if (!list || json_type_of(list) != JSON_ARRAY ||
	    json_count(list) > NAMES_MAX || read < 0 ||
	    read > (double)json_count(list)) {
		r->bad = true;
		return;
	}
	for (const struct json *n = json_first(list); n; n = json_next(n))
		r->names.at[r->names.count++] = keep(r, json_text(n));
	conf->files = arena_alloc(&conf->arena,
	    (r->names.count + 1) * sizeof(*conf->files));
	if (!conf->files) {
		r->bad = true;
		return;
	}
	conf->file_count = (size_t)read;
	for (size_t i = 0; i < conf->file_count; i++)
		conf->files[i] = r->names.at[i];
}

static void
read_entry(struct reading *r, size_t section, const struct json *list)
{
	const struct json *key =
	    json_type_of(list) == JSON_ARRAY ? json_first(list) : NULL;
	const struct json *value = next_of(key), *key_at = next_of(value);
	const struct json *at = next_of(key_at);
	struct conf_entry entry = { .key_place = place_of(r, key_at),
		.place = place_of(r, at) };

	entry.key = keep(r, key ? json_text(key) : NULL);
	entry.value = slice_of(keep(r, value ? json_text(value) : NULL));
	if (!r->bad)
		conf_reader_put(&r->reader, section, &entry);
}

static void
read_section(struct reading *r, const struct json *object)
{
	const char *kind = json_get_str(object, "kind", NULL);
	const char *name = json_get_str(object, "name", NULL);
	const struct json *entries = json_get(object, "entries");
	struct conf_place at = place_of(r, json_get(object, "at"));
	size_t section;

	if (r->bad || !kind || !name || !entries ||
	    json_type_of(entries) != JSON_ARRAY) {
		r->bad = true;
		return;
	}
	section = conf_reader_section(&r->reader, slice_of(kind),
	    slice_of(name), &at);
	if (section == SIZE_MAX)
		return;
	for (const struct json *e = json_first(entries); e && !r->bad;
	     e = json_next(e))
		read_entry(r, section, e);
}

struct conf *
conf_from_json(const struct json *object, struct why *why)
{
	struct conf_errors errors;
	struct reading r = { .reader.errors = &errors };
	struct conf *conf = xcalloc(1, sizeof(*conf));
	const struct json *sections = json_get(object, "sections");

	conf_errors_init(&errors);
	arena_init(&conf->arena, ARENA_BYTES_MAX);
	r.reader.conf = conf;
	read_names(&r, json_get(object, "files"),
	    json_get_num(object, "read", -1));
	if (!sections || json_type_of(sections) != JSON_ARRAY)
		r.bad = true;
	for (const struct json *s = r.bad ? NULL : json_first(sections);
	     s && !r.bad; s = json_next(s))
		read_section(&r, s);
	if (r.bad || r.reader.full || errors.count) {
		why_set(why, MS_EINVAL, "not a configuration that was printed");
		conf_free(&conf);
	}
	conf_errors_fini(&errors);
	return conf;
}
