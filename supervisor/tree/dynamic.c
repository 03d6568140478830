/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An added worker and a spawned instance are on trial: whoever asked waits,
 * and a start that fails is the end of them.  Instances made by scale are a
 * wish for a number of them: they are restarted like any worker.
 */
#include "supervisor/tree/dynamic.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "supervisor/child/child.h"
#include "supervisor/events.h"
#include "supervisor/msd.h"
#include "supervisor/spec/spec_log.h"
#include "supervisor/tree/steps.h"
#include "supervisor/tree/wishes.h"

#define NAME_BYTES 96 /* NAME@N */

static void
start_new(struct child *child, bool on_trial)
{
	struct batch *batch = batch_new();

	events_add(child->msd->events, "added", child->node.name,
	    "\"supervisor\":\"%s\"", child->node.parent->node.name);
	child->on_trial = child->by_operator = on_trial;
	wish_start(child, EXIT_BY_OPERATOR, batch);
	batch_drop(&batch);
}

/* ---- add ---------------------------------------------------------------- */

static bool
is_free(const struct msd *msd, const char *name, struct refusal *refusal)
{
	const struct node *node = tree_find(&msd->tree, name);
	const struct child *child = node_child(node);

	if (!node || (child && child->spent))
		return true;
	if (!child)
		return refuse(refusal, "already_present", "%s is a supervisor",
		    name);
	return refuse(refusal,
	    child_has_process(child) ? "already_started" : "already_present",
	    "%s is there already, it is %s", name,
	    child_face_name(child_face(child)));
}

static struct group *
find_parent(const struct msd *msd, const struct worker_spec *w,
    struct refusal *refusal)
{
	const char *name = w->conf.supervisor;
	struct group *parent = node_group(tree_find(&msd->tree, name));

	if (!parent || parent->mold) {
		refuse(refusal, "invalid_spec",
		    "supervisor: there is no supervisor '%s'", name);
		return NULL;
	}
	if (w->conf.significant &&
	    parent->conf.auto_shutdown == AUTO_SHUTDOWN_NEVER) {
		refuse(refusal, "invalid_spec",
		    "significant: has no meaning without auto_shutdown of "
		    "supervisor '%s'",
		    name);
		return NULL;
	}
	return parent;
}

/* A file has one writer (spec_log.h), also among those of the file. */
static bool
has_own_log(const struct msd *msd, const struct worker_spec *w,
    struct refusal *refusal)
{
	const char *log_dir = msd->spec->msd.log_dir;
	char *path = spec_log_path(log_dir, w);
	bool own = true;

	for (size_t i = 0; i < msd->tree.child_count && own; i++) {
		const struct child *child = msd->tree.children[i];
		char *other = spec_log_path(log_dir, child->spec);

		if (strcmp(path, other) == 0 &&
		    strncmp(path, "/dev/", 5) != 0 &&
		    strcmp(child->node.name, w->name) != 0)
			own = refuse(refusal, "invalid_spec",
			    "log: worker %s writes %s too", child->node.name,
			    path);
		free(other);
	}
	free(path);
	return own;
}

static struct child *
add_worker(struct msd *msd, struct spec *spec, struct refusal *refusal)
{
	const struct worker_spec *w = spec->workers;
	struct group *parent = find_parent(msd, w, refusal);
	const char *missing = tree_missing_need(&msd->tree, w);
	struct child *child;

	if (!parent || !is_free(msd, w->name, refusal) ||
	    !has_own_log(msd, w, refusal))
		return NULL;
	if (missing) {
		refuse(refusal, "invalid_spec", "there is no worker '%s'",
		    missing);
		return NULL;
	}
	child = tree_find_child(&msd->tree, w->name);
	if (child) { /* a temporary that has run: only a memory */
		tree_retire(&msd->tree, child);
		msd_forget(msd, child);
	}
	spec_settle(spec);
	child = tree_add(msd, &msd->tree, spec, w, parent, w->name);
	start_new(child, true);
	return child;
}

struct child *
dynamic_add(struct msd *msd, struct slice text, struct refusal *refusal)
{
	struct conf_errors errors;
	struct spec *spec;
	struct child *child = NULL;

	conf_errors_init(&errors);
	spec = spec_load_worker(text, msd->cwd, msd->env, &errors);
	if (spec)
		child = add_worker(msd, spec, refusal);
	else
		refuse_conf(refusal, &errors);
	conf_errors_fini(&errors);
	spec_drop(&spec);
	return child;
}

/* ---- remove ------------------------------------------------------------- */

bool
dynamic_remove(struct msd *msd, struct child *child, struct refusal *refusal)
{
	const struct node *needing = tree_find_needing(&msd->tree, child);
	const char *name = child->node.name;

	if (child->leaving)
		return refuse(refusal, "not_found", "%s is being removed",
		    name);
	if (child_has_process(child))
		return refuse(refusal, "running", "%s is %s: stop it first",
		    name, child_face_name(child_face(child)));
	if (child_is_alive(child) || child->must_start)
		return refuse(refusal, "restarting", "%s is %s: stop it first",
		    name, child_face_name(child_face(child)));
	if (needing)
		return refuse(refusal, "bad_request",
		    needing->is_group
			? "%s is required by the instances of %s"
			: "%s is required by %s: remove that first",
		    name, needing->name);
	tree_retire(&msd->tree, child);
	msd_forget(msd, child);
	return true;
}

/* ---- instances ---------------------------------------------------------- */

static size_t
count_instances(const struct group *template)
{
	size_t n = 0;

	for (size_t i = 0; i < template->count; i++)
		n += node_child(template->nodes[i])->want == WANT_UP;
	return n;
}

/* NAME@N with the lowest N above `above` that nobody has; returns N. */
static uint32_t
find_free_name(const struct msd *msd, const struct group *template,
    uint32_t above, char name[static NAME_BYTES])
{
	do
		snprintf(name, NAME_BYTES, "%s@%" PRIu32, template->node.name,
		    ++above);
	while (tree_find(&msd->tree, name));
	return above;
}

static void
copy_args(struct words *to, const struct words *from)
{
	if (!from || from->count == 0)
		return;
	to->word = xcalloc(from->count + 1, sizeof(char *));
	to->count = from->count;
	for (size_t i = 0; i < from->count; i++)
		to->word[i] = xstrdup(from->word[i]);
}

/* The number is the lowest free one above *number, and left there. */
static struct child *
add_instance(struct msd *msd, struct group *template, uint32_t *number,
    const struct words *args, bool on_trial)
{
	char name[NAME_BYTES];
	struct child *child;

	*number = find_free_name(msd, template, *number, name);
	child = tree_add(msd, &msd->tree, template->mold_held, template->mold,
	    template, name);
	if (*number > template->highest)
		template->highest = *number;
	copy_args(&child->args, args);
	start_new(child, on_trial);
	return child;
}

struct child *
dynamic_spawn(struct msd *msd, struct group *template, const struct words *args,
    struct refusal *refusal)
{
	uint32_t number = 0;

	if (template->count >= INSTANCES_MAX) {
		refuse(refusal, "bad_request", "%s has %u instances already",
		    template->node.name, INSTANCES_MAX);
		return NULL;
	}
	return add_instance(msd, template, &number, args, true);
}

static void
stop_instances(struct group *template, size_t surplus)
{
	struct batch *batch = batch_new();

	for (size_t i = template->count; i-- > 0 && surplus > 0;) {
		struct child *child = node_child(template->nodes[i]);

		if (child->want == WANT_DOWN)
			continue;
		child->want = WANT_DOWN;
		wish_stop(child, EXIT_BY_OPERATOR, CHILD_DOWN, batch);
		surplus--;
	}
	batch_drop(&batch);
}

bool
dynamic_scale(struct msd *msd, struct group *template, uint32_t count,
    struct refusal *refusal)
{
	size_t now = count_instances(template);
	uint32_t number = 0;

	if (count > INSTANCES_MAX)
		return refuse(refusal, "bad_request",
		    "count: more than %u instances", INSTANCES_MAX);
	if (count < now)
		stop_instances(template, now - count);
	for (; now < count; now++)
		add_instance(msd, template, &number, NULL, false);
	msd_touch(msd);
	return true;
}

bool
dynamic_has_been(const struct msd *msd, const char *name)
{
	const char *at = strrchr(name, '@');
	char template[NAME_BYTES];
	const struct group *group;
	uint64_t number;

	if (!at || (size_t)(at - name) >= sizeof(template) ||
	    !parse_u64(slice_of(at + 1), &number))
		return false;
	snprintf(template, sizeof(template), "%.*s", (int)(at - name), name);
	group = node_group(tree_find(&msd->tree, template));
	return group && group->mold && number >= 1 && number <= group->highest;
}
