/* SPDX-License-Identifier: Apache-2.0 */
/* The skeleton as its callers, msd and an operator see it. */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <nng/nng.h>
#include <nng/protocol/pubsub0/sub.h>
#include <nng/protocol/reqrep0/req.h>

#include "common/fd.h"
#include "common/mono.h"
#include "proto/client/hub.h"
#include "proto/contract.h"
#include "proto/msg/worker.h"
#include "t/lib/echo.h"
#include "t/lib/probe.h"
#include "t/lib/unit.h"

#define NO_BODY ((struct slice){ NULL, 0 })

/* One caller of one probe. */
struct scene {
	struct probe probe;
	struct link_hub *hub;
	struct link *link;
	struct arena arena;
	struct why why;
};

static void
scene_begin(struct scene *s)
{
	arena_init(&s->arena, 0);
	ck_assert_int_eq(link_hub_open(&s->hub), MS_OK);
	ck_assert_int_eq(link_open(s->hub, probe_address(&s->probe), &s->link),
	    MS_OK);
}

static void
scene_open(struct scene *s)
{
	memset(s, 0, sizeof(*s));
	probe_init(&s->probe, "echo_worker", "echo");
	probe_start(&s->probe);
	scene_begin(s);
}

static void
scene_close(struct scene *s)
{
	link_close(&s->link);
	link_hub_close(&s->hub);
	arena_fini(&s->arena);
	probe_fini(&s->probe);
	nng_fini();
}

static enum ms_err
ask(struct scene *s, const struct msg_desc *desc, const void *in, void *out)
{
	return call_wait(s->link, desc, in, NO_BODY, PROBE_WAIT_MS, &s->arena,
	    out, NULL, &s->why);
}

static struct echo_state
state_of(struct scene *s)
{
	struct echo_state state = { 0 };

	ck_assert_msg(ask(s, &test_state, NULL, &state) == MS_OK, "%s",
	    s->why.text);
	return state;
}

START_TEST(a_request_is_answered_with_its_fields_and_body)
{
	struct scene s;
	struct echo_fields in = { .text = "hello", .number = 7 }, out;
	struct slice body;

	scene_open(&s);
	ck_assert_msg(call_wait(s.link, &test_echo, &in, SLICE_LIT("the body"),
			  PROBE_WAIT_MS, &s.arena, &out, &body,
			  &s.why) == MS_OK,
	    "%s", s.why.text);
	ck_assert_str_eq(out.text, "hello");
	ck_assert_uint_eq(out.number, 7);
	ck_assert(slice_is(body, "the body"));
	scene_close(&s);
}
END_TEST

START_TEST(an_unknown_verb_is_not_found_and_the_near_one_suggested)
{
	static const struct msg_desc typo = { .verb = "test.ehco" };
	struct scene s;

	scene_open(&s);
	ck_assert_int_eq(ask(&s, &typo, NULL, NULL), MS_ENOTFOUND);
	ck_assert_ptr_nonnull(strstr(s.why.text, "test.echo"));
	scene_close(&s);
}
END_TEST

START_TEST(a_missing_field_is_named)
{
	struct scene s;
	struct echo_fields in = { .number = 1 };

	scene_open(&s);
	ck_assert_int_eq(ask(&s, &test_echo, &in, NULL), MS_EINVAL);
	ck_assert_ptr_nonnull(strstr(s.why.text, "text"));
	scene_close(&s);
}
END_TEST

START_TEST(every_worker_tells_its_health)
{
	struct scene s;
	struct worker_health_out health;

	scene_open(&s);
	ck_assert_int_eq(ask(&s, &msg_worker_health, NULL, &health), MS_OK);
	ck_assert(health.ready);
	ck_assert_str_eq(health.version, MS_VERSION);
	ck_assert_int_eq(ask(&s, &msg_worker_health, NULL, &health), MS_OK);
	ck_assert_uint_eq(health.requests, 1);
	scene_close(&s);
}
END_TEST

/* Sends raw bytes as a request and returns the status of the reply. */
static enum ms_err
send_raw(nng_socket socket, struct slice bytes)
{
	nng_msg *msg;
	struct msg head;

	ck_assert_int_eq(nng_msg_alloc(&msg, 0), 0);
	ck_assert_int_eq(nng_msg_append(msg, bytes.ptr, bytes.len), 0);
	ck_assert_int_eq(nng_sendmsg(socket, msg, 0), 0);
	ck_assert_int_eq(nng_recvmsg(socket, &msg, 0), 0);
	ck_assert_int_eq(msg_decode((struct slice){ nng_msg_body(msg),
					nng_msg_len(msg) },
			     &head, NULL),
	    MS_OK);
	ck_assert_int_eq(head.kind, MSG_REPLY);
	nng_msg_free(msg);
	return head.status;
}

START_TEST(malformed_bytes_are_answered_and_harm_nobody)
{
	struct scene s;
	struct buf good = { 0 };
	struct echo_fields in = { .text = "x" };
	struct msg head = { .kind = MSG_REQUEST,
		.verb = SLICE_LIT("test.echo") };
	nng_socket socket;

	scene_open(&s);
	ck_assert_int_eq(nng_req0_open(&socket), 0);
	nng_socket_set_ms(socket, NNG_OPT_RECVTIMEO, PROBE_WAIT_MS);
	ck_assert_int_eq(nng_dial(socket, probe_address(&s.probe), NULL, 0), 0);
	ck_assert_int_eq(send_raw(socket, NO_BODY), MS_EPROTO);
	ck_assert_int_eq(send_raw(socket, SLICE_LIT("rubbish")), MS_EPROTO);
	msg_encode(&head, echo_rows, &in, &good);
	for (size_t i = 0; i < good.len; i++) {
		good.ptr[i] ^= 0xff;
		send_raw(socket,
		    buf_slice(&good)); /* answers, whatever it is */
		good.ptr[i] ^= 0xff;
		if (i)
			ck_assert_int_ne(send_raw(socket,
					     (struct slice){ (char *)good.ptr,
						 i }),
			    MS_OK);
	}
	ck_assert_int_eq(send_raw(socket, buf_slice(&good)), MS_OK);
	nng_close(socket);
	buf_fini(&good);
	ck_assert_uint_ge(state_of(&s).served, 1);
	scene_close(&s);
}
END_TEST

START_TEST(requests_of_one_caller_are_served_in_order)
{
	enum {
		CALLS = 2000
	};
	struct scene s;
	nng_socket socket;
	nng_ctx ctx[CALLS];
	nng_aio *aio[CALLS];

	scene_open(&s);
	ck_assert_int_eq(nng_req0_open(&socket), 0);
	ck_assert_int_eq(nng_dial(socket, probe_address(&s.probe), NULL, 0), 0);
	for (uint32_t i = 0; i < CALLS; i++) {
		struct echo_fields in = { .text = "n", .number = i + 1 };
		struct msg head = { .kind = MSG_REQUEST,
			.verb = SLICE_LIT("test.echo") };
		struct buf out = { 0 };
		nng_msg *msg;

		msg_encode(&head, echo_rows, &in, &out);
		ck_assert_int_eq(nng_msg_alloc(&msg, 0), 0);
		nng_msg_append(msg, out.ptr, out.len);
		buf_fini(&out);
		ck_assert_int_eq(nng_ctx_open(&ctx[i], socket), 0);
		ck_assert_int_eq(nng_aio_alloc(&aio[i], NULL, NULL), 0);
		nng_aio_set_msg(aio[i], msg);
		nng_ctx_send(ctx[i], aio[i]);
	}
	for (uint32_t i = 0; i < CALLS; i++) {
		nng_aio_wait(aio[i]);
		ck_assert_int_eq(nng_aio_result(aio[i]), 0);
		nng_ctx_recv(ctx[i], aio[i]);
		nng_aio_wait(aio[i]);
		ck_assert_int_eq(nng_aio_result(aio[i]), 0);
		nng_msg_free(nng_aio_get_msg(aio[i]));
		nng_ctx_close(ctx[i]);
		nng_aio_free(aio[i]);
	}
	nng_close(socket);
	ck_assert_uint_eq(state_of(&s).served, CALLS);
	ck_assert_uint_eq(state_of(&s).disorder, 0);
	scene_close(&s);
}
END_TEST

static void
on_parked(void *arg, enum ms_err err, const void *out MS_UNUSED,
    struct slice body MS_UNUSED, const struct why *why MS_UNUSED)
{
	*(enum ms_err *)arg = err;
}

static void
park(struct scene *s, uint32_t timeout_ms, enum ms_err *result)
{
	struct call_options options = { .timeout_ms = timeout_ms };

	*result = MS_ERR_COUNT;
	ck_assert_int_eq(call_start(s->link, &test_park, NULL, NO_BODY,
			     &options, on_parked, result),
	    MS_OK);
}

static void
await_cancelled(struct scene *s, uint32_t count, enum ms_err reason)
{
	struct mono deadline = mono_add_ms(mono_now(), PROBE_WAIT_MS);
	struct echo_state state;

	do { /* each asking is a round trip: no spinning without progress */
		state = state_of(s);
		ck_assert(!mono_reached(mono_now(), deadline));
	} while (state.cancelled < count);
	ck_assert_uint_eq(state.last_reason, reason);
}

START_TEST(a_parked_call_is_cancelled_at_its_deadline)
{
	struct scene s;
	enum ms_err result;

	scene_open(&s);
	park(&s, 50, &result);
	await_cancelled(&s, 1, MS_ETIMEOUT);
	while (result == MS_ERR_COUNT)
		link_hub_dispatch(s.hub, 0);
	ck_assert_int_eq(result, MS_ETIMEOUT);
	scene_close(&s);
}
END_TEST

START_TEST(a_parked_call_is_cancelled_when_its_caller_goes)
{
	struct scene s;
	struct notify notify;
	struct link *other;
	enum ms_err result;

	scene_open(&s);
	other = s.link;
	park(&s, 60000, &result);
	probe_await(&s.probe, NOTIFY_STATUS, &notify);
	ck_assert_str_eq(notify.status, "parking");
	ck_assert_int_eq(link_open(s.hub, probe_address(&s.probe), &s.link),
	    MS_OK);
	link_close(&other);
	await_cancelled(&s, 1, MS_ECLOSED);
	scene_close(&s);
}
END_TEST

START_TEST(more_calls_may_be_parked_than_lanes_at_the_start)
{
	struct scene s;
	enum ms_err results[LINK_CALLS_MAX - 1];

	scene_open(&s);
	for (size_t i = 0; i < ARRAY_LEN(results); i++)
		park(&s, 60000, &results[i]);
	ck_assert_uint_eq(state_of(&s).cancelled, 0);
	scene_close(&s);
}
END_TEST

static void
on_any(void *arg, enum ms_err err, const void *out MS_UNUSED,
    struct slice body MS_UNUSED, const struct why *why)
{
	struct why *what = arg;

	why_set(what, err, "%d %s", err, why->text);
}

/* The caller sees its own timeout; the worker must not work for nobody. */
START_TEST(what_nobody_waits_for_any_more_is_not_begun)
{
	struct echo_fields block = { .text = "busy", .delay_ms = 150 };
	struct echo_fields late = { .text = "late", .number = 1 };
	struct call_options brief = { .timeout_ms = 50 };
	struct scene s;
	struct why a = { "" }, b = { "" };
	uint32_t served;

	scene_open(&s);
	served = state_of(&s).served;
	ck_assert_int_eq(call_start(s.link, &test_block, &block, NO_BODY, NULL,
			     on_any, &a),
	    MS_OK);
	ck_assert_int_eq(call_start(s.link, &test_echo, &late, NO_BODY, &brief,
			     on_any, &b),
	    MS_OK);
	while (!*a.text || !*b.text) {
		ck_assert(link_hub_wait(s.hub, PROBE_WAIT_MS));
		link_hub_dispatch(s.hub, 0);
	}
	ck_assert_ptr_nonnull(strstr(b.text, "no answer in 50 ms"));
	ck_assert_uint_eq(state_of(&s).served, served);
	scene_close(&s);
}
END_TEST

/* A loop that is kept from its work again and again: requests wait longer and
 * longer, until what matters least is refused, with a time to come again. */
START_TEST(a_worker_with_too_much_to_do_refuses_what_matters_least)
{
	enum {
		BLOCKS = 18
	};
	struct echo_fields block = { .text = "busy", .delay_ms = 100 };
	struct echo_fields last = { .text = "last" };
	struct call_options high = { .priority = PRIORITY_HIGH };
	struct call_options least = { .priority = PRIORITY_BACKGROUND };
	struct scene s;
	struct why blocks[BLOCKS] = { { "" } }, a = { "" }, b = { "" };

	scene_open(&s);
	for (int i = 0; i < BLOCKS; i++)
		ck_assert_int_eq(call_start(s.link, &test_block, &block,
				     NO_BODY, &high, on_any, &blocks[i]),
		    MS_OK);
	ck_assert_int_eq(call_start(s.link, &test_echo, &last, NO_BODY, &least,
			     on_any, &a),
	    MS_OK);
	ck_assert_int_eq(call_start(s.link, &msg_worker_health, NULL, NO_BODY,
			     NULL, on_any, &b),
	    MS_OK);
	while (!*a.text || !*b.text) {
		ck_assert(link_hub_wait(s.hub, PROBE_WAIT_MS));
		link_hub_dispatch(s.hub, 1);
		if (*a.text && !*b.text)
			ck_assert_uint_gt(call_retry_after_ms(s.link), 0);
	}
	ck_assert_msg(strstr(a.text, "8 test.echo: overload"), "%s", a.text);
	ck_assert_ptr_eq(strstr(b.text, "0 "), b.text);
	for (int i = 0; i < BLOCKS; i++)
		ck_assert_ptr_eq(strstr(blocks[i].text, "0 "), blocks[i].text);
	scene_close(&s);
}
END_TEST

START_TEST(term_cancels_what_is_parked_and_ends_orderly)
{
	struct scene s;
	struct notify notify;
	enum ms_err result;
	int status;

	scene_open(&s);
	park(&s, 60000, &result);
	probe_await(&s.probe, NOTIFY_STATUS, &notify);
	kill(s.probe.pid, SIGTERM);
	probe_await(&s.probe, NOTIFY_STOPPING, &notify);
	status = probe_wait_exit(&s.probe);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), MS_EXIT_OK);
	scene_close(&s);
}
END_TEST

START_TEST(a_killed_worker_starts_again_at_once_on_its_socket)
{
	struct scene s;

	scene_open(&s);
	for (int i = 0; i < 5; i++) {
		probe_kill(&s.probe);
		probe_start(&s.probe);
		ck_assert_uint_eq(state_of(&s).served, 0);
	}
	scene_close(&s);
}
END_TEST

START_TEST(hup_takes_a_good_configuration_and_says_so)
{
	struct scene s;
	struct notify notify;

	scene_open(&s);
	ck_assert_str_eq(state_of(&s).greeting, "hello");
	probe_write_conf(&s.probe, "[echo]\ngreeting = salut\n");
	kill(s.probe.pid, SIGHUP);
	probe_next_notify(&s.probe, &notify);
	ck_assert_uint_eq(notify.what, NOTIFY_RELOADING);
	ck_assert_uint_gt(notify.monotonic_usec, 0);
	probe_next_notify(&s.probe, &notify);
	ck_assert_uint_eq(notify.what, NOTIFY_READY);
	ck_assert_str_eq(state_of(&s).greeting, "salut");
	scene_close(&s);
}
END_TEST

START_TEST(hup_refuses_a_bad_configuration_and_keeps_the_old)
{
	struct scene s;
	struct notify notify;

	scene_open(&s);
	probe_write_conf(&s.probe, "[echo]\ngreeting = salut\nlimit = 11\n");
	kill(s.probe.pid, SIGHUP);
	probe_await(&s.probe, NOTIFY_READY, &notify);
	ck_assert_str_eq(state_of(&s).greeting, "hello");
	scene_close(&s);
}
END_TEST

/* Everything until the process has ended. */
static void
read_log(struct probe *probe, struct buf *log)
{
	while (fd_read_some(probe->stderr_fd, log, 65536) > 0)
		;
	buf_add_u8(log, '\0');
}

START_TEST(all_errors_of_the_own_section_are_printed_and_end_with_6)
{
	struct probe probe;
	struct buf log = { 0 };
	int status;

	probe_init(&probe, "echo_worker", "echo");
	probe_write_conf(&probe,
	    "[other]\nthis line is wrong\n"
	    "[echo]\nlimit = 99\ngreting = x\nno equals sign\n");
	probe_spawn(&probe);
	status = probe_wait_exit(&probe);
	read_log(&probe, &log);
	ck_assert_int_eq(WEXITSTATUS(status), MS_EXIT_CONFIG);
	ck_assert_ptr_nonnull(strstr((char *)log.ptr, "ms.conf:4:9: limit"));
	ck_assert_ptr_nonnull(strstr((char *)log.ptr, "greeting"));
	ck_assert_ptr_nonnull(strstr((char *)log.ptr, "ms.conf:6:"));
	ck_assert_ptr_null(strstr((char *)log.ptr, "ms.conf:2:"));
	buf_fini(&log);
	probe_fini(&probe);
}
END_TEST

START_TEST(errors_of_others_do_not_stop_a_worker)
{
	struct probe probe;

	probe_init(&probe, "echo_worker", "echo");
	probe_write_conf(&probe, "[echo]\nlimit = 2\n[bus]\nwrong line\n");
	probe_start(&probe);
	probe_fini(&probe);
}
END_TEST

START_TEST(ready_waits_until_it_is_true)
{
	struct scene s;
	struct worker_health_out health;
	struct notify notify;

	memset(&s, 0, sizeof(s));
	probe_init(&s.probe, "echo_worker", "echo");
	probe_write_conf(&s.probe, "[echo]\ndefer_ready = yes\n");
	probe_spawn(&s.probe);
	scene_begin(&s);
	ck_assert_int_eq(ask(&s, &msg_worker_health, NULL, &health), MS_OK);
	ck_assert(!health.ready);
	probe_write_conf(&s.probe, "[echo]\ndefer_ready = no\n");
	kill(s.probe.pid, SIGHUP);
	probe_next_notify(&s.probe, &notify);
	ck_assert_uint_eq(notify.what, NOTIFY_RELOADING);
	probe_next_notify(&s.probe, &notify);
	ck_assert_uint_eq(notify.what, NOTIFY_READY);
	scene_close(&s);
}
END_TEST

START_TEST(the_watchdog_is_fed_at_half_its_time)
{
	struct probe probe;
	struct notify notify;
	struct mono before, after;

	probe_init(&probe, "echo_worker", "echo");
	probe.watchdog_usec = 200000;
	probe_start(&probe);
	probe_await(&probe, NOTIFY_WATCHDOG, &notify);
	before = mono_now();
	probe_await(&probe, NOTIFY_WATCHDOG, &notify);
	probe_await(&probe, NOTIFY_WATCHDOG, &notify);
	after = mono_now();
	ck_assert_uint_ge(mono_ms_between(before, after), 150);
	probe_fini(&probe);
}
END_TEST

START_TEST(usr2_is_answered_prepared_and_usr1_does_no_harm)
{
	struct scene s;
	struct notify notify;

	scene_open(&s);
	kill(s.probe.pid, SIGUSR1);
	kill(s.probe.pid, SIGUSR2);
	probe_next_notify(&s.probe, &notify);
	ck_assert_uint_eq(notify.what, NOTIFY_PREPARED);
	ck_assert_uint_eq(state_of(&s).served, 0);
	scene_close(&s);
}
END_TEST

START_TEST(what_is_published_arrives_under_its_topic)
{
	struct scene s;
	nng_socket sub;
	nng_msg *msg;
	char address[128];

	scene_open(&s);
	snprintf(address, sizeof(address), "ipc://%s/echo%s", s.probe.dir,
	    PUB_SUFFIX);
	ck_assert_int_eq(nng_sub0_open(&sub), 0);
	nng_socket_set(sub, NNG_OPT_SUB_SUBSCRIBE, "test", 5);
	nng_socket_set_ms(sub, NNG_OPT_RECVTIMEO, 20);
	ck_assert_int_eq(nng_dial(sub, address, NULL, 0), 0);
	do /* until the publisher knows of us */
		ck_assert_int_eq(call_wait(s.link, &test_publish, NULL,
				     SLICE_LIT("news"), PROBE_WAIT_MS, &s.arena,
				     NULL, NULL, NULL),
		    MS_OK);
	while (nng_recvmsg(sub, &msg, 0) != 0);
	ck_assert_uint_eq(nng_msg_len(msg), 9);
	ck_assert_mem_eq(nng_msg_body(msg), "test\0news", 9);
	nng_msg_free(msg);
	nng_close(sub);
	scene_close(&s);
}
END_TEST

UNIT(worker, a_request_is_answered_with_its_fields_and_body,
    an_unknown_verb_is_not_found_and_the_near_one_suggested,
    a_missing_field_is_named, every_worker_tells_its_health,
    malformed_bytes_are_answered_and_harm_nobody,
    requests_of_one_caller_are_served_in_order,
    a_parked_call_is_cancelled_at_its_deadline,
    a_parked_call_is_cancelled_when_its_caller_goes,
    more_calls_may_be_parked_than_lanes_at_the_start,
    what_nobody_waits_for_any_more_is_not_begun,
    a_worker_with_too_much_to_do_refuses_what_matters_least,
    term_cancels_what_is_parked_and_ends_orderly,
    a_killed_worker_starts_again_at_once_on_its_socket,
    hup_takes_a_good_configuration_and_says_so,
    hup_refuses_a_bad_configuration_and_keeps_the_old,
    all_errors_of_the_own_section_are_printed_and_end_with_6,
    errors_of_others_do_not_stop_a_worker, ready_waits_until_it_is_true,
    the_watchdog_is_fed_at_half_its_time,
    usr2_is_answered_prepared_and_usr1_does_no_harm,
    what_is_published_arrives_under_its_topic)
