/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plan and the act walk the same differences: what `msctl plan` prints is
 * what HUP does.
 */
#include "supervisor/reload.h"

#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/log.h"
#include "supervisor/child.h"
#include "supervisor/events.h"
#include "supervisor/logpipe.h"
#include "supervisor/recovery.h"
#include "supervisor/spec.h"
#include "supervisor/steps.h"

enum difference {
	DIFF_ADD,
	DIFF_RESTART,
	DIFF_CHANGE, /* policy only */
	DIFF_LEAVE,
	DIFF_COUNT
};

static const char *const list_names[DIFF_COUNT] = {
	[DIFF_ADD] = "add",
	[DIFF_RESTART] = "restart",
	[DIFF_CHANGE] = "change",
	[DIFF_LEAVE] = "leave",
};

static enum difference
compare(const struct child *child, const struct worker_spec *fresh)
{
	if (child == NULL || child->leaving)
		return DIFF_ADD;
	if (!worker_spec_is_same_process(child->spec, fresh))
		return DIFF_RESTART;
	return worker_spec_is_same(child->spec, fresh) ? DIFF_LEAVE
						       : DIFF_CHANGE;
}

static bool
is_in(const struct spec *spec, const char *name)
{
	for (size_t i = 0; i < spec->worker_count; i++)
		if (strcmp(spec->workers[i].name, name) == 0)
			return true;
	return false;
}

static struct json *
make_plan(const struct msd *msd, const struct spec *fresh)
{
	struct json *plan = json_object(), *lists[DIFF_COUNT], *stop;

	for (int i = 0; i < DIFF_COUNT; i++)
		lists[i] = json_put_array(plan, list_names[i]);
	stop = json_put_array(plan, "stop");
	for (size_t i = 0; i < fresh->worker_count; i++) {
		const struct worker_spec *w = &fresh->workers[i];

		json_put_str(
		    lists[compare(tree_find_child(&msd->tree, w->name), w)],
		    NULL, w->name);
	}
	for (size_t i = 0; i < msd->tree.child_count; i++) {
		const struct child *child = msd->tree.children[i];

		if (!child->leaving && !is_in(fresh, child->node.name))
			json_put_str(stop, NULL, child->node.name);
	}
	return plan;
}

/* Where sockets and files are cannot change under running workers. */
static void
check_places(const struct spec *old, const struct spec *fresh,
    struct conf_errors *errors)
{
	static const struct conf_place nowhere = { "[msd]", 0, 0 };
	const struct {
		const char *key, *before, *after;
	} places[] = {
		{ "run_dir", old->msd.run_dir, fresh->msd.run_dir },
		{ "log_dir", old->msd.log_dir, fresh->msd.log_dir },
		{ "state_dir", old->msd.state_dir, fresh->msd.state_dir },
	};

	for (size_t i = 0; i < ARRAY_LEN(places); i++)
		if (strcmp(places[i].before, places[i].after) != 0)
			conf_error(errors, &nowhere,
			    "%s: cannot change while msd runs (now %s)",
			    places[i].key, places[i].before);
}

static struct json *
report(const struct conf_errors *errors)
{
	struct json *out = json_object();
	struct json *list = json_put_array(out, "errors");

	for (size_t i = 0; i < errors->count && i < CONF_ERRORS_MAX; i++) {
		json_put_str(list, NULL, errors->text[i]);
		log_error("configuration refused", "error=%s",
		    LOGQ(errors->text[i]));
	}
	return out;
}

/* ---- applying -------------------------------------------------------------- */

/* A worker that speaks the protocol understands HUP; others only when the
 * file says so: HUP would end them. */
static bool
takes_reload_signal(const struct child *child)
{
	return child->spec->conf.ready.kind == READY_NOTIFY ||
	    (child->spec->section &&
		conf_entry_find(child->spec->section, "reload_signal"));
}

static void
act_on(struct child *child, enum difference difference, struct batch *batch)
{
	switch (difference) {
	case DIFF_ADD:
		events_add(child->msd->events, "added", child->node.name, "%s",
		    "");
		child->want = WANT_UP;
		recovery_start(child, EXIT_BY_OPERATOR, batch);
		break;
	case DIFF_RESTART:
		if (child->want == WANT_UP &&
		    (child_is_alive(child) || child->must_start))
			recovery_start(child, EXIT_BY_OPERATOR, batch);
		break;
	case DIFF_CHANGE:
	case DIFF_LEAVE:
		logs_changed(child->msd->logs, child);
		if (takes_reload_signal(child))
			child_reload(child);
		break;
	case DIFF_COUNT:
		break;
	}
}

static void
apply(struct msd *msd, struct spec *fresh)
{
	struct batch *batch = batch_new();
	enum difference *differences =
	    xcalloc(fresh->worker_count + 1, sizeof(*differences));
	struct spec *old = msd->spec;

	for (size_t i = 0; i < fresh->worker_count; i++)
		differences[i] = compare(
		    tree_find_child(&msd->tree, fresh->workers[i].name),
		    &fresh->workers[i]);
	msd->spec = spec_hold(fresh);
	tree_apply(msd, &msd->tree, fresh);
	for (size_t i = 0; i < msd->tree.child_count; i++) {
		struct child *child = msd->tree.children[i];

		if (child->leaving)
			recovery_stop(
			    child, EXIT_BY_OPERATOR, CHILD_DOWN, batch);
		else
			act_on(child, differences[i], batch);
	}
	spec_drop(&old);
	free(differences);
	batch_drop(&batch);
	msd_touch(msd);
}

enum ms_err
reload(struct msd *msd, bool dry, struct json **plan_r)
{
	struct conf_errors errors;
	struct spec *fresh;

	conf_errors_init(&errors);
	fresh = spec_load(msd->spec->path, msd->cwd, msd->env, &errors);
	if (fresh)
		check_places(msd->spec, fresh, &errors);
	if (errors.count > 0) {
		*plan_r = report(&errors);
		if (!dry)
			events_add(msd->events, "reload_refused", "root",
			    "\"errors\":%zu", errors.count);
		conf_errors_fini(&errors);
		spec_drop(&fresh);
		return MS_ECONFIG;
	}
	conf_errors_fini(&errors);
	*plan_r = make_plan(msd, fresh);
	if (!dry) {
		apply(msd, fresh);
		events_add(msd->events, "reloaded", "root", "%s", "");
		log_info("configuration reloaded", "path=%s",
		    LOGQ(msd->spec->path));
	}
	spec_drop(&fresh);
	return MS_OK;
}
