/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files below run_dir/metrics in which workers count (common/metrics.h).
 * They stay when a worker or msd dies, so that its numbers go on; msd makes
 * them and takes them away, and never writes in one of a worker.
 */
#ifndef SUPERVISOR_METRICS_SEGMENTS_H
#define SUPERVISOR_METRICS_SEGMENTS_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/err.h"
#include "proto/conf/msd.h"

struct tree;

struct segments {
	char *dir;
	int dir_fd; /* -1: it cannot be had, and that was said */
	mode_t mode;
	bool warned; /* since the last that could be made */
};

/* Makes the directory.  Without it workers run without numbers. */
void segments_open(struct segments *segments, const struct msd_conf *conf);
void segments_close(struct segments *segments);
/* A file for `name`, owned by uid and gid; what is in it stays.  False: not
 * possible, which is logged once. */
bool segments_make(struct segments *segments, const char *name, uid_t uid,
    gid_t gid);
void segments_remove(struct segments *segments, const char *name);
/* Removes the files of those that are in no tree any more. */
void segments_tidy(struct segments *segments, const struct tree *tree);

#endif
