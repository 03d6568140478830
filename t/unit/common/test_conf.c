/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration reader: syntax, variables, layers, rows, and the words
 * and places of its errors. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/conf.h"
#include "t/lib/unit.h"

static char *no_env[] = { NULL };

static void
assert_value(const struct conf *conf, const char *kind, const char *name,
    const char *key, const char *expected)
{
	const struct conf_section *section = conf_find(conf, kind, name);
	ck_assert_msg(section != NULL, "no [%s %s]", kind, name);
	const struct conf_entry *entry = conf_entry_find(section, key);
	ck_assert_msg(entry != NULL, "no %s in [%s %s]", key, kind, name);
	ck_assert_msg(slice_is(entry->value, expected), "%s = %.*s", key,
	    (int)entry->value.len, entry->value.ptr);
}

/* The errors one below the other. */
static void
assert_errors(const struct conf_errors *errors, const char *expected)
{
	struct buf all = { 0 };

	for (size_t i = 0; i < errors->count && i < CONF_ERRORS_MAX; i++)
		buf_printf(&all, "%s\n", errors->text[i]);
	buf_add_u8(&all, '\0');
	ck_assert_str_eq((const char *)all.ptr, expected);
	buf_fini(&all);
}

static struct conf *
read_good(const char *text, char **env)
{
	struct conf_errors errors;
	struct conf *conf;

	conf_errors_init(&errors);
	conf = conf_read_text("t.conf", slice_of(text), env, &errors);
	assert_errors(&errors, "");
	conf_errors_fini(&errors);
	return conf;
}

static void
assert_text_errors(struct slice text, char **env, const char *expected)
{
	struct conf_errors errors;
	struct conf *conf;

	conf_errors_init(&errors);
	conf = conf_read_text("t.conf", text, env, &errors);
	ck_assert_ptr_nonnull(conf);
	assert_errors(&errors, expected);
	conf_free(&conf);
	ck_assert_ptr_null(conf);
	conf_errors_fini(&errors);
}

/* ---- syntax ------------------------------------------------------------- */

START_TEST(sections_keys_comments_and_blanks_are_read)
{
	struct conf *conf = read_good("\xef\xbb\xbf# a comment \\\n"
				      "[msd]\r\n"
				      "  run_dir =  /run/ms  \r\n"
				      "; another\n\n"
				      "\t[ worker   bus-1.x@2 ]\n"
				      "command = ms-bus --a=b # not a comment\n"
				      "empty =\n"
				      "last=no newline",
	    no_env);

	assert_value(conf, "msd", "", "run_dir", "/run/ms");
	assert_value(conf, "worker", "bus-1.x@2", "command",
	    "ms-bus --a=b # not a comment");
	assert_value(conf, "worker", "bus-1.x@2", "empty", "");
	assert_value(conf, "worker", "bus-1.x@2", "last", "no newline");
	ck_assert_uint_eq(conf->section_count, 2);
	ck_assert_uint_eq(conf->sections[1].entry_count, 3);
	ck_assert_ptr_null(conf_find(conf, "worker", ""));
	ck_assert_ptr_null(conf_entry_find(NULL, "x"));
	conf_free(&conf);
}
END_TEST

START_TEST(values_keep_their_place)
{
	struct conf *conf = read_good("# \n[bus]\n  dir =   /x\n", no_env);
	const struct conf_entry *e = &conf->sections[0].entries[0];

	ck_assert_str_eq(e->place.file, "t.conf");
	ck_assert_uint_eq(e->place.line, 3);
	ck_assert_uint_eq(e->place.column, 11);
	ck_assert_uint_eq(e->key_place.column, 3);
	ck_assert_uint_eq(conf->sections[0].place.line, 2);
	conf_free(&conf);
}
END_TEST

START_TEST(a_trailing_backslash_continues_a_line)
{
	struct conf *conf = read_good("[w a]\n"
				      "command = one \\\n"
				      "   two \\\n"
				      "# a comment in between\n"
				      "   three\n"
				      "next = 1\n"
				      "path = C:\\\\\n"
				      "late = \\\n"
				      "  value\n"
				      "blank = a \\\n"
				      "\n"
				      "end = 2\n",
	    no_env);

	assert_value(conf, "w", "a", "command", "one two three");
	assert_value(conf, "w", "a", "next", "1");
	assert_value(conf, "w", "a", "path", "C:\\\\");
	assert_value(conf, "w", "a", "late", "value");
	assert_value(conf, "w", "a", "blank", "a");
	assert_value(conf, "w", "a", "end", "2");
	conf_free(&conf);
}
END_TEST

START_TEST(every_wrong_line_is_reported_at_its_place)
{
	assert_text_errors(SLICE_LIT("early = 1\n"
				     "[msd\n"
				     "ignored after a bad header = 1\n"
				     "[]\n"
				     "[msd] x\n"
				     "[a b c]\n"
				     "[a b!]\n"
				     "[ok]\n"
				     "  no equals sign\n"
				     " = value\n"
				     "bad key = 1\n"
				     "\xc3\xa9 = 1\n"
				     "good = 1\n"),
	    no_env,
	    "t.conf:1:1: a key before the first [section]\n"
	    "t.conf:2:5: expected ']' at the end of the section header\n"
	    "t.conf:3:8: a key is made of letters, digits and _-. only\n"
	    "t.conf:4:2: a section is [kind] or [kind name]\n"
	    "t.conf:5:7: nothing may follow the section header (comments have "
	    "their own line)\n"
	    "t.conf:6:5: a section is [kind] or [kind name]\n"
	    "t.conf:7:5: a section's name is made of letters, digits and "
	    "_-.@:+\n"
	    "t.conf:9:3: expected key = value or [section]\n"
	    "t.conf:10:2: expected a key before '='\n"
	    "t.conf:11:4: a key is made of letters, digits and _-. only\n"
	    "t.conf:12:1: a key is made of letters, digits and _-. only\n");
}
END_TEST

START_TEST(bytes_that_are_not_text_are_reported_and_the_line_left_out)
{
	assert_text_errors(SLICE_LIT("[a]\nx = \xc3\xa9 \xff\ny = a\0b\n"
				     "z = \x1b[31m\nw = 1\n"),
	    no_env,
	    "t.conf:2:7: bytes that are not UTF-8\n"
	    "t.conf:3:6: a NUL byte\n"
	    "t.conf:4:5: a control character\n");
}
END_TEST

START_TEST(a_file_that_ends_inside_a_continued_line_is_reported)
{
	assert_text_errors(SLICE_LIT("[a]\nx = 1 \\\n"), no_env,
	    "t.conf:2:5: the file ends inside a continued line\n");
}
END_TEST

START_TEST(a_section_opened_twice_in_one_file_names_the_first_place)
{
	assert_text_errors(SLICE_LIT("\n[worker bus]\n[msd]\n [worker bus]\n"),
	    no_env,
	    "t.conf:4:2: [worker bus] was already opened at t.conf:2:1\n");
}
END_TEST

START_TEST(limits_are_errors_not_crashes)
{
	struct buf text = { 0 };

	buf_add_str(&text, "[a]\nx = ");
	for (size_t i = 0; i <= CONF_VALUE_BYTES_MAX; i++)
		buf_add_u8(&text, 'v');
	buf_add_str(&text, "\n");
	assert_text_errors(buf_slice(&text), no_env,
	    "t.conf:2:5: the value is longer than 65536 bytes\n");
	buf_reset(&text);
	for (unsigned i = 0; i <= CONF_SECTIONS_MAX; i++)
		buf_printf(&text, "[w n%u]\n", i);
	assert_text_errors(buf_slice(&text), no_env,
	    "t.conf:4097:1: more than 4096 sections\n"
	    "t.conf: the configuration is too large; the rest is not read\n");
	buf_reset(&text);
	buf_add_str(&text, "[a]\n");
	for (unsigned i = 0; i <= CONF_ENTRIES_MAX; i++)
		buf_printf(&text, "k%u=\n", i);
	assert_text_errors(buf_slice(&text), no_env,
	    "t.conf:1026:1: more than 1024 keys in [a]\n"
	    "t.conf: the configuration is too large; the rest is not read\n");
	buf_reset(&text);
	ck_assert_ptr_nonnull(buf_reserve(&text, CONF_FILE_BYTES_MAX + 1));
	memset(text.ptr, '\n', CONF_FILE_BYTES_MAX + 1);
	text.len = CONF_FILE_BYTES_MAX + 1;
	assert_text_errors(buf_slice(&text), no_env,
	    "t.conf: larger than 4194304 bytes\n");
	buf_fini(&text);
}
END_TEST

START_TEST(errors_past_the_most_are_only_counted)
{
	struct conf_errors errors;
	struct buf text = { 0 };
	char *printed = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&printed, &n);

	for (unsigned i = 0; i < CONF_ERRORS_MAX + 50; i++)
		buf_add_str(&text, "x\n");
	conf_errors_init(&errors);
	struct conf *conf =
	    conf_read_text("t.conf", buf_slice(&text), no_env, &errors);
	ck_assert_uint_eq(errors.count, CONF_ERRORS_MAX + 50);
	conf_errors_print(&errors, out);
	fclose(out);
	ck_assert_ptr_nonnull(strstr(printed, "t.conf:200:1: "));
	ck_assert_ptr_null(strstr(printed, "t.conf:201:1: "));
	ck_assert_ptr_nonnull(strstr(printed, "\nconfig: 250 errors\n"));
	free(printed);
	buf_fini(&text);
	conf_free(&conf);
	conf_errors_fini(&errors);
}
END_TEST

/* ---- variables ---------------------------------------------------------- */

START_TEST(variables_take_the_environment_or_their_default)
{
	static char *env[] = { (char *)"HOME=/root",
		(char *)"EMPTY=", (char *)"HOMER=no",
		(char *)"DOLLAR=$HOME ${HOME}", NULL };
	struct conf *conf = read_good("[a]\n"
				      "home = ${HOME}/x:${HOME}\n"
				      "empty = <${EMPTY}>\n"
				      "default = ${NONE:-a b}${EMPTY:-c}\n"
				      "none = <${NONE:-}>\n"
				      "given = ${HOME:-unused}\n"
				      "cost = 5$$ $${HOME}\n"
				      "once = ${DOLLAR}\n",
	    env);

	assert_value(conf, "a", "", "home", "/root/x:/root");
	assert_value(conf, "a", "", "empty", "<>");
	assert_value(conf, "a", "", "default", "a bc");
	assert_value(conf, "a", "", "none", "<>");
	assert_value(conf, "a", "", "given", "/root");
	assert_value(conf, "a", "", "cost", "5$ ${HOME}");
	assert_value(conf, "a", "", "once", "$HOME ${HOME}");
	conf_free(&conf);
}
END_TEST

START_TEST(without_an_environment_variables_are_empty)
{
	struct conf *conf = read_good("[a]\nx = <${HOME}>${NO:-d}\n", NULL);

	assert_value(conf, "a", "", "x", "<>d");
	conf_free(&conf);
}
END_TEST

START_TEST(wrong_variables_are_reported_at_their_dollar)
{
	static char *env[] = { (char *)"BAD=\xff", NULL };

	assert_text_errors(SLICE_LIT("[a]\n"
				     "a = x ${NONE}\n"
				     "b = \xc3\xa9 $HOME\n"
				     "c = ${HOME\n"
				     "d = ${}\n"
				     "e = ${1A}\n"
				     "f = ${A:-${B}}\n"
				     "g = 5$\n"
				     "h = ${BAD}\n"
				     "i = ${A-b}\n"),
	    env,
	    "t.conf:2:7: not set and without a default: NONE\n"
	    "t.conf:3:7: a '$' is written '$$', or begins a variable ${NAME}\n"
	    "t.conf:4:5: '${' without its '}'\n"
	    "t.conf:5:5: a variable is ${NAME} or ${NAME:-default}\n"
	    "t.conf:6:5: a variable is ${NAME} or ${NAME:-default}\n"
	    "t.conf:7:5: a default cannot hold another variable\n"
	    "t.conf:8:6: a '$' is written '$$', or begins a variable ${NAME}\n"
	    "t.conf:9:5: a variable brings bytes that are not UTF-8\n"
	    "t.conf:10:5: a variable is ${NAME} or ${NAME:-default}\n");
}
END_TEST

/* ---- the environment layer ---------------------------------------------- */

START_TEST(the_environment_overrides_without_minding_case_and_signs)
{
	static char *env[] = { (char *)"MS__BUS__MAX_PAYLOAD=2M",
		(char *)"MS__WORKER__my_Bus_1__STOP_TIMEOUT=$1s",
		(char *)"MS__worker__other__new=x", (char *)"MS_NAME=x",
		(char *)"MS__POOL__MAIN__SIZE=7", NULL };
	struct conf *conf = read_good("[bus]\nmax-payload = 1M\n"
				      "[worker my-bus.1]\nstop_timeout = 1s\n"
				      "[worker other]\na = 1\n",
	    env);

	assert_value(conf, "bus", "", "max-payload", "2M");
	assert_value(conf, "worker", "my-bus.1", "stop_timeout", "$1s");
	assert_value(conf, "worker", "other", "new", "x");
	assert_value(conf, "worker", "other", "a", "1");
	assert_value(conf, "pool", "main", "size", "7");
	ck_assert_uint_eq(conf->sections[0].entry_count, 1);
	ck_assert_str_eq(conf->sections[0].entries[0].place.file,
	    "environment");
	ck_assert_str_eq(conf_find(conf, "pool", "main")->place.file,
	    "environment");
	conf_free(&conf);
}
END_TEST

START_TEST(wrong_variables_of_the_layer_are_reported_by_name)
{
	static char *env[] = { (char *)"MS__BUS=1", (char *)"MS____X=1",
		(char *)"MS__A__=1", (char *)"MS__=1",
		(char *)"MS__W__A_B__K=1", (char *)"MS__BUS__X=\xff",
		(char *)"MS__MSD__INCLUDE=x.conf", NULL };

	assert_text_errors(SLICE_LIT("[w a-b]\n[w a.b]\n"), env,
	    "environment: MS__BUS: expected MS__SECTION__KEY or "
	    "MS__KIND__NAME__KEY\n"
	    "environment: MS____X: expected MS__SECTION__KEY or "
	    "MS__KIND__NAME__KEY\n"
	    "environment: MS__A__: expected MS__SECTION__KEY or "
	    "MS__KIND__NAME__KEY\n"
	    "environment: MS__: expected MS__SECTION__KEY or "
	    "MS__KIND__NAME__KEY\n"
	    "environment: MS__W__A_B__K: could mean more than one section\n"
	    "environment: a variable MS__... is not UTF-8\n"
	    "environment: MS__MSD__INCLUDE: only a file can include others\n");
}
END_TEST

/* ---- rows --------------------------------------------------------------- */

struct bus {
	char *dir;
	uint32_t size;
	struct words listen;
	uint64_t wait_ms;
	char *key;
};
#define AT(member) .off = offsetof(struct bus, member)
/* clang-format off */
static const struct field rows[] = {
	{ .name = "dir", .type = FIELD_STR, AT(dir), .def = "/d" },
	{ .name = "size", .type = FIELD_U32, AT(size), .def = "4", .min = 1, .max = 9 },
	{ .name = "listen", .type = FIELD_WORDS, AT(listen), .flags = FIELD_REPEAT, .def = "default" },
	{ .name = "wait", .type = FIELD_DURATION, AT(wait_ms), .flags = FIELD_LATER },
	{ .name = "key", .type = FIELD_STR, AT(key), .flags = FIELD_REQUIRED },
	FIELD_END,
};
/* clang-format on */

static void
assert_apply_errors(const char *text, char **env, const char *expected)
{
	struct conf_errors errors;
	struct arena arena;
	struct bus bus;

	arena_init(&arena, 0);
	conf_errors_init(&errors);
	struct conf *conf =
	    conf_read_text("t.conf", slice_of(text), env, &errors);
	conf_apply(conf_find(conf, "bus", ""), rows, &bus, sizeof(bus), &arena,
	    &errors);
	assert_errors(&errors, expected);
	conf_free(&conf);
	conf_errors_fini(&errors);
	arena_fini(&arena);
}

START_TEST(a_section_fills_the_struct_over_the_defaults)
{
	struct conf_errors errors;
	struct arena arena;
	struct bus bus;
	struct conf *conf = read_good("[bus]\nsize = 7\nlisten = a b\n"
				      "listen = c\nkey = k\n",
	    no_env);

	arena_init(&arena, 0);
	conf_errors_init(&errors);
	memset(&bus, 0xff, sizeof(bus));
	conf_apply(&conf->sections[0], rows, &bus, sizeof(bus), &arena,
	    &errors);
	conf_free(&conf); /* nothing is borrowed from it */
	assert_errors(&errors, "");
	ck_assert_str_eq(bus.dir, "/d");
	ck_assert_uint_eq(bus.size, 7);
	ck_assert_uint_eq(bus.listen.count, 3);
	ck_assert_str_eq(bus.listen.word[0], "a");
	ck_assert_str_eq(bus.listen.word[2], "c");
	ck_assert_uint_eq(bus.wait_ms, 0);
	ck_assert_str_eq(bus.key, "k");
	conf_errors_fini(&errors);
	arena_fini(&arena);
}
END_TEST

START_TEST(without_a_section_there_are_only_defaults)
{
	struct conf_errors errors;
	struct arena arena;
	struct bus bus;

	arena_init(&arena, 0);
	conf_errors_init(&errors);
	conf_apply(NULL, rows, &bus, sizeof(bus), &arena, &errors);
	assert_errors(&errors, "");
	ck_assert_str_eq(bus.dir, "/d");
	ck_assert_str_eq(bus.listen.word[0], "default");
	ck_assert_ptr_null(bus.key);
	arena_fini(&arena);
	conf_errors_fini(&errors);
}
END_TEST

START_TEST(wrong_keys_and_values_are_reported_with_place_and_suggestion)
{
	assert_apply_errors("[bus]\n"
			    "siez = 5\n"
			    "size = 12\n"
			    "wait = 5s\n"
			    "quite_another = 1\n"
			    "listen = a 'b\n",
	    no_env,
	    "t.conf:2:1: siez: unknown key in [bus] (did you mean size?)\n"
	    "t.conf:3:8: size: 12 is above the maximum 9\n"
	    "t.conf:4:1: wait: not supported yet\n"
	    "t.conf:5:1: quite_another: unknown key in [bus]\n"
	    "t.conf:6:10: listen: the ' at character 3 is never closed\n"
	    "t.conf:1:1: key: is required and not given\n");
}
END_TEST

START_TEST(a_key_given_twice_in_one_file_names_the_first_place)
{
	assert_apply_errors("[bus]\nkey = a\nsize = 1\n  size = 2\nsize = 3\n",
	    no_env,
	    "t.conf:4:3: size: already given at t.conf:3:1\n"
	    "t.conf:5:1: size: already given at t.conf:3:1\n");
	static char *env[] = { (char *)"MS__BUS__SIZE=5", NULL };
	assert_apply_errors("[bus]\nkey = a\nsize = 1\nsize = 2\n", env,
	    "t.conf:4:1: size: already given at t.conf:3:1\n");
}
END_TEST

START_TEST(errors_of_the_environment_name_section_and_key)
{
	static char *env[] = { (char *)"MS__BUS__SIZE=x",
		(char *)"MS__BUS__SIEZ=1", NULL };

	assert_apply_errors("[bus]\nkey = a\nsize = 1\n", env,
	    "environment: bus.size: 'x' is not a whole number\n"
	    "environment: bus.siez: unknown key in [bus] (did you mean "
	    "size?)\n");
}
END_TEST

/* ---- files -------------------------------------------------------------- */

static char folder[32];

static void
make_folder(void)
{
	snprintf(folder, sizeof(folder), "/tmp/ms-conf-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
}

static void
remove_folder(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf %s", folder);
	ck_assert_int_eq(system(command), 0);
}

static const char *
path_of(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static void
write_file(const char *name, const char *text)
{
	FILE *file = fopen(path_of(name), "w");

	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	ck_assert_int_eq(fclose(file), 0);
}

/* Expected with % for the folder. */
static void
assert_file_errors(const char *name, const char *expected)
{
	struct conf_errors errors;
	struct buf full = { 0 };
	char *path = strdup(path_of(name));
	struct conf *conf;

	for (; *expected; expected++) {
		if (*expected == '%')
			buf_add_str(&full, folder);
		else
			buf_add_u8(&full, (uint8_t)*expected);
	}
	buf_add_u8(&full, '\0');
	conf_errors_init(&errors);
	conf = conf_read(path, no_env, &errors);
	assert_errors(&errors, (const char *)full.ptr);
	ck_assert_ptr_nonnull(conf);
	conf_free(&conf);
	conf_errors_fini(&errors);
	buf_fini(&full);
	free(path);
}

START_TEST(includes_come_in_name_order_and_override)
{
	struct conf_errors errors;

	make_folder();
	ck_assert_int_eq(mkdir(path_of("conf.d"), 0700), 0);
	write_file("ms.conf",
	    "[msd]\ninclude = conf.d/*.conf none/*.conf\n"
	    "[bus]\na = main\nb = main\nc = main\n");
	write_file("conf.d/20.conf", "[bus]\nb = twenty\nd = twenty\n");
	write_file("conf.d/10.conf",
	    "[msd]\ninclude = sub.inc\n[bus]\nb = ten\nc = ten\n");
	write_file("conf.d/sub.inc", "[bus]\nc = sub\n[worker x]\ny = 1\n");
	write_file("conf.d/30.txt", "not read");
	conf_errors_init(&errors);
	struct conf *conf = conf_read(path_of("ms.conf"), no_env, &errors);
	assert_errors(&errors, "");
	assert_value(conf, "bus", "", "a", "main");
	assert_value(conf, "bus", "", "b", "twenty");
	assert_value(conf, "bus", "", "c", "sub");
	assert_value(conf, "bus", "", "d", "twenty");
	assert_value(conf, "worker", "x", "y", "1");
	ck_assert_uint_eq(conf->file_count, 4);
	ck_assert_str_eq(conf->files[0], path_of("ms.conf"));
	ck_assert_str_eq(conf->files[1], path_of("conf.d/10.conf"));
	ck_assert_str_eq(conf->files[2], path_of("conf.d/sub.inc"));
	ck_assert_str_eq(conf->files[3], path_of("conf.d/20.conf"));
	ck_assert_str_eq(
	    conf_entry_find(conf_find(conf, "bus", ""), "b")->place.file,
	    path_of("conf.d/20.conf"));
	ck_assert(slice_is(
	    conf_entry_find(conf_find(conf, "bus", ""), "b")->over->over->value,
	    "main"));
	conf_free(&conf);
	conf_errors_fini(&errors);
	remove_folder();
}
END_TEST

START_TEST(an_include_without_wildcard_must_exist)
{
	make_folder();
	write_file("ms.conf", "[msd]\ninclude = here.conf gone.conf 'x\n");
	assert_file_errors("ms.conf",
	    "%/ms.conf:2:11: include: the ' at character 21 is never "
	    "closed\n");
	write_file("ms.conf",
	    "[msd]\ninclude = gone.conf *.none\n"
	    "[bus]\ninclude = y\n");
	assert_file_errors("ms.conf",
	    "%/ms.conf:2:11: include: no such file: gone.conf\n");
	remove_folder();
}
END_TEST

START_TEST(files_that_include_each_other_are_refused_with_the_chain)
{
	make_folder();
	write_file("a.conf", "[msd]\ninclude = b.conf\n");
	write_file("b.conf", "[msd]\ninclude = ./a.conf\n");
	assert_file_errors("a.conf",
	    "%/b.conf:2:11: include: files include each other: "
	    "%/a.conf -> %/b.conf -> %/./a.conf\n");
	write_file("self.conf", "[msd]\ninclude = self.conf\n");
	assert_file_errors("self.conf",
	    "%/self.conf:2:11: include: files include each other: "
	    "%/self.conf -> %/self.conf\n");
	remove_folder();
}
END_TEST

START_TEST(includes_nest_four_deep_and_no_deeper)
{
	char name[32], text[64];

	make_folder();
	for (int i = 0; i < 6; i++) {
		snprintf(name, sizeof(name), "%d.conf", i);
		snprintf(text, sizeof(text), "[msd]\ninclude = %d.conf\n",
		    i + 1);
		write_file(name, i < 5 ? text : "[bus]\n");
	}
	assert_file_errors("0.conf",
	    "%/4.conf:2:11: include: %/5.conf: nested too deep (4 at "
	    "most)\n");
	assert_file_errors("1.conf", "");
	remove_folder();
}
END_TEST

START_TEST(a_folder_with_wildcards_in_its_name_is_taken_literally)
{
	make_folder();
	ck_assert_int_eq(mkdir(path_of("[x]*"), 0700), 0);
	write_file("[x]*/a.conf", "[msd]\ninclude = b.conf c*.conf\n");
	write_file("[x]*/b.conf", "[bus]\n");
	write_file("[x]*/c1.conf", "[bus\n");
	assert_file_errors("[x]*/a.conf",
	    "%/[x]*/c1.conf:1:5: expected ']' at the end of the section "
	    "header\n");
	remove_folder();
}
END_TEST

START_TEST(files_that_cannot_be_read_say_why)
{
	make_folder();
	assert_file_errors("none.conf",
	    "%/none.conf: No such file or directory\n");
	assert_file_errors("", "%/: not a regular file\n");
	ck_assert_int_eq(mkdir(path_of("d.conf"), 0700), 0);
	ck_assert_int_eq(mkfifo(path_of("fifo"), 0600), 0);
	write_file("ms.conf", "[msd]\ninclude = d.conf fifo\n");
	assert_file_errors("ms.conf",
	    "%/ms.conf:2:11: include: %/d.conf: not a regular file\n"
	    "%/ms.conf:2:11: include: %/fifo: not a regular file\n");
	write_file("big.conf", "");
	ck_assert_int_eq(truncate(path_of("big.conf"), CONF_FILE_BYTES_MAX + 1),
	    0);
	struct conf_errors errors;
	conf_errors_init(&errors);
	struct conf *conf = conf_read(path_of("big.conf"), no_env, &errors);
	ck_assert_uint_eq(errors.count, 1);
	ck_assert_ptr_nonnull(strstr(errors.text[0], "big.conf"));
	conf_free(&conf);
	conf_errors_fini(&errors);
	remove_folder();
}
END_TEST

START_TEST(a_text_cannot_include)
{
	assert_text_errors(SLICE_LIT("[msd]\ninclude = x.conf\n"), no_env,
	    "t.conf:2:11: include: only a file can include others\n");
}
END_TEST

UNIT(conf, sections_keys_comments_and_blanks_are_read, values_keep_their_place,
    a_trailing_backslash_continues_a_line,
    every_wrong_line_is_reported_at_its_place,
    bytes_that_are_not_text_are_reported_and_the_line_left_out,
    a_file_that_ends_inside_a_continued_line_is_reported,
    a_section_opened_twice_in_one_file_names_the_first_place,
    limits_are_errors_not_crashes, errors_past_the_most_are_only_counted,
    variables_take_the_environment_or_their_default,
    without_an_environment_variables_are_empty,
    wrong_variables_are_reported_at_their_dollar,
    the_environment_overrides_without_minding_case_and_signs,
    wrong_variables_of_the_layer_are_reported_by_name,
    a_section_fills_the_struct_over_the_defaults,
    without_a_section_there_are_only_defaults,
    wrong_keys_and_values_are_reported_with_place_and_suggestion,
    a_key_given_twice_in_one_file_names_the_first_place,
    errors_of_the_environment_name_section_and_key,
    includes_come_in_name_order_and_override,
    an_include_without_wildcard_must_exist,
    files_that_include_each_other_are_refused_with_the_chain,
    includes_nest_four_deep_and_no_deeper,
    a_folder_with_wildcards_in_its_name_is_taken_literally,
    files_that_cannot_be_read_say_why, a_text_cannot_include)
