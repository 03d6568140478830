/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names are identity: a reload finds its nodes by name and changes what they
 * are told, so processes, counters and histories stay with them.
 */
#include "supervisor/tree.h"

#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "supervisor/child.h"
#include "supervisor/msd.h"
#include "supervisor/watchdog.h"

struct child *
node_child(const struct node *node)
{
	return node && !node->is_group ? container_of(node, struct child, node)
				       : NULL;
}

struct group *
node_group(const struct node *node)
{
	return node && node->is_group ? container_of(node, struct group, node)
				      : NULL;
}

struct node *
tree_find(const struct tree *tree, const char *name)
{
	struct node *node;

	HASH_FIND(by_name, tree->by_name, name, (unsigned)strlen(name), node);
	return node;
}

struct child *
tree_find_child(const struct tree *tree, const char *name)
{
	return node_child(tree_find(tree, name));
}

struct child *
tree_find_pid(const struct tree *tree, pid_t pid)
{
	struct child *child;

	HASH_FIND(by_pid, tree->by_pid, &pid, sizeof(pid), child);
	return child;
}

void
tree_set_pid(struct tree *tree, struct child *child, pid_t pid)
{
	if (child->pid && !child->reaped)
		HASH_DELETE(by_pid, tree->by_pid, child);
	child->pid = pid;
	child->reaped = false;
	if (pid)
		HASH_ADD(by_pid, tree->by_pid, pid, sizeof(pid), child);
}

void
tree_release_pid(struct tree *tree, struct child *child)
{
	HASH_DELETE(by_pid, tree->by_pid, child);
	child->reaped = true;
}

bool
tree_is_below(const struct node *node, const struct group *group)
{
	for (const struct group *g = node->parent; g; g = g->node.parent)
		if (g == group)
			return true;
	return false;
}

/* ---- applying a spec ---------------------------------------------------- */

static void
add_name(struct tree *tree, struct node *node)
{
	HASH_ADD_KEYPTR(by_name, tree->by_name, node->name,
	    (unsigned)strlen(node->name), node);
}

static struct group *
group_new(struct tree *tree, const char *name)
{
	struct group *group = xcalloc(1, sizeof(*group));

	group->node.name = xstrdup(name);
	group->node.is_group = true;
	add_name(tree, &group->node);
	return group;
}

static void
group_free(struct tree *tree, struct group *group)
{
	HASH_DELETE(by_name, tree->by_name, &group->node);
	intensity_fini(&group->window);
	intensity_fini(&group->node.own);
	free(group->nodes);
	free(group->node.name);
	free(group);
}

static void
apply_groups(struct tree *tree, const struct spec *spec)
{
	size_t n = spec->supervisor_count;
	struct group **groups = xcalloc(n, sizeof(struct group *));

	for (size_t i = 0; i < tree->group_count; i++)
		tree->groups[i]->kept = false;
	for (size_t i = 0; i < n; i++) {
		const struct supervisor_spec *s = &spec->supervisors[i];
		struct group *g = node_group(tree_find(tree, s->name));

		groups[i] = g ? g : group_new(tree, s->name);
		groups[i]->kept = true;
		groups[i]->conf = s->conf;
		groups[i]->count = 0;
		groups[i]->node.parent = i ? groups[s->parent] : NULL;
	}
	for (size_t i = 0; i < tree->group_count; i++)
		if (!tree->groups[i]->kept)
			group_free(tree, tree->groups[i]);
	free(tree->groups);
	tree->groups = groups;
	tree->group_count = n;
	tree->root = groups[0];
}

static void
set_spec(struct child *child, struct spec *spec, const struct worker_spec *w)
{
	const struct worker_spec *was = child->spec;
	struct spec *old = child->held;

	child->held = spec_hold(spec);
	child->spec = w;
	if (was) {
		watchdog_retune(child, &was->conf);
		probe_retune(child, &was->conf);
	}
	spec_drop(&old);
}

static void
apply_children(struct msd *msd, struct tree *tree, struct spec *spec)
{
	size_t old_count = tree->child_count, n = spec->worker_count;
	struct child **old = tree->children;
	struct child **all = xcalloc(n + old_count + 1, sizeof(struct child *));

	for (size_t i = 0; i < old_count; i++)
		old[i]->leaving = true;
	for (size_t i = 0; i < n; i++) {
		const struct worker_spec *w = &spec->workers[i];
		struct child *child = tree_find_child(tree, w->name);

		if (!child) {
			child = child_new(msd, w->name);
			add_name(tree, &child->node);
		}
		child->leaving = false;
		child->node.parent = tree->groups[w->supervisor];
		set_spec(child, spec, w);
		all[i] = child;
	}
	for (size_t i = 0; i < old_count; i++) {
		if (!old[i]->leaving)
			continue;
		old[i]->node.parent = tree->root; /* its own may be freed */
		all[n++] = old[i];
	}
	for (size_t i = 0; i < n; i++)
		all[i]->place = i;
	free(old);
	tree->children = all;
	tree->child_count = n;
}

struct placed {
	size_t place;
	struct node *node;
};

static int
compare_placed(const void *a, const void *b)
{
	const struct placed *x = a, *y = b;

	if (x->place != y->place)
		return x->place < y->place ? -1 : 1;
	return 0;
}

static void
adopt(struct node *node)
{
	struct group *parent = node->parent;

	node->index = parent->count;
	parent->nodes[parent->count++] = node;
}

/* Fills each group's list in the order of the file. */
static void
link_siblings(struct tree *tree, const struct spec *spec)
{
	size_t n = 0, max = spec->supervisor_count + spec->worker_count;
	struct placed *all = xcalloc(max, sizeof(*all));

	for (size_t i = 0; i < tree->group_count; i++) {
		struct group *g = tree->groups[i];

		g->nodes = xreallocarray(g->nodes, max, sizeof(struct node *));
		if (i)
			all[n++] = (struct placed){ spec->supervisors[i].place,
				&g->node };
	}
	for (size_t i = 0; i < spec->worker_count; i++)
		all[n++] = (struct placed){ spec->workers[i].place,
			&tree->children[i]->node };
	qsort(all, n, sizeof(*all), compare_placed);
	for (size_t i = 0; i < n; i++)
		adopt(all[i].node);
	for (size_t i = 0; i < tree->group_count; i++) {
		struct group *g = tree->groups[i];

		g->nodes = xreallocarray(g->nodes, g->count + 1,
		    sizeof(struct node *));
	}
	free(all);
}

void
tree_apply(struct msd *msd, struct tree *tree, struct spec *spec)
{
	for (size_t i = 0; i < tree->child_count; i++)
		tree->children[i]->node.parent = NULL;
	apply_groups(tree, spec);
	apply_children(msd, tree, spec);
	link_siblings(tree, spec);
}

void
tree_remove(struct tree *tree, struct child *child)
{
	size_t i = child->place;

	memmove(&tree->children[i], &tree->children[i + 1],
	    (tree->child_count - i - 1) * sizeof(struct child *));
	tree->child_count--;
	for (; i < tree->child_count; i++)
		tree->children[i]->place = i;
	HASH_DELETE(by_name, tree->by_name, &child->node);
	tree_set_pid(tree, child, 0);
	child_free(&child);
}

void
tree_fini(struct tree *tree)
{
	while (tree->child_count > 0)
		tree_remove(tree, tree->children[tree->child_count - 1]);
	for (size_t i = 0; i < tree->group_count; i++)
		group_free(tree, tree->groups[i]);
	free(tree->children);
	free(tree->groups);
	*tree = (struct tree){ .root = NULL };
}
