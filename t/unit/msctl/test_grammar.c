/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "common/defs.h"
#include "common/fd.h"
#include "supervisor/msctl/grammar.h"
#include "supervisor/msctl/msctl.h"
#include "t/lib/unit.h"

static const struct command commands[] = {
	{ "status [NAME...] [-a|--all]", NULL, "a line each", NULL },
	{ "start NAME... [-w|--wait] [--timeout D]", NULL, "begin", NULL },
	{ "wait NAME --state STATE", NULL, "await", "  more\n" },
	{ "bus pub [SUBJECT] [--file FILE]", NULL, "publish", NULL },
	{ "bus sub PATTERN [-n|--count N]", NULL, "listen", NULL },
	{ .usage = NULL },
};
static const char globals[] = "[-s|--socket SOCKET] [--json] [-h|--help]";

static struct args args;
static struct why why;

/* Up to seven words after "msctl". */
#define PARSE(...) parse((char *[]){ "msctl", __VA_ARGS__, NULL })

static enum ms_err
parse(char **argv)
{
	int argc = 0;

	args_fini(&args);
	why.text[0] = '\0';
	while (argv[argc])
		argc++;
	return grammar_parse(commands, globals, argc, argv, &args, &why);
}

static void
refused(enum ms_err err, const char *text)
{
	ck_assert_int_eq(err, MS_EINVAL);
	ck_assert_str_eq(why.text, text);
	args_fini(&args);
}

START_TEST(words_find_the_verb_and_the_rest_are_its_arguments)
{
	ck_assert_int_eq(PARSE("bus", "pub", "agent.a"), MS_OK);
	ck_assert_ptr_eq(args.command, &commands[3]);
	ck_assert_uint_eq(args.pos_count, 1);
	ck_assert_str_eq(args.pos[0], "agent.a");
	args_fini(&args);
}
END_TEST

START_TEST(options_are_taken_in_every_form_and_place)
{
	static char *const forms[][5] = {
		{ "bus", "sub", "x", "-n", "5" },
		{ "bus", "sub", "x", "-n5", NULL },
		{ "bus", "sub", "--count=5", "x", NULL },
		{ "bus", "sub", "--count", "5", "x" },
	};

	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		char *argv[7] = { "msctl" };
		memcpy(argv + 1, forms[i], sizeof(forms[i]));
		ck_assert_int_eq(parse(argv), MS_OK);
		ck_assert_str_eq(args_get(&args, "count"), "5");
		ck_assert_str_eq(args.pos[0], "x");
	}
	args_fini(&args);
}
END_TEST

START_TEST(global_options_stand_before_and_after_the_verb)
{
	ck_assert_int_eq(PARSE("-s", "/a", "status", "--json", "--socket=/b"),
	    MS_OK);
	ck_assert_str_eq(args_get(&args, "socket"), "/b");
	ck_assert(args_has(&args, "json"));
	ck_assert_uint_eq(args.pos_count, 0);
	args_fini(&args);
}
END_TEST

START_TEST(after_two_dashes_everything_is_an_argument)
{
	ck_assert_int_eq(PARSE("status", "--", "--json", "-x"), MS_OK);
	ck_assert_uint_eq(args.pos_count, 2);
	ck_assert(!args_has(&args, "json"));
	args_fini(&args);
}
END_TEST

START_TEST(a_mistaken_verb_is_refused_with_the_nearest)
{
	refused(PARSE("staus"), "unknown verb 'staus' (did you mean status?)");
	refused(PARSE("bus", "pup"),
	    "unknown verb 'bus pup' (did you mean pub?)");
	refused(PARSE("elephant"), "unknown verb 'elephant'");
}
END_TEST

START_TEST(half_a_verb_is_refused)
{
	refused(PARSE("bus"),
	    "'bus' needs one more word, see 'msctl help bus'");
}
END_TEST

START_TEST(a_mistaken_option_is_refused_with_the_nearest)
{
	refused(PARSE("bus", "sub", "x", "--cuont", "5"),
	    "bus sub: unknown option '--cuont' (did you mean --count?)");
	refused(PARSE("status", "--wait"), "status: unknown option '--wait'");
}
END_TEST

START_TEST(values_are_demanded_and_refused_as_the_usage_says)
{
	refused(PARSE("bus", "sub", "x", "-n"),
	    "option '-n' needs a value (N)");
	refused(PARSE("status", "--all=3"), "option '--all' takes no value");
}
END_TEST

START_TEST(arguments_are_counted)
{
	refused(PARSE("start"), "start: NAME is missing");
	refused(PARSE("bus", "sub", "a", "b"),
	    "bus sub: 'b' is one argument too many");
	refused(PARSE("wait", "bus"), "wait: --state is needed");
	ck_assert_int_eq(PARSE("start", "a", "b", "c", "-w"), MS_OK);
	ck_assert_uint_eq(args.pos_count, 3);
	args_fini(&args);
}
END_TEST

START_TEST(help_needs_no_arguments)
{
	ck_assert_int_eq(PARSE("wait", "--help"), MS_OK);
	ck_assert_ptr_eq(args.command, &commands[2]);
	args_fini(&args);
}
END_TEST

START_TEST(help_shows_what_is_parsed)
{
	struct buf out = { 0 };

	grammar_help(&commands[2], 0, &out);
	buf_add_u8(&out, '\0');
	ck_assert_str_eq((char *)out.ptr,
	    "msctl wait NAME --state STATE\n\nawait\n\n  more\n");
	buf_fini(&out);
}
END_TEST

START_TEST(the_list_has_headings_and_fits_80_columns)
{
	struct buf out = { 0 };
	struct slice line;
	size_t off = 0, headings = 0;

	grammar_list(ctl_commands, "", &out);
	while (buf_line(&out, &off, &line)) {
		ck_assert_msg(line.len < 80, "%.*s", (int)line.len, line.ptr);
		headings += line.len && line.ptr[line.len - 1] == ':';
	}
	ck_assert_uint_gt(headings, 3);
	buf_fini(&out);
}
END_TEST

START_TEST(a_long_usage_breaks_between_its_items)
{
	const struct command c = { .usage = "a FILE [--one ONE] [B...] -x",
		.help = "h" };
	struct buf out = { 0 };

	grammar_help(&c, 21, &out);
	buf_add_u8(&out, '\0');
	ck_assert_str_eq((char *)out.ptr,
	    "msctl a FILE\n      [--one ONE]\n      [B...] -x\n\nh\n");
	buf_fini(&out);
}
END_TEST

START_TEST(the_list_of_a_word_shows_what_may_follow)
{
	struct buf out = { 0 };

	grammar_list(commands, "bus", &out);
	buf_add_u8(&out, '\0');
	ck_assert_str_eq((char *)out.ptr,
	    "  bus pub                 publish\n"
	    "  bus sub                 listen\n");
	buf_fini(&out);
}
END_TEST

START_TEST(every_verb_of_msctl_can_be_found_and_its_help_fits_80_columns)
{
	for (const struct command *c = ctl_commands; c->usage; c++) {
		struct buf out = { 0 };
		struct slice line;
		size_t off = 0;
		const char *words[3] = { NULL };
		char usage[256];
		size_t n = 0;
		if (!c->usage[0])
			continue; /* a heading */
		snprintf(usage, sizeof(usage), "%s", c->usage);
		for (char *w = strtok(usage, " ");
		     w && *w >= 'a' && *w <= 'z' && n < 3;
		     w = strtok(NULL, " "))
			words[n++] = w;
		ck_assert_ptr_eq(grammar_find(ctl_commands, words, n), c);
		ck_assert_ptr_nonnull(c->run);
		grammar_help(c, 80, &out);
		while (buf_line(&out, &off, &line))
			ck_assert_msg(line.len < 80, "%.*s", (int)line.len,
			    line.ptr);
		buf_fini(&out);
	}
}
END_TEST

START_TEST(the_manual_page_names_every_verb)
{
	struct buf page = { 0 };

	ck_assert_msg(file_read("supervisor/msctl/msctl.1", 1u << 20, &page,
			  &why) == MS_OK,
	    "%s", why.text);
	buf_add_u8(&page, 0);
	for (const struct command *c = ctl_commands; c->usage; c++) {
		char verb[64];
		size_t n = 0;
		for (; c->usage[n] &&
		     !strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZ[-", c->usage[n]);
		     n++)
			verb[n] = c->usage[n];
		for (; n > 0 && verb[n - 1] == ' '; n--)
			continue;
		verb[n] = 0;
		ck_assert_msg(strstr((char *)page.ptr, verb), "%s", verb);
	}
	buf_fini(&page);
}
END_TEST

UNIT(grammar, the_manual_page_names_every_verb,
    words_find_the_verb_and_the_rest_are_its_arguments,
    options_are_taken_in_every_form_and_place,
    global_options_stand_before_and_after_the_verb,
    after_two_dashes_everything_is_an_argument,
    a_mistaken_verb_is_refused_with_the_nearest, half_a_verb_is_refused,
    a_mistaken_option_is_refused_with_the_nearest,
    values_are_demanded_and_refused_as_the_usage_says, arguments_are_counted,
    help_needs_no_arguments, help_shows_what_is_parsed,
    the_list_has_headings_and_fits_80_columns,
    a_long_usage_breaks_between_its_items,
    the_list_of_a_word_shows_what_may_follow,
    every_verb_of_msctl_can_be_found_and_its_help_fits_80_columns)
