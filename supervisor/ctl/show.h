/* SPDX-License-Identifier: Apache-2.0 */
/* The tree as JSON, the stable form of the contract. */
#ifndef SUPERVISOR_CTL_SHOW_H
#define SUPERVISOR_CTL_SHOW_H

#include "common/buf.h"
#include "supervisor/child/child.h"

/* One object each, without comma. */
void show_child(const struct child *child, struct buf *out);
/* "supervisor" or "template" */
const char *group_type(const struct group *group);
void show_group(const struct group *group, struct buf *out);
/* The group with all below it, with memory figures. */
void show_tree(const struct group *group, struct buf *out);
void show_exit(const struct exit_reason *reason, struct buf *out);
/* "next_start_ms":N, or null when it waits for no time. */
void show_next_start(const struct child *child, struct buf *out);
/* The last lines of a worker's log file as an array of texts. */
void show_tail(const struct child *child, struct buf *out);
/* "key":"text", key:null for NULL. */
void show_str(struct buf *out, const char *key, const char *text);

#endif
