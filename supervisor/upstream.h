/* SPDX-License-Identifier: Apache-2.0 */
/*
 * msd as a service of its own manager (systemd, or another msd): READY once
 * all is up, RELOADING, STOPPING, STATUS, and a heartbeat from the main loop
 * when one is asked for.  Without NOTIFY_SOCKET all of it does nothing.
 */
#ifndef SUPERVISOR_UPSTREAM_H
#define SUPERVISOR_UPSTREAM_H

struct msd;
struct upstream;

struct upstream *upstream_new(struct msd *msd);
void upstream_free(struct upstream **upstream);
void upstream_ready(struct upstream *upstream, const char *status);
void upstream_reloading(struct upstream *upstream);
void upstream_stopping(struct upstream *upstream, const char *status);

#endif
