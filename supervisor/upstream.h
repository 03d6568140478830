/* SPDX-License-Identifier: Apache-2.0 */
/*
 * msd as a service of its own manager (systemd, or another msd): READY once
 * all is up, RELOADING, STOPPING, STATUS at most once a second, more time
 * while it starts or stops slowly, and a heartbeat from the main loop when one
 * is asked for.  Without NOTIFY_SOCKET all of it does nothing; nothing blocks.
 */
#ifndef SUPERVISOR_UPSTREAM_H
#define SUPERVISOR_UPSTREAM_H

#include <stdbool.h>

struct msd;
struct upstream;

struct upstream *upstream_new(struct msd *msd);
void upstream_free(struct upstream **upstream);
/* The whole tree is. */
void upstream_ready(struct upstream *upstream);
void upstream_reloading(struct upstream *upstream);
/* Also after a refusal: READY again.  status: NULL counts the workers. */
void upstream_reloaded(struct upstream *upstream, const char *status);
void upstream_stopping(struct upstream *upstream, bool failed,
    const char *status);
/* Something has changed; STATUS follows.  NULL is none. */
void upstream_touch(struct upstream *upstream);
/* For a msd that will not even begin: why, and an errno. */
void upstream_refuse(const char *status, int error);

/* ---- over an exec of msd -------------------------------------------------- */
struct state_in;
struct state_out;
void upstream_save(const struct upstream *upstream, struct state_out *out);
void upstream_load(struct upstream *upstream, struct state_in *in);

#endif
