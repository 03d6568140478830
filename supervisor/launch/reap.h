/* SPDX-License-Identifier: Apache-2.0 */
/* The one place that waits for processes.  First all that have died are
 * reaped, then their deaths are handled. */
#ifndef SUPERVISOR_LAUNCH_REAP_H
#define SUPERVISOR_LAUNCH_REAP_H

#include <stdbool.h>
#include <stddef.h>

struct child;
struct msd;

struct reaper {
	struct child **dead; /* reaped, not handled */
	size_t count, cap;
	bool sorted;
	size_t strangers; /* orphans reaped, not handled */
};

/* After SIGCHLD: everything that has died.  Never blocks. */
void reap(struct msd *msd);
/* In the middle of long work: takes what has died now; it is handled at the
 * end of the turn.  The numbers of the dead are nobody's from then on. */
void reap_meanwhile(struct msd *msd);
/* Its main process was reaped, its end is to be handled: wait_code and
 * wait_status are set. */
void reaper_add(struct reaper *reaper, struct child *child);
void reaper_fini(struct reaper *reaper);

#endif
