/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The supervision tree: supervisors ("groups") and workers ("children") in
 * start order.  A node is what both have in common: a place among siblings
 * and a parent that answers for its failures.
 */
#ifndef SUPERVISOR_TREE_TREE_H
#define SUPERVISOR_TREE_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include <ev.h>
#include <uthash.h>

#include "supervisor/spec/spec.h"
#include "supervisor/tree/intensity.h"

struct msd;
struct child;
struct group;

/* Whom a worker's keys requires, wants and after name.  The tree fills these
 * anew whenever workers come or go. */
struct peers {
	struct child **at;
	size_t count;
};
struct needs {
	struct peers requires, wants, after;
};

struct node {
	char *name;
	struct group *parent; /* NULL: root */
	size_t index;         /* among its siblings, in start order */
	bool is_group;
	struct intensity own; /* window of escalate_after */
	UT_hash_handle by_name;
};

/* A supervisor, or a template: a supervisor whose children are all alike. */
struct group {
	struct node node;
	struct supervisor_conf conf; /* borrows texts of the spec in force */
	struct node **nodes;
	size_t count;
	struct intensity window; /* of intensity and period */
	uint32_t restarts;
	bool starting; /* not all of it has been up yet, since its last start */
	bool held;     /* gave up, waits for an operator */
	bool ended;    /* gave up or shut down, not restarted */
	bool stopped;  /* an operator stopped all of it */
	bool stops;    /* all of it is ending: stop_timeout counts */
	ev_timer stop_timer;
	bool marked; /* scratch of a walk over the tree */

	/* ---- of a template */
	const struct worker_spec *mold; /* NULL: a supervisor */
	struct spec *mold_held;         /* keeps mold alive */
	struct needs needs;             /* of each instance */
	uint32_t highest;               /* number given to one, ever */
};
/* A new member belongs into the saved state as well: see state_tree.c. */
#define GROUP_BYTES 352

struct tree {
	struct group *root;
	struct group **groups; /* parents first */
	size_t group_count;
	/* in start order, added ones behind those of the file, leaving ones
	 * last */
	struct child **children;
	size_t child_count;
	struct node *by_name;
	struct child *by_pid;
};

/*
 * Makes nodes for what is new in spec and moves known ones to their place.
 * Children that are not in spec, were not added at run time and are no
 * instance of a template in spec are marked `leaving`; with `keep` they stay,
 * as if they had been added.
 */
void tree_apply(struct msd *msd, struct tree *tree, struct spec *spec,
    bool keep);
void tree_fini(struct tree *tree);
/* One more child, the last of `parent`: w of spec, which the child holds.
 * An instance of a template when parent is one. */
struct child *tree_add(struct msd *msd, struct tree *tree, struct spec *spec,
    const struct worker_spec *w, struct group *parent, const char *name);
/* Takes the child out of its supervisor's list and marks it `leaving`; nothing
 * when it is that already. */
void tree_retire(struct tree *tree, struct child *child);
/* Another spec for a child of the tree, which holds it. */
void tree_set_spec(struct child *child, struct spec *spec,
    const struct worker_spec *w);
/* Frees a leaving child whose process is gone. */
void tree_remove(struct tree *tree, struct child *child);

/* The first name in `requires`, `wants` or `after` of w that no worker of the
 * tree has; NULL when all are there. */
const char *tree_missing_need(const struct tree *tree,
    const struct worker_spec *w);
void needs_fini(struct needs *needs);
/* Those of the child, or of its template; none once it is leaving. */
const struct needs *child_needs(const struct child *child);
/* A worker or a template that requires this one, or NULL. */
const struct node *tree_find_needing(const struct tree *tree,
    const struct child *child);

struct node *tree_find(const struct tree *tree, const char *name);
struct child *tree_find_child(const struct tree *tree, const char *name);
struct child *tree_find_pid(const struct tree *tree, pid_t pid);
void tree_set_pid(struct tree *tree, struct child *child, pid_t pid);
/* It was reaped: the number may be another's, child->pid only tells. */
void tree_release_pid(struct tree *tree, struct child *child);
bool tree_is_below(const struct node *node, const struct group *group);

struct child *node_child(const struct node *node); /* NULL for a group */
struct group *node_group(const struct node *node); /* NULL for a child */

#endif
