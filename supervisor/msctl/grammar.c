/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A usage line is cut into items; the verb is found by walking words, and
 * arguments are then matched against the items of that verb.
 */
#include "supervisor/msctl/grammar.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/str.h"

#define CANDIDATES_MAX 128u
#define VERB_WORDS_MAX 3u
#define HELP_INDENT    26

enum item_kind {
	ITEM_WORD,
	ITEM_ARG,
	ITEM_OPTION
};

struct item { /* of a usage line */
	enum item_kind kind;
	struct slice text;  /* the word, the argument's name */
	struct slice brief; /* option: "f" of -f */
	struct slice full;  /* option: "follow" of --follow */
	struct slice value; /* option: name of the value, empty = none */
	bool is_optional;
	bool repeats;
};

/* ---- usage lines ---------------------------------------------------------- */

static struct slice
take_token(struct slice *rest)
{
	struct slice token = { "", 0 };

	while (slice_cut(rest, ' ', &token) && token.len == 0)
		continue;
	return token;
}

static bool
strip(struct slice *s, const char *tail)
{
	size_t n = strlen(tail);

	if (s->len < n || memcmp(s->ptr + s->len - n, tail, n) != 0)
		return false;
	s->len -= n;
	return true;
}

static void
read_option(struct item *item, struct slice token, bool is_open,
    struct slice *rest)
{
	struct slice name;

	item->kind = ITEM_OPTION;
	while (slice_cut(&token, '|', &name)) {
		if (name.len > 2 && name.ptr[1] == '-')
			item->full =
			    (struct slice){ name.ptr + 2, name.len - 2 };
		else
			item->brief =
			    (struct slice){ name.ptr + 1, name.len - 1 };
	}
	if (!is_open || !rest->len || !isupper((unsigned char)rest->ptr[0]))
		return;
	item->value = take_token(rest);
	strip(&item->value, "]");
}

static bool
next_item(struct slice *rest, struct item *item_r)
{
	struct slice token = take_token(rest);
	bool is_closed;

	*item_r = (struct item){ .kind = ITEM_WORD };
	if (token.len == 0)
		return false;
	if (token.ptr[0] == '[') {
		item_r->is_optional = true;
		token.ptr++;
		token.len--;
	}
	is_closed = strip(&token, "]");
	item_r->repeats = strip(&token, "...");
	item_r->text = token;
	if (token.len && token.ptr[0] == '-')
		read_option(item_r, token, !is_closed, rest);
	else if (token.len && isupper((unsigned char)token.ptr[0]))
		item_r->kind = ITEM_ARG;
	return true;
}

/* The words of the verb, as written: "bus pub". */
static struct slice
verb_of(const struct command *command)
{
	struct slice rest = slice_of(command->usage), verb = rest;
	struct item item;

	verb.len = 0;
	while (next_item(&rest, &item) && item.kind == ITEM_WORD)
		verb.len = (size_t)(item.text.ptr + item.text.len - verb.ptr);
	return verb;
}

static bool
option_is(const struct item *item, struct slice name)
{
	return item->kind == ITEM_OPTION && name.len > 0 &&
	    (slice_eq(name, item->full) || slice_eq(name, item->brief));
}

static bool
find_option(const char *usage, struct slice name, struct item *item_r)
{
	struct slice rest = slice_of(usage);

	while (next_item(&rest, item_r))
		if (option_is(item_r, name))
			return true;
	return false;
}

/* ---- what was given ------------------------------------------------------- */

bool
args_has(const struct args *args, const char *option)
{
	for (size_t i = 0; i < args->option_count; i++)
		if (strcmp(args->options[i].name, option) == 0)
			return true;
	return false;
}

const char *
args_get(const struct args *args, const char *option)
{
	for (size_t i = args->option_count; i-- > 0;)
		if (strcmp(args->options[i].name, option) == 0)
			return args->options[i].value;
	return NULL;
}

void
args_fini(struct args *args)
{
	free(args->pos);
	free(args->options);
	*args = (struct args){ NULL };
}

/* ---- the verb ------------------------------------------------------------- */

struct parse {
	const struct command *commands;
	const char *globals;
	int argc;
	char **argv;
	int at; /* next of argv */
	char verb[64];
	struct args *args;
	struct why *why;
};

/* Does the verb of the row begin with these words?  *whole_r: is it them? */
static bool
verb_begins(const struct command *command, const char *words, bool *whole_r)
{
	struct slice verb = verb_of(command);
	size_t n = strlen(words);

	*whole_r = verb.len == n;
	return n <= verb.len && memcmp(verb.ptr, words, n) == 0 &&
	    (verb.len == n || verb.ptr[n] == ' ');
}

/* Candidates for a mistaken word: what may follow `before`. */
static const char *
nearest_word(const struct parse *p, const char *before, const char *word)
{
	static char names[CANDIDATES_MAX][OPTION_BYTES_MAX];
	const char *list[CANDIDATES_MAX];
	size_t n = 0, skip = strlen(before);
	bool whole;

	for (const struct command *c = p->commands;
	     c->usage && n < CANDIDATES_MAX; c++) {
		struct slice rest = verb_of(c), next = { "", 0 };
		if (!c->usage[0])
			continue; /* a heading */
		if (skip && (!verb_begins(c, before, &whole) || whole))
			continue;
		rest.ptr += skip;
		rest.len -= skip;
		next = take_token(&rest);
		snprintf(names[n], OPTION_BYTES_MAX, "%.*s", (int)next.len,
		    next.ptr);
		list[n] = names[n];
		n++;
	}
	return suggest(slice_of(word), list, n);
}

static enum ms_err
refuse_verb(struct parse *p, const char *before, const char *word)
{
	const char *near = nearest_word(p, before, word);

	return why_set(p->why, MS_EINVAL, "unknown verb '%s%s%.40s'%s%s%s",
	    before, before[0] ? " " : "", word, near ? " (did you mean " : "",
	    near ? near : "", near ? "?)" : "");
}

/* The words of a verb that is not whole yet stay in pos: help wants them. */
static enum ms_err
add_verb_word(struct parse *p, const char *word)
{
	char before[sizeof(p->verb)];
	bool begins = false;
	int n;

	memcpy(before, p->verb, sizeof(before));
	n = snprintf(p->verb, sizeof(p->verb), "%s%s%s", before,
	    before[0] ? " " : "", word);
	if (n < 0 || (size_t)n >= sizeof(p->verb))
		return refuse_verb(p, before, word);
	for (const struct command *c = p->commands; c->usage; c++) {
		bool whole;
		if (!verb_begins(c, p->verb, &whole))
			continue;
		begins = true;
		if (whole)
			p->args->command = c;
	}
	if (p->args->command)
		p->args->pos_count = 0;
	else if (begins)
		p->args->pos[p->args->pos_count++] = word;
	return begins ? MS_OK : refuse_verb(p, before, word);
}

/* ---- options and arguments ------------------------------------------------ */

static enum ms_err
refuse_option(struct parse *p, struct slice name, const char *given)
{
	static char names[CANDIDATES_MAX][OPTION_BYTES_MAX];
	const char *list[CANDIDATES_MAX], *near;
	const char *usage[] = { p->globals,
		p->args->command ? p->args->command->usage : "" };
	struct item item;
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(usage); i++) {
		struct slice rest = slice_of(usage[i]);
		while (n < CANDIDATES_MAX && next_item(&rest, &item)) {
			if (!item.full.len)
				continue;
			snprintf(names[n], OPTION_BYTES_MAX, "%.*s",
			    (int)item.full.len, item.full.ptr);
			list[n] = names[n];
			n++;
		}
	}
	near = suggest(name, list, n);
	return why_set(p->why, MS_EINVAL, "%s%sunknown option '%.40s'%s%s%s",
	    p->verb, p->verb[0] ? ": " : "", given,
	    near ? " (did you mean --" : "", near ? near : "",
	    near ? "?)" : "");
}

static void
note_option(struct parse *p, const struct item *item, const char *value)
{
	struct option_given *given = &p->args->options[p->args->option_count++];
	struct slice name = item->full.len ? item->full : item->brief;

	snprintf(given->name, sizeof(given->name), "%.*s", (int)name.len,
	    name.ptr);
	given->value = value;
}

static enum ms_err
parse_option(struct parse *p, const char *given)
{
	bool is_long = given[1] == '-';
	struct slice rest = slice_of(given + (is_long ? 2 : 1)), name = rest;
	const struct command *command = p->args->command;
	const char *inline_value = NULL;
	struct item item;

	if (is_long && memchr(rest.ptr, '=', rest.len)) {
		slice_cut(&rest, '=', &name);
		inline_value = name.ptr + name.len + 1;
	} else if (!is_long) {
		name.len = 1;
		inline_value = given[2] ? given + 2 : NULL;
	}
	if (!(command && find_option(command->usage, name, &item)) &&
	    !find_option(p->globals, name, &item))
		return refuse_option(p, name, given);
	if (!item.value.len) {
		if (inline_value)
			return why_set(p->why, MS_EINVAL,
			    "option '%.*s' takes no value",
			    (int)(name.ptr + name.len - given), given);
		note_option(p, &item, NULL);
		return MS_OK;
	}
	if (!inline_value && p->at == p->argc)
		return why_set(p->why, MS_EINVAL,
		    "option '%s' needs a value (%.*s)", given,
		    (int)item.value.len, item.value.ptr);
	note_option(p, &item, inline_value ? inline_value : p->argv[p->at++]);
	return MS_OK;
}

/* Are there as many arguments as the usage line wants, and all options? */
static enum ms_err
check_counts(struct parse *p)
{
	struct slice rest = slice_of(p->args->command->usage);
	size_t min = 0, max = 0;
	struct item item;

	while (next_item(&rest, &item)) {
		struct slice name = item.full.len ? item.full : item.brief;
		char text[OPTION_BYTES_MAX];
		if (item.kind == ITEM_OPTION && !item.is_optional) {
			snprintf(text, sizeof(text), "%.*s", (int)name.len,
			    name.ptr);
			if (!args_has(p->args, text))
				return why_set(p->why, MS_EINVAL,
				    "%s: --%s is needed", p->verb, text);
		}
		if (item.kind != ITEM_ARG)
			continue;
		if (!item.is_optional && p->args->pos_count <= min)
			return why_set(p->why, MS_EINVAL, "%s: %.*s is missing",
			    p->verb, (int)item.text.len, item.text.ptr);
		min += !item.is_optional;
		max = item.repeats ? SIZE_MAX : max + (max < SIZE_MAX);
	}
	if (p->args->pos_count > max)
		return why_set(p->why, MS_EINVAL,
		    "%s: '%.40s' is one argument too many", p->verb,
		    p->args->pos[max]);
	return MS_OK;
}

static enum ms_err
parse_all(struct parse *p)
{
	bool only_words = false;
	enum ms_err err = MS_OK;

	while (err == MS_OK && p->at < p->argc) {
		const char *given = p->argv[p->at++];
		if (!only_words && strcmp(given, "--") == 0)
			only_words = true;
		else if (!only_words && given[0] == '-' && given[1])
			err = parse_option(p, given);
		else if (!p->args->command)
			err = add_verb_word(p, given);
		else
			p->args->pos[p->args->pos_count++] = given;
	}
	return err;
}

enum ms_err
grammar_parse(const struct command *commands, const char *globals, int argc,
    char **argv, struct args *args_r, struct why *why)
{
	struct parse p = { commands, globals, argc, argv, 1, "", args_r, why };
	size_t room = argc > 0 ? (size_t)argc : 1;
	enum ms_err err;

	*args_r = (struct args){
		.pos = xcalloc(room, sizeof(*args_r->pos)),
		.options = xcalloc(room, sizeof(*args_r->options)),
	};
	err = parse_all(&p);
	if (err != MS_OK || args_has(args_r, "help") ||
	    (!args_r->command && !p.verb[0]))
		return err;
	if (!args_r->command)
		return why_set(why, MS_EINVAL,
		    "'%s' needs one more word, see 'msctl help %s'", p.verb,
		    p.verb);
	return check_counts(&p);
}

/* ---- help ----------------------------------------------------------------- */

static bool
is_below(const struct command *command, const char *verb)
{
	bool whole;

	return !verb[0] || verb_begins(command, verb, &whole);
}

void
grammar_list(const struct command *commands, const char *verb, struct buf *out)
{
	for (const struct command *c = commands; c->usage; c++) {
		struct slice name = verb_of(c);
		if (!c->usage[0] && !verb[0])
			buf_printf(out, "%s%s:\n", c == commands ? "" : "\n",
			    c->help);
		else if (c->usage[0] && is_below(c, verb))
			buf_printf(out, "  %-*.*s %s\n", HELP_INDENT - 3,
			    (int)name.len, name.ptr, c->help);
	}
}

/* Breaks between two items only, so that [--lines N] stays together. */
static void
add_usage(const char *usage, unsigned columns, struct buf *out)
{
	size_t start = out->len;

	buf_add_str(out, "msctl");
	while (*usage) {
		size_t n = strcspn(usage, " ");

		if (usage[0] == '[')
			n = strcspn(usage, "]") + (strchr(usage, ']') != NULL);
		if (usage[0] == '[' && strncmp(usage + n, "...", 3) == 0)
			n += 3;
		if (columns && out->len - start + 1 + n >= columns) {
			buf_add_str(out, "\n     ");
			start = out->len - 5;
		}
		buf_add_u8(out, ' ');
		buf_add_slice(out, (struct slice){ usage, n });
		usage += n;
		usage += strspn(usage, " ");
	}
	buf_add_u8(out, '\n');
}

void
grammar_help(const struct command *command, unsigned columns, struct buf *out)
{
	add_usage(command->usage, columns, out);
	buf_printf(out, "\n%s\n", command->help);
	if (command->details)
		buf_printf(out, "\n%s", command->details);
}

const struct command *
grammar_find(const struct command *commands, const char *const *words, size_t n)
{
	char verb[64] = "";
	size_t len = 0;
	bool whole;

	for (size_t i = 0; i < n && len < sizeof(verb); i++) {
		int add = snprintf(verb + len, sizeof(verb) - len, "%s%s",
		    i ? " " : "", words[i]);
		len += add > 0 ? (size_t)add : 0;
	}
	for (const struct command *c = commands; c->usage; c++)
		if (verb_begins(c, verb, &whole) && whole)
			return c;
	return NULL;
}
