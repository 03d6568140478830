/* SPDX-License-Identifier: Apache-2.0 */
#include <locale.h>
#include <stdlib.h>
#include <time.h>

#include "common/mono.h"
#include "supervisor/msctl/render.h"
#include "t/lib/unit.h"

static const struct look utf8 = { .utf8 = true, .columns = 80 };
static const struct look ascii = { .utf8 = false, .columns = 80 };

#define SEGV_EXIT                                                 \
	"{\"kind\":\"signal\",\"code\":null,\"signal\":\"SEGV\"," \
	"\"cause\":\"self\",\"at\":\"2026-11-24T20:00:00.000Z\"}"
#define OPERATOR_EXIT                                    \
	"{\"kind\":\"exit\",\"code\":0,\"signal\":null," \
	"\"cause\":\"operator\",\"at\":\"2026-11-24T19:00:00.000Z\"}"
#define BUS                                                              \
	"{\"name\":\"bus\",\"supervisor\":\"core\",\"type\":\"worker\"," \
	"\"state\":\"ready\",\"want\":\"up\",\"pid\":815,"               \
	"\"generation\":3,\"restarts\":2,\"ready\":true,"                \
	"\"uptime_ms\":252000,\"status_text\":\"serving\","              \
	"\"next_start_ms\":null,\"last_exit\":" SEGV_EXIT ","            \
	"\"rss_kib\":2150}"
#define PERSIST                                                         \
	"{\"name\":\"persist\",\"supervisor\":\"core\","                \
	"\"type\":\"worker\",\"state\":\"backoff\",\"want\":\"up\","    \
	"\"pid\":null,\"generation\":9,\"restarts\":5,\"ready\":false," \
	"\"uptime_ms\":null,\"status_text\":\"\","                      \
	"\"next_start_ms\":3200,\"last_exit\":" SEGV_EXIT "}"
#define REDIS                                                              \
	"{\"name\":\"redis\",\"supervisor\":\"core\",\"type\":\"worker\"," \
	"\"state\":\"down\",\"want\":\"down\",\"pid\":null,"               \
	"\"generation\":1,\"restarts\":0,\"ready\":false,"                 \
	"\"uptime_ms\":null,\"status_text\":\"\","                         \
	"\"next_start_ms\":null,\"last_exit\":" OPERATOR_EXIT "}"

static int64_t
now(void)
{
	int64_t ns = 0;
	const char *at = "2026-11-24T20:04:12.000Z";

	ck_assert(rfc3339_parse(at, strlen(at), &ns));
	return ns;
}

static struct json *
parsed(const char *text)
{
	struct json *root = NULL;
	struct why why = { "" };

	setlocale(LC_CTYPE, "C.UTF-8");
	ck_assert_msg(json_parse(slice_of(text), &root, &why) == MS_OK, "%s",
	    why.text);
	return root;
}

static void
is(struct buf *out, const char *text)
{
	buf_add_u8(out, '\0');
	ck_assert_str_eq((char *)out->ptr, text);
	buf_fini(out);
}

static const char tree[] = "{\"id\":1,\"ok\":true,\"tree\":{"
			   "\"name\":\"root\",\"type\":\"supervisor\","
			   "\"state\":\"ready\",\"children\":["
			   "{\"name\":\"core\",\"type\":\"supervisor\","
			   "\"state\":\"ready\",\"strategy\":\"one_for_one\","
			   "\"intensity\":5,\"period_ms\":10000,"
			   "\"children\":[" BUS "," PERSIST "]},"
			   "{\"name\":\"backends\",\"type\":\"supervisor\","
			   "\"state\":\"ready\",\"children\":[" REDIS "]}]}}";

START_TEST(the_tree_draws_branches_and_what_is_notable)
{
	struct json *root = parsed(tree);
	struct buf out = { 0 };

	tree_render(root, &utf8, &out);
	is(&out,
	    "NAME           PID  STATE      UPTIME   MEMORY  NOTE\n"
	    "root                ● ready\n"
	    "├─ core             ● ready                     one_for_one 5/10s\n"
	    "│  ├─ bus      815  ● ready     4m12s  2.1 MiB  2 restarts (killed "
	    "by SEGV), se…\n"
	    "│  └─ persist       ▲ backoff                   next try in 3.2 s, "
	    "killed by SE…\n"
	    "└─ backends         ● ready\n"
	    "   └─ redis         ○ down                      exit code 0, by "
	    "operator\n"
	    "1 process, 2.1 MiB, 1 ready, 2 not\n");
	json_free(&root);
}
END_TEST

START_TEST(without_utf8_the_tree_is_ascii)
{
	struct json *root = parsed(tree);
	struct buf out = { 0 };

	tree_render(root, &ascii, &out);
	for (size_t i = 0; i < out.len; i++)
		ck_assert_uint_lt(out.ptr[i], 0x80);
	buf_add_u8(&out, '\0');
	ck_assert_ptr_nonnull(strstr((char *)out.ptr, "|  `- persist"));
	buf_fini(&out);
	json_free(&root);
}
END_TEST

START_TEST(no_line_of_the_tree_is_wider_than_the_terminal)
{
	struct json *root = parsed(tree);

	for (unsigned columns = 60; columns < 120; columns++) {
		struct look look = { .utf8 = true, .columns = columns };
		struct buf out = { 0 };
		struct slice line;
		size_t off = 0;
		tree_render(root, &look, &out);
		while (buf_line(&out, &off, &line))
			ck_assert_uint_le(look_width(&look, line), columns);
		buf_fini(&out);
	}
	json_free(&root);
}
END_TEST

START_TEST(status_is_a_line_each)
{
	struct json *root = parsed("{\"workers\":[" BUS "," REDIS "]}");
	struct buf out = { 0 };

	status_render(root, &utf8, &out);
	is(&out,
	    "NAME   PID  STATE    UPTIME  SUPERVISOR  NOTE\n"
	    "bus    815  ● ready   4m12s  core        2 restarts (killed by "
	    "SEGV), serving\n"
	    "redis       ○ down           core        exit code 0, by "
	    "operator\n");
	json_free(&root);
}
END_TEST

START_TEST(a_card_tells_all_of_one_worker)
{
	struct json *worker = parsed(BUS);
	struct buf out = { 0 };

	card_render(worker, &utf8, now(), &out);
	is(&out,
	    "bus ● ready\n"
	    "  process    pid 815, generation 3, up 4m12s, 2.1 MiB\n"
	    "  says       serving\n"
	    "  supervisor core\n"
	    "  restarts   2\n"
	    "  last exit  killed by SEGV, 4m12s ago "
	    "(2026-11-24T20:00:00.000Z)\n");
	json_free(&worker);
}
END_TEST

START_TEST(why_tells_deaths_deed_next_try_and_last_words)
{
	struct json *root =
	    parsed("{\"worker\":" PERSIST ",\"exits\":[" SEGV_EXIT
		   "," OPERATOR_EXIT "],\"done\":\"restarted alone\","
		   "\"next_start_ms\":3200,"
		   "\"output\":[\"first\",\"last\\u001b[m\"]}");
	struct buf out = { 0 };

	why_render(root, &utf8, now(), &out);
	is(&out,
	    "persist ▲ backoff\n"
	    "  died       killed by SEGV, 4m12s ago "
	    "(2026-11-24T20:00:00.000Z)\n"
	    "  before     exit code 0, by operator, 1h04m ago "
	    "(2026-11-24T19:00:00.000Z)\n"
	    "  done       restarted alone\n"
	    "  next try   in 3.2 s\n"
	    "  output     first\n"
	    "             last?[m\n");
	json_free(&root);
}
END_TEST

START_TEST(every_death_is_a_row_of_a_table_of_80_columns)
{
	struct json *root = parsed(
	    "{\"worker\":" PERSIST ",\"exits\":[{\"kind\":\"exec\","
	    "\"stage\":\"cwd\",\"errno\":\"ENOENT\",\"cause\":\"self\","
	    "\"at\":\"2026-11-24T20:00:00.000Z\",\"uptime_ms\":12}," OPERATOR_EXIT
	    "]}");
	struct look narrow = utf8;
	struct buf out = { 0 };
	struct slice line;
	size_t off = 0, lines = 0;

	narrow.columns = 80;
	deaths_render(root, &narrow, &out);
	while (buf_line(&out, &off, &line)) {
		ck_assert_uint_le(look_width(&narrow, line), 80);
		lines++;
	}
	ck_assert_uint_eq(lines, 4);
	buf_add_u8(&out, 0);
	ck_assert_ptr_nonnull(strstr((char *)out.ptr, "ENOENT"));
	ck_assert_ptr_nonnull(strstr((char *)out.ptr, "operator"));
	buf_fini(&out);
	json_free(&root);
}
END_TEST

START_TEST(an_answer_of_another_shape_is_shown_as_far_as_it_goes)
{
	static const char *const odd[] = { "{}", "{\"tree\":[]}",
		"{\"tree\":{\"name\":7,\"children\":{\"a\":1}}}",
		"{\"workers\":[1,\"x\",null]}", "{\"worker\":3,\"exits\":9}" };

	for (size_t i = 0; i < sizeof(odd) / sizeof(*odd); i++) {
		struct json *root = parsed(odd[i]);
		struct buf out = { 0 };
		tree_render(root, &utf8, &out);
		status_render(root, &utf8, &out);
		why_render(root, &utf8, now(), &out);
		card_render(root, &utf8, now(), &out);
		event_render(root, &utf8, &out);
		ck_assert(!out.failed);
		buf_fini(&out);
		json_free(&root);
	}
}
END_TEST

START_TEST(an_event_is_one_line_with_what_it_carries)
{
	struct json *event = parsed(
	    "{\"seq\":412,\"at\":\"2026-11-24T20:00:00.123Z\",\"mono_ms\":1,"
	    "\"event\":\"exited\",\"name\":\"bus\",\"pid\":815,"
	    "\"last_exit\":" SEGV_EXIT "}");
	struct buf out = { 0 };

	setenv("TZ", "UTC", 1);
	tzset();
	event_render(event, &utf8, &out);
	is(&out,
	    "   412 20:00:00.123 bus            exited      pid=815 "
	    "killed by SEGV\n");
	json_free(&event);
}
END_TEST

START_TEST(an_exit_is_told_in_words_before_anything_that_may_be_cut)
{
	struct json *event = parsed(
	    "{\"seq\":13,\"at\":\"2026-11-24T20:00:00.123Z\","
	    "\"event\":\"exited\",\"name\":\"bus\",\"pid\":815,"
	    "\"generation\":2,\"kind\":\"signal\",\"code\":-1,"
	    "\"signal\":\"TERM\",\"cause\":\"operator\",\"stage\":\"\"}");
	struct look narrow = utf8;
	struct buf out = { 0 };

	narrow.columns = 80;
	setenv("TZ", "UTC", 1);
	tzset();
	event_render(event, &narrow, &out);
	is(&out,
	    "    13 20:00:00.123 bus            exited      killed by TERM, by "
	    "operator pid=…\n");
	json_free(&event);
}
END_TEST

START_TEST(why_shows_the_last_words_whole_on_a_narrow_terminal)
{
	struct json *root = parsed("{\"worker\":" PERSIST ",\"exits\":[],"
				   "\"hint\":\"say it in the foreground, and "
				   "nowhere else\",\"output\":[\"fatal: cannot "
				   "reach the database at db.example.org\"]}");
	struct look narrow = utf8;
	struct buf out = { 0 };

	narrow.columns = 46;
	why_render(root, &narrow, now(), &out);
	is(&out,
	    "persist ▲ backoff\n"
	    "  died       never, as long as msd remembers\n"
	    "  hint       say it in the foreground, and\n"
	    "             nowhere else\n"
	    "  output     fatal: cannot reach the database\n"
	    "             at db.example.org\n");
	json_free(&root);
}
END_TEST

START_TEST(every_kind_of_exit_has_words)
{
	static const char *const kinds[][2] = {
		{ "{\"kind\":\"exit\",\"code\":3,\"cause\":\"self\"}",
		    "exit code 3" },
		{ "{\"kind\":\"exit\",\"code\":1,\"errno\":\"ENOSPC\"}",
		    "exit code 1, it said ENOSPC" },
		{ "{\"kind\":\"exit\",\"code\":null,\"stage\":\"mainpid\"}",
		    "ended, only its parent knows how" },
		{ "{\"kind\":\"signal\",\"signal\":\"KILL\","
		  "\"cause\":\"external\"}",
		    "killed by KILL, external" },
		{ "{\"kind\":\"start_timeout\"}", "not ready in time" },
		{ "{\"kind\":\"watchdog\"}", "hung: no watchdog sign" },
		{ "{\"kind\":\"check\"}", "health check failed" },
		{ "{\"kind\":\"oom\"}", "out of memory" },
		{ "{\"kind\":\"exec\",\"stage\":\"exec\","
		  "\"errno\":\"ENOENT\"}",
		    "could not start: exec: ENOENT" },
		{ "null", "" },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		struct json *last_exit = parsed(kinds[i][0]);
		struct buf out = { 0 };
		exit_render(last_exit, &out);
		is(&out, kinds[i][1]);
		json_free(&last_exit);
	}
}
END_TEST

UNIT(render, the_tree_draws_branches_and_what_is_notable,
    without_utf8_the_tree_is_ascii,
    no_line_of_the_tree_is_wider_than_the_terminal, status_is_a_line_each,
    a_card_tells_all_of_one_worker,
    why_tells_deaths_deed_next_try_and_last_words,
    every_death_is_a_row_of_a_table_of_80_columns,
    an_answer_of_another_shape_is_shown_as_far_as_it_goes,
    an_event_is_one_line_with_what_it_carries,
    an_exit_is_told_in_words_before_anything_that_may_be_cut,
    why_shows_the_last_words_whole_on_a_narrow_terminal,
    every_kind_of_exit_has_words)
