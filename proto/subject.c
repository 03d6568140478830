/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The grammar is narrower than that of other brokers on purpose: what looks
 * like a wildcard but is none (`foo*`, `a.>.b`) is refused with its place
 * instead of silently matching nothing.
 */
#include "proto/subject.h"

/* clang-format off */
static const bool is_token_byte[256] = {
	['A' ... 'Z'] = true, ['a' ... 'z'] = true, ['0' ... '9'] = true,
	['_'] = true, ['-'] = true,
};
/* clang-format on */

struct check {
	const char *noun; /* for messages */
	struct slice text;
	bool wildcards;
	struct why *why;
};

static enum ms_err
refuse(const struct check *c, size_t off, const char *what)
{
	return why_set(c->why, MS_ESUBJECT, "%s: byte %zu: %s", c->noun, off,
	    what);
}

static enum ms_err
refuse_byte(const struct check *c, size_t off)
{
	unsigned char byte = (unsigned char)c->text.ptr[off];

	if (byte == '*' || byte == '>')
		return refuse(c, off,
		    c->wildcards ? "a wildcard must be a whole token"
				 : "wildcards belong in patterns");
	if (byte == '$')
		return refuse(c, off, "'$' may only begin the first token");
	if (byte > 0x20 && byte < 0x7f)
		return why_set(c->why, MS_ESUBJECT,
		    "%s: byte %zu: '%c' is not one of A-Z a-z 0-9 _ -", c->noun,
		    off, byte);
	return why_set(c->why, MS_ESUBJECT,
	    "%s: byte %zu: 0x%02x is not one of A-Z a-z 0-9 _ -", c->noun, off,
	    byte);
}

/* Bytes of the token at off: a whole wildcard or a run of token bytes. */
static size_t
token_bytes(const struct check *c, size_t off)
{
	const char *p = c->text.ptr + off;
	size_t left = c->text.len - off, n = 0;

	if (c->wildcards && (*p == '*' || *p == '>'))
		return 1;
	if (off == 0 && *p == '$')
		n = 1;
	while (n < left && is_token_byte[(unsigned char)p[n]])
		n++;
	return n;
}

static enum ms_err
check_token(const struct check *c, size_t off, size_t *end_r)
{
	size_t end;
	char first;

	if (off == c->text.len || c->text.ptr[off] == '.')
		return refuse(c, off, "an empty token");
	first = c->text.ptr[off];
	end = off + token_bytes(c, off);
	if (end < c->text.len && c->text.ptr[end] != '.')
		return refuse_byte(c, first == '*' || first == '>' ? off : end);
	if (first == '$' && end == 1)
		return refuse(c, off, "'$' without a name");
	if (first == '>' && end < c->text.len)
		return refuse(c, off, "'>' must be the last token");
	*end_r = end;
	return MS_OK;
}

static enum ms_err
check_all(const struct check *c)
{
	size_t tokens = 0, off = 0, end = 0;
	enum ms_err err;

	if (c->text.len == 0)
		return why_set(c->why, MS_ESUBJECT, "%s is empty", c->noun);
	if (c->text.len > SUBJECT_BYTES_MAX)
		return why_set(c->why, MS_ESUBJECT,
		    "%s: %zu bytes are more than %u", c->noun, c->text.len,
		    SUBJECT_BYTES_MAX);
	for (; off <= c->text.len; off = end + 1) {
		if (++tokens > SUBJECT_TOKENS_MAX)
			return why_set(c->why, MS_ESUBJECT,
			    "%s: byte %zu: more than %u tokens", c->noun, off,
			    SUBJECT_TOKENS_MAX);
		err = check_token(c, off, &end);
		if (err != MS_OK)
			return err;
	}
	return MS_OK;
}

enum ms_err
subject_check(struct slice subject, struct why *why)
{
	return check_all(&(struct check){ "subject", subject, false, why });
}

enum ms_err
pattern_check(struct slice pattern, struct why *why)
{
	return check_all(&(struct check){ "pattern", pattern, true, why });
}

bool
pattern_matches(struct slice pattern, struct slice subject)
{
	struct slice want, have;

	/* what is the system's is only had by who asks for it by name */
	if (subject.len > 0 && subject.ptr[0] == '$' &&
	    (pattern.len == 0 || pattern.ptr[0] != '$'))
		return false;
	while (slice_cut(&pattern, '.', &want)) {
		if (!slice_cut(&subject, '.', &have))
			return false;
		if (want.len == 1 && want.ptr[0] == '>')
			return true;
		if (want.len == 1 && want.ptr[0] == '*')
			continue;
		if (!slice_eq(want, have))
			return false;
	}
	return subject.len == 0;
}

struct slice
subject_class(struct slice subject)
{
	struct slice first = { subject.ptr, 0 };

	slice_cut(&subject, '.', &first);
	return first;
}

struct slice
pattern_class(struct slice pattern)
{
	struct slice first = subject_class(pattern);

	if (first.len == 1 && (first.ptr[0] == '*' || first.ptr[0] == '>'))
		first.len = 0;
	return first;
}
