/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shell quoting without a shell: '..' is literal, ".." knows \" and \\, a
 * backslash elsewhere takes the next character as it is.  Nothing is ever
 * expanded.
 */
#include "common/words.h"

struct split {
	struct slice text;
	size_t at;
	char *out; /* words, each NUL-terminated, one behind the other */
	size_t out_len;
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void
put(struct split *s, char c)
{
	s->out[s->out_len++] = c;
}

/* s->at is at the opening quote. */
static enum ms_err
split_quoted(struct split *s, struct why *why)
{
	size_t opened = s->at++;
	char quote = s->text.ptr[opened];

	for (; s->at < s->text.len; s->at++) {
		char c = s->text.ptr[s->at];
		if (c == quote) {
			s->at++;
			return MS_OK;
		}
		if (quote == '"' && c == '\\' && s->at + 1 < s->text.len) {
			char next = s->text.ptr[s->at + 1];
			if (next == '"' || next == '\\') {
				put(s, next);
				s->at++;
				continue;
			}
		}
		put(s, c);
	}
	return why_set(why, MS_EINVAL,
	    "the %c at character %zu is never closed", quote, opened + 1);
}

/* s->at is at the first character of a word. */
static enum ms_err
split_word(struct split *s, struct why *why)
{
	while (s->at < s->text.len && !is_blank(s->text.ptr[s->at])) {
		char c = s->text.ptr[s->at];
		if (c == '\'' || c == '"') {
			enum ms_err err = split_quoted(s, why);
			if (err != MS_OK)
				return err;
			continue;
		}
		if (c == '\\') {
			if (++s->at == s->text.len)
				return why_set(why, MS_EINVAL,
				    "nothing follows the last backslash");
			c = s->text.ptr[s->at];
		}
		put(s, c);
		s->at++;
	}
	put(s, '\0');
	return MS_OK;
}

static enum ms_err
collect(struct split *s, size_t count, struct arena *arena,
    struct words *words_r, struct why *why)
{
	char **word = arena_alloc(arena, (count + 1) * sizeof(*word));
	char *at = s->out;

	if (!word)
		return why_set(why, MS_ENOMEM, "no memory for the words");
	for (size_t i = 0; i < count; i++) {
		word[i] = at;
		at += strlen(at) + 1;
	}
	*words_r = (struct words){ word, count };
	return MS_OK;
}

enum ms_err
words_split(struct slice text, struct arena *arena, struct words *words_r,
    struct why *why)
{
	/* a word and its NUL never need more than its text and its blank */
	struct split s = { .text = text };
	size_t count = 0;

	if (text.len && memchr(text.ptr, '\0', text.len))
		return why_set(why, MS_EINVAL, "contains a NUL byte");
	s.out = arena_alloc(arena, text.len + 1);
	if (!s.out)
		return why_set(why, MS_ENOMEM, "no memory for the words");
	for (;; count++) {
		while (s.at < text.len && is_blank(text.ptr[s.at]))
			s.at++;
		if (s.at == text.len)
			return collect(&s, count, arena, words_r, why);
		enum ms_err err = split_word(&s, why);
		if (err != MS_OK)
			return err;
	}
}

/* ---- printing ----------------------------------------------------------- */

static bool
is_bare(const char *word)
{
	static const char meaning[] = " \t\n\r'\"\\";

	return *word && !strpbrk(word, meaning);
}

static void
print_word(const char *word, struct buf *out)
{
	if (is_bare(word)) {
		buf_add_str(out, word);
		return;
	}
	buf_add_u8(out, '\'');
	for (; *word; word++) {
		if (*word == '\'')
			buf_add_str(out, "'\\''");
		else
			buf_add_u8(out, (uint8_t)*word);
	}
	buf_add_u8(out, '\'');
}

void
words_print(const struct words *words, struct buf *out)
{
	for (size_t i = 0; i < words->count; i++) {
		if (i)
			buf_add_u8(out, ' ');
		print_word(words->word[i], out);
	}
}

bool
words_same(const struct words *a, const struct words *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (strcmp(a->word[i], b->word[i]) != 0)
			return false;
	return true;
}

enum ms_err
words_append(struct words *words, const struct words *more, struct arena *arena,
    struct why *why)
{
	size_t count = words->count + more->count;
	char **word = arena_alloc(arena, (count + 1) * sizeof(*word));

	if (!word)
		return why_set(why, MS_ENOMEM, "no memory for the words");
	if (words->count)
		memcpy(word, words->word, words->count * sizeof(*word));
	if (more->count)
		memcpy(word + words->count, more->word,
		    more->count * sizeof(*word));
	*words = (struct words){ word, count };
	return MS_OK;
}
