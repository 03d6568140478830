/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/expo_tree.h"

#include <stdlib.h>

/* False: this worker has no such number. */
typedef bool value_fn(const struct tree_worker *w, int64_t *value_r);

static bool
up(const struct tree_worker *w, int64_t *value_r)
{
	*value_r = w->pid != 0;
	return true;
}

static bool
ready(const struct tree_worker *w, int64_t *value_r)
{
	*value_r = w->ready;
	return true;
}

static bool
wanted(const struct tree_worker *w, int64_t *value_r)
{
	*value_r = w->wanted;
	return true;
}

static bool
state(const struct tree_worker *w, int64_t *value_r)
{
	*value_r = 1;
	return *w->state != '\0';
}

static bool
restarts(const struct tree_worker *w, int64_t *value_r)
{
	*value_r = (int64_t)w->restarts;
	return true;
}

static bool
starts(const struct tree_worker *w, int64_t *value_r)
{
	*value_r = (int64_t)w->generation;
	return true;
}

static bool
uptime(const struct tree_worker *w, int64_t *value_r)
{
	*value_r = (int64_t)w->uptime_ms * 1000000;
	return w->pid != 0;
}

static bool
log_dropped(const struct tree_worker *w, int64_t *value_r)
{
	*value_r = (int64_t)w->log_dropped;
	return true;
}

static bool
fds_stored(const struct tree_worker *w, int64_t *value_r)
{
	*value_r = (int64_t)w->fds_stored;
	return true;
}

static bool
memory(const struct tree_worker *w, int64_t *value_r)
{
	*value_r = (int64_t)w->proc.rss_bytes;
	return w->has_proc;
}

static bool
virtual_memory(const struct tree_worker *w, int64_t *value_r)
{
	*value_r = (int64_t)w->proc.virtual_bytes;
	return w->has_proc;
}

static bool
cpu(const struct tree_worker *w, int64_t *value_r)
{
	*value_r = (int64_t)w->proc.cpu_ns;
	return w->has_proc;
}

static bool
threads(const struct tree_worker *w, int64_t *value_r)
{
	*value_r = w->proc.threads;
	return w->has_proc;
}

static bool
started(const struct tree_worker *w, int64_t *value_r)
{
	/* of a clock that drifts against the ticks of /proc: milliseconds
	 * would change at every look */
	*value_r = (int64_t)(w->proc.started_ns / 1000000000) * 1000000000;
	return w->has_proc;
}

static bool
fds(const struct tree_worker *w, int64_t *value_r)
{
	*value_r = w->proc.fds;
	return w->has_proc && w->proc.fds >= 0;
}

static bool
max_fds(const struct tree_worker *w, int64_t *value_r)
{
	*value_r = w->proc.max_fds;
	return w->has_proc && w->proc.max_fds >= 0;
}

#define GAUGE   METRIC_GAUGE
#define COUNTER METRIC_COUNTER
#define NONE    METRIC_UNIT_NONE
#define SECONDS METRIC_UNIT_SECONDS
#define BYTES   METRIC_UNIT_BYTES

static const struct {
	const char *name; /* in order */
	enum metric_kind kind;
	enum metric_unit unit;
	value_fn *value;
	const char *help;
} rows[] = {
	{ "ms_worker_fds_stored", GAUGE, NONE, fds_stored,
	    "Descriptors that msd keeps for its next life." },
	{ "ms_worker_log_dropped_total", COUNTER, NONE, log_dropped,
	    "Lines of output that are in no file." },
	{ "ms_worker_memory_bytes", GAUGE, BYTES, memory,
	    "Resident memory of its main process." },
	{ "ms_worker_ready", GAUGE, NONE, ready, "1 when it is ready." },
	{ "ms_worker_restarts_total", COUNTER, NONE, restarts,
	    "Automatic restarts since an operator started it." },
	{ "ms_worker_starts_total", COUNTER, NONE, starts,
	    "Starts, the first one included." },
	{ "ms_worker_state", GAUGE, NONE, state,
	    "1 for the state that it is in." },
	{ "ms_worker_up", GAUGE, NONE, up, "1 when it has a process." },
	{ "ms_worker_uptime_seconds", GAUGE, SECONDS, uptime,
	    "Age of its process." },
	{ "ms_worker_wanted", GAUGE, NONE, wanted,
	    "1 when it should be up, 0 when an operator has stopped it." },
	{ "process_cpu_seconds_total", COUNTER, SECONDS, cpu,
	    "Processor time, user and system." },
	{ "process_max_fds", GAUGE, NONE, max_fds,
	    "Descriptors it may have open." },
	{ "process_open_fds", GAUGE, NONE, fds, "Descriptors it has open." },
	{ "process_resident_memory_bytes", GAUGE, BYTES, memory,
	    "Resident memory." },
	{ "process_start_time_seconds", GAUGE, SECONDS, started,
	    "When it started, since 1970." },
	{ "process_threads", GAUGE, NONE, threads, "Threads." },
	{ "process_virtual_memory_bytes", GAUGE, BYTES, virtual_memory,
	    "Address space." },
};

static int
by_name(const void *a, const void *b)
{
	const struct tree_worker *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

static void
add(struct expo_tree *tree, size_t row, const struct tree_worker *w)
{
	struct metrics_series *s = &tree->series[tree->count];
	int64_t value;

	if (!rows[row].value(w, &value))
		return;
	*s = (struct metrics_series){ .name = rows[row].name,
		.help = rows[row].help,
		.kind = rows[row].kind,
		.unit = rows[row].unit,
		.label_count = 1,
		.label_names = { "worker" },
		.label_values = { w->name },
		.value = value };
	if (rows[row].value == state) {
		s->label_count = 2;
		s->label_names[1] = "state";
		s->label_values[1] = w->state;
	}
	tree->count++;
}

/* In front of all the others. */
static void
add_answered(struct expo_tree *tree, bool answered)
{
	tree->series[tree->count++] = (struct metrics_series){ .name = "ms_up",
		.help = "1 when msd tells of its workers.",
		.kind = METRIC_GAUGE,
		.value = answered };
}

enum ms_err
expo_tree_make(struct expo_tree *series_r, const struct tree_facts *tree,
    struct arena *arena)
{
	size_t workers = tree ? tree->count : 0;
	const struct tree_worker **sorted =
	    arena_alloc(arena, (workers + 1) * sizeof(struct tree_worker *));

	series_r->count = 0;
	series_r->series = arena_alloc(arena,
	    (1 + workers * ARRAY_LEN(rows)) * sizeof(*series_r->series));
	if (!sorted || !series_r->series)
		return MS_ENOMEM;
	for (size_t i = 0; i < workers; i++)
		sorted[i] = &tree->workers[i];
	qsort(sorted, workers, sizeof(*sorted), by_name);
	add_answered(series_r, tree != NULL);
	for (size_t row = 0; row < ARRAY_LEN(rows); row++)
		for (size_t i = 0; i < workers; i++)
			add(series_r, row, sorted[i]);
	return MS_OK;
}
