/* SPDX-License-Identifier: Apache-2.0 */
/* msd's own manager: sd_notify(3) towards NOTIFY_SOCKET, when there is one. */
#ifndef SUPERVISOR_UPSTREAM_H
#define SUPERVISOR_UPSTREAM_H

#include "common/loop.h"

struct upstream;

/* Never fails: without a manager all of this is silent. */
struct upstream *upstream_new(struct loop *loop);
void upstream_free(struct upstream **upstream);
void upstream_ready(struct upstream *upstream, const char *status);
void upstream_reloading(struct upstream *upstream);
void upstream_stopping(struct upstream *upstream);

#endif
