/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What workers say of their life in their metrics files.  Who asks a hundred
 * times a second is not made to wait for a hundred openings: the files of the
 * first workers asked about stay open.
 */
#ifndef SUPERVISOR_METRICS_LIVES_H
#define SUPERVISOR_METRICS_LIVES_H

#include "common/metrics_read.h"
#include "supervisor/metrics/segments.h"

#define LIVES_OPEN_MAX 64u /* of the others, files are opened each time */

struct life_file;
struct lives { /* zeroed is empty */
	struct life_file *files;
};

/* Of the process `pid` that counts there; false: it says nothing. */
bool lives_read(struct lives *lives, const struct segments *segments,
    const char *name, pid_t pid, struct metrics_life *life_r);
/* The worker is no more. */
void lives_forget(struct lives *lives, const char *name);
void lives_close(struct lives *lives);

#endif
