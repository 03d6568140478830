/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a worker tells: each fact of a datagram becomes an event of the state
 * table or a note on the child.  A fact that does not fit the state is no
 * error of anybody: the table has an answer for it.
 */
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/log.h"
#include "supervisor/child/child.h"
#include "supervisor/child/fdstore.h"
#include "supervisor/child/mainpid.h"
#include "supervisor/child/watchdog.h"
#include "supervisor/msd.h"

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

bool
child_complains(struct child *child, enum child_complaint complaint)
{
	bool first = !(child->complaints & complaint);

	child->complaints |= complaint;
	return first;
}

static void
store(struct child *child, const struct notify *notify, int *fds, size_t count)
{
	uint32_t max = child->spec->conf.fd_store_max;

	for (size_t i = 0; i < count; i++) {
		bool kept = fdstore_add(&child->store, child->msd->loop, fds[i],
		    notify->fdname, notify->fdpoll, max);

		fds[i] = -1;
		if (!kept && child_complains(child, COMPLAINT_STORE))
			log_warn("descriptor not stored, it has enough",
			    "name=%s fd_store_max=%u", child->node.name, max);
	}
}

static void
move_main(struct child *child, const struct notify *notify, const int *fds,
    size_t count)
{
	pid_t pid = notify->mainpid;

	if ((notify->what & NOTIFY_MAINPIDFD) && count == 1)
		pid = mainpid_of_fd(fds[0]);
	if (!mainpid_move(child, pid) &&
	    child_complains(child, COMPLAINT_MAINPID))
		log_warn("MAINPID refused, no living process of this worker",
		    "name=%s mainpid=%d", child->node.name, (int)pid);
}

/* What is only noted. */
static void
note(struct child *child, const struct notify *notify)
{
	unsigned what = notify->what;

	if (what & NOTIFY_STATUS)
		keep_status(child, notify->status);
	if (what & NOTIFY_ERRNO)
		child->said_errno = notify->error;
	if (what & NOTIFY_EXIT_STATUS)
		child->said_status = notify->exit_status;
	if (what & NOTIFY_ACCESS)
		child->notify_access = notify->access;
	if (what & NOTIFY_WATCHDOG)
		watchdog_on_beat(child);
	if (what & NOTIFY_WATCHDOG_USEC)
		watchdog_on_wish(child, notify->watchdog_usec);
}

void
child_on_notify(struct child *child, const struct notify *notify, int *fds,
    size_t fd_count)
{
	unsigned what = notify->what;
	bool by_ready = child->spec->conf.ready.kind == READY_NOTIFY ||
	    child->state == CHILD_RELOADING;

	/* all before it has been handled, and its descriptor is closed now:
	 * that is what it asks for; with anything else it is no message */
	if (what & NOTIFY_BARRIER)
		return;
	note(child, notify);
	if (what & (NOTIFY_MAINPID | NOTIFY_MAINPIDFD))
		move_main(child, notify, fds, fd_count);
	if ((what & NOTIFY_FDSTOREREMOVE) && notify->fdname[0])
		fdstore_remove(child->store, notify->fdname);
	else if ((what & NOTIFY_FDSTORE) && !(what & NOTIFY_FDSTOREREMOVE))
		store(child, notify, fds, fd_count);
	if (what & NOTIFY_RELOADING)
		child_event(child, CHILD_EV_RELOADING);
	if ((what & NOTIFY_READY) && by_ready)
		child_event(child, CHILD_EV_READY);
	if (what & NOTIFY_EXTEND)
		extend(child, notify->extend_usec);
	if (what & NOTIFY_PREPARED)
		child_event(child, CHILD_EV_PREPARED);
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
