/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One worker's output: a pipe, its unfinished line, its file.  A line ends at
 * '\n' or after line_bytes; whole lines are stamped and written at once.
 * Lines that are in no file are counted, and confessed where they are missing.
 */
#ifndef WORKERS_LOG_SOURCE_H
#define WORKERS_LOG_SOURCE_H

#include "common/loop.h"
#include "workers/log/figures.h"
#include "workers/log/sink.h"
#include "workers/log/stamp.h"

struct source;

/* What all sources of a process share; borrowed. */
struct source_rules {
	struct loop *loop;
	const char *log_dir;
	size_t line_bytes; /* may change */
	const struct log_figures *figures;
	struct buf *scratch; /* lines on their way to a file */
	/* lines were dropped: source_settle() is to be called soon */
	void (*on_drop)(void *arg);
	void *arg;
};

/* order: LOGS_ADD.  Takes fd (a pipe's read end). */
struct source *source_new(const struct source_rules *rules,
    const struct logs_order *order, int fd);
/* Reads what is there, writes it, an unfinished last line too. */
void source_free(struct source **source);
const char *source_name(const struct source *source);
/* LOGS_ADD again: new settings; fd -1 keeps the pipe, another one is of the
 * next generation. */
void source_change(struct source *source, const struct logs_order *order,
    int fd);
/* pid 0: nothing is read until it is told. */
void source_started(struct source *source, pid_t pid, uint64_t generation);
/* As source_flush(); its start may not have been told. */
void source_died(struct source *source, pid_t pid, uint64_t generation);
/* What is in the pipe now is in the file when this returns (or dropped). */
void source_flush(struct source *source);
void source_reopen(struct source *source);
/* Confesses in the file what was dropped; true while that is still to do. */
bool source_settle(struct source *source);
/* What was dropped and not yet reported: fills lines, bytes, error; false:
 * nothing. */
bool source_report(const struct source *source, struct logs_report *report);
struct source_facts {
	const char *path;       /* borrowed */
	int error;              /* why the last write failed, 0: it did not */
	uint64_t dropped;       /* lines, ever */
	struct mono dropped_at; /* the last of them; .ns 0: none */
};
struct source_facts source_facts(const struct source *source);
void source_reported(struct source *source, const struct logs_report *report);

#endif
