/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything that is counted and known of the workers, read here and now: the
 * segments below run_dir, msd's status, /proc.  It needs neither ms-metrics nor
 * the bus; without msd the numbers are there all the same.
 */
#ifndef SUPERVISOR_MSCTL_NUMBERS_H
#define SUPERVISOR_MSCTL_NUMBERS_H

#include "common/mono.h"
#include "proto/expo.h"
#include "supervisor/msctl/msctl.h"

struct numbers {
	struct mono at;
	struct metrics_set set;
	bool has_tree; /* false: msd does not answer */
	struct tree_facts tree;
	struct expo_view view;
};

/* MS_EUNAVAILABLE: neither msd nor a segment is there. */
enum ms_err numbers_read(const struct msctl *ctl, struct numbers *numbers_r,
    struct why *why);
void numbers_fini(struct numbers *numbers);

/* A table of the view.  before: an earlier one, for rates; NULL = none. */
void numbers_render(const struct numbers *numbers, const struct numbers *before,
    const struct look *look, struct buf *out);

#endif
