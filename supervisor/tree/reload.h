/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A new configuration for a running tree: read, checked, compared, and only
 * then applied, whole.  A wrong one changes nothing.
 */
#ifndef SUPERVISOR_TREE_RELOAD_H
#define SUPERVISOR_TREE_RELOAD_H

#include <stdbool.h>

#include "common/buf.h"
#include "common/conf.h"

struct msd;
struct reload;

enum reload_action {
	RELOAD_ADD,
	RELOAD_STOP,
	RELOAD_RESTART, /* another process: command, environment, user, ... */
	RELOAD_UPDATE,  /* policy only: keeps running */
	RELOAD_LEAVE,
	RELOAD_ACTION_COUNT
};

/*
 * Reads the file msd was started with; NULL when it cannot be taken, with the
 * reasons in errors.  specs_only is OTP's code_change: what workers are told
 * changes, what runs does not; new ones are not started, missing ones stay.
 */
struct reload *reload_plan(struct msd *msd, bool specs_only,
    struct conf_errors *errors);
void reload_free(struct reload **reload);
void reload_apply(struct reload *reload);
/* "add":[names],"stop":[...], ... */
void reload_show(const struct reload *reload, struct buf *out);

/* All of it, with log lines and events.  What was done is added to plan, as
 * reload_show() does.  False: refused. */
bool reload_run(struct msd *msd, bool specs_only, struct buf *plan,
    struct conf_errors *errors);

#endif
