/* SPDX-License-Identifier: Apache-2.0 */
/* The tree as JSON, in the shapes of the control protocol. */
#ifndef SUPERVISOR_STATUS_H
#define SUPERVISOR_STATUS_H

#include "common/json.h"
#include "supervisor/child.h"

void status_of_child(const struct child *child, struct json *out);
void status_of_group(const struct group *group, struct json *out);
/* The node with its "children", workers with "rss_kib". */
void status_tree(const struct group *group, struct json *out);
void status_of_exit(const struct exit_reason *reason, struct json *out);
/* {"specs","active","supervisors","workers"} as OTP counts. */
void status_count(const struct group *group, bool all, struct json *out);
/* The last lines of the file, at most `lines`. */
void status_last_lines(const char *path, size_t lines, struct json *array);

#endif
