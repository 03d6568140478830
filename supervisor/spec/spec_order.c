/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The start order is the tree walked depth first in file order, except that
 * a worker comes after what it requires, wants or names in `after`.
 */
#include "supervisor/spec/spec_order.h"

#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "proto/conf/sections.h"
#include "supervisor/spec/order.h"

#define DEPTH_MAX        32u
#define CYCLE_TEXT_MAX   400u
#define DEPENDENCIES_MAX 200000u

/* ---- supervisors -------------------------------------------------------- */

static void
copy_supervisors(struct spec *spec, const size_t *order)
{
	size_t n = spec->supervisor_count;
	struct supervisor_spec *old = xcalloc(n, sizeof(*old));
	size_t *now_at = xcalloc(n, sizeof(*now_at));

	memcpy(old, spec->supervisors, n * sizeof(*old));
	for (size_t i = 0; i < n; i++)
		now_at[order[i]] = i;
	for (size_t i = 0; i < n; i++) {
		struct supervisor_spec *s = &spec->supervisors[i];

		*s = old[order[i]];
		s->parent = now_at[s->parent];
		s->depth = i ? spec->supervisors[s->parent].depth + 1 : 0;
	}
	free(old);
	free(now_at);
}

static void
print_cycle(const char *(*name_of)(const struct spec *, size_t),
    const struct spec *spec, const size_t *cycle, size_t n, struct buf *out)
{
	out->limit_bytes = CYCLE_TEXT_MAX;
	for (size_t i = n; i-- > 0;)
		buf_printf(out, "%s -> ", name_of(spec, cycle[i]));
	buf_printf(out, "%s", name_of(spec, cycle[n - 1]));
	if (out->failed) {
		out->limit_bytes = 0;
		out->failed = false;
		buf_add_str(out, "...");
	}
	buf_add_u8(out, '\0');
}

static const char *
supervisor_name(const struct spec *spec, size_t i)
{
	return spec->supervisors[i].name;
}

static const char *
worker_name(const struct spec *spec, size_t i)
{
	return spec->workers[i].name;
}

void
spec_check_parents(struct spec *spec, struct conf_errors *errors)
{
	size_t n = spec->supervisor_count;
	struct order_edge *edges = xcalloc(n, sizeof(*edges));
	size_t *order = xcalloc(n, sizeof(*order));
	struct buf text = { 0 };
	bool cycle;
	size_t found;

	for (size_t i = 1; i < n; i++)
		edges[i - 1] =
		    (struct order_edge){ i, spec->supervisors[i].parent };
	found = order_sort(n, edges, n - 1, order, &cycle);
	if (cycle) {
		const struct conf_section *at =
		    spec->supervisors[order[found - 1]].section;

		print_cycle(supervisor_name, spec, order, found, &text);
		conf_error(errors, section_place(at, "parent"),
		    "parent: supervisors in a circle: %s",
		    (const char *)text.ptr);
		for (size_t i = 1; i < n; i++)
			spec->supervisors[i].parent = 0;
	} else {
		copy_supervisors(spec, order);
	}
	for (size_t i = 0; i < n; i++)
		if (spec->supervisors[i].depth > DEPTH_MAX)
			conf_error(errors,
			    section_place(spec->supervisors[i].section,
				"parent"),
			    "parent: more than %u supervisors deep", DEPTH_MAX);
	buf_fini(&text);
	free(edges);
	free(order);
}

/* ---- the tree, depth first ---------------------------------------------- */

struct sibling {
	size_t place;
	size_t index;
	bool is_supervisor;
};

static int
compare_siblings(const void *a, const void *b)
{
	const struct sibling *x = a, *y = b;

	if (x->place != y->place)
		return x->place < y->place ? -1 : 1;
	return 0;
}

/* Appends the workers below supervisor `top` to walk. */
static void
walk_supervisor(const struct spec *spec, size_t top, size_t *walk, size_t *len)
{
	size_t max = spec->supervisor_count + spec->worker_count, n = 0;
	struct sibling *siblings = xcalloc(max, sizeof(*siblings));

	for (size_t i = 1; i < spec->supervisor_count; i++)
		if (spec->supervisors[i].parent == top && i != top)
			siblings[n++] =
			    (struct sibling){ spec->supervisors[i].place, i,
				    true };
	for (size_t i = 0; i < spec->worker_count; i++)
		if (spec->workers[i].supervisor == top)
			siblings[n++] =
			    (struct sibling){ spec->workers[i].place, i,
				    false };
	qsort(siblings, n, sizeof(*siblings), compare_siblings);
	for (size_t i = 0; i < n; i++) {
		if (siblings[i].is_supervisor)
			walk_supervisor(spec, siblings[i].index, walk, len);
		else
			walk[(*len)++] = siblings[i].index;
	}
	free(siblings);
}

/* Renames workers: number i of the new order was order[i] before. */
static void
copy_workers(struct spec *spec, const size_t *order)
{
	size_t n = spec->worker_count;
	struct worker_spec *old = xcalloc(n + 1, sizeof(*old));

	memcpy(old, spec->workers, n * sizeof(*old));
	for (size_t i = 0; i < n; i++)
		spec->workers[i] = old[order[i]];
	free(old);
}

/* ---- dependencies ------------------------------------------------------- */

struct resolve {
	struct spec *spec;
	struct conf_errors *errors;
	struct order_edge *edges;
	size_t edge_count;
	size_t edge_cap;
	size_t *found; /* scratch: numbers of the workers of one key */
};

/* NAME, or all of NAME@1, NAME@2, ... */
static bool
is_called(const struct worker_spec *w, const char *name)
{
	return strcmp(w->name, name) == 0 || strcmp(w->family, name) == 0;
}

static void
refuse_worker(struct resolve *r, const struct worker_spec *w, const char *key,
    const char *name)
{
	const char **names = xcalloc(r->spec->worker_count, sizeof(*names));
	const char *near;

	for (size_t i = 0; i < r->spec->worker_count; i++)
		names[i] = r->spec->workers[i].name;
	near = suggest(slice_of(name), names, r->spec->worker_count);
	conf_error(r->errors, section_place(w->section, key),
	    "%s: there is no worker '%s'%s%s%s", key, name,
	    near ? " (did you mean " : "", near ? near : "", near ? "?)" : "");
	free(names);
}

/* It may have no instance, or a hundred: nothing to wait for. */
static void
refuse_template(struct resolve *r, const struct worker_spec *w, const char *key,
    const char *name)
{
	conf_error(r->errors, section_place(w->section, key),
	    "%s: '%s' is a template, not a worker", key, name);
}

static void
add_edge(struct resolve *r, size_t later, size_t earlier)
{
	if (r->edge_count == r->edge_cap) {
		r->edge_cap = r->edge_cap ? r->edge_cap * 2 : 64;
		r->edges =
		    xreallocarray(r->edges, r->edge_cap, sizeof(*r->edges));
	}
	r->edges[r->edge_count++] = (struct order_edge){ later, earlier };
}

/* rest_for_one restarts "those after": a dependency must agree with that. */
static void
check_rest_for_one(struct resolve *r, const struct worker_spec *w,
    const struct worker_spec *needed, const char *key)
{
	const struct supervisor_spec *s = &r->spec->supervisors[w->supervisor];

	if (w->supervisor != needed->supervisor || w->place > needed->place ||
	    s->conf.strategy != STRATEGY_REST_FOR_ONE || w == needed)
		return;
	conf_error(r->errors, section_place(w->section, key),
	    "%s: '%s' comes later in the file, but their supervisor is "
	    "rest_for_one: write it first",
	    key, needed->name);
}

static void
keep_found(struct resolve *r, struct indexes *result)
{
	size_t bytes = result->count * sizeof(*result->at);

	result->at = arena_alloc(&r->spec->arena, bytes);
	if (result->at)
		memcpy(result->at, r->found, bytes);
	else
		conf_error(r->errors, NULL, "no memory for dependencies");
}

static void
resolve_key(struct resolve *r, size_t number, const char *key,
    const struct words *names, struct indexes *result)
{
	const struct worker_spec *w = &r->spec->workers[number];
	size_t n = r->spec->worker_count;

	if (names->count == 0)
		return;
	result->at = r->found;
	for (size_t k = 0; k < names->count; k++) {
		bool found = false;

		for (size_t i = 0; i < n && result->count < n; i++) {
			if (!is_called(&r->spec->workers[i], names->word[k]))
				continue;
			found = true;
			if (r->spec->workers[i].is_template) {
				refuse_template(r, w, key, names->word[k]);
				continue;
			}
			result->at[result->count++] = i;
			add_edge(r, number, i);
			check_rest_for_one(r, w, &r->spec->workers[i], key);
		}
		if (!found)
			refuse_worker(r, w, key, names->word[k]);
	}
	keep_found(r, result);
}

static void
resolve_all(struct resolve *r)
{
	for (size_t i = 0; i < r->spec->worker_count; i++) {
		struct worker_spec *w = &r->spec->workers[i];

		resolve_key(r, i, "requires", &w->conf.requires, &w->requires);
		resolve_key(r, i, "wants", &w->conf.wants, &w->wants);
		resolve_key(r, i, "after", &w->conf.after, &w->after);
		if (r->edge_count > DEPENDENCIES_MAX) {
			conf_error(r->errors, NULL, "more than %u dependencies",
			    DEPENDENCIES_MAX);
			return;
		}
	}
}

static void
renumber(struct indexes *indexes, const size_t *now_at)
{
	for (size_t i = 0; i < indexes->count; i++)
		indexes->at[i] = now_at[indexes->at[i]];
}

static void
sort_workers(struct resolve *r)
{
	struct spec *spec = r->spec;
	size_t n = spec->worker_count;
	size_t *order = xcalloc(n + 1, sizeof(*order));
	size_t *now_at = xcalloc(n + 1, sizeof(*now_at));
	struct buf text = { 0 };
	bool cycle;
	size_t found = order_sort(n, r->edges, r->edge_count, order, &cycle);

	if (cycle) {
		print_cycle(worker_name, spec, order, found, &text);
		conf_error(r->errors,
		    &spec->workers[order[found - 1]].section->place,
		    "dependency cycle: %s", (const char *)text.ptr);
	} else {
		for (size_t i = 0; i < n; i++)
			now_at[order[i]] = i;
		copy_workers(spec, order);
		for (size_t i = 0; i < n; i++) {
			renumber(&spec->workers[i].requires, now_at);
			renumber(&spec->workers[i].wants, now_at);
			renumber(&spec->workers[i].after, now_at);
		}
	}
	buf_fini(&text);
	free(order);
	free(now_at);
}

void
spec_order(struct spec *spec, struct conf_errors *errors)
{
	struct resolve r = { .spec = spec, .errors = errors };
	size_t *walk = xcalloc(spec->worker_count + 1, sizeof(*walk));
	size_t len = 0;

	walk_supervisor(spec, 0, walk, &len);
	copy_workers(spec, walk);
	free(walk);
	r.found = xcalloc(spec->worker_count + 1, sizeof(*r.found));
	resolve_all(&r);
	if (errors->count == 0)
		sort_workers(&r);
	free(r.found);
	free(r.edges);
}
