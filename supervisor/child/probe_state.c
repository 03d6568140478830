/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "supervisor/child/child.h"
#include "supervisor/child/probe_try.h"
#include "supervisor/msd.h"
#include "supervisor/state/state.h"

static const struct state_row rows[] = {
	STATE_ROW(STATE_U32, struct probe, health.in_a_row),
	STATE_ROW(STATE_U32, struct probe, health.failures),
	STATE_ROW(STATE_U32, struct probe, health.tries),
	STATE_ROW(STATE_BOOL, struct probe, health.is_new),
	STATE_ROW(STATE_BOOL, struct probe, is_unasked),
	STATE_END,
};

void
probe_save(const struct child *child, struct state_out *out)
{
	const struct probe *probe = child->probe;

	if (!probe)
		return;
	state_open_list(out, "probe");
	state_open_item(out);
	state_put(out, rows, probe);
	state_put_text(out, "text", probe->text);
	state_put_u64(out, "is_on", probe->state != PROBE_OFF);
	state_put_u64(out, "program", (uint64_t)probe->program.pid);
	state_close_item(out);
	state_close_list(out);
}

void
probe_load(struct child *child, struct state_in *in, const struct json *record)
{
	const struct json *item = state_get_list(in, record, "probe");
	const char *text = item ? state_get_text(in, item, "text") : NULL;
	uint64_t program = item ? state_get_u64(in, item, "program") : 0;

	if (!item)
		return;
	child->probe = probe_new(child);
	state_get(in, item, rows, child->probe);
	snprintf(child->probe->text, sizeof(child->probe->text), "%s",
	    text ? text : "");
	if (state_get_u64(in, item, "is_on"))
		child->probe->state = PROBE_PAUSED;
	/* our child, not reaped yet: the number is still its own */
	if (program > 1 && program <= INT32_MAX && !in->rehearsal)
		kill(-(pid_t)program, SIGKILL);
}

void
probe_resume(struct child *child)
{
	if (child->probe && child->probe->state == PROBE_PAUSED)
		probe_pause(child->probe);
}
