/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/health.h"

#include <stdio.h>

#include "common/json.h"

static const char *const names[] = {
	[HEALTH_OK] = "ok",
	[HEALTH_DEGRADED] = "degraded",
	[HEALTH_FAILED] = "failed",
};

const char *
health_level_name(enum health_level level)
{
	return names[level];
}

bool
health_level_parse(const char *word, enum health_level *level_r)
{
	for (size_t i = 0; word && i < ARRAY_LEN(names); i++) {
		if (strcmp(word, names[i]) != 0)
			continue;
		*level_r = (enum health_level)i;
		return true;
	}
	return false;
}

enum health_level
health_worse(enum health_level a, enum health_level b)
{
	return a > b ? a : b;
}

enum health_level
health_checks_level(const struct health_check *checks, size_t count)
{
	enum health_level level = HEALTH_OK;

	for (size_t i = 0; i < count; i++)
		level = health_worse(level, checks[i].level);
	return level;
}

/* ---- as JSON ------------------------------------------------------------- */

static void
print_check(const struct health_check *c, struct buf *out)
{
	buf_add_str(out, "{\"name\":");
	json_quote(out, slice_of(c->name));
	buf_add_str(out, ",\"dependency\":");
	json_quote(out, slice_of(c->dependency));
	buf_printf(out,
	    ",\"status\":\"%s\",\"took_us\":%ju,\"budget_ms\":%u,\"text\":",
	    health_level_name(c->level), (uintmax_t)c->took_us, c->budget_ms);
	json_quote(out, slice_of(c->text));
	buf_add_u8(out, '}');
}

void
health_checks_print(const struct health_check *checks, size_t count,
    struct buf *out)
{
	buf_add_u8(out, '[');
	for (size_t i = 0; i < count; i++) {
		if (i)
			buf_add_u8(out, ',');
		print_check(&checks[i], out);
	}
	buf_add_u8(out, ']');
}

static uint64_t
number(const struct json *object, const char *key, uint64_t max)
{
	double value = json_get_num(object, key, 0);

	if (!(value > 0))
		return 0;
	return value < (double)max ? (uint64_t)value : max;
}

static void
take_check(const struct json *from, struct health_check *c)
{
	*c = (struct health_check){
		.level = HEALTH_FAILED,
		.took_us = number(from, "took_us", UINT64_C(1) << 53),
		.budget_ms = (uint32_t)number(from, "budget_ms", UINT32_MAX),
	};
	(void)health_level_parse(json_get_str(from, "status", ""), &c->level);
	snprintf(c->name, sizeof(c->name), "%s",
	    json_get_str(from, "name", ""));
	snprintf(c->dependency, sizeof(c->dependency), "%s",
	    json_get_str(from, "dependency", ""));
	snprintf(c->text, sizeof(c->text), "%s",
	    json_get_str(from, "text", ""));
}

enum ms_err
health_checks_parse(struct slice text, struct health_check *checks, size_t max,
    size_t *count_r, struct why *why)
{
	struct json *list = NULL;
	enum ms_err err = json_parse(text, &list, why);

	*count_r = 0;
	if (!err && json_type_of(list) != JSON_ARRAY)
		err = why_set(why, MS_EPROTO, "the checks are no list");
	for (const struct json *c = err ? NULL : json_first(list);
	     c && *count_r < max; c = json_next(c))
		take_check(c, &checks[(*count_r)++]);
	json_free(&list);
	return err;
}
