/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The highest layer: variables MS__SECTION__KEY and MS__KIND__NAME__KEY.
 * Names of variables cannot spell every name of a section, so they match
 * without case and with every sign that is no letter or digit as `_`.  Values
 * are taken as they are: `$` has no meaning here.
 */
#include "common/conf_reader.h"

static const char environment[] = "environment";
static const struct conf_place nowhere = { environment, 0, 0 };

/* MS__KIND__NAME__KEY without its MS__ */
struct variable {
	struct slice whole; /* the name, for messages */
	struct slice kind, name, key;
	struct slice value;
};

static char
fold(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (char)(c - 'A' + 'a');
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? c : '_';
}

static bool
is_alike(struct slice a, const char *b)
{
	if (strlen(b) != a.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (fold(a.ptr[i]) != fold(b[i]))
			return false;
	return true;
}

static void
wrong(struct conf_reader *r, const struct variable *v, const char *what)
{
	conf_error(r->errors, &nowhere, "%.*s: %s",
	    (int)(v->whole.len < 200 ? v->whole.len : 200), v->whole.ptr, what);
}

/* The first and last part; a name in between may itself hold `__`. */
static bool
split_name(struct slice rest, struct variable *v)
{
	const char *first = memmem(rest.ptr, rest.len, "__", 2);
	const char *end = rest.ptr + rest.len, *last = NULL;

	if (!first)
		return false;
	for (const char *c = end - 2; c > first && !last; c--)
		if (c[0] == '_' && c[1] == '_')
			last = c;
	v->kind = (struct slice){ rest.ptr, (size_t)(first - rest.ptr) };
	first += 2;
	if (last && last >= first) {
		v->name = (struct slice){ first, (size_t)(last - first) };
		first = last + 2;
	}
	v->key = (struct slice){ first, (size_t)(end - first) };
	return v->kind.len && v->key.len && (!last || v->name.len);
}

/* Lower case, in the conf's arena; other signs as they are. */
static struct slice
lower(struct conf_reader *r, struct slice s)
{
	struct slice copy = arena_slice(&r->conf->arena, s);
	char *c = (char *)(uintptr_t)copy.ptr;

	if (s.len && !copy.ptr)
		r->full = true;
	for (size_t i = 0; i < copy.len; i++)
		if (c[i] >= 'A' && c[i] <= 'Z')
			c[i] = fold(c[i]);
	return copy;
}

/* The section meant; made when there is none, so that whoever applies it
 * says what is unknown.  SIZE_MAX when an error was reported. */
static size_t
find_section(struct conf_reader *r, const struct variable *v)
{
	const struct conf *conf = r->conf;
	size_t found = SIZE_MAX;

	for (size_t i = 0; i < conf->section_count; i++) {
		const struct conf_section *s = &conf->sections[i];
		if (!is_alike(v->kind, s->kind) || !is_alike(v->name, s->name))
			continue;
		if (found != SIZE_MAX) {
			wrong(r, v, "could mean more than one section");
			return SIZE_MAX;
		}
		found = i;
	}
	if (found != SIZE_MAX)
		return found;
	struct slice kind = lower(r, v->kind), name = lower(r, v->name);
	return r->full ? SIZE_MAX
		       : conf_reader_section(r, kind, name, &nowhere);
}

static const char *
find_key(struct conf_reader *r, size_t section, const struct variable *v)
{
	const struct conf_section *s = &r->conf->sections[section];
	const char *key;

	for (size_t i = 0; i < s->entry_count; i++)
		if (is_alike(v->key, s->entries[i].key))
			return s->entries[i].key;
	struct slice lowered = lower(r, v->key);
	key = arena_strndup(&r->conf->arena, lowered.ptr ? lowered.ptr : "",
	    lowered.len);
	if (!key)
		r->full = true;
	return key;
}

static void
apply_variable(struct conf_reader *r, const struct variable *v)
{
	struct conf_entry entry = { .key_place = nowhere, .place = nowhere };
	size_t section = find_section(r, v);

	if (section == SIZE_MAX)
		return;
	entry.key = find_key(r, section, v);
	entry.value = arena_slice(&r->conf->arena, v->value);
	if (!entry.key || (v->value.len && !entry.value.ptr)) {
		r->full = true;
		return;
	}
	if (is_alike(v->kind, "msd") && !v->name.len &&
	    strcmp(entry.key, "include") == 0) {
		wrong(r, v, "only a file can include others");
		return;
	}
	conf_reader_put(r, section, &entry);
}

void
conf_read_env(struct conf_reader *r)
{
	static const char prefix[] = "MS__";
	const size_t n = sizeof(prefix) - 1;

	for (char **e = r->env; e && *e && !r->full; e++) {
		const char *equals = strchr(*e, '=');
		struct variable v = { .kind = { NULL, 0 } };
		if (strncmp(*e, prefix, n) != 0 || !equals)
			continue;
		v.whole = (struct slice){ *e, (size_t)(equals - *e) };
		v.value = slice_of(equals + 1);
		if (!utf8_is_valid(v.whole) || !utf8_is_valid(v.value))
			conf_error(r->errors, &nowhere,
			    "a variable MS__... is not UTF-8");
		else if (v.value.len > CONF_VALUE_BYTES_MAX)
			wrong(r, &v, "the value is too long");
		else if (!split_name((struct slice){ *e + n,
					 (size_t)(equals - *e) - n },
			     &v))
			wrong(r, &v,
			    "expected MS__SECTION__KEY or MS__KIND__NAME__KEY");
		else
			apply_variable(r, &v);
	}
}
