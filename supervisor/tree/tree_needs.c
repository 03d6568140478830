/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of dependencies become children.  A worker of the file finds those of
 * the file by number; an added one finds whoever is there by name, and since
 * nobody can name it in advance, adding never closes a circle.
 */
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "supervisor/child/child.h"
#include "supervisor/tree/tree_impl.h"

void
needs_fini(struct needs *needs)
{
	free(needs->requires.at);
	free(needs->wants.at);
	free(needs->after.at);
	*needs = (struct needs){ 0 };
}

const struct needs *
child_needs(const struct child *child)
{
	static const struct needs none;

	if (child->leaving)
		return &none;
	return child->origin == CHILD_INSTANCE ? &child->node.parent->needs
					       : &child->needs;
}

static void
add_peer(struct peers *peers, struct child *child)
{
	peers->at =
	    xreallocarray(peers->at, peers->count + 1, sizeof(struct child *));
	peers->at[peers->count++] = child;
}

/* ---- by number ---------------------------------------------------------- */

static void
from_indexes(struct peers *peers, const struct indexes *indexes,
    struct child **by_spec)
{
	for (size_t i = 0; i < indexes->count; i++)
		add_peer(peers, by_spec[indexes->at[i]]);
}

static void
from_spec(struct needs *needs, const struct worker_spec *w,
    struct child **by_spec)
{
	needs_fini(needs);
	from_indexes(&needs->requires, &w->requires, by_spec);
	from_indexes(&needs->wants, &w->wants, by_spec);
	from_indexes(&needs->after, &w->after, by_spec);
}

/* ---- by name ------------------------------------------------------------ */

/* NAME, or all of NAME@1, NAME@2, ... that `instances` made of it. */
static bool
is_called(const struct child *child, const char *name)
{
	if (child->leaving || child->origin == CHILD_INSTANCE)
		return false;
	return strcmp(child->node.name, name) == 0 ||
	    strcmp(child->spec->family, name) == 0;
}

/* The first name that nobody has, or NULL; peers may be NULL. */
static const char *
from_names(const struct tree *tree, const struct words *names,
    struct peers *peers)
{
	for (size_t k = 0; k < names->count; k++) {
		bool found = false;

		for (size_t i = 0; i < tree->child_count; i++) {
			if (!is_called(tree->children[i], names->word[k]))
				continue;
			found = true;
			if (peers)
				add_peer(peers, tree->children[i]);
		}
		if (!found && !peers)
			return names->word[k];
	}
	return NULL;
}

const char *
tree_missing_need(const struct tree *tree, const struct worker_spec *w)
{
	const char *name = from_names(tree, &w->conf.requires, NULL);

	if (!name)
		name = from_names(tree, &w->conf.wants, NULL);
	return name ? name : from_names(tree, &w->conf.after, NULL);
}

void
tree_resolve_needs(const struct tree *tree, struct child *child)
{
	const struct worker_conf *conf = &child->spec->conf;

	needs_fini(&child->needs);
	from_names(tree, &conf->requires, &child->needs.requires);
	from_names(tree, &conf->wants, &child->needs.wants);
	from_names(tree, &conf->after, &child->needs.after);
}

/* ---- all ---------------------------------------------------------------- */

void
tree_resolve_all(struct tree *tree, const struct spec *spec,
    struct child **by_spec)
{
	for (size_t i = 0; i < spec->worker_count; i++) {
		const struct worker_spec *w = &spec->workers[i];
		struct child *child = by_spec[i];

		from_spec(child ? &child->needs
				: &node_group(tree_find(tree, w->name))->needs,
		    w, by_spec);
	}
	for (size_t i = 0; i < tree->child_count; i++)
		if (tree->children[i]->origin == CHILD_ADDED)
			tree_resolve_needs(tree, tree->children[i]);
}

static void
drop_peer(struct peers *peers, const struct child *child)
{
	size_t kept = 0;

	for (size_t i = 0; i < peers->count; i++)
		if (peers->at[i] != child)
			peers->at[kept++] = peers->at[i];
	peers->count = kept;
}

static void
forget_peer(struct needs *needs, const struct child *child)
{
	drop_peer(&needs->requires, child);
	drop_peer(&needs->wants, child);
	drop_peer(&needs->after, child);
}

void
tree_forget_needs(struct tree *tree, struct child *child)
{
	needs_fini(&child->needs);
	if (child->origin == CHILD_INSTANCE)
		return; /* nobody can name it */
	for (size_t i = 0; i < tree->child_count; i++) {
		forget_peer(&tree->children[i]->needs, child);
		if (tree->children[i]->waits_for == child)
			tree->children[i]->waits_for = NULL;
	}
	for (size_t i = 0; i < tree->group_count; i++)
		forget_peer(&tree->groups[i]->needs, child);
}

static bool
has_peer(const struct peers *peers, const struct child *child)
{
	for (size_t i = 0; i < peers->count; i++)
		if (peers->at[i] == child)
			return true;
	return false;
}

const struct node *
tree_find_needing(const struct tree *tree, const struct child *child)
{
	for (size_t i = 0; i < tree->child_count; i++)
		if (has_peer(&child_needs(tree->children[i])->requires, child))
			return &tree->children[i]->node;
	for (size_t i = 0; i < tree->group_count; i++)
		if (has_peer(&tree->groups[i]->needs.requires, child))
			return &tree->groups[i]->node;
	return NULL;
}
