/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor/msctl/doctor/redact.h"

#include <string.h>
#include <strings.h>

#define MASK "***"

static const char *const words[] = { "password", "passwd", "secret", "token",
	"api_key", "apikey", "secret_key", "access_key" };

/* "password=" or "password = '"?  How long that is; 0: no. */
static size_t
begins_secret(struct slice s)
{
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		size_t n = strlen(words[i]);

		if (s.len < n || strncasecmp(s.ptr, words[i], n) != 0)
			continue;
		while (n < s.len && s.ptr[n] == ' ')
			n++;
		if (n == s.len || s.ptr[n] != '=')
			continue;
		for (n++; n < s.len && s.ptr[n] == ' '; n++)
			continue;
		return n;
	}
	return 0;
}

/* The text is within strings of JSON: a quote without a backslash, or with two,
 * ends the string, with one it is the value's own, with three it was escaped in
 * the value already. */
static size_t
quoted_length(struct slice s, char quote, size_t backslashes)
{
	size_t n = backslashes + 1;

	while (n < s.len) {
		size_t k = 0;

		while (n < s.len && s.ptr[n] == '\\') {
			n++;
			k++;
		}
		if (n == s.len || (s.ptr[n] == '"' && k % 2 == 0))
			return n;
		if (s.ptr[n++] == quote && k == backslashes)
			return n;
	}
	return n;
}

/* Rather too much than too little: to a blank, a quote or the end of the
 * string; of what JSON escapes only a backslash is the value's own. */
static size_t
bare_length(struct slice s)
{
	size_t n = 0;

	while (n < s.len && !strchr(" \t\n\"&", s.ptr[n])) {
		if (s.ptr[n] != '\\')
			n++;
		else if (n + 1 < s.len && s.ptr[n + 1] == '\\')
			n += 2;
		else
			break;
	}
	return n;
}

/* A value in quotes ends at the next of them. */
static size_t
value_length(struct slice s)
{
	if (s.len > 1 && memcmp(s.ptr, "\\\"", 2) == 0)
		return quoted_length(s, '"', 1);
	if (s.len && s.ptr[0] == '\'')
		return quoted_length(s, '\'', 0);
	return bare_length(s);
}

/* Of "://user:password@": where the password begins, and how long it is. */
static size_t
begins_userinfo(struct slice s, size_t *password_r)
{
	size_t colon = 0;

	if (s.len < 3 || memcmp(s.ptr, "://", 3) != 0)
		return 0;
	for (size_t n = 3; n < s.len && !strchr("/ \"\t\n", s.ptr[n]); n++) {
		if (s.ptr[n] == ':' && !colon)
			colon = n + 1;
		if (s.ptr[n] == '@' && colon) {
			*password_r = n - colon;
			return colon;
		}
	}
	return 0;
}

void
redact(struct slice text, struct buf *out)
{
	while (text.len) {
		size_t secret = 0, take = begins_secret(text);

		if (take)
			secret = value_length(
			    (struct slice){ text.ptr + take, text.len - take });
		else
			take = begins_userinfo(text, &secret);
		if (!take)
			take = 1;
		buf_add_slice(out, (struct slice){ text.ptr, take });
		if (secret)
			buf_add_str(out, MASK);
		text.ptr += take + secret;
		text.len -= take + secret;
	}
}
