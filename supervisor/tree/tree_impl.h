/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the tree share; nobody else includes it. */
#ifndef SUPERVISOR_TREE_TREE_IMPL_H
#define SUPERVISOR_TREE_TREE_IMPL_H

#include "supervisor/tree/tree.h"

/* ---- tree.c -------------------------------------------------------------- */
void tree_add_name(struct tree *tree, struct node *node);
/* Appends to parent's list, which has room. */
void tree_adopt(struct group *parent, struct node *node);

/* ---- tree_apply.c -------------------------------------------------------- */
void tree_free_group(struct tree *tree, struct group *group);

/* ---- tree_needs.c -------------------------------------------------------- */
/* Of an added child, by name. */
void tree_resolve_needs(const struct tree *tree, struct child *child);
/* Of all of spec, by number: by_spec[i] is the child of worker i, NULL for a
 * template.  Those of added children follow by name. */
void tree_resolve_all(struct tree *tree, const struct spec *spec,
    struct child **by_spec);
/* Nobody needs this child any more, and it needs nobody. */
void tree_forget_needs(struct tree *tree, struct child *child);

#endif
