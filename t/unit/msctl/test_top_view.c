/* SPDX-License-Identifier: Apache-2.0 */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "supervisor/msctl/screen.h"
#include "supervisor/msctl/top_view.h"
#include "t/lib/unit.h"

#define MIB      (1024u * 1024)
#define S        UINT64_C(1000000000)
#define WORKERS  5
#define MANY_MAX 100

static const struct look utf8 = { .utf8 = true, .columns = 80 };
static const struct look ascii = { .utf8 = false, .columns = 80 };

static struct top_worker workers[2][MANY_MAX];
static struct top_pool pools[2][1];
static struct top_consumer consumers[2][2];
static struct top_frame frames[2]; /* before and now, two seconds later */

static const struct top_worker first[WORKERS] = {
	{ "bus", "ready", true, true, 815, true, 0, 4 * MIB, 0, 252000, 100,
	    800000 },
	{ "pool", "ready", true, true, 816, true, 0, 9 * MIB, 2, 252000, 0, 0 },
	{ "persist", "backoff", true, false, 0, false, 0, 0, 5, 0, 7, 0 },
	{ "planner", "ready", true, true, 1203, true, 0, 184 * MIB, 0, 90000, 0,
	    0 },
	{ "done", "exited", true, false, 0, false, 0, 0, 0, 0, 0, 0 },
};

static void
fill(size_t i, double s)
{
	struct top_frame *f = &frames[i];

	memcpy(workers[i], first, sizeof(first));
	workers[i][0].cpu_ns = (uint64_t)(s * 0.05 * 1e9);
	workers[i][0].requests = (uint64_t)(100 + s * 250);
	workers[i][3].cpu_ns = (uint64_t)(s * 1.5 * 1e9);
	pools[i][0] = (struct top_pool){ .name = "main",
		.used = 3,
		.idle = 6,
		.other = 1,
		.waiting = 4,
		.clients = 21,
		.acquired = (uint64_t)(s * 1200),
		.transactions = (uint64_t)(s * 15000),
		.errors = 1,
		.acquire_p99_ns = 12 * S / 1000 };
	consumers[i][0] = (struct top_consumer){ .name = "persist",
		.lag = 12000,
		.in_flight = 1000,
		.delivered = (uint64_t)(s * 9000),
		.redelivered = 1 };
	consumers[i][1] = (struct top_consumer){ .name = "agent" };
	*f = (struct top_frame){ .wall_ns = 1764015790 * (int64_t)S,
		.mono_ns = (uint64_t)((100 + s) * 1e9),
		.has_tree = true,
		.workers = workers[i],
		.worker_count = WORKERS,
		.bus = { .is_there = true,
		    .events = (uint64_t)(s * 12345),
		    .received_bytes = (uint64_t)(s * 5 * MIB),
		    .delivered = (uint64_t)(s * 9000),
		    .lag = 12000,
		    .log_bytes = 24 * MIB,
		    .route_p99_ns = 85000 },
		.consumers = consumers[i],
		.consumer_count = 2,
		.pools = pools[i],
		.pool_count = 1,
		.promises = { { "routing", 85000, 1000000, false },
		    { "persistence", 35000000, 5000000, true } },
		.promise_count = 2 };
}

static void
given(void)
{
	setlocale(LC_CTYPE, "C.UTF-8");
	setenv("TZ", "UTC", 1);
	tzset();
	fill(0, 0);
	fill(1, 2);
}

static void
shows(const struct top_view *view, const struct look *look, const char *text)
{
	struct buf out = { 0 };

	top_render(&frames[1], &frames[0], view, look, &out);
	buf_add_u8(&out, '\0');
	ck_assert_str_eq((char *)out.ptr, text);
	buf_fini(&out);
}

START_TEST(a_screen_of_workers)
{
	given();
	shows(&(struct top_view){ .rows = 24, .keys = true }, &utf8,
	    "20:23:10  5 workers, 3 ready, 1 not  cpu 155.0%  memory 197 MiB\n"
	    "bus  in 12.3k/s  out 9000/s  behind 12000  route p99 85 us  log "
	    "24.0 MiB\n"
	    "sla  BROKEN persistence 35.0 ms > 5.0 ms\n"
	    "\n"
	    "WORKER    PID  STATE       CPU%   MEMORY  RESTARTS  REQ/S     P99 "
	    " UPTIME\n"
	    "planner  1203  ● ready    150.0  184 MiB         0      -       - "
	    "  1m30s\n"
	    "bus       815  ● ready      5.0  4.0 MiB         0    250  800 us "
	    "  4m12s\n"
	    "pool      816  ● ready      0.0  9.0 MiB         2      -       - "
	    "  4m12s\n"
	    "persist     -  ▲ backoff      -        -         5      0       - "
	    "      -\n"
	    "done        -  ○ exited       -        -         0      -       - "
	    "      -\n"
	    "q quit  w b p workers, bus, pools  c m r n sort (cpu)");
}
END_TEST

START_TEST(a_screen_of_the_bus)
{
	given();
	shows(&(struct top_view){ .what = TOP_BUS }, &ascii,
	    "20:23:10  5 workers, 3 ready, 1 not  cpu 155.0%  memory 197 MiB\n"
	    "bus  in 12.3k/s (5.0 MiB/s)  out 9000/s  behind 12000  route p99 "
	    "85 us  log 24.~\n"
	    "sla  BROKEN persistence 35.0 ms > 5.0 ms\n"
	    "\n"
	    "CONSUMER  BEHIND  IN FLIGHT  OUT/S  AGAIN/S  DELIVERED\n"
	    "persist    12000       1000   9000        0      18000\n"
	    "agent          0          0      0        0          0\n");
}
END_TEST

START_TEST(a_screen_of_pools)
{
	given();
	frames[1].promises[1].breached = false;
	shows(&(struct top_view){ .what = TOP_POOLS,
		  .replay = "2 of 360, paused" },
	    &ascii,
	    "20:23:10  replay 2 of 360, paused  5 workers, 3 ready, 1 not  cpu "
	    "155.0%  memor~\n"
	    "bus  in 12.3k/s  out 9000/s  behind 12000  route p99 85 us  log "
	    "24.0 MiB\n"
	    "sla  kept\n"
	    "\n"
	    "POOL  BUSY  IDLE  OTHER  CLIENTS  WAITING  ACQUIRED/S   TX/S      "
	    "P99  ERRORS\n"
	    "main     3     6      1       21        4        1200  15.0k  12.0 "
	    "ms       1\n");
}
END_TEST

START_TEST(the_order_of_workers_is_chosen)
{
	static const char *const firsts[] = { [TOP_BY_CPU] = "planner",
		[TOP_BY_MEMORY] = "planner",
		[TOP_BY_RESTARTS] = "persist",
		[TOP_BY_NAME] = "bus" };

	given();
	for (int sort = TOP_BY_CPU; sort <= TOP_BY_NAME; sort++) {
		struct top_view view = { .sort = (enum top_sort)sort };
		struct buf out = { 0 };
		struct slice line = { NULL, 0 };
		size_t off = 0;

		top_render(&frames[1], &frames[0], &view, &ascii, &out);
		for (int i = 0; i < 6; i++)
			ck_assert(buf_line(&out, &off, &line));
		ck_assert_msg(strncmp(line.ptr, firsts[sort],
				  strlen(firsts[sort])) == 0,
		    "%.*s", (int)line.len, line.ptr);
		buf_fini(&out);
	}
}
END_TEST

START_TEST(a_screen_is_never_larger_than_the_terminal)
{
	static char names[MANY_MAX][24];

	given();
	for (size_t i = 0; i < MANY_MAX; i++) {
		snprintf(names[i], sizeof(names[i]), "a_long_name_indeed@%zu",
		    i);
		workers[1][i] = first[i % WORKERS];
		workers[1][i].name = names[i];
		workers[1][i].rss_bytes = UINT64_C(1) << 40;
		workers[1][i].request_p99_ns = 68 * S;
		workers[1][i].pid = 4194304;
	}
	frames[1].worker_count = MANY_MAX;
	for (unsigned rows = 8; rows < 60; rows++) {
		for (unsigned what = TOP_WORKERS; what <= TOP_POOLS; what++) {
			struct top_view view = { .what = (enum top_what)what,
				.rows = rows,
				.keys = rows % 2 };
			struct buf out = { 0 };
			struct slice line;
			size_t off = 0, lines = 0;

			top_render(&frames[1], &frames[0], &view, &utf8, &out);
			buf_add_str(&out, view.keys ? "\n" : "");
			while (buf_line(&out, &off, &line)) {
				ck_assert_uint_le(look_width(&utf8, line), 80);
				lines++;
			}
			ck_assert_uint_le(lines, rows);
			if (what == TOP_WORKERS)
				ck_assert_uint_eq(lines, rows);
			buf_fini(&out);
		}
	}
}
END_TEST

START_TEST(without_a_frame_before_rates_are_not_known)
{
	struct json *root;
	const struct json *bus, *worker;

	given();
	root = top_json(&frames[1], NULL);
	bus = json_get(root, "bus");
	worker = json_first(json_get(root, "workers"));
	ck_assert_int_eq(json_type_of(json_get(bus, "in_per_s")), JSON_NULL);
	ck_assert_int_eq(json_type_of(json_get(worker, "cpu_pct")), JSON_NULL);
	json_free(&root);
	root = top_json(&frames[1], &frames[0]);
	ck_assert(json_get_num(json_get(root, "bus"), "in_per_s", 0) == 12345);
	json_free(&root);
}
END_TEST

START_TEST(totals_that_begin_again_and_other_processes_have_no_rate)
{
	struct json *root;
	const struct json *worker;

	given();
	workers[0][0].pid = 700;
	frames[0].bus.events = 1 << 30;
	root = top_json(&frames[1], &frames[0]);
	worker = json_first(json_get(root, "workers"));
	ck_assert_int_eq(json_type_of(json_get(worker, "cpu_pct")), JSON_NULL);
	ck_assert_int_eq(json_type_of(
			     json_get(json_get(root, "bus"), "in_per_s")),
	    JSON_NULL);
	json_free(&root);
}
END_TEST

START_TEST(nothing_at_all_is_a_screen_too)
{
	static const struct top_frame nothing = { .wall_ns = 0 };
	struct buf out = { 0 };

	given();
	for (unsigned what = TOP_WORKERS; what <= TOP_POOLS; what++) {
		struct top_view view = { .what = (enum top_what)what };

		top_render(&nothing, NULL, &view, &ascii, &out);
	}
	ck_assert(!out.failed);
	buf_add_u8(&out, '\0');
	ck_assert_ptr_nonnull(strstr((char *)out.ptr, "msd does not answer"));
	buf_fini(&out);
}
END_TEST

START_TEST(keys_are_read_from_what_terminals_send)
{
	static const struct {
		const char *bytes;
		int key;
		size_t used;
	} cases[] = {
		{ "q", 'q', 1 },
		{ "\033[A", KEY_UP, 3 },
		{ "\033OD", KEY_LEFT, 3 },
		{ "\033[4~x", KEY_END, 4 },
		{ "\033[15~q", KEY_NONE, 5 },
		{ "\033", KEY_NONE, 1 },
		{ "\033[", KEY_NONE, 2 },
		{ "\033[1;5", KEY_NONE, 5 },
		{ "", KEY_NONE, 0 },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		size_t used = 99;

		ck_assert_int_eq(screen_key_parse(slice_of(cases[i].bytes),
				     &used),
		    cases[i].key);
		ck_assert_uint_eq(used, cases[i].used);
	}
}
END_TEST

UNIT(top_view, a_screen_of_workers, a_screen_of_the_bus, a_screen_of_pools,
    the_order_of_workers_is_chosen, a_screen_is_never_larger_than_the_terminal,
    without_a_frame_before_rates_are_not_known,
    totals_that_begin_again_and_other_processes_have_no_rate,
    nothing_at_all_is_a_screen_too, keys_are_read_from_what_terminals_send)
