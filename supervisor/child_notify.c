/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a worker tells: each fact of a datagram becomes an event of the state
 * table or a note on the child.  A fact that does not fit the state is no
 * error of anybody: the table has an answer for it.
 */
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "supervisor/child.h"
#include "supervisor/watchdog.h"

#define EXTEND_MAX_MS 86400000u

static void
keep_status(struct child *child, const char *text)
{
	if (child->status && strcmp(child->status, text) == 0)
		return;
	free(child->status);
	child->status = text[0] ? xstrdup(text) : NULL;
}

static void
extend(struct child *child, uint64_t usec)
{
	uint64_t ms = usec / 1000 < EXTEND_MAX_MS ? usec / 1000 : EXTEND_MAX_MS;

	child_extend(child, ms);
	watchdog_on_lease(child, ms);
}

void
child_on_notify(struct child *child, const struct notify *notify)
{
	unsigned what = notify->what;
	bool by_ready = child->spec->conf.ready.kind == READY_NOTIFY ||
	    child->state == CHILD_RELOADING;

	if (what & NOTIFY_STATUS)
		keep_status(child, notify->status);
	if (what & NOTIFY_WATCHDOG)
		watchdog_on_beat(child);
	if (what & NOTIFY_WATCHDOG_USEC)
		watchdog_on_wish(child, notify->watchdog_usec);
	if ((what & NOTIFY_RELOADING))
		child_event(child, CHILD_EV_RELOADING);
	if ((what & NOTIFY_READY) && by_ready)
		child_event(child, CHILD_EV_READY);
	if (what & NOTIFY_EXTEND)
		extend(child, notify->extend_usec);
	if (what & NOTIFY_STOPPING)
		child_event(child, CHILD_EV_STOPPING);
	if (what & NOTIFY_WATCHDOG_TRIGGER)
		child_event(child, CHILD_EV_HUNG);
}

bool
child_reload(struct child *child)
{
	int signo = child->spec->conf.reload_signal;

	if (signo == 0 || !child_is_ready(child))
		return false;
	return child_signal(child, signo);
}
