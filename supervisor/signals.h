/* SPDX-License-Identifier: Apache-2.0 */
/* What signals mean to msd; they arrive in the loop, never in a handler. */
#ifndef SUPERVISOR_SIGNALS_H
#define SUPERVISOR_SIGNALS_H

#include <ev.h>

#define SIGNALS_COUNT 6

struct msd;
struct daemon;

struct signals {
	struct msd *msd;
	struct daemon *daemon;
	ev_signal watchers[SIGNALS_COUNT];
};

void signals_watch(struct signals *signals, struct msd *msd,
    struct daemon *daemon);
void signals_stop(struct signals *signals);

#endif
