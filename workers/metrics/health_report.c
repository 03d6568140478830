/* SPDX-License-Identifier: Apache-2.0 */
/* What the last round has found, for who asks by HTTP. */
#include "workers/metrics/health_impl.h"

static enum health_level
level_of(const struct health_monitor *m)
{
	/* what msd said last may not be true any more */
	enum health_level level =
	    m->told ? health_worse(m->verdict, HEALTH_DEGRADED) : m->verdict;

	for (struct watched *w = m->workers; w; w = w->hh.next)
		if (w->link && w->steady.known)
			level = health_worse(level, w->steady.level);
	return level;
}

/* What the verdict is made of: msd's word at once, services when they are
 * believed. */
static enum health_level
shown_level(const struct watched *w)
{
	return w->steady.known ? health_worse(w->told, w->steady.level)
			       : w->told;
}

static void
put_unwell(const struct health_monitor *m, struct buf *out)
{
	unsigned n = 0;

	for (struct watched *w = m->workers; w; w = w->hh.next) {
		if (shown_level(w) == HEALTH_OK)
			continue;
		buf_add_str(out, n++ ? ",{\"name\":" : "{\"name\":");
		json_quote(out, slice_of(w->name));
		buf_printf(out, ",\"verdict\":\"%s\",\"reasons\":",
		    health_level_name(shown_level(w)));
		if (w->reasons)
			json_print(w->reasons, out);
		else
			buf_add_str(out, "[]");
		buf_add_u8(out, '}');
	}
}

enum health_level
health_monitor_print(const struct health_monitor *m, struct buf *out)
{
	enum health_level level = HEALTH_DEGRADED;

	if (!m || !m->finished.ns) {
		buf_add_str(out,
		    "{\"ok\":false,\"verdict\":\"degraded\",\"age_ms\":null,"
		    "\"workers\":[]}\n");
		return level;
	}
	level = level_of(m);
	buf_printf(out,
	    "{\"ok\":%s,\"verdict\":\"%s\",\"age_ms\":%ju,\"workers\":[",
	    level == HEALTH_OK ? "true" : "false", health_level_name(level),
	    (uintmax_t)mono_ms_between(m->finished, mono_now()));
	put_unwell(m, out);
	buf_add_str(out, "]}\n");
	return level;
}
