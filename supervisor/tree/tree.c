/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names, numbers and places of the tree, and single workers that come and go
 * while it stands.  What a whole new spec does to it is in tree_apply.c, what
 * workers need of each other in tree_needs.c.
 */
#include "supervisor/tree/tree.h"

#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "supervisor/child/child.h"
#include "supervisor/child/watchdog.h"
#include "supervisor/msd.h"
#include "supervisor/tree/steps.h"
#include "supervisor/tree/tree_impl.h"

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

/* ---- coming and going --------------------------------------------------- */

void
tree_add_name(struct tree *tree, struct node *node)
{
	HASH_ADD_KEYPTR(by_name, tree->by_name, node->name,
	    (unsigned)strlen(node->name), node);
}

void
tree_set_spec(struct child *child, struct spec *spec,
    const struct worker_spec *w)
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

void
tree_adopt(struct group *parent, struct node *node)
{
	node->parent = parent;
	node->index = parent->count;
	parent->nodes[parent->count++] = node;
}

static void
renumber(struct tree *tree, size_t from)
{
	for (size_t i = from; i < tree->child_count; i++)
		tree->children[i]->place = i;
}

/* Behind its template's other instances, before what comes after them in the
 * file; an added worker before those that leave. */
static size_t
find_place(const struct tree *tree, const struct child *child)
{
	size_t i;

	for (i = 0; i < tree->child_count; i++) {
		const struct child *other = tree->children[i];

		if (other->leaving)
			break;
		if (child->origin == CHILD_INSTANCE &&
		    (other->origin == CHILD_ADDED || other->spec > child->spec))
			break;
	}
	return i;
}

static void
insert(struct tree *tree, struct child *child)
{
	size_t at = find_place(tree, child);

	tree->children = xreallocarray(tree->children, tree->child_count + 2,
	    sizeof(struct child *));
	memmove(&tree->children[at + 1], &tree->children[at],
	    (tree->child_count - at) * sizeof(struct child *));
	tree->children[at] = child;
	tree->child_count++;
	renumber(tree, at);
}

struct child *
tree_add(struct msd *msd, struct tree *tree, struct spec *spec,
    const struct worker_spec *w, struct group *parent, const char *name)
{
	struct child *child = child_new(msd, name);

	child->origin = parent->mold ? CHILD_INSTANCE : CHILD_ADDED;
	tree_set_spec(child, spec, w);
	tree_add_name(tree, &child->node);
	parent->nodes = xreallocarray(parent->nodes, parent->count + 1,
	    sizeof(struct node *));
	tree_adopt(parent, &child->node);
	insert(tree, child);
	if (child->origin == CHILD_ADDED)
		tree_resolve_needs(tree, child);
	return child;
}

void
tree_retire(struct tree *tree, struct child *child)
{
	struct group *parent = child->node.parent;
	size_t i = child->node.index;

	if (child->leaving) /* it has no place any more */
		return;
	child->leaving = true;
	memmove(&parent->nodes[i], &parent->nodes[i + 1],
	    (parent->count - i - 1) * sizeof(struct node *));
	parent->count--;
	for (; i < parent->count; i++)
		parent->nodes[i]->index = i;
	tree_forget_needs(tree, child);
}

void
tree_remove(struct tree *tree, struct child *child)
{
	size_t i = child->place;

	tree_forget_needs(tree, child);
	batch_leave(child);
	memmove(&tree->children[i], &tree->children[i + 1],
	    (tree->child_count - i - 1) * sizeof(struct child *));
	tree->child_count--;
	renumber(tree, i);
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
		tree_free_group(tree, tree->groups[i]);
	free(tree->children);
	free(tree->groups);
	*tree = (struct tree){ .root = NULL };
}
