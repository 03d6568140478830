/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names are identity: a reload finds its nodes by name and changes what they
 * are told, so processes, counters and histories stay with them.
 */
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "supervisor/child/child.h"
#include "supervisor/tree/group_stop.h"
#include "supervisor/tree/tree_impl.h"

/* ---- supervisors and templates ------------------------------------------ */

static struct group *
group_new(struct tree *tree, const char *name)
{
	struct group *group = xcalloc(1, sizeof(*group));

	group->node.name = xstrdup(name);
	group->node.is_group = true;
	tree_add_name(tree, &group->node);
	return group;
}

void
tree_free_group(struct tree *tree, struct group *group)
{
	HASH_DELETE(by_name, tree->by_name, &group->node);
	group_stop_fini(group);
	intensity_fini(&group->window);
	intensity_fini(&group->node.own);
	needs_fini(&group->needs);
	spec_drop(&group->mold_held);
	free(group->nodes);
	free(group->node.name);
	free(group);
}

static struct group *
take_group(struct tree *tree, const char *name, struct group *parent)
{
	struct group *group = node_group(tree_find(tree, name));

	if (!group)
		group = group_new(tree, name);
	group->marked = true;
	group->count = 0;
	group->node.parent = parent;
	return group;
}

/* OTP's simple_one_for_one: a permanent child of its supervisor that restarts
 * its instances one by one.  An instance that fails its first start is one
 * restart like any other. */
static void
take_template(struct tree *tree, struct spec *spec, const struct worker_spec *w,
    struct group *parent, struct group **group_r)
{
	struct group *group = take_group(tree, w->name, parent);
	struct spec *old = group->mold_held;

	group->conf = (struct supervisor_conf){
		.parent = parent->node.name,
		.strategy = STRATEGY_ONE_FOR_ONE,
		.intensity = w->intensity,
		.period_ms = w->period_ms,
		.on_initial_failure = INITIAL_RETRY,
		.otp_strict = parent->conf.otp_strict,
		.stop_timeout_ms = DURATION_INFINITY,
	};
	group->mold = w;
	group->mold_held = spec_hold(spec);
	spec_drop(&old);
	*group_r = group;
}

static void
apply_groups(struct tree *tree, struct spec *spec)
{
	size_t n = spec->supervisor_count;
	struct group **groups =
	    xcalloc(n + spec->worker_count, sizeof(struct group *));

	for (size_t i = 0; i < tree->group_count; i++)
		tree->groups[i]->marked = false;
	for (size_t i = 0; i < n; i++) {
		const struct supervisor_spec *s = &spec->supervisors[i];

		groups[i] =
		    take_group(tree, s->name, i ? groups[s->parent] : NULL);
		groups[i]->conf = s->conf;
	}
	for (size_t i = 0; i < spec->worker_count; i++) {
		const struct worker_spec *w = &spec->workers[i];

		if (w->is_template)
			take_template(tree, spec, w, groups[w->supervisor],
			    &groups[n++]);
	}
	for (size_t i = 0; i < tree->group_count; i++)
		if (!tree->groups[i]->marked)
			tree_free_group(tree, tree->groups[i]);
	free(tree->groups);
	tree->groups = groups;
	tree->group_count = n;
	tree->root = groups[0];
}

/* ---- children ----------------------------------------------------------- */

struct apply {
	struct msd *msd;
	struct tree *tree;
	struct spec *spec;
	bool keep;
	struct child **old;
	size_t old_count;
	struct child **all; /* the new list */
	size_t count;
	struct child **by_spec; /* NULL: a template */
};

static struct child *
worker_of(struct apply *a, const struct worker_spec *w)
{
	struct child *child = tree_find_child(a->tree, w->name);

	if (!child) {
		child = child_new(a->msd, w->name);
		tree_add_name(a->tree, &child->node);
	}
	child->origin = CHILD_OF_FILE;
	child->leaving = false;
	child->node.parent = a->tree->groups[w->supervisor];
	tree_set_spec(child, a->spec, w);
	return child;
}

static bool
is_instance_of(const struct child *child, const struct worker_spec *w)
{
	return child->origin == CHILD_INSTANCE &&
	    strcmp(child->spec->family, w->name) == 0;
}

static void
list_instances(struct apply *a, const struct worker_spec *w)
{
	struct group *template = node_group(tree_find(a->tree, w->name));

	for (size_t i = 0; i < a->old_count; i++) {
		struct child *child = a->old[i];

		if (!child->leaving || !is_instance_of(child, w) ||
		    !template->mold)
			continue;
		child->leaving = false;
		child->node.parent = template;
		tree_set_spec(child, a->spec, w);
		a->all[a->count++] = child;
	}
}

/* Who is not in the file, but stays: its supervisor by name. */
static struct group *
find_home(const struct apply *a, const struct child *child)
{
	struct group *group;

	if (child->origin != CHILD_ADDED && !a->keep)
		return NULL;
	if (child->origin == CHILD_INSTANCE)
		return NULL;
	group = node_group(tree_find(a->tree, child->spec->conf.supervisor));
	return group && !group->mold ? group : NULL;
}

static void
list_kept(struct apply *a)
{
	for (size_t i = 0; i < a->old_count; i++) {
		struct child *child = a->old[i];
		struct group *home =
		    child->leaving ? find_home(a, child) : NULL;

		if (!home)
			continue;
		child->origin = CHILD_ADDED;
		child->leaving = false;
		child->node.parent = home;
		a->all[a->count++] = child;
	}
}

static void
list_leaving(struct apply *a)
{
	for (size_t i = 0; i < a->old_count; i++) {
		struct child *child = a->old[i];

		if (!child->leaving)
			continue;
		/* its own may be freed */
		child->node.parent = a->tree->root;
		a->all[a->count++] = child;
	}
}

static void
apply_children(struct apply *a)
{
	struct tree *tree = a->tree;

	a->old = tree->children;
	a->old_count = tree->child_count;
	a->all = xcalloc(a->spec->worker_count + a->old_count + 1,
	    sizeof(struct child *));
	for (size_t i = 0; i < a->old_count; i++)
		a->old[i]->leaving = true;
	for (size_t i = 0; i < a->spec->worker_count; i++) {
		const struct worker_spec *w = &a->spec->workers[i];

		if (w->is_template)
			list_instances(a, w);
		else
			a->all[a->count++] = a->by_spec[i] = worker_of(a, w);
	}
	list_kept(a);
	list_leaving(a);
	for (size_t i = 0; i < a->count; i++)
		a->all[i]->place = i;
	free(a->old);
	tree->children = a->all;
	tree->child_count = a->count;
}

/* ---- siblings ----------------------------------------------------------- */

struct placed {
	size_t place;
	struct group *parent;
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

/* Supervisors, templates and workers of the file, in its order. */
static size_t
list_placed(const struct apply *a, struct placed *all)
{
	const struct tree *tree = a->tree;
	size_t n = 0;

	for (size_t i = 1; i < a->spec->supervisor_count; i++)
		all[n++] = (struct placed){ a->spec->supervisors[i].place,
			tree->groups[i]->node.parent, &tree->groups[i]->node };
	for (size_t i = 0; i < a->spec->worker_count; i++) {
		const struct worker_spec *w = &a->spec->workers[i];
		struct node *node = a->by_spec[i] ? &a->by_spec[i]->node
						  : tree_find(tree, w->name);

		all[n++] = (struct placed){ w->place, node->parent, node };
	}
	qsort(all, n, sizeof(*all), compare_placed);
	return n;
}

/* Fills each group's list: those of the file in its order, then the others. */
static void
link_siblings(const struct apply *a)
{
	struct tree *tree = a->tree;
	size_t max = tree->group_count + tree->child_count + 1, n;
	struct placed *all = xcalloc(max, sizeof(*all));

	for (size_t i = 0; i < tree->group_count; i++)
		tree->groups[i]->nodes = xreallocarray(tree->groups[i]->nodes,
		    max, sizeof(struct node *));
	n = list_placed(a, all);
	for (size_t i = 0; i < n; i++)
		tree_adopt(all[i].parent, all[i].node);
	for (size_t i = 0; i < tree->child_count; i++) {
		struct child *child = tree->children[i];

		if (child->origin != CHILD_OF_FILE && !child->leaving)
			tree_adopt(child->node.parent, &child->node);
	}
	for (size_t i = 0; i < tree->group_count; i++) {
		struct group *g = tree->groups[i];

		g->nodes = xreallocarray(g->nodes, g->count + 1,
		    sizeof(struct node *));
	}
	free(all);
}

void
tree_apply(struct msd *msd, struct tree *tree, struct spec *spec, bool keep)
{
	struct apply a = { .msd = msd,
		.tree = tree,
		.spec = spec,
		.keep = keep };

	a.by_spec = xcalloc(spec->worker_count + 1, sizeof(struct child *));
	for (size_t i = 0; i < tree->child_count; i++)
		tree->children[i]->node.parent = NULL;
	apply_groups(tree, spec);
	apply_children(&a);
	link_siblings(&a);
	tree_resolve_all(tree, spec, a.by_spec);
	free(a.by_spec);
}
