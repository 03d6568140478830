/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sorted by time first, so that siblings come in order; causes are looked up
 * in a table sorted by id; then a walk without recursion gives each its place.
 */
#include "supervisor/msctl/trace_tree.h"

#include <stdlib.h>
#include <string.h>

#include "common/id.h"

#define NONE SIZE_MAX

struct node {
	size_t parent, first_child, last_child, next;
};

static int
by_time(const void *a, const void *b)
{
	const struct trace_event *x = a, *y = b;

	if (x->time_ns != y->time_ns)
		return x->time_ns < y->time_ns ? -1 : 1;
	return (x->seq > y->seq) - (x->seq < y->seq);
}

struct name { /* of an event, to find it by */
	struct id128 id;
	size_t at;
};

static int
by_id(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct id128));
}

static size_t
find(const struct name *names, size_t count, const struct id128 *id)
{
	const struct name *name =
	    bsearch(id, names, count, sizeof(*names), by_id);

	return name ? name->at : NONE;
}

/* Would `child` be its own ancestor? */
static bool
closes_circle(const struct node *nodes, size_t child, size_t parent)
{
	while (parent != NONE && parent != child)
		parent = nodes[parent].parent;
	return parent == child;
}

static void
link_to_causes(struct trace_event *events, struct node *nodes,
    const struct name *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		nodes[i] = (struct node){ NONE, NONE, NONE, NONE };
	for (size_t i = 0; i < count; i++) {
		size_t parent;

		if (id_is_zero(&events[i].causation))
			continue;
		parent = find(names, count, &events[i].causation);
		events[i].is_orphan = parent == NONE;
		if (parent == NONE || closes_circle(nodes, i, parent))
			continue;
		nodes[i].parent = parent;
		if (nodes[parent].first_child == NONE)
			nodes[parent].first_child = i;
		else
			nodes[nodes[parent].last_child].next = i;
		nodes[parent].last_child = i;
	}
}

/* The one that is read after `at`, or NONE. */
static size_t
next_of(const struct node *nodes, size_t at)
{
	if (nodes[at].first_child != NONE)
		return nodes[at].first_child;
	while (at != NONE && nodes[at].next == NONE)
		at = nodes[at].parent;
	return at == NONE ? NONE : nodes[at].next;
}

static unsigned
depth_of(const struct node *nodes, size_t at)
{
	unsigned depth = 0;

	while (nodes[at].parent != NONE && depth < TRACE_DEPTH_MAX) {
		at = nodes[at].parent;
		depth++;
	}
	return depth;
}

static void
read_out(struct trace_event *events, const struct trace_event *from,
    const struct node *nodes, size_t count)
{
	size_t n = 0;

	for (size_t root = 0; root < count; root++) {
		if (nodes[root].parent != NONE)
			continue;
		for (size_t at = root; at != NONE; at = next_of(nodes, at)) {
			events[n] = from[at];
			events[n].depth = depth_of(nodes, at);
			events[n++].is_last = nodes[at].next == NONE;
		}
	}
}

bool
trace_tree(struct trace_event *events, size_t count, struct arena *arena)
{
	struct trace_event *copy = arena_alloc(arena, count * sizeof(*copy));
	struct node *nodes = arena_alloc(arena, count * sizeof(*nodes));
	struct name *names = arena_alloc(arena, count * sizeof(*names));

	if (count == 0)
		return true;
	if (!copy || !nodes || !names)
		return false;
	qsort(events, count, sizeof(*events), by_time);
	for (size_t i = 0; i < count; i++)
		names[i] = (struct name){ events[i].id, i };
	qsort(names, count, sizeof(*names), by_id);
	link_to_causes(events, nodes, names, count);
	memcpy(copy, events, count * sizeof(*copy));
	read_out(events, copy, nodes, count);
	return true;
}
