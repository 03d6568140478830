/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verb health: what msd knows of each worker without asking it, and what
 * those that are up say themselves; with --deep about everything they need.
 */
#include <stdio.h>
#include <stdlib.h>

#include "common/alloc.h"
#include "supervisor/msctl/checkup.h"
#include "supervisor/msctl/ctl_client.h"
#include "supervisor/msctl/table.h"
#include "supervisor/msctl/verbs.h"

#define ANSWER_MS 500u
#define DEEP_MS   2000u

struct ward {
	const struct msctl *ctl;
	bool deep;
	struct json *reply; /* of msd */
	const struct json **workers;
	struct patient *patients; /* by worker */
	size_t count;
	enum health_level verdict;
};

static const char *
text_of(const struct json *worker, const char *key)
{
	return json_get_str(worker, key, "");
}

static enum health_level
level_of(const struct json *object)
{
	enum health_level level = HEALTH_FAILED;

	(void)health_level_parse(json_get_str(object, "verdict", ""), &level);
	return level;
}

/* Of one worker: msd's word and its own. */
static enum health_level
verdict_of(const struct ward *ward, size_t i)
{
	const struct patient *p = &ward->patients[i];
	enum health_level level = level_of(ward->workers[i]);

	return p->asked ? health_worse(level, p->level) : level;
}

static const char *
says(const struct ward *ward, size_t i)
{
	const struct patient *p = &ward->patients[i];
	const char *reason = text_of(ward->workers[i], "reason");

	if (*reason)
		return reason;
	if (p->asked && !p->answers)
		return p->why.text;
	return p->status ? p->status : "";
}

/* ---- JSON -------------------------------------------------------------------- */

static void
put_checks(struct json *entry, const struct patient *p)
{
	struct json *checks = NULL;
	struct buf text = { 0 };

	health_checks_print(p->checks, p->check_count, &text);
	if (json_parse(buf_slice(&text), &checks, NULL) == MS_OK)
		json_put(entry, "checks", checks);
	buf_fini(&text);
}

static void
put_worker(struct json *list, const struct ward *ward, size_t i)
{
	static const char *const copied[] = { "state", "want", "supervisor",
		"reason" };
	const struct patient *p = &ward->patients[i];
	const struct json *w = ward->workers[i];
	enum health_level level = verdict_of(ward, i);
	struct json *entry = json_put_object(list, NULL);

	json_put_str(entry, "name", p->name);
	json_put_bool(entry, "healthy", level == HEALTH_OK);
	json_put_str(entry, "verdict", health_level_name(level));
	for (size_t k = 0; k < ARRAY_LEN(copied); k++)
		json_put_str(entry, copied[k], text_of(w, copied[k]));
	json_put_bool(entry, "alive", json_get_bool(w, "alive", false));
	json_put_bool(entry, "ready", json_get_bool(w, "ready", false));
	if (p->asked) {
		json_put_bool(entry, "answers", p->answers);
		json_put_num(entry, "requests", (double)p->requests);
	}
	json_put_str(entry, "says", says(ward, i));
	if (p->check_count)
		put_checks(entry, p);
}

static void
write_json(const struct ward *ward)
{
	struct json *root = json_object(), *list, *supervisors = NULL;
	struct buf text = { 0 };

	json_put_num(root, "v", 1);
	json_put_bool(root, "healthy", ward->verdict == HEALTH_OK);
	json_put_str(root, "verdict", health_level_name(ward->verdict));
	list = json_put_array(root, "workers");
	for (size_t i = 0; i < ward->count; i++)
		put_worker(list, ward, i);
	json_print(json_get(ward->reply, "supervisors"), &text);
	if (json_parse(buf_slice(&text), &supervisors, NULL) == MS_OK)
		json_put(root, "supervisors", supervisors);
	buf_fini(&text);
	ctl_write_json(root);
	json_free(&root);
}

/* ---- tables ------------------------------------------------------------------ */

static const enum hue hues[] = {
	[HEALTH_OK] = HUE_GOOD,
	[HEALTH_DEGRADED] = HUE_BUSY,
	[HEALTH_FAILED] = HUE_BAD,
};

static void
add_level(struct table *table, enum health_level level)
{
	table_add(table, hues[level],
	    level == HEALTH_FAILED ? "FAILED" : health_level_name(level));
}

static void
add_worker(struct table *table, const struct ward *ward, size_t i)
{
	const struct patient *p = &ward->patients[i];
	const char *state = text_of(ward->workers[i], "state");

	table_add(table, HUE_NONE, p->name);
	add_level(table, verdict_of(ward, i));
	table_add(table, state_hue(state), state);
	table_add(table, HUE_NONE,
	    !p->asked        ? ""
		: p->answers ? "answers"
			     : "silent");
	table_add(table, HUE_DIM, says(ward, i));
}

static void
add_took(struct table *table, const struct health_check *c)
{
	if (c->took_us < 10000)
		table_addf(table, HUE_NONE, "%.1fms",
		    (double)c->took_us / 1000);
	else
		table_addf(table, HUE_NONE, "%jums",
		    (uintmax_t)c->took_us / 1000);
}

/* One line for each check, or one for a worker that has none to tell. */
static void
add_checks(struct table *table, const struct ward *ward, size_t i)
{
	const struct patient *p = &ward->patients[i];
	enum health_level level = level_of(ward->workers[i]);

	if (p->check_count == 0 || level != HEALTH_OK) {
		table_add(table, HUE_NONE, p->name);
		table_add(table, HUE_NONE,
		    p->asked && !p->answers ? "answer" : "state");
		add_level(table, p->check_count ? level : verdict_of(ward, i));
		table_add(table, HUE_NONE, "");
		table_addf(table, HUE_DIM, "%s",
		    *says(ward, i) ? says(ward, i)
				   : text_of(ward->workers[i], "state"));
	}
	for (size_t k = 0; k < p->check_count; k++) {
		const struct health_check *c = &p->checks[k];

		table_add(table, HUE_NONE, k ? "" : p->name);
		table_add(table, HUE_NONE, c->name);
		add_level(table, c->level);
		add_took(table, c);
		table_add(table, HUE_DIM, c->text);
	}
}

static void
write_table(const struct ward *ward)
{
	static const struct column light[] = { { "NAME", 0 }, { "HEALTH", 0 },
		{ "STATE", 0 }, { "SERVICE", 0 }, { "SAYS", COLUMN_FLEXIBLE } };
	static const struct column deep[] = { { "WORKER", 0 }, { "CHECK", 0 },
		{ "HEALTH", 0 }, { "TOOK", COLUMN_RIGHT },
		{ "SAYS", COLUMN_FLEXIBLE } };
	struct table table;
	struct buf out = { 0 };

	table_init(&table, ward->deep ? deep : light, ARRAY_LEN(light));
	for (size_t i = 0; i < ward->count; i++) {
		if (ward->deep)
			add_checks(&table, ward, i);
		else
			add_worker(&table, ward, i);
	}
	table_print(&table, &ward->ctl->look, &out);
	ctl_write(&out);
	buf_fini(&out);
	table_fini(&table);
}

/* ---- the verb ---------------------------------------------------------------- */

/* Services of workers that are up; the others say nothing anyway. */
static void
visit(struct ward *ward, struct checkup *checkup, uint32_t timeout_ms)
{
	struct patient *up = xcalloc(ward->count + 1, sizeof(*up));
	size_t *whose = xcalloc(ward->count + 1, sizeof(*whose));
	size_t n = 0;

	for (size_t i = 0; i < ward->count; i++) {
		ward->patients[i].name = text_of(ward->workers[i], "name");
		if (!json_get_bool(ward->workers[i], "ready", false))
			continue;
		whose[n] = i;
		up[n++].name = ward->patients[i].name;
	}
	checkup_ask(checkup, up, n, ward->deep, timeout_ms);
	for (size_t k = 0; k < n; k++) {
		ward->patients[whose[k]] = up[k];
		if (up[k].asked)
			ward->verdict =
			    health_worse(ward->verdict, up[k].level);
	}
	free(whose);
	free(up);
}

static void
admit(struct ward *ward)
{
	const struct json *list = json_get(ward->reply, "list");

	ward->count = 0;
	ward->workers = xcalloc(json_count(list) + 1, sizeof(*ward->workers));
	for (const struct json *w = json_first(list); w; w = json_next(w))
		ward->workers[ward->count++] = w;
	ward->patients = xcalloc(ward->count + 1, sizeof(*ward->patients));
	ward->verdict = level_of(ward->reply);
}

int
do_health(struct msctl *ctl, const struct args *args)
{
	struct ward ward = { .ctl = ctl, .deep = args_has(args, "deep") };
	struct json *request =
	    ctl_request("health", args->pos_count ? args->pos[0] : NULL);
	struct checkup checkup;
	uint64_t timeout_ms;
	int code;

	json_put_bool(request, "list", true);
	if (!ctl_duration(ctl, args, "timeout", ward.deep ? DEEP_MS : ANSWER_MS,
		&timeout_ms)) {
		json_free(&request);
		return CTL_USAGE;
	}
	code = ctl_once(ctl, request, CTL_ANSWER_MS, &ward.reply);
	if (code != CTL_OK)
		return code;
	admit(&ward);
	checkup_init(&checkup, ctl);
	visit(&ward, &checkup,
	    timeout_ms < UINT32_MAX ? (uint32_t)timeout_ms : UINT32_MAX);
	if (ctl->json)
		write_json(&ward);
	else
		write_table(&ward);
	code = ward.verdict == HEALTH_OK ? CTL_OK : CTL_FAILURE;
	checkup_fini(&checkup);
	free(ward.patients);
	free(ward.workers);
	json_free(&ward.reply);
	return code;
}
