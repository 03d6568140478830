/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the workers' output goes.  With a log collector in the tree (its
 * command is ms-log) each worker writes into a pipe of which msd keeps both
 * ends, so nothing is lost while the collector is away; without one, straight
 * into its append-only file.
 */
#ifndef SUPERVISOR_LOG_LOGS_H
#define SUPERVISOR_LOG_LOGS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"

struct child;
struct logs;
struct msd;

struct logs *logs_new(struct msd *msd);
void logs_free(struct logs **logs);

/* The descriptor for a worker's stdout and stderr, or -1 with errno.
 * *owned_r: the caller closes it after the fork. */
int logs_output(struct logs *logs, struct child *child, bool *owned_r,
    struct why *why);
/* The end of a new pair of sockets for a starting collector; owned. */
int logs_collector_fd(struct logs *logs, struct child *child);
/* A new generation runs. */
void logs_started(struct logs *logs, struct child *child);
/* A generation is dead; event `seq` says so, and is held until what it said is
 * in its file, or for a moment. */
void logs_died(struct logs *logs, struct child *child, uint64_t seq);
/* Its settings may have changed. */
void logs_changed(struct logs *logs, struct child *child);
/* It has left the tree. */
void logs_drop(struct logs *logs, struct child *child);
/* Rotated by somebody else: open files anew. */
void logs_reopen(struct logs *logs);
/* Absolute path of a worker's log file, into out. */
#define LOG_PATH_BYTES 1024
const char *logs_path(const struct logs *logs, const struct child *child,
    char out[static LOG_PATH_BYTES]);

/* ---- over an exec of msd ------------------------------------------------- */
struct json;
struct state_in;
struct state_out;
void logs_save(const struct logs *logs, struct state_out *out);
void logs_load(struct logs *logs, struct state_in *in);

#endif
