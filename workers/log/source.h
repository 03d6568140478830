/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One worker's output: a pipe, its unfinished line, its file.  A line ends at
 * '\n' or after line_bytes; whole lines are stamped and written at once.
 */
#ifndef WORKERS_LOG_SOURCE_H
#define WORKERS_LOG_SOURCE_H

#include "common/loop.h"
#include "workers/log/sink.h"
#include "workers/log/stamp.h"

struct source;

/* order: LOGS_ADD.  Takes fd (a pipe's read end).  log_dir is borrowed. */
struct source *source_new(struct loop *loop, const struct logs_order *order,
    const char *log_dir, size_t line_bytes, int fd);
/* Reads what is there, writes it, an unfinished last line too. */
void source_free(struct source **source);
const char *source_name(const struct source *source);
/* LOGS_ADD again: new settings; fd -1 keeps the pipe. */
void source_change(struct source *source, const struct logs_order *order,
    const char *log_dir, int fd);
void source_started(struct source *source, pid_t pid, uint64_t generation);
void source_reopen(struct source *source);
void source_set_line_bytes(struct source *source, size_t line_bytes);

#endif
