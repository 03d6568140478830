/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verbs that change something.  Those that take several names do them in the
 * order given and report each; one failure does not stop the others.
 */
#include <stdio.h>

#include "common/mono.h"
#include "supervisor/msctl/ctl_client.h"
#include "supervisor/msctl/render.h"
#include "supervisor/msctl/verbs.h"

/* ---- several names -------------------------------------------------------- */

struct act {
	struct msctl *ctl;
	const struct args *args;
	const char *verb;
	const char *said;   /* "starting": asked for, not awaited */
	const char *waited; /* "ready": after --wait */
	bool may_wait;
	uint64_t timeout_ms;
};

struct tally {
	size_t good, bad;
	int code;        /* of the first failure */
	bool is_mixed;   /* failures of different kinds */
	struct buf json; /* results, one object each */
};

static void
tally_failure(struct tally *t, int code)
{
	if (t->bad++ == 0)
		t->code = code;
	else if (t->code != code)
		t->is_mixed = true;
}

static int
tally_code(const struct tally *t)
{
	if (!t->bad)
		return CTL_OK;
	return t->good || t->is_mixed ? CTL_PARTIAL : t->code;
}

static void
note_json(struct tally *t, const char *name, const struct json *reply)
{
	buf_add_str(&t->json, t->json.len ? "," : "{\"v\":1,\"results\":[");
	buf_add_str(&t->json, "{\"name\":");
	json_quote(&t->json, slice_of(name));
	for (const struct json *m = json_first(reply); m; m = json_next(m)) {
		if (strcmp(json_key(m), "id") == 0 ||
		    strcmp(json_key(m), "name") == 0)
			continue;
		buf_add_str(&t->json, ",");
		json_quote(&t->json, slice_of(json_key(m)));
		buf_add_str(&t->json, ":");
		json_print(m, &t->json);
	}
	buf_add_str(&t->json, "}");
}

static void
say_done(const struct act *act, const char *name, const struct json *reply)
{
	bool waited = act->may_wait && args_has(act->args, "wait");
	const struct json *worker = json_get(reply, "worker");
	const char *state =
	    json_get_str(worker ? worker : reply, "state", NULL);
	long pid;

	if (!waited || !state)
		state = waited ? act->waited : act->said;
	printf("%s: %s", name, state);
	if (waited && worker_pid(worker ? worker : reply, &pid))
		printf(", pid %ld", pid);
	putchar('\n');
}

static struct json *
act_request(const struct act *act, const char *name)
{
	struct json *request = ctl_request(act->verb, name);

	if (act->may_wait && args_has(act->args, "wait")) {
		json_put_bool(request, "wait", true);
		ctl_put_timeout(request, act->timeout_ms);
	}
	return request;
}

static void
say_refused(const struct act *act, const char *name, const struct json *reply,
    struct tally *t)
{
	const struct json *error = json_get(reply, "error");
	const char *word = json_get_str(error, "code", "internal");
	const char *message = json_get_str(error, "message", word);

	tally_failure(t, exit_of_word(word));
	if (!act->ctl->json)
		fprintf(stderr, "msctl: %s%s%s\n",
		    strstr(message, name) ? "" : name,
		    strstr(message, name) ? "" : ": ", message);
}

static int
act_on(const struct act *act, struct ctl_client *client, const char *name,
    struct tally *t)
{
	struct json *reply;
	int code = ctl_ask(client, act_request(act, name),
	    ctl_answer_after(act->timeout_ms), &reply);

	if (code != CTL_OK)
		return code;
	if (act->ctl->json && act->args->pos_count > 1)
		note_json(t, name, reply);
	if (!ctl_is_ok(reply) && act->ctl->json && act->args->pos_count == 1) {
		tally_failure(t, ctl_refused(act->ctl, reply));
	} else if (!ctl_is_ok(reply)) {
		say_refused(act, name, reply, t);
	} else {
		t->good++;
		if (!act->ctl->json)
			say_done(act, name, reply);
		else if (act->args->pos_count == 1)
			ctl_write_reply(reply);
	}
	json_free(&reply);
	return CTL_OK;
}

static int
act_on_all(struct act *act)
{
	struct tally t = { .good = 0 };
	struct ctl_client client;
	int code;

	if (!ctl_duration(act->ctl, act->args, "timeout", CTL_WAIT_MS,
		&act->timeout_ms))
		return CTL_USAGE;
	code = ctl_open(act->ctl, &client);
	for (size_t i = 0; code == CTL_OK && i < act->args->pos_count; i++)
		code = act_on(act, &client, act->args->pos[i], &t);
	ctl_close(&client);
	fflush(stdout);
	if (t.json.len) {
		buf_add_str(&t.json, "]}\n");
		ctl_write(&t.json);
	}
	buf_fini(&t.json);
	return code == CTL_OK ? tally_code(&t) : code;
}

int
do_start(struct msctl *ctl, const struct args *args)
{
	return act_on_all(
	    &(struct act){ ctl, args, "start", "starting", "ready", true, 0 });
}

int
do_stop(struct msctl *ctl, const struct args *args)
{
	return act_on_all(
	    &(struct act){ ctl, args, "stop", "stopping", "down", true, 0 });
}

int
do_restart(struct msctl *ctl, const struct args *args)
{
	return act_on_all(&(struct act){ ctl, args, "restart", "restarting",
	    "ready", true, 0 });
}

int
do_kill(struct msctl *ctl, const struct args *args)
{
	return act_on_all(
	    &(struct act){ ctl, args, "kill", "killed", "down", true, 0 });
}

/* ---- one name ------------------------------------------------------------- */

int
do_signal(struct msctl *ctl, const struct args *args)
{
	int signo = parse_signal(slice_of(args->pos[1]));
	struct json *request, *reply;
	int code;

	if (signo <= 0)
		return ctl_fail(ctl, "bad_request",
		    "'%s' is not a signal (such as TERM, HUP, USR1)",
		    args->pos[1]);
	request = ctl_request("signal", args->pos[0]);
	json_put_str(request, "signal", signal_name(signo));
	code = ctl_once(ctl, request, CTL_ANSWER_MS, &reply);
	return code == CTL_OK ? ctl_say_or_write(ctl, &reply, NULL) : code;
}

int
do_wait(struct msctl *ctl, const struct args *args)
{
	const char *state = args_get(args, "state");
	struct json *request, *reply;
	uint64_t timeout_ms;
	int code;

	if (!ctl_duration(ctl, args, "timeout", CTL_WAIT_MS, &timeout_ms))
		return CTL_USAGE;
	request = ctl_request("wait", args->pos[0]);
	json_put_str(request, "state", state ? state : "ready");
	ctl_put_timeout(request, timeout_ms);
	code = ctl_once(ctl, request, ctl_answer_after(timeout_ms), &reply);
	return code == CTL_OK ? ctl_say_or_write(ctl, &reply, NULL) : code;
}
