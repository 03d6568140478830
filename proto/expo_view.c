/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Series come sorted from each process; merging them groups the families, as
 * every format wants it.  Then names are made valid, which can make two of them
 * equal: the first keeps its name.
 */
#include <stdlib.h>

#include "proto/expo_impl.h"

/* ---- merge --------------------------------------------------------------------- */

/* Equal names: the left one first, so the order of the sources stays. */
static void
merge(const struct expo_point *from, size_t left, size_t right, size_t end,
    struct expo_point *to)
{
	size_t i = left, j = right;

	for (size_t k = left; k < end; k++) {
		bool take_left = i < right &&
		    (j == end ||
			strcmp(from[i].series->name, from[j].series->name) <=
			    0);

		to[k] = take_left ? from[i++] : from[j++];
	}
}

static size_t
min_size(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* ends[i] is where the i-th run ends; they are merged in pairs until one is
 * left.  Returns where the result is: points or spare. */
static struct expo_point *
merge_runs(struct expo_point *points, struct expo_point *spare, size_t *ends,
    size_t runs)
{
	while (runs > 1) {
		size_t begin = 0, kept = 0;

		for (size_t i = 0; i < runs; i += 2) {
			size_t end = ends[min_size(i + 1, runs - 1)];

			merge(points, begin, ends[i], end, spare);
			begin = ends[kept++] = end;
		}
		runs = kept;
		struct expo_point *swap = points;
		points = spare;
		spare = swap;
	}
	return points;
}

static size_t
collect(const struct expo_view *view, struct expo_point *points, size_t *ends)
{
	size_t n = 0;

	for (size_t s = 0; s < view->source_count; s++) {
		const struct expo_source *source = &view->sources[s];

		for (size_t i = 0; i < source->count; i++)
			points[n++] =
			    (struct expo_point){ &source->series[i], source };
		ends[s] = n;
	}
	return n;
}

static enum ms_err
arrange(struct expo_view *view)
{
	struct expo_point *points, *spare;
	size_t total = 1, *ends;

	for (size_t s = 0; s < view->source_count; s++)
		total += view->sources[s].count;
	points = arena_alloc(&view->arena, total * sizeof(*points));
	spare = arena_alloc(&view->arena, total * sizeof(*spare));
	ends =
	    arena_alloc(&view->arena, (view->source_count + 1) * sizeof(*ends));
	if (!points || !spare || !ends)
		return MS_ENOMEM;
	view->point_count = collect(view, points, ends);
	view->points = merge_runs(points, spare, ends, view->source_count);
	return MS_OK;
}

/* ---- families -------------------------------------------------------------------- */

/* Series that the first one of a family can stand beside. */
static bool
belongs(const struct expo_point *first, const struct expo_point *point)
{
	return first->series->kind == point->series->kind &&
	    first->series->unit == point->series->unit &&
	    !first->source->worker == !point->source->worker;
}

/* From `from` on, as long as the name is the same; what belongs is moved to the
 * front.  Returns where the next name begins. */
static size_t
gather(struct expo_view *view, size_t from, struct expo_family *family)
{
	struct expo_point *p = view->points;
	const char *name = p[from].series->name;
	size_t i = from, kept = from;

	for (; i < view->point_count && strcmp(p[i].series->name, name) == 0;
	     i++) {
		if (!belongs(&p[from], &p[i]) ||
		    (kept > from &&
			expo_point_compare(&p[kept - 1], &p[i]) == 0))
			view->left_out++;
		else
			p[kept++] = p[i];
	}
	family->first = from;
	family->count = kept - from;
	return i;
}

static enum ms_err
describe(struct expo_view *view, struct expo_family *family)
{
	const struct metrics_series *series =
	    view->points[family->first].series;
	char name[EXPO_NAME_BYTES];

	family->kind = series->kind;
	family->unit = series->unit;
	family->help = series->help && *series->help ? series->help : "-";
	expo_base_name(series, name);
	/* mostly it is valid as it stands */
	family->name = strcmp(name, series->name) == 0
	    ? series->name
	    : arena_strdup(&view->arena, name);
	return family->name ? MS_OK : MS_ENOMEM;
}

static size_t
count_names(const struct expo_view *view)
{
	size_t n = 0;

	for (size_t i = 0; i < view->point_count; i++)
		n += i == 0 ||
		    strcmp(view->points[i].series->name,
			view->points[i - 1].series->name) != 0;
	return n;
}

static enum ms_err
group(struct expo_view *view)
{
	struct expo_family *families = arena_alloc(&view->arena,
	    (count_names(view) + 1) * sizeof(*families));
	enum ms_err err = families ? MS_OK : MS_ENOMEM;
	size_t at = 0, n = 0;

	while (!err && at < view->point_count) {
		at = gather(view, at, &families[n]);
		err = describe(view, &families[n++]);
	}
	view->families = families;
	view->family_count = n;
	return err;
}

/* ---- names that collide ------------------------------------------------------------ */

static bool
is_counter(const struct expo_family *f)
{
	return f->kind == METRIC_COUNTER;
}

/* By name; of one name what is no counter first: it is x and x_total. */
static int
by_name(const void *a, const void *b)
{
	const struct expo_family *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	if (order == 0)
		order = is_counter(x) - is_counter(y);
	if (order == 0)
		order = x->first < y->first ? -1 : 1;
	return order;
}

static int
name_compare(const void *key, const void *member)
{
	const struct slice *name = key;
	const struct expo_family *f = member;
	int order = strncmp(name->ptr, f->name, name->len);

	return order ? order : -(f->name[name->len] != '\0');
}

/* The first of that name: what is no counter. */
static const struct expo_family *
find(const struct expo_view *view, struct slice name)
{
	const struct expo_family *f = bsearch(&name, view->families,
	    view->family_count, sizeof(*view->families), name_compare);

	while (f && f > view->families && name_compare(&name, f - 1) == 0)
		f--;
	return f;
}

/* x_count is a sample of the histogram x, and x_created one of the counter. */
static bool
is_sample_of_another(const struct expo_view *view, const struct expo_family *f)
{
	static const char *const suffixes[] = { "_bucket", "_count", "_sum",
		"_created" };

	for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
		struct slice base = slice_of(f->name);
		const struct expo_family *other;

		if (is_counter(f) || !expo_ends_in(f->name, suffixes[i]))
			continue;
		base.len -= strlen(suffixes[i]);
		other = find(view, base);
		if (other &&
		    (other->kind == METRIC_HISTOGRAM ||
			(is_counter(other) && i == 3)))
			return true;
	}
	return false;
}

static void
settle_names(struct expo_view *view)
{
	struct expo_family *f = view->families, *last = NULL;
	bool *out = NULL;
	size_t kept = 0;

	if (view->family_count == 0)
		return;
	qsort(f, view->family_count, sizeof(*f), by_name);
	out = arena_alloc(&view->arena, view->family_count * sizeof(*out));
	for (size_t i = 0; i < view->family_count; i++) {
		bool same = last && strcmp(last->name, f[i].name) == 0;

		f[i].shared = same && is_counter(&f[i]) && !is_counter(last);
		if (out)
			out[i] = (same && !f[i].shared) ||
			    is_sample_of_another(view, &f[i]);
		last = &f[i];
	}
	for (size_t i = 0; i < view->family_count; i++) {
		if (!out || out[i])
			view->left_out += f[i].count;
		else
			f[kept++] = f[i];
	}
	view->family_count = kept;
}

/* ---- public -------------------------------------------------------------------------- */

enum ms_err
expo_view_make(struct expo_view *view_r, const struct expo_source *sources,
    size_t count)
{
	enum ms_err err = MS_OK;

	*view_r = (struct expo_view){ .source_count = count };
	arena_init(&view_r->arena, 0);
	arena_init(&view_r->extra, 0);
	view_r->sources =
	    arena_alloc(&view_r->arena, (count + 1) * sizeof(*sources));
	if (!view_r->sources)
		err = MS_ENOMEM;
	else if (count)
		memcpy(view_r->sources, sources, count * sizeof(*sources));
	if (!err)
		err = arrange(view_r);
	if (!err)
		err = group(view_r);
	if (err)
		expo_view_fini(view_r);
	else
		settle_names(view_r);
	return err;
}

void
expo_view_filter(struct expo_view *view,
    bool (*keep)(const char *name, void *arg), void *arg)
{
	char name[EXPO_NAME_BYTES];
	size_t kept = 0;

	for (size_t i = 0; i < view->family_count; i++) {
		struct expo_family *f = &view->families[i];

		if (keep(expo_family_name(f, name), arg))
			view->families[kept++] = *f;
	}
	view->family_count = kept;
}

static const char *
worker_of(const struct expo_point *point)
{
	if (point->source->worker)
		return point->source->worker;
	return point->series->label_count ? point->series->label_values[0] : "";
}

void
expo_view_only(struct expo_view *view, const char *worker)
{
	size_t families = 0;

	for (size_t i = 0; i < view->family_count; i++) {
		struct expo_family *f = &view->families[i];
		struct expo_point *points = view->points + f->first;
		size_t kept = 0;

		for (size_t j = 0; j < f->count; j++)
			if (strcmp(worker_of(&points[j]), worker) == 0)
				points[kept++] = points[j];
		f->count = kept;
		if (kept)
			view->families[families++] = *f;
	}
	view->family_count = families;
}

/* ---- two views -------------------------------------------------------------------- */

static int
family_compare(const struct expo_family *a, const struct expo_family *b)
{
	int order = strcmp(a->name, b->name);

	return order
	    ? order
	    : (a->kind == METRIC_COUNTER) - (b->kind == METRIC_COUNTER);
}

const struct expo_point *
expo_view_follow(const struct expo_view *before,
    const struct expo_family *family, const struct expo_point *point,
    struct expo_cursor *at)
{
	const struct expo_family *f;

	while (at->family < before->family_count &&
	    family_compare(&before->families[at->family], family) < 0) {
		at->family++;
		at->point = 0;
	}
	if (at->family == before->family_count)
		return NULL;
	f = &before->families[at->family];
	if (family_compare(f, family) != 0 || f->kind != family->kind ||
	    f->unit != family->unit)
		return NULL;
	for (; at->point < f->count; at->point++) {
		const struct expo_point *old =
		    &before->points[f->first + at->point];
		int order = expo_point_compare(old, point);

		if (order >= 0)
			return order == 0 ? old : NULL;
	}
	return NULL;
}

void
expo_view_fini(struct expo_view *view)
{
	arena_fini(&view->arena);
	arena_fini(&view->extra);
	*view = (struct expo_view){ .sources = NULL };
}
