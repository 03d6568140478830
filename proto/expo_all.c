/* SPDX-License-Identifier: Apache-2.0 */
/* The view of everything: what each worker counts, what is known of it, and
 * whose numbers could not be read. */
#include <stdlib.h>

#include "proto/contract.h"
#include "proto/expo_tree.h"

/* "@msd" is there so that no worker can have its name; a worker may all the
 * same be called msd. */
static const char *
label_of(const struct metrics_set *set, const char *name)
{
	if (strcmp(name, METRICS_MSD) == 0 && !metrics_set_find(set, "msd"))
		return "msd";
	return name;
}

static int
by_first_label(const void *a, const void *b)
{
	const struct metrics_series *x = a, *y = b;

	return strcmp(x->label_values[0], y->label_values[0]);
}

/* 1 or 0 for each segment, by worker. */
static enum ms_err
readable(const struct metrics_set *set, struct arena *arena,
    struct expo_source *source_r)
{
	struct metrics_series *series =
	    arena_alloc(arena, (set->count + 1) * sizeof(*series));

	if (!series)
		return MS_ENOMEM;
	for (size_t i = 0; i < set->count; i++)
		series[i] = (struct metrics_series){
			.name = "ms_metrics_readable",
			.help = "0 when a worker's numbers are damaged.",
			.kind = METRIC_GAUGE,
			.label_count = 1,
			.label_names = { "worker" },
			.label_values = { label_of(set, set->sources[i].name) },
			.value = set->sources[i].err == MS_OK,
		};
	qsort(series, set->count, sizeof(*series), by_first_label);
	*source_r =
	    (struct expo_source){ .series = series, .count = set->count };
	return MS_OK;
}

static struct expo_source
source_of(const struct metrics_set *set, const struct metrics_source *segment)
{
	return (struct expo_source){
		.worker = label_of(set, segment->name),
		.series = segment->snapshot.series,
		.count = segment->snapshot.count,
		.created_ns = segment->created_ns,
	};
}

static int
by_worker(const void *a, const void *b)
{
	const struct expo_source *x = a, *y = b;

	return strcmp(x->worker, y->worker);
}

static enum ms_err
make(struct expo_view *view_r, const struct metrics_set *set,
    const struct tree_facts *tree, struct arena *arena)
{
	struct expo_source *sources =
	    arena_alloc(arena, (set->count + 2) * sizeof(*sources));
	struct expo_tree known;
	enum ms_err err = sources ? MS_OK : MS_ENOMEM;
	size_t n = 0;

	if (!err)
		err = expo_tree_make(&known, tree, arena);
	if (!err)
		err = readable(set, arena, &sources[1]);
	if (err)
		return err;
	/* first: whatever a worker calls its own, these names are ours */
	sources[n++] = (struct expo_source){ .series = known.series,
		.count = known.count };
	n++;
	for (size_t i = 0; i < set->count; i++)
		sources[n++] = source_of(set, &set->sources[i]);
	qsort(sources + 2, set->count, sizeof(*sources), by_worker);
	return expo_view_make(view_r, sources, n);
}

enum ms_err
expo_view_all(struct expo_view *view_r, const struct metrics_set *set,
    const struct tree_facts *tree)
{
	struct arena arena;
	enum ms_err err;

	arena_init(&arena, 0);
	err = make(view_r, set, tree, &arena);
	if (err)
		arena_fini(&arena);
	else
		view_r->extra = arena; /* the view's points lie in it */
	return err;
}
