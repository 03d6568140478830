/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines of one text into sections and entries.  A wrong line is reported and
 * left out, and the reading goes on, so that one run shows every error.  After
 * a wrong section header its keys are passed over: judging them against the
 * section before would only make noise.
 */
#include "common/conf.h"

#include "common/conf_reader.h"
#include "common/utf8.h"

/* errors after which the rest of a text is not worth reading */
#define HOPELESS (10 * CONF_ERRORS_MAX)

struct parse {
	struct conf_reader *r;
	const char *file;
	struct slice rest; /* not yet read */
	struct slice line; /* the physical line at hand */
	unsigned line_no;
	size_t section;                  /* SIZE_MAX: none */
	bool started;                    /* a section header has been seen */
	struct conf_include **include_r; /* end of the list */
	bool may_include;
};

/* A value as read: lines joined, not expanded. */
struct raw_value {
	struct slice text;
	struct buf joined; /* owns text when the value has several lines */
	struct conf_place place;
	bool exact;
};

/* ---- lines -------------------------------------------------------------- */

/* Columns count characters, from 1. */
static struct conf_place
place_at(const struct parse *p, const char *at)
{
	struct conf_place place = { p->file, p->line_no, 1 };

	for (const char *c = p->line.ptr; c < at; c++)
		if (!utf8_is_tail((unsigned char)*c))
			place.column++;
	return place;
}

static void
wrong_at(const struct parse *p, const char *at, const char *what)
{
	struct conf_place place = place_at(p, at);

	conf_error(p->r->errors, &place, "%s", what);
}

/* The first byte that does not belong in a text file, or NULL. */
static const char *
find_foreign(struct slice line, const char **what_r)
{
	const unsigned char *c = (const unsigned char *)line.ptr;
	const unsigned char *end = c + line.len;

	while (c < end) {
		size_t n = utf8_sequence(c, end);
		if (n == 0)
			*what_r = "bytes that are not UTF-8";
		else if (*c == '\0')
			*what_r = "a NUL byte";
		else if ((*c < 0x20 && *c != '\t' && *c != '\r') || *c == 0x7f)
			*what_r = "a control character";
		else {
			c += n;
			continue;
		}
		return (const char *)c;
	}
	return NULL;
}

/* A line that is not text is reported and read as empty. */
static bool
next_line(struct parse *p)
{
	const char *what, *foreign;

	if (!slice_cut(&p->rest, '\n', &p->line))
		return false;
	p->line_no++;
	foreign = find_foreign(p->line, &what);
	if (foreign) {
		wrong_at(p, foreign, what);
		p->line.len = 0;
	}
	return true;
}

static bool
is_comment(struct slice text)
{
	return text.len && (text.ptr[0] == '#' || text.ptr[0] == ';');
}

/* An odd number of backslashes at the end continues; `\\` is a word's own. */
static bool
cut_continuation(struct slice *text)
{
	size_t n = 0;

	while (n < text->len && text->ptr[text->len - 1 - n] == '\\')
		n++;
	if (n % 2 == 0)
		return false;
	text->len--;
	*text = slice_trim(*text);
	return true;
}

/* first: behind the '=', in the line at hand. */
static void
read_value(struct parse *p, struct slice first, struct raw_value *value)
{
	struct slice text = slice_trim(first);
	bool more = cut_continuation(&text);

	*value = (struct raw_value){ .text = text,
		.joined = { .limit_bytes = CONF_VALUE_BYTES_MAX + 1 },
		.place = place_at(p, text.len ? text.ptr : first.ptr),
		.exact = !more };
	if (!more)
		return;
	buf_add_slice(&value->joined, text);
	while (more) {
		if (!next_line(p)) {
			conf_error(p->r->errors, &value->place,
			    "the file ends inside a continued line");
			break;
		}
		text = slice_trim(p->line);
		if (is_comment(text))
			continue;
		more = cut_continuation(&text);
		if (value->joined.len && text.len)
			buf_add_u8(&value->joined, ' ');
		buf_add_slice(&value->joined, text);
	}
	value->text = buf_slice(&value->joined);
}

/* ---- sections ----------------------------------------------------------- */

static bool
is_key_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
}

/* The first character that a name (or key) cannot have, or NULL. */
static const char *
find_bad_char(struct slice s, const char *also)
{
	for (size_t i = 0; i < s.len; i++)
		if (!is_key_char(s.ptr[i]) && !strchr(also, s.ptr[i]))
			return s.ptr + i;
	return NULL;
}

/* "kind" or "kind name"; false when an error was reported. */
static bool
split_header(const struct parse *p, struct slice inside, struct slice *kind_r,
    struct slice *name_r)
{
	const char *bad;
	size_t n = 0;

	while (n < inside.len && inside.ptr[n] != ' ' && inside.ptr[n] != '\t')
		n++;
	*kind_r = (struct slice){ inside.ptr, n };
	*name_r = slice_trim((struct slice){ inside.ptr + n, inside.len - n });
	if (n == 0) {
		wrong_at(p, inside.ptr, "a section is [kind] or [kind name]");
		return false;
	}
	bad = find_bad_char(*kind_r, "");
	if (!bad)
		bad = find_bad_char(*name_r, "@:+");
	if (bad)
		wrong_at(p, bad,
		    *bad == ' ' || *bad == '\t'
			? "a section is [kind] or [kind name]"
			: "a section's name is made of letters, digits and _-.@:+");
	return !bad;
}

static void
open_section(struct parse *p, struct slice kind, struct slice name,
    const char *at)
{
	struct conf_place place = place_at(p, at);
	struct conf_place *opened;

	p->section = conf_reader_section(p->r, kind, name, &place);
	if (p->section == SIZE_MAX)
		return;
	opened = &p->r->opened[p->section];
	if (opened->file == p->file)
		conf_error(p->r->errors, &place,
		    "[%.*s%s%.*s] was already opened at %s:%u:%u",
		    (int)kind.len, kind.ptr, name.len ? " " : "", (int)name.len,
		    name.ptr, opened->file, opened->line, opened->column);
	else
		*opened = place;
}

/* text: the trimmed line, from its '['. */
static void
do_header(struct parse *p, struct slice text)
{
	const char *end = memchr(text.ptr, ']', text.len);
	struct slice kind, name, behind;

	p->started = true;
	p->section = SIZE_MAX;
	if (!end) {
		wrong_at(p, text.ptr + text.len,
		    "expected ']' at the end of the section header");
		return;
	}
	behind.ptr = end + 1;
	behind.len = text.len - (size_t)(end + 1 - text.ptr);
	if (slice_trim(behind).len) {
		wrong_at(p, slice_trim(behind).ptr,
		    "nothing may follow the section header (comments have "
		    "their own line)");
		return;
	}
	text.ptr++;
	text.len = (size_t)(end - text.ptr);
	if (split_header(p, slice_trim(text), &kind, &name))
		open_section(p, kind, name, text.ptr - 1);
}

/* ---- entries ------------------------------------------------------------ */

static void
note_include(struct parse *p, const struct conf_entry *entry)
{
	const struct conf_section *section = &p->r->conf->sections[p->section];
	struct conf_include *include;

	if (strcmp(section->kind, "msd") != 0 || *section->name ||
	    strcmp(entry->key, "include") != 0)
		return;
	if (!p->may_include) {
		conf_error(p->r->errors, &entry->place,
		    "include: only a file can include others");
		return;
	}
	include = arena_alloc(&p->r->conf->arena, sizeof(*include));
	if (!include) {
		p->r->full = true;
		return;
	}
	*include = (struct conf_include){ entry->value, entry->place, NULL };
	*p->include_r = include;
	p->include_r = &include->next;
}

static void
put_entry(struct parse *p, struct slice key, const struct conf_place *key_place,
    const struct raw_value *raw)
{
	struct conf_entry entry = { .key_place = *key_place,
		.place = raw->place };

	if (!conf_expand(p->r, raw->text, &raw->place, raw->exact,
		&entry.value))
		return;
	entry.key = arena_strndup(&p->r->conf->arena, key.ptr, key.len);
	if (!entry.key) {
		p->r->full = true;
		return;
	}
	conf_reader_put(p->r, p->section, &entry);
	note_include(p, &entry);
}

/* text: the trimmed line. */
static void
do_entry(struct parse *p, struct slice text)
{
	const char *equals = memchr(text.ptr, '=', text.len);
	struct slice key, behind;
	struct raw_value raw;
	struct conf_place place = place_at(p, text.ptr);
	const char *bad;

	if (!equals) {
		wrong_at(p, text.ptr, "expected key = value or [section]");
		return;
	}
	key =
	    slice_trim((struct slice){ text.ptr, (size_t)(equals - text.ptr) });
	bad = find_bad_char(key, "");
	if (key.len == 0)
		wrong_at(p, text.ptr, "expected a key before '='");
	else if (bad)
		wrong_at(p, bad,
		    "a key is made of letters, digits and _-. only");
	else if (!p->started)
		wrong_at(p, text.ptr, "a key before the first [section]");
	behind.ptr = equals + 1;
	behind.len = text.len - (size_t)(behind.ptr - text.ptr);
	read_value(p, behind, &raw);
	if (key.len && !bad && p->section != SIZE_MAX)
		put_entry(p, key, &place, &raw);
	buf_fini(&raw.joined);
}

void
conf_parse(struct conf_reader *r, const char *file, struct slice text,
    struct conf_include **include_r)
{
	struct parse p = { .r = r,
		.file = file,
		.rest = text,
		.section = SIZE_MAX,
		.include_r = include_r,
		.may_include = include_r != NULL };
	struct slice line;

	if (include_r)
		*include_r = NULL;
	if (text.len >= 3 && memcmp(text.ptr, "\xef\xbb\xbf", 3) == 0) {
		p.rest.ptr += 3; /* editors of another world mark UTF-8 */
		p.rest.len -= 3;
	}
	while (!r->full && r->errors->count < HOPELESS && next_line(&p)) {
		line = slice_trim(p.line);
		if (line.len == 0 || is_comment(line))
			continue;
		if (line.ptr[0] == '[')
			do_header(&p, line);
		else
			do_entry(&p, line);
	}
}
