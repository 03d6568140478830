/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Workers that come and go at run time: OTP's start_child, delete_child, and
 * the instances of templates (simple_one_for_one).
 */
#ifndef SUPERVISOR_TREE_DYNAMIC_H
#define SUPERVISOR_TREE_DYNAMIC_H

#include "common/field.h"
#include "supervisor/refusal.h"
#include "supervisor/tree/tree.h"

#define INSTANCES_MAX 10000u /* of one template */

/* A worker from the text of its section; its start has been wished for.
 * NULL: refused, and nothing has changed. */
struct child *dynamic_add(struct msd *msd, struct slice text,
    struct refusal *refusal);
/* Forgets a worker that is not running.  One of the file comes back with the
 * next reload. */
bool dynamic_remove(struct msd *msd, struct child *child,
    struct refusal *refusal);
/* One more instance, with args (copied) behind those of the template. */
struct child *dynamic_spawn(struct msd *msd, struct group *template,
    const struct words *args, struct refusal *refusal);
/* As many instances as that: the lowest free numbers are started, the last
 * started stopped. */
bool dynamic_scale(struct msd *msd, struct group *template, uint32_t count,
    struct refusal *refusal);
/* An instance of that name has existed, whether or not it does now. */
bool dynamic_has_been(const struct msd *msd, const char *name);

#endif
