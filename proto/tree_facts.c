/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/tree_facts.h"

#include "common/json.h"

const char tree_facts_question[] = "{\"v\":1,\"id\":1,\"do\":\"status\"}\n";

static uint64_t
number(const struct json *w, const char *key)
{
	double value = json_get_num(w, key, 0);

	return value > 0 && value < 9e15 ? (uint64_t)value : 0;
}

static const char *
text(struct arena *arena, const struct json *w, const char *key)
{
	const char *copy = arena_strdup(arena, json_get_str(w, key, ""));

	return copy ? copy : "";
}

static void
take_worker(const struct json *w, struct arena *arena, struct tree_worker *to)
{
	*to = (struct tree_worker){
		.name = text(arena, w, "name"),
		.supervisor = text(arena, w, "supervisor"),
		.state = text(arena, w, "state"),
		.status_text = text(arena, w, "status_text"),
		.last_exit = text(arena, json_get(w, "last_exit"), "kind"),
		.wanted = strcmp(json_get_str(w, "want", "up"), "up") == 0,
		.ready = json_get_bool(w, "ready", false),
		.pid = (uint32_t)number(w, "pid"),
		.generation = number(w, "generation"),
		.restarts = number(w, "restarts"),
		.uptime_ms = number(w, "uptime_ms"),
		.log_dropped = number(w, "log_dropped"),
		.fds_stored = number(w, "fds_stored"),
	};
}

static enum ms_err
take_workers(const struct json *list, struct tree_facts *facts, struct why *why)
{
	size_t n = json_count(list);

	if (n > TREE_WORKERS_MAX)
		return why_set(why, MS_ETOOBIG, "msd names %zu workers", n);
	facts->workers =
	    arena_alloc(&facts->arena, (n ? n : 1) * sizeof(*facts->workers));
	if (!facts->workers)
		return MS_ENOMEM;
	for (const struct json *w = json_first(list); w; w = json_next(w)) {
		struct tree_worker *to = &facts->workers[facts->count];

		if (strcmp(json_get_str(w, "type", "worker"), "worker") != 0)
			continue;
		take_worker(w, &facts->arena, to);
		facts->restarts += to->restarts;
		facts->count++;
	}
	return MS_OK;
}

enum ms_err
tree_facts_take(const struct json *reply, struct tree_facts *facts_r,
    struct why *why)
{
	const struct json *list = json_get(reply, "workers");
	enum ms_err err = MS_EPROTO;

	*facts_r = (struct tree_facts){ .count = 0 };
	arena_init(&facts_r->arena, TREE_ANSWER_BYTES_MAX);
	if (!json_get_bool(reply, "ok", false))
		err = why_set(why, MS_EUNAVAILABLE, "%s",
		    json_get_str(json_get(reply, "error"), "message",
			"msd refuses to tell"));
	else if (json_type_of(list) != JSON_ARRAY)
		why_set(why, err, "msd's answer has no list of workers");
	else
		err = take_workers(list, facts_r, why);
	if (err)
		tree_facts_fini(facts_r);
	return err;
}

enum ms_err
tree_facts_parse(struct slice line, struct tree_facts *facts_r, struct why *why)
{
	struct json *reply = NULL;
	enum ms_err err;

	if (json_parse(line, &reply, why) != MS_OK)
		return MS_EPROTO;
	err = tree_facts_take(reply, facts_r, why);
	json_free(&reply);
	return err;
}

void
tree_facts_fini(struct tree_facts *facts)
{
	arena_fini(&facts->arena);
	facts->workers = NULL;
	facts->count = 0;
}

const struct tree_worker *
tree_facts_find(const struct tree_facts *facts, const char *name)
{
	for (size_t i = 0; i < facts->count; i++)
		if (strcmp(facts->workers[i].name, name) == 0)
			return &facts->workers[i];
	return NULL;
}
