/* SPDX-License-Identifier: Apache-2.0 */
/* The one place that waits for processes. */
#ifndef SUPERVISOR_REAP_H
#define SUPERVISOR_REAP_H

struct msd;

/* After SIGCHLD: everything that has died.  Never blocks. */
void reap(struct msd *msd);

#endif
