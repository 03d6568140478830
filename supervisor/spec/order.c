/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Depth first from the lowest number: a member is placed when all it waits
 * for is placed.  The path of the search is kept in order_r's free end, so a
 * cycle can be shown as it was walked.
 */
#include "supervisor/spec/order.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"

enum mark {
	UNSEEN,
	ON_PATH,
	PLACED
};

struct sort {
	size_t count;
	const struct order_edge *edges; /* sorted by later, then earlier */
	size_t *first;                  /* of each member's edges; count + 1 */
	size_t *next;                   /* edge to look at, per member */
	unsigned char *mark;
	size_t *path;
	size_t path_len;
	size_t *order;
	size_t placed;
};

static int
compare_edges(const void *a, const void *b)
{
	const struct order_edge *x = a, *y = b;

	if (x->later != y->later)
		return x->later < y->later ? -1 : 1;
	if (x->earlier != y->earlier)
		return x->earlier < y->earlier ? -1 : 1;
	return 0;
}

static void
index_edges(struct sort *s, size_t edge_count)
{
	size_t e = 0;

	for (size_t i = 0; i <= s->count; i++) {
		while (e < edge_count && s->edges[e].later < i)
			e++;
		s->first[i] = e;
	}
	memcpy(s->next, s->first, s->count * sizeof(*s->next));
}

static void
push(struct sort *s, size_t member)
{
	s->mark[member] = ON_PATH;
	s->path[s->path_len++] = member;
}

/* The part of the path from `member` on closes the cycle. */
static size_t
copy_cycle(struct sort *s, size_t member)
{
	size_t from = s->path_len, n = 0;

	while (s->path[--from] != member)
		;
	while (s->path_len > from)
		s->order[n++] = s->path[--s->path_len];
	return n;
}

/* Length of a cycle, 0 when `root` and all before it are placed. */
static size_t
visit(struct sort *s, size_t root)
{
	push(s, root);
	while (s->path_len > 0) {
		size_t top = s->path[s->path_len - 1];

		if (s->next[top] == s->first[top + 1]) {
			s->mark[top] = PLACED;
			s->order[s->placed++] = top;
			s->path_len--;
			continue;
		}
		size_t earlier = s->edges[s->next[top]++].earlier;
		if (s->mark[earlier] == ON_PATH)
			return copy_cycle(s, earlier);
		if (s->mark[earlier] == UNSEEN)
			push(s, earlier);
	}
	return 0;
}

size_t
order_sort(size_t count, const struct order_edge *edges, size_t edge_count,
    size_t *order_r, bool *cycle_r)
{
	struct order_edge *sorted =
	    xreallocarray(NULL, edge_count + 1, sizeof(*sorted));
	struct sort s = { .count = count, .edges = sorted, .order = order_r };
	size_t result = count;

	if (edge_count)
		memcpy(sorted, edges, edge_count * sizeof(*sorted));
	qsort(sorted, edge_count, sizeof(*sorted), compare_edges);
	s.first = xcalloc(count + 1, sizeof(*s.first));
	s.next = xcalloc(count + 1, sizeof(*s.next));
	s.path = xcalloc(count + 1, sizeof(*s.path));
	s.mark = xcalloc(count + 1, sizeof(*s.mark));
	index_edges(&s, edge_count);
	*cycle_r = false;
	for (size_t i = 0; i < count && !*cycle_r; i++) {
		size_t cycle = s.mark[i] == UNSEEN ? visit(&s, i) : 0;

		*cycle_r = cycle > 0;
		if (cycle)
			result = cycle;
	}
	free(s.first);
	free(s.next);
	free(s.path);
	free(s.mark);
	free(sorted);
	return result;
}
