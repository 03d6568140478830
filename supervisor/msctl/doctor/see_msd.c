/* SPDX-License-Identifier: Apache-2.0 */
/* What msd says of itself and of its workers; without it, what it has left. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/fd.h"
#include "common/mono.h"
#include "proto/contract.h"
#include "supervisor/msctl/ctl_client.h"
#include "supervisor/msctl/doctor/checks.h"
#include "supervisor/msctl/doctor/sight.h"
#include "supervisor/msctl/render.h"

#define ANSWER_MS     1500u
#define HISTORIES_MAX 32u /* workers whose deaths are asked for */
#define NS_PER_MS     1000000

static struct json *
ask(struct ctl_client *client, struct json *request)
{
	struct json *reply = NULL;

	if (ctl_ask_quiet(client, request, ANSWER_MS, &reply) != MS_OK ||
	    !ctl_is_ok(reply))
		json_free(&reply);
	return reply;
}

/* ---- workers -------------------------------------------------------------- */

static bool
is_recent(const struct json *exit, int64_t now_ns)
{
	const char *at = json_get_str(exit, "at", "");
	const char *cause = json_get_str(exit, "cause", "");
	int64_t at_ns;

	/* whom an operator, a sibling or a shutdown ends did not die */
	return (strcmp(cause, "self") == 0 || strcmp(cause, "external") == 0) &&
	    rfc3339_parse(at, strlen(at), &at_ns) &&
	    now_ns - at_ns < (int64_t)STORM_MS * NS_PER_MS;
}

static struct json *
copy_of(const struct json *node)
{
	struct json *copy = NULL;
	struct buf text = { 0 };

	json_print(node, &text);
	if (json_parse(buf_slice(&text), &copy, NULL) != MS_OK)
		copy = NULL;
	buf_fini(&text);
	return copy;
}

static void
see_deaths(struct sight *s, struct ctl_client *client, struct worker_facts *w)
{
	struct json *reply = ask(client, ctl_request("why", w->name));
	const struct json *exits = json_get(reply, "exits");
	int64_t now_ns = wall_ns();
	struct json *copy = exits && json_first(exits) ? copy_of(exits) : NULL;

	for (const struct json *e = json_first(exits); e; e = json_next(e))
		w->deaths_lately += is_recent(e, now_ns);
	if (copy)
		json_put(s->deaths, w->name, copy);
	json_free(&reply);
}

static void
see_worker(const struct json *worker, struct worker_facts *w)
{
	struct buf said = { 0 };

	FACT_SET(w->name, json_get_str(worker, "name", "?"));
	FACT_SET(w->state, worker_state(worker));
	w->is_wanted = strcmp(json_get_str(worker, "want", "up"), "up") == 0;
	w->is_ready = json_get_bool(worker, "ready", false);
	w->restarts = (uint64_t)json_get_num(worker, "restarts", 0);
	w->log_dropped = (uint64_t)json_get_num(worker, "log_dropped", 0);
	w->check_failures = (uint64_t)json_get_num(worker, "check_failures", 0);
	w->waits_ms = (uint64_t)json_get_num(worker, "next_start_ms", 0);
	exit_render(json_get(worker, "last_exit"), &said);
	buf_add_u8(&said, '\0');
	FACT_SET(w->said, said.failed ? "" : (const char *)said.ptr);
	buf_fini(&said);
}

static void
see_workers(struct sight *s, struct ctl_client *client)
{
	const struct json *list = json_get(s->status, "workers");
	struct facts *facts = &s->facts;
	size_t asked = 0;

	json_free(&s->deaths);
	s->deaths = json_object();
	free(facts->workers);
	facts->workers = xcalloc(json_count(list) + 1, sizeof(*facts->workers));
	facts->worker_count = 0;
	for (const struct json *w = json_first(list); w; w = json_next(w)) {
		struct worker_facts *fact =
		    &facts->workers[facts->worker_count];

		if (strcmp(json_get_str(w, "type", ""), "worker") != 0)
			continue;
		facts->worker_count++;
		see_worker(w, fact);
		if (json_first(json_get(w, "last_exit")) &&
		    asked++ < HISTORIES_MAX)
			see_deaths(s, client, fact);
	}
}

/* ---- msd ------------------------------------------------------------------ */

static void
see_pid_file(struct sight *s)
{
	struct msd_facts *m = &s->facts.msd;
	char *path = xasprintf("%s/" PID_FILE, s->run_dir);
	struct buf text = { 0 };

	if (file_read(path, 64, &text, NULL) == MS_OK) {
		buf_add_u8(&text, '\0');
		m->pid_in_file = strtol((const char *)text.ptr, NULL, 10);
	}
	if (proc_read(m->pid_in_file, "comm", &text))
		m->pid_is_msd = strncmp((const char *)text.ptr, "msd", 3) == 0;
	buf_fini(&text);
	free(path);
}

static void
see_version(struct sight *s)
{
	struct msd_facts *m = &s->facts.msd;

	m->answers = s->version != NULL;
	FACT_SET(m->version, json_get_str(s->version, "version", ""));
	m->pid = (long)json_get_num(s->version, "pid", 0);
	m->guardian = (long)json_get_num(s->version, "guardian", 0);
	m->starts = (uint64_t)json_get_num(s->version, "starts", 1);
}

void
see_msd(struct sight *s)
{
	struct msctl there = *s->ctl;
	struct ctl_client client;
	struct json *request;
	enum ms_err err;

	there.socket = s->socket;
	there.run_dir = s->run_dir;
	err = ctl_open_quiet(&there, &client, NULL);
	s->facts.msd.is_refused = err == MS_EPERM;
	if (err == MS_OK)
		s->version = ask(&client, ctl_request("version", NULL));
	see_version(s);
	if (s->version) {
		request = ctl_request("status", NULL);
		json_put_bool(request, "all", true);
		s->status = ask(&client, request);
		see_workers(s, &client);
	}
	ctl_close(&client);
	see_pid_file(s);
}
