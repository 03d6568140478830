/* SPDX-License-Identifier: Apache-2.0 */
/* What a good file may still not change in a running tree. */
#include <string.h>

#include "supervisor/child/child.h"
#include "supervisor/msd.h"
#include "supervisor/tree/reload_impl.h"

static void
refuse_fixed(const struct msd *msd, const struct spec *spec,
    struct conf_errors *errors)
{
	const struct conf_section *section = conf_find(spec->conf, "msd", "");

	for (const struct field *row = msd_rows; row->name; row++)
		if (!(row->flags & FIELD_RELOAD) &&
		    !field_same(row, &msd->spec->msd, &spec->msd))
			conf_error(errors, section_place(section, row->name),
			    "%s: cannot change while msd runs", row->name);
}

static const char *
kind_of(const struct node *node)
{
	const struct group *group = node_group(node);

	if (!group)
		return "worker";
	return group->mold ? "template" : "supervisor";
}

static void
refuse_swap(const struct msd *msd, const char *name, const char *kind,
    const struct conf_place *place, struct conf_errors *errors)
{
	const struct node *node = tree_find(&msd->tree, name);

	if (node && strcmp(kind_of(node), kind) != 0)
		conf_error(errors, place,
		    "[%s %s]: was a %s until now; remove it first", kind, name,
		    kind_of(node));
}

static void
refuse_swaps(const struct msd *msd, const struct spec *spec,
    struct conf_errors *errors)
{
	for (size_t i = 0; i < spec->worker_count; i++)
		refuse_swap(msd, spec->workers[i].name,
		    spec->workers[i].is_template ? "template" : "worker",
		    &spec->workers[i].section->place, errors);
	for (size_t i = 1; i < spec->supervisor_count; i++)
		refuse_swap(msd, spec->supervisors[i].name, "supervisor",
		    &spec->supervisors[i].section->place, errors);
}

static bool
names_worker(const struct reload *reload, const char *name)
{
	const struct child *child = tree_find_child(&reload->msd->tree, name);

	if (child && child->origin == CHILD_ADDED)
		return true;
	for (size_t i = 0; i < reload->spec->worker_count; i++)
		if (strcmp(reload->spec->workers[i].name, name) == 0 ||
		    strcmp(reload->spec->workers[i].family, name) == 0)
			return true;
	return false;
}

/* Workers added at run time stay; what they require must stay as well. */
static void
refuse_to_strand(const struct reload *reload, struct conf_errors *errors)
{
	const struct tree *tree = &reload->msd->tree;

	for (size_t i = 0; i < tree->child_count; i++) {
		const struct child *child = tree->children[i];
		const struct words *names = &child->spec->conf.requires;

		if (child->origin != CHILD_ADDED || child->leaving)
			continue;
		for (size_t k = 0; k < names->count; k++)
			if (!names_worker(reload, names->word[k]))
				conf_error(errors, NULL,
				    "worker '%s', which was added, requires "
				    "'%s': remove it first",
				    child->node.name, names->word[k]);
	}
}

bool
reload_has_group(const struct spec *spec, const char *name)
{
	for (size_t i = 0; i < spec->supervisor_count; i++)
		if (strcmp(spec->supervisors[i].name, name) == 0)
			return true;
	for (size_t i = 0; i < spec->worker_count; i++)
		if (spec->workers[i].is_template &&
		    strcmp(spec->workers[i].name, name) == 0)
			return true;
	return false;
}

/* Changing specs alone keeps what is missing, but a supervisor without a
 * section has no flags to keep. */
static void
refuse_to_lose_groups(const struct reload *reload, struct conf_errors *errors)
{
	const struct tree *tree = &reload->msd->tree;

	for (size_t i = 0; i < tree->group_count; i++)
		if (!reload_has_group(reload->spec, tree->groups[i]->node.name))
			conf_error(errors, NULL,
			    "%s '%s' cannot go by --specs-only",
			    kind_of(&tree->groups[i]->node),
			    tree->groups[i]->node.name);
}

void
reload_refuse(const struct reload *reload, struct conf_errors *errors)
{
	refuse_fixed(reload->msd, reload->spec, errors);
	refuse_swaps(reload->msd, reload->spec, errors);
	refuse_to_strand(reload, errors);
	if (reload->specs_only)
		refuse_to_lose_groups(reload, errors);
}
