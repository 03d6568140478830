/* SPDX-License-Identifier: Apache-2.0 */
/* The segments of numbers below run_dir: which can be read. */
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/metrics_set.h"
#include "proto/contract.h"
#include "supervisor/msctl/doctor/sight.h"
#include "supervisor/msctl/figures.h"

static void
see_segment(struct facts *f, const struct metrics_source *source)
{
	struct segment_facts *fact;

	if (source->err == MS_OK) {
		f->segments_good++;
		return;
	}
	if (source->err == MS_ENOTFOUND || source->err == MS_EPERM ||
	    f->segment_count == FACT_SEGMENTS_MAX)
		return; /* gone meanwhile, or not for us */
	fact = &f->segments[f->segment_count++];
	FACT_SET(fact->name,
	    strcmp(source->name, METRICS_MSD) == 0 ? "msd" : source->name);
	FACT_SET(fact->problem, source->why.text);
}

void
see_segments(struct sight *s)
{
	char *dir = xasprintf("%s/" METRICS_DIR, s->run_dir);
	struct metrics_set set = { NULL };

	if (metrics_set_read(&set, dir, NULL) == MS_OK) {
		for (size_t i = 0; i < set.read; i++)
			see_segment(&s->facts, &set.sources[i]);
		s->metrics = figures_json(&set);
	}
	metrics_set_fini(&set);
	free(dir);
}
