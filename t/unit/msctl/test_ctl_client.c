/* SPDX-License-Identifier: Apache-2.0 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/mono.h"
#include "common/sock.h"
#include "supervisor/msctl/ctl_client.h"
#include "t/lib/unit.h"

static char path[64];
static struct msctl ctl = { .socket = path };

static void
await(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	ck_assert_int_eq(poll(&p, 1, 10000), 1);
}

/* A child that answers one connection: reads a line, says `answer`, and stays
 * until the other end goes when `stays`. */
static void
serve(const char *answer, bool stays)
{
	char line[1024];
	int listener, fd;

	snprintf(path, sizeof(path), "@ms-test-ctl-%d", (int)getpid());
	ck_assert_int_eq(sock_listen_unix(path, 0600, &listener, NULL), MS_OK);
	if (fork() == 0) {
		await(listener);
		fd = accept(listener, NULL, NULL);
		await(fd);
		if (read(fd, line, sizeof(line)) <= 0 ||
		    write(fd, answer, strlen(answer)) < 0)
			_exit(1);
		if (stays)
			await(fd);
		_exit(0);
	}
	close(listener);
	ctl.json = false;
}

static void
done(struct json **reply)
{
	int status;

	json_free(reply);
	ck_assert_int_gt(wait(&status), 0);
}

static int
ask(uint64_t timeout_ms, struct json **reply_r)
{
	return ctl_once(&ctl, ctl_request("status", "bus"), timeout_ms,
	    reply_r);
}

START_TEST(an_answer_is_handed_out)
{
	struct json *reply;

	serve("{\"id\":1,\"ok\":true,\"v\":1}\n", false);
	ck_assert_int_eq(ask(5000, &reply), CTL_OK);
	ck_assert(json_get_num(reply, "v", 0) == 1);
	done(&reply);
}
END_TEST

START_TEST(a_refusal_has_the_exit_code_of_its_word)
{
	static const struct {
		const char *word;
		int code;
	} words[] = {
		{ "not_found", 5 },
		{ "running", 152 },
		{ "already_started", 152 },
		{ "already_present", 152 },
		{ "restarting", 152 },
		{ "dependency_cycle", 152 },
		{ "invalid_spec", 6 },
		{ "permission", 4 },
		{ "timeout", 150 },
		{ "bad_request", 2 },
		{ "shutting_down", 1 },
	};
	struct json *reply;
	char answer[128];

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		snprintf(answer, sizeof(answer),
		    "{\"id\":1,\"ok\":false,\"error\":{\"code\":\"%s\","
		    "\"message\":\"because\"}}\n",
		    words[i].word);
		serve(answer, false);
		ck_assert_int_eq(ask(5000, &reply), words[i].code);
		ck_assert_ptr_null(reply);
		done(&reply);
	}
}
END_TEST

START_TEST(nobody_listening_is_exit_code_7)
{
	struct json *reply;

	snprintf(path, sizeof(path), "@ms-test-nobody-%d", (int)getpid());
	ck_assert_int_eq(ask(5000, &reply), CTL_UNREACHABLE);
}
END_TEST

START_TEST(a_connection_closed_without_an_answer_is_exit_code_7)
{
	struct json *reply;

	serve("", false);
	ck_assert_int_eq(ask(5000, &reply), CTL_UNREACHABLE);
	done(&reply);
}
END_TEST

START_TEST(silence_is_exit_code_150)
{
	struct json *reply;

	serve("{\"half\":", true);
	ck_assert_int_eq(ask(50, &reply), CTL_TIMEOUT);
	done(&reply);
}
END_TEST

START_TEST(an_answer_that_is_not_json_is_a_failure)
{
	struct json *reply;

	serve("hello\n", false);
	ck_assert_int_eq(ask(5000, &reply), CTL_FAILURE);
	done(&reply);
}
END_TEST

START_TEST(a_stream_is_cut_into_lines)
{
	struct ctl_client client;
	struct json *line = NULL;

	serve("{\"ok\":true}\n{\"seq\":1}\n{\"seq\":2}\n", false);
	ck_assert_int_eq(ctl_open(&ctl, &client), CTL_OK);
	ck_assert_int_eq(ctl_ask(&client, ctl_request("events", NULL), 5000,
			     &line),
	    CTL_OK);
	json_free(&line);
	for (int i = 1; i <= 2; i++) {
		ck_assert_int_eq(ctl_next(&client, 5000, &line), MS_OK);
		ck_assert(json_get_num(line, "seq", 0) == i);
		json_free(&line);
	}
	ck_assert_int_eq(ctl_next(&client, 5000, &line), MS_ECLOSED);
	ctl_close(&client);
	done(&line);
}
END_TEST

UNIT(ctl_client, an_answer_is_handed_out,
    a_refusal_has_the_exit_code_of_its_word, nobody_listening_is_exit_code_7,
    a_connection_closed_without_an_answer_is_exit_code_7,
    silence_is_exit_code_150, an_answer_that_is_not_json_is_a_failure,
    a_stream_is_cut_into_lines)
