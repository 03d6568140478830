/* SPDX-License-Identifier: Apache-2.0 */
/* The numbers of the skeleton, as whoever reads its segment sees them. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <nng/nng.h>

#include "common/metrics_read.h"
#include "common/mono.h"
#include "proto/client/call.h"
#include "proto/contract.h"
#include "proto/msg/worker.h"
#include "t/lib/echo.h"
#include "t/lib/probe.h"
#include "t/lib/unit.h"

#define NO_BODY ((struct slice){ NULL, 0 })

struct scene {
	struct probe probe;
	char path[128];
	struct link_hub *hub;
	struct link *link;
	struct arena arena;
	struct metrics_snapshot snapshot;
};

static void
scene_begin(struct scene *s)
{
	int fd;

	memset(s, 0, sizeof(*s));
	probe_init(&s->probe, "echo_worker", "echo");
	snprintf(s->path, sizeof(s->path), "%s/numbers", s->probe.dir);
	fd = open(s->path, O_CREAT | O_WRONLY, 0640);
	ck_assert_int_eq(ftruncate(fd, METRICS_SEGMENT_BYTES), 0);
	close(fd);
	setenv(ENV_METRICS, s->path, 1);
	probe_start(&s->probe);
	arena_init(&s->arena, 0);
	ck_assert_int_eq(link_hub_open(&s->hub), MS_OK);
	ck_assert_int_eq(link_open(s->hub, probe_address(&s->probe), &s->link),
	    MS_OK);
}

static void
scene_end(struct scene *s)
{
	metrics_snapshot_fini(&s->snapshot);
	link_close(&s->link);
	link_hub_close(&s->hub);
	arena_fini(&s->arena);
	unlink(s->path);
	probe_fini(&s->probe);
	nng_fini();
}

static enum ms_err
ask(struct scene *s, const struct msg_desc *desc, void *out)
{
	struct why why = { "" };

	return call_wait(s->link, desc, NULL, NO_BODY, PROBE_WAIT_MS, &s->arena,
	    out, NULL, &why);
}

static const struct metrics_series *
find(struct scene *s, const char *name, const char *a, const char *b)
{
	const struct metrics_series *found;

	metrics_snapshot_fini(&s->snapshot);
	ck_assert_int_eq(metrics_snapshot_read(s->path, &s->snapshot, NULL),
	    MS_OK);
	found = metrics_snapshot_find(&s->snapshot, name,
	    (const char *[]){ a, b, NULL });
	ck_assert_msg(found != NULL, "%s{%s,%s} is not there", name, a ? a : "",
	    b ? b : "");
	return found;
}

START_TEST(requests_are_counted_by_route_and_result)
{
	struct worker_health_out health = { 0 };
	struct echo_state state = { 0 };
	struct msg_desc unknown = test_state;
	struct scene s;

	scene_begin(&s);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(ask(&s, &test_state, &state), MS_OK);
	ck_assert_int_eq(ask(&s, &msg_worker_health, &health), MS_OK);
	unknown.verb = "test.nothing";
	ck_assert_int_eq(ask(&s, &unknown, &state), MS_ENOTFOUND);
	ck_assert_int_eq(
	    find(&s, "ms_worker_requests_total", test_state.verb, "ok")->value,
	    3);
	ck_assert_int_eq(find(&s, "ms_worker_requests_total",
			     msg_worker_health.verb, "ok")
			     ->value,
	    1);
	ck_assert_int_eq(
	    find(&s, "ms_worker_requests_total", "none", "not_found")->value,
	    1);
	ck_assert_uint_eq(find(&s, "ms_worker_request_seconds", test_state.verb,
			      NULL)
			      ->histogram.count,
	    3);
	ck_assert_int_eq(
	    find(&s, "ms_worker_requests_in_service", NULL, NULL)->value, 0);
	scene_end(&s);
}
END_TEST

START_TEST(the_next_life_counts_on)
{
	struct echo_state state = { 0 };
	struct scene s;

	scene_begin(&s);
	ck_assert_int_eq(ask(&s, &test_state, &state), MS_OK);
	probe_kill(&s.probe);
	ck_assert_int_eq(
	    find(&s, "ms_worker_requests_total", test_state.verb, "ok")->value,
	    1);
	probe_start(&s.probe);
	ck_assert_int_eq(ask(&s, &test_state, &state), MS_OK);
	ck_assert_int_eq(
	    find(&s, "ms_worker_requests_total", test_state.verb, "ok")->value,
	    2);
	scene_end(&s);
}
END_TEST

/* The reply leaves before the turn ends. */
static void
await_idle(struct scene *s, struct metrics_life *life)
{
	struct mono end = mono_add_ms(mono_now(), PROBE_WAIT_MS);

	do
		ck_assert_int_eq(metrics_life_read(s->path, life, NULL), MS_OK);
	while (life->busy_since_ns != 0 && !mono_reached(mono_now(), end));
	ck_assert_uint_eq(life->busy_since_ns, 0);
}

START_TEST(whether_it_lives_is_read_without_asking)
{
	struct echo_state state = { 0 };
	struct metrics_life life;
	struct scene s;
	uint64_t turns;

	scene_begin(&s);
	ck_assert_int_eq(ask(&s, &test_state, &state), MS_OK);
	await_idle(&s, &life);
	ck_assert_uint_eq(life.pid, (uint32_t)s.probe.pid);
	ck_assert_uint_eq(life.generation, 1);
	ck_assert_int_eq(life.phase, LIFE_READY);
	ck_assert_uint_le(life.started_ns, mono_now().ns);
	turns = find(&s, "ms_worker_loop_turn_seconds", NULL, NULL)
		    ->histogram.count;
	ck_assert_uint_gt(turns, 0);
	ck_assert_int_gt(
	    find(&s, "ms_worker_loop_busy_seconds_total", NULL, NULL)->value,
	    0);
	/* it is stopped, and can be read */
	kill(s.probe.pid, SIGSTOP);
	ck_assert_int_eq(metrics_life_read(s.path, &life, NULL), MS_OK);
	ck_assert_uint_eq(find(&s, "ms_worker_loop_turn_seconds", NULL, NULL)
			      ->histogram.count,
	    turns);
	kill(s.probe.pid, SIGCONT);
	scene_end(&s);
}
END_TEST

START_TEST(a_slow_request_leaves_its_trace)
{
	const struct traceparent trace = { { 1, 2, 3 }, { 4 }, 1 };
	const struct metrics_series *found;
	struct why why = { "" };
	struct scene s;

	scene_begin(&s);
	link_set_trace(s.link, &trace);
	ck_assert_int_eq(call_wait(s.link, &test_park, NULL, NO_BODY, 50,
			     &s.arena, NULL, NULL, &why),
	    MS_ETIMEOUT);
	link_set_trace(s.link, NULL);
	do
		found =
		    find(&s, "ms_worker_request_seconds", test_park.verb, NULL);
	while (found->histogram.count == 0);
	ck_assert_uint_gt(found->exemplar.value, 10000000);
	ck_assert_mem_eq(found->exemplar.trace.trace_id, trace.trace_id,
	    sizeof(trace.trace_id));
	scene_end(&s);
}
END_TEST

START_TEST(the_configured_rate_is_in_force)
{
	struct scene s;

	scene_begin(&s);
	ck_assert_int_eq(
	    find(&s, "ms_metrics_sampled_one_in", NULL, NULL)->value, 1);
	probe_write_conf(&s.probe, "[metrics]\nsampling_rate = 0.1\n");
	probe_kill(&s.probe);
	probe_start(&s.probe);
	ck_assert_int_eq(
	    find(&s, "ms_metrics_sampled_one_in", NULL, NULL)->value, 10);
	scene_end(&s);
}
END_TEST

START_TEST(a_worker_lives_without_its_file)
{
	struct echo_state state = { 0 };
	struct scene s;

	scene_begin(&s);
	probe_kill(&s.probe);
	unlink(s.path);
	probe_start(&s.probe);
	ck_assert_int_eq(ask(&s, &test_state, &state), MS_OK);
	unsetenv(ENV_METRICS);
	probe_kill(&s.probe);
	probe_start(&s.probe);
	ck_assert_int_eq(ask(&s, &test_state, &state), MS_OK);
	scene_end(&s);
}
END_TEST

START_TEST(a_foreign_file_is_begun_afresh)
{
	struct echo_state state = { 0 };
	struct scene s;
	int fd;

	scene_begin(&s);
	probe_kill(&s.probe);
	fd = open(s.path, O_WRONLY | O_TRUNC);
	ck_assert_int_eq(write(fd, "something of somebody", 21), 21);
	close(fd);
	ck_assert_int_eq(metrics_snapshot_read(s.path, &s.snapshot, NULL),
	    MS_ECORRUPT);
	probe_start(&s.probe);
	ck_assert_int_eq(ask(&s, &test_state, &state), MS_OK);
	ck_assert_int_eq(
	    find(&s, "ms_worker_requests_total", test_state.verb, "ok")->value,
	    1);
	scene_end(&s);
}
END_TEST

UNIT(worker_metrics, requests_are_counted_by_route_and_result,
    the_next_life_counts_on, whether_it_lives_is_read_without_asking,
    a_slow_request_leaves_its_trace, the_configured_rate_is_in_force,
    a_worker_lives_without_its_file, a_foreign_file_is_begun_afresh)
