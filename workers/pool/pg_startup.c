/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Start-up parameters become settings of the session; `options` is the command
 * line of a backend, of which -c NAME=VALUE and --NAME=VALUE are understood.
 */
#include "workers/pool/pg_startup.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define FIRST_HEAD_BYTES 8u
#define CANCEL_BYTES     16u
#define MAJOR            3u

enum first_code {
	CODE_CANCEL = 80877102,
	CODE_SSL = 80877103,
	CODE_GSS = 80877104
};

static enum ms_err
refuse(struct pg_startup *s, const char *sqlstate, struct why *why,
    const char *text)
{
	s->sqlstate = sqlstate;
	return why_set(why, MS_EPROTO, "%s", text);
}

/* A parameter's name as GUCs are named: letters, digits, _ $ and dots. */
static bool
is_setting_name(const char *name)
{
	if (!isalpha((unsigned char)*name) && *name != '_')
		return false;
	for (; *name; name++)
		if (!isalnum((unsigned char)*name) && !strchr("_$.", *name))
			return false;
	return true;
}

static enum ms_err
add_setting(struct pg_startup *s, const char *name, const char *value,
    struct why *why)
{
	if (!is_setting_name(name))
		return refuse(s, "42602", why,
		    "invalid configuration parameter name in startup packet");
	if (s->setting_count == PG_SETTINGS_MAX)
		return refuse(s, PG_TOO_MANY, why,
		    "too many parameters in startup packet");
	s->settings[s->setting_count++] = (struct pg_setting){ name, value };
	return MS_OK;
}

/* NAME=VALUE; dashes of a name stand for underscores, as in PostgreSQL. */
static enum ms_err
add_option(struct pg_startup *s, char *text, struct why *why)
{
	char *equals = strchr(text, '=');

	if (!equals)
		return refuse(s, "42601", why,
		    "options of the startup packet need NAME=VALUE");
	*equals = '\0';
	for (char *c = text; *c; c++)
		if (*c == '-')
			*c = '_';
	return add_setting(s, text, equals + 1, why);
}

/* The next word in place, backslash quotes the next character. */
static char *
next_word(char **rest)
{
	char *from = *rest, *word, *to;

	while (isspace((unsigned char)*from))
		from++;
	if (!*from)
		return NULL;
	word = to = from;
	for (; *from && !isspace((unsigned char)*from); from++) {
		if (*from == '\\' && from[1])
			from++;
		*to++ = *from;
	}
	*rest = *from ? from + 1 : from;
	*to = '\0';
	return word;
}

static enum ms_err
parse_options(struct pg_startup *s, char *options, struct why *why)
{
	enum ms_err err = MS_OK;
	char *word;

	while (!err && (word = next_word(&options))) {
		if (strcmp(word, "-c") == 0)
			word = next_word(&options);
		else if (strncmp(word, "--", 2) == 0 ||
		    strncmp(word, "-c", 2) == 0)
			word += 2;
		else
			return refuse(s, PG_UNSUPPORTED, why,
			    "only -c NAME=VALUE is supported in options through the pool");
		err = word
		    ? add_option(s, word, why)
		    : refuse(s, "42601", why,
			  "option -c of the startup packet needs NAME=VALUE");
	}
	return err;
}

static enum ms_err
check_replication(struct pg_startup *s, const char *value, struct why *why)
{
	static const char *const no[] = { "false", "off", "no", "0", "f", "n" };

	for (size_t i = 0; i < ARRAY_LEN(no); i++)
		if (strcasecmp(value, no[i]) == 0)
			return MS_OK;
	return refuse(s, PG_UNSUPPORTED, why,
	    "replication connections are not supported through the pool");
}

static enum ms_err
add_pair(struct pg_startup *s, const char *name, char *value, struct why *why)
{
	if (strcmp(name, "user") == 0) {
		s->user = value;
		return MS_OK;
	}
	if (strcmp(name, "database") == 0) {
		s->database = value;
		return MS_OK;
	}
	if (strcmp(name, "options") == 0)
		return parse_options(s, value, why);
	if (strcmp(name, "replication") == 0)
		return check_replication(s, value, why);
	if (strncmp(name, "_pq_.", 5) == 0) {
		if (s->unknown_count == PG_SETTINGS_MAX)
			return refuse(s, PG_TOO_MANY, why,
			    "too many protocol options in startup packet");
		s->unknown[s->unknown_count++] = name;
		return MS_OK;
	}
	return add_setting(s, name, value, why);
}

static enum ms_err
check_names(struct pg_startup *s, struct why *why)
{
	if (!s->user || !*s->user)
		return refuse(s, PG_BAD_AUTHORIZATION, why,
		    "no PostgreSQL user name specified in startup packet");
	if (!s->database || !*s->database)
		s->database = s->user;
	if (strlen(s->user) > PG_NAME_BYTES_MAX ||
	    strlen(s->database) > PG_NAME_BYTES_MAX)
		return refuse(s, PG_BAD_AUTHORIZATION, why,
		    "user or database name is too long");
	return MS_OK;
}

/* Pairs of texts, then one NUL that ends the packet. */
static enum ms_err
parse_pairs(struct slice body, struct arena *arena, struct pg_startup *s,
    struct why *why)
{
	char *text = arena_alloc(arena, body.len + 1);
	char *end = text ? text + body.len : NULL;
	enum ms_err err = MS_OK;

	if (!text)
		return refuse(s, "53200", why, "out of memory");
	memcpy(text, body.ptr, body.len);
	while (!err && text < end && *text) {
		char *name = text, *value = name + strlen(name) + 1;

		if (value >= end)
			break;
		text = value + strlen(value) + 1;
		err = add_pair(s, name, value, why);
	}
	if (err)
		return err;
	if (text != end - 1 || *text)
		return refuse(s, PG_PROTOCOL_VIOLATION, why,
		    "invalid startup packet layout: expected terminator as last byte");
	return check_names(s, why);
}

static enum pg_first
parse_startup(struct slice body, uint32_t code, struct arena *arena,
    struct pg_startup *s, struct why *why)
{
	if (code >> 16 != MAJOR) {
		s->sqlstate = PG_UNSUPPORTED;
		why_set(why, MS_EPROTO,
		    "unsupported frontend protocol %u.%u: the pool supports 3.0",
		    code >> 16, code & 0xffff);
		return PG_FIRST_BAD;
	}
	s->minor = code & 0xffff;
	return parse_pairs(body, arena, s, why) ? PG_FIRST_BAD
						: PG_FIRST_STARTUP;
}

static enum pg_first
exactly(struct pg_startup *s, size_t bytes, enum pg_first what, struct why *why)
{
	if (s->bytes == bytes)
		return what;
	refuse(s, PG_PROTOCOL_VIOLATION, why,
	    "invalid length of startup packet");
	return PG_FIRST_BAD;
}

enum pg_first
pg_startup_parse(struct slice bytes, struct arena *arena, struct pg_startup *s,
    struct why *why)
{
	uint32_t code;

	*s = (struct pg_startup){ 0 };
	if (bytes.len < sizeof(uint32_t))
		return PG_FIRST_MORE;
	s->bytes = pg_get_u32(bytes.ptr);
	if (s->bytes < FIRST_HEAD_BYTES || s->bytes > PG_STARTUP_BYTES_MAX) {
		refuse(s, PG_PROTOCOL_VIOLATION, why,
		    "invalid length of startup packet");
		return PG_FIRST_BAD;
	}
	if (bytes.len < s->bytes)
		return PG_FIRST_MORE;
	code = pg_get_u32(bytes.ptr + 4);
	if (code == CODE_SSL)
		return exactly(s, FIRST_HEAD_BYTES, PG_FIRST_SSL, why);
	if (code == CODE_GSS)
		return exactly(s, FIRST_HEAD_BYTES, PG_FIRST_GSS, why);
	if (code == CODE_CANCEL) {
		if (s->bytes >= CANCEL_BYTES)
			s->cancel = (struct pg_key){ pg_get_u32(bytes.ptr + 8),
				pg_get_u32(bytes.ptr + 12) };
		return exactly(s, CANCEL_BYTES, PG_FIRST_CANCEL, why);
	}
	return parse_startup((struct slice){ bytes.ptr + FIRST_HEAD_BYTES,
				 s->bytes - FIRST_HEAD_BYTES },
	    code, arena, s, why);
}
