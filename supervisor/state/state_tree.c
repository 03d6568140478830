/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A spec is written as the configuration it was made from, not as the file it
 * was read from: that may have changed since, and what is not reloaded is not
 * in force.  Workers can hold different ones; each is written once.
 */
#include "supervisor/state/state_tree.h"

#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/conf_json.h"
#include "supervisor/child/child.h"
#include "supervisor/msd.h"
#include "supervisor/state/state_child.h"
#include "supervisor/tree/group_stop.h"
#include "supervisor/tree/steps.h"

#if defined(__x86_64__)
_Static_assert(sizeof(struct group) == GROUP_BYTES,
    "struct group has changed: give the new member its row below, then adapt "
    "GROUP_BYTES in tree.h");
#endif

static const struct state_row group_rows[] = {
	STATE_ROW(STATE_U32, struct group, restarts),
	STATE_ROW(STATE_BOOL, struct group, starting),
	STATE_ROW(STATE_BOOL, struct group, held),
	STATE_ROW(STATE_BOOL, struct group, ended),
	STATE_ROW(STATE_BOOL, struct group, stopped),
	STATE_ROW(STATE_BOOL, struct group, stops),
	STATE_ROW(STATE_U32, struct group, highest),
	STATE_END,
};

/* Things that several workers point to, by number. */
struct numbers {
	const void **at;
	size_t count;
};

static size_t
number_of(struct numbers *numbers, const void *thing)
{
	size_t i = 0;

	while (i < numbers->count && numbers->at[i] != thing)
		i++;
	if (i < numbers->count)
		return i;
	numbers->at =
	    xreallocarray(numbers->at, numbers->count + 1, sizeof(void *));
	numbers->at[numbers->count++] = thing;
	return i;
}

/* ---- saving -------------------------------------------------------------- */

static void
save_spec(const struct spec *spec, size_t number, struct state_out *out)
{
	state_begin(out, "spec");
	state_put_u64(out, "number", number);
	state_put_text(out, "path", spec->path);
	state_put_u64(out, "is_worker", spec->supervisor_count == 0);
	buf_add_str(&out->text, ",\"conf\":");
	spec_print_conf(spec, &out->text);
	state_end(out);
}

/* Number 0 is the one in force. */
static void
save_specs(const struct msd *msd, struct numbers *specs, struct state_out *out)
{
	number_of(specs, msd->spec);
	for (size_t i = 0; i < msd->tree.child_count; i++)
		number_of(specs, msd->tree.children[i]->held);
	for (size_t i = 0; i < specs->count; i++)
		save_spec(specs->at[i], i, out);
}

static void
save_group(const struct msd *msd, const struct group *group,
    struct state_out *out)
{
	state_begin(out, "group");
	state_put_text(out, "name", group->node.name);
	state_put(out, group_rows, group);
	state_put_u64(out, "stop_left_ms", group_stop_left_ms(msd, group));
	intensity_save(&group->window, "window", out);
	intensity_save(&group->node.own, "own", out);
	state_end(out);
}

void
tree_save(const struct msd *msd, struct state_out *out)
{
	struct numbers specs = { .count = 0 }, batches = { .count = 0 };
	const struct tree *tree = &msd->tree;

	save_specs(msd, &specs, out);
	for (size_t i = 0; i < tree->group_count; i++)
		save_group(msd, tree->groups[i], out);
	for (size_t i = 0; i < tree->child_count; i++) {
		const struct child *child = tree->children[i];

		state_begin(out, "child");
		state_put_text(out, "name", child->node.name);
		state_put_u64(out, "spec", number_of(&specs, child->held));
		state_put_text(out, "worker", child->spec->name);
		state_put_text(out, "parent", child->node.parent->node.name);
		if (child->batch)
			state_put_u64(out, "batch",
			    number_of(&batches, child->batch) + 1);
		child_save(child, out);
		state_end(out);
	}
	free(specs.at);
	free(batches.at);
}

/* ---- loading ------------------------------------------------------------- */

struct load {
	struct msd *msd;
	struct state_in *in;
	struct spec **specs;
	size_t spec_count;
	struct batch **batches;
	size_t batch_count;
};

static void
load_spec(struct load *l, const struct json *record)
{
	const char *path = state_get_text(l->in, record, "path");
	const struct json *object = json_get(record, "conf");
	struct conf_errors errors;
	struct spec *spec = NULL;
	struct conf *conf;
	struct why why = { "" };

	conf = object ? conf_from_json(object, &why) : NULL;
	if (!path || !conf) {
		state_fail(l->in, "spec %zu: %s", l->spec_count, why.text);
		conf_free(&conf);
		return;
	}
	conf_errors_init(&errors);
	/* an added worker's has nothing else in it */
	spec = state_get_u64(l->in, record, "is_worker")
	    ? spec_make_worker(l->msd->cwd, conf, &errors)
	    : spec_make(path, l->msd->cwd, conf, &errors);
	if (!spec)
		state_fail(l->in, "the configuration in force is refused: %s",
		    errors.count ? errors.text[0] : "?");
	conf_errors_fini(&errors);
	if (!spec)
		return;
	spec_settle(spec);
	l->specs =
	    xreallocarray(l->specs, l->spec_count + 1, sizeof(*l->specs));
	l->specs[l->spec_count++] = spec;
}

static void
load_group(struct load *l, const struct json *record)
{
	const char *name = state_get_text(l->in, record, "name");
	struct group *group =
	    name ? node_group(tree_find(&l->msd->tree, name)) : NULL;
	uint64_t stop_ms;

	if (!group) {
		state_fail(l->in, "there is no supervisor %s",
		    name ? name : "?");
		return;
	}
	state_get(l->in, record, group_rows, group);
	stop_ms = state_get_u64(l->in, record, "stop_left_ms");
	if (stop_ms)
		group_stop_resume(l->msd, group, stop_ms);
	intensity_load(&group->window, "window", l->in, record);
	intensity_load(&group->node.own, "own", l->in, record);
}

static const struct worker_spec *
find_worker(const struct spec *spec, const char *name)
{
	for (size_t i = 0; i < spec->worker_count; i++)
		if (strcmp(spec->workers[i].name, name) == 0)
			return &spec->workers[i];
	return NULL;
}

/* Its supervisor as it was; the root for one whose own has left. */
static struct group *
parent_of(struct load *l, const struct json *record)
{
	const char *name = state_get_text(l->in, record, "parent");
	struct group *group =
	    name ? node_group(tree_find(&l->msd->tree, name)) : NULL;

	return group ? group : l->msd->tree.root;
}

static bool
is_added(const struct json *record)
{
	const struct json *origin = json_get(record, "origin");

	return origin && json_type_of(origin) == JSON_NUMBER &&
	    json_num(origin) == CHILD_ADDED;
}

/* What tree_apply() has made and was not there. */
static void
unmake(struct tree *tree, struct child *child)
{
	tree_retire(tree, child);
	tree_remove(tree, child);
}

/* Made by tree_apply() from the spec in force, or made here: added ones,
 * instances, and those that have left the configuration and still live.  An
 * added one may bear the name of one of the file, but not have its place. */
static struct child *
take_child(struct load *l, const struct json *record)
{
	const char *name = state_get_text(l->in, record, "name");
	const char *worker = state_get_text(l->in, record, "worker");
	uint64_t n = state_get_u64(l->in, record, "spec");
	struct spec *spec = n < l->spec_count ? l->specs[n] : NULL;
	const struct worker_spec *w =
	    spec && worker ? find_worker(spec, worker) : NULL;
	struct child *child;

	if (!name || !w) {
		state_fail(l->in, "worker %s has no spec", name ? name : "?");
		return NULL;
	}
	child = tree_find_child(&l->msd->tree, name);
	if (child && is_added(record)) {
		unmake(&l->msd->tree, child);
		child = NULL;
	}
	if (child)
		tree_set_spec(child, spec, w);
	else
		child = tree_add(l->msd, &l->msd->tree, spec, w,
		    parent_of(l, record), name);
	return child;
}

static void
join_batch(struct load *l, struct child *child, uint64_t number)
{
	if (number == 0)
		return;
	if (number > l->batch_count + 1) {
		state_fail(l->in, "batch %llu: there is none",
		    (unsigned long long)number);
		return;
	}
	if (number > l->batch_count) {
		l->batches = xreallocarray(l->batches, l->batch_count + 1,
		    sizeof(*l->batches));
		l->batches[l->batch_count++] = batch_new();
	}
	batch_join(l->batches[number - 1], child);
}

static void
load_child(struct load *l, const struct json *record)
{
	struct child *child = take_child(l, record);

	if (!child)
		return;
	child_load(child, l->in, record);
	child->marked = true;
	if (child->leaving) {
		child->leaving = false; /* it still has its place */
		tree_retire(&l->msd->tree, child);
	}
	join_batch(l, child, state_get_u64(l->in, record, "batch"));
}

static void
each(struct load *l, const char *what,
    void (*load)(struct load *l, const struct json *record))
{
	struct json *record;
	size_t off = 0;

	while ((record = state_next(l->in, what, &off))) {
		load(l, record);
		json_free(&record);
	}
}

/* An operator has removed them; they are in the file nevertheless. */
static void
drop_removed(struct tree *tree)
{
	for (size_t i = tree->child_count; i-- > 0;)
		if (!tree->children[i]->marked)
			unmake(tree, tree->children[i]);
}

void
tree_load(struct msd *msd, struct state_in *in)
{
	struct load l = { .msd = msd, .in = in };

	each(&l, "spec", load_spec);
	/* that of a worker has no root */
	if (l.spec_count == 0 || l.specs[0]->supervisor_count == 0)
		state_fail(in, "it holds no configuration");
	if (!in->failed) {
		msd->spec = spec_hold(l.specs[0]);
		tree_apply(msd, &msd->tree, msd->spec, false);
		each(&l, "group", load_group);
		each(&l, "child", load_child);
		drop_removed(&msd->tree);
	}
	for (size_t i = 0; i < l.batch_count; i++)
		batch_drop(&l.batches[i]);
	for (size_t i = 0; i < l.spec_count; i++)
		spec_drop(&l.specs[i]);
	free(l.batches);
	free(l.specs);
}

void
tree_resume(struct msd *msd)
{
	for (size_t i = 0; i < msd->tree.child_count; i++)
		child_resume(msd->tree.children[i]);
}
