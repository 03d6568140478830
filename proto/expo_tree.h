/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What msd and /proc say of the workers, as series: ms_worker_*, process_*.
 * msd itself keeps no memory for each worker's numbers.
 */
#ifndef PROTO_EXPO_TREE_H
#define PROTO_EXPO_TREE_H

#include "proto/expo.h"

/* Every name that begins so is said here and by no worker. */
struct expo_tree {
	struct metrics_series *series; /* sorted */
	size_t count;
};
/* tree NULL: msd did not answer, which is a series too.  Memory is of the
 * arena; texts of tree are borrowed.  MS_ENOMEM. */
enum ms_err expo_tree_make(struct expo_tree *series_r,
    const struct tree_facts *tree, struct arena *arena);

#endif
