/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Variables inside values.  A variable that is not set and has no default is
 * an error, and so is a lonely dollar: a value is never silently something
 * else than what its author sees.
 */
#include "common/conf_reader.h"
#include "common/utf8.h"

#define NAME_BYTES_MAX 128u
#define NO_DETAIL      ((struct slice){ NULL, 0 })

struct expand {
	struct conf_reader *r;
	struct slice raw;
	size_t at;
	const struct conf_place *place;
	bool exact;
	struct buf out;
};

static const char *
conf_env_find(char **env, struct slice name)
{
	for (; env && *env; env++)
		if (strncmp(*env, name.ptr, name.len) == 0 &&
		    (*env)[name.len] == '=')
			return *env + name.len + 1;
	return NULL;
}

/* At the dollar at hand, as far as its place is known. */
static bool
wrong(const struct expand *e, const char *what, struct slice detail)
{
	struct conf_place place = *e->place;

	for (size_t i = 0; e->exact && i < e->at; i++)
		if (!utf8_is_tail((unsigned char)e->raw.ptr[i]))
			place.column++;
	conf_error(e->r->errors, &place, "%s%.*s", what, (int)detail.len,
	    detail.ptr ? detail.ptr : "");
	return false;
}

static bool
is_name(struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.ptr[i];
		bool letter = (c >= 'A' && c <= 'Z') ||
		    (c >= 'a' && c <= 'z') || c == '_';
		if (!letter && (i == 0 || c < '0' || c > '9'))
			return false;
	}
	return s.len > 0;
}

/* What ${inside} stands for; false when it stands for nothing. */
static bool
look_up(struct expand *e, struct slice inside, struct slice *value_r)
{
	const char *split =
	    inside.len > 1 ? memmem(inside.ptr, inside.len, ":-", 2) : NULL;
	struct slice name = inside;
	const char *value;

	if (split)
		name.len = (size_t)(split - inside.ptr);
	if (!is_name(name) || name.len > NAME_BYTES_MAX)
		return wrong(e, "a variable is ${NAME} or ${NAME:-default}",
		    NO_DETAIL);
	value = conf_env_find(e->r->env, name);
	*value_r = slice_of(value);
	if (split && value_r->len == 0)
		*value_r =
		    (struct slice){ split + 2, inside.len - name.len - 2 };
	else if (!value && e->r->env)
		return wrong(e, "not set and without a default: ", name);
	return true;
}

/* e->at is at a dollar. */
static bool
expand_dollar(struct expand *e)
{
	struct slice rest = { e->raw.ptr + e->at + 1, e->raw.len - e->at - 1 };
	struct slice value;
	const char *end;

	if (rest.len && rest.ptr[0] == '$') {
		buf_add_u8(&e->out, '$');
		e->at += 2;
		return true;
	}
	if (!rest.len || rest.ptr[0] != '{')
		return wrong(e,
		    "a '$' is written '$$', or begins a variable ${NAME}",
		    NO_DETAIL);
	end = memchr(rest.ptr, '}', rest.len);
	if (!end)
		return wrong(e, "'${' without its '}'", NO_DETAIL);
	struct slice inside = { rest.ptr + 1, (size_t)(end - rest.ptr) - 1 };
	if (inside.len > 1 && memmem(inside.ptr, inside.len, "${", 2))
		return wrong(e, "a default cannot hold another variable",
		    NO_DETAIL);
	if (!look_up(e, inside, &value))
		return false;
	buf_add_slice(&e->out, value);
	e->at += inside.len + 3;
	return true;
}

static bool
expand_all(struct expand *e)
{
	while (e->at < e->raw.len) {
		const char *from = e->raw.ptr + e->at;
		const char *dollar = memchr(from, '$', e->raw.len - e->at);
		size_t plain =
		    dollar ? (size_t)(dollar - from) : e->raw.len - e->at;
		buf_add(&e->out, from, plain);
		e->at += plain;
		if (dollar && !expand_dollar(e))
			return false;
	}
	if (e->out.failed) {
		conf_error(e->r->errors, e->place,
		    "the value is longer than %u bytes", CONF_VALUE_BYTES_MAX);
		return false;
	}
	if (!utf8_is_valid(buf_slice(&e->out))) {
		conf_error(e->r->errors, e->place,
		    "a variable brings bytes that are not UTF-8");
		return false;
	}
	return true;
}

bool
conf_expand(struct conf_reader *r, struct slice raw,
    const struct conf_place *place, bool exact, struct slice *value_r)
{
	struct expand e = { .r = r,
		.raw = raw,
		.place = place,
		.exact = exact,
		.out = { .limit_bytes = CONF_VALUE_BYTES_MAX } };
	bool good = false;

	if (raw.len > CONF_VALUE_BYTES_MAX)
		conf_error(r->errors, place,
		    "the value is longer than %u bytes", CONF_VALUE_BYTES_MAX);
	else
		good = expand_all(&e);

	if (good) {
		*value_r = arena_slice(&r->conf->arena, buf_slice(&e.out));
		if (e.out.len && !value_r->ptr)
			r->full = true;
		good = !r->full;
	}
	buf_fini(&e.out);
	return good;
}
