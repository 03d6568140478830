/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The difference decides, worker by worker: gone is stopped, new is started,
 * a changed process is restarted, changed policy is taken over in place, and
 * what is the same keeps its pid.
 */
#include "supervisor/tree/reload.h"

#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/log.h"
#include "supervisor/child/child.h"
#include "supervisor/child/listen.h"
#include "supervisor/ctl/ctl.h"
#include "supervisor/events.h"
#include "supervisor/log/logs.h"
#include "supervisor/msd.h"
#include "supervisor/tree/reload_impl.h"
#include "supervisor/tree/steps.h"
#include "supervisor/tree/wishes.h"
#include "supervisor/upstream.h"

#define EVENT_PLAN_BYTES 900u /* a longer plan is not told in the event */

/* ---- comparing ---------------------------------------------------------- */

static bool
same_listen(const struct worker_spec *a, const struct worker_spec *b)
{
	const struct field *row = field_find(worker_rows, SLICE_LIT("listen"));

	return field_same(row, &a->conf, &b->conf);
}

static enum reload_action
compare(const struct child *child, const struct worker_spec *w)
{
	if (!child || child->leaving)
		return RELOAD_ADD;
	if (!worker_spec_is_same_process(child->spec, w))
		return RELOAD_RESTART;
	return worker_spec_is_same(child->spec, w) ? RELOAD_LEAVE
						   : RELOAD_UPDATE;
}

static void
add_step(struct reload *reload, const char *name, struct child *child,
    const struct worker_spec *w)
{
	struct step *step = &reload->steps[reload->count++];

	if (child)
		child->marked = true; /* it has its step */
	*step = (struct step){ name, w, compare(child, w), false };
	if (reload->specs_only && step->action == RELOAD_RESTART)
		step->action = RELOAD_UPDATE;
	step->new_sockets = child && step->action == RELOAD_RESTART &&
	    !same_listen(child->spec, w);
}

static bool
is_instance_of(const struct child *child, const struct worker_spec *w)
{
	return child->origin == CHILD_INSTANCE && !child->leaving &&
	    strcmp(child->node.parent->node.name, w->name) == 0;
}

static void
plan_template(struct reload *reload, const struct worker_spec *w)
{
	const struct tree *tree = &reload->msd->tree;

	if (!tree_find(tree, w->name))
		add_step(reload, w->name, NULL, w);
	for (size_t i = 0; i < tree->child_count; i++)
		if (is_instance_of(tree->children[i], w))
			add_step(reload, tree->children[i]->node.name,
			    tree->children[i], w);
}

/* A worker that spec has no section for. */
static bool
stays(const struct reload *reload, const struct child *child)
{
	return (child->origin == CHILD_ADDED || reload->specs_only) &&
	    reload_has_group(reload->spec, child->spec->conf.supervisor);
}

static void
plan_steps(struct reload *reload)
{
	const struct tree *tree = &reload->msd->tree;
	const struct spec *spec = reload->spec;

	reload->steps = xcalloc(spec->worker_count + tree->child_count + 1,
	    sizeof(*reload->steps));
	for (size_t i = 0; i < tree->child_count; i++)
		tree->children[i]->marked = false;
	for (size_t i = 0; i < spec->worker_count; i++) {
		const struct worker_spec *w = &spec->workers[i];

		if (w->is_template)
			plan_template(reload, w);
		else
			add_step(reload, w->name,
			    tree_find_child(tree, w->name), w);
	}
	for (size_t i = 0; i < tree->child_count; i++) {
		const struct child *child = tree->children[i];

		if (!child->leaving && !child->marked && !stays(reload, child))
			reload->steps[reload->count++] =
			    (struct step){ child->node.name, child->spec,
				    RELOAD_STOP, false };
	}
}

struct reload *
reload_plan(struct msd *msd, bool specs_only, struct conf_errors *errors)
{
	struct reload *reload = xcalloc(1, sizeof(*reload));

	reload->msd = msd;
	reload->specs_only = specs_only;
	reload->spec = spec_load(msd->spec->path, msd->cwd, msd->env, errors);
	reload->ignored = reload->spec && !spec_is_wanted(reload->spec);
	if (reload->spec && !reload->ignored) {
		reload_refuse(reload, errors);
	}
	if (errors->count)
		reload_free(&reload);
	else if (!reload->ignored)
		plan_steps(reload);
	return reload;
}

void
reload_free(struct reload **reload_ptr)
{
	struct reload *reload = *reload_ptr;

	if (!reload)
		return;
	*reload_ptr = NULL;
	spec_drop(&reload->spec);
	free(reload->steps);
	free(reload);
}

/* ---- showing ------------------------------------------------------------ */

void
reload_show(const struct reload *reload, struct buf *out)
{
	static const char *const keys[RELOAD_ACTION_COUNT] = {
		[RELOAD_ADD] = "add",
		[RELOAD_STOP] = "stop",
		[RELOAD_RESTART] = "restart",
		[RELOAD_UPDATE] = "update",
		[RELOAD_LEAVE] = "leave",
	};

	for (int a = 0; a < RELOAD_ACTION_COUNT; a++) {
		bool first = true;

		buf_printf(out, "%s\"%s\":[", a ? "," : "", keys[a]);
		for (size_t i = 0; i < reload->count; i++) {
			if ((int)reload->steps[i].action != a)
				continue;
			buf_add_str(out, first ? "" : ",");
			json_quote(out, slice_of(reload->steps[i].name));
			first = false;
		}
		buf_add_u8(out, ']');
	}
}

/* ---- applying ----------------------------------------------------------- */

static void
start_anew(struct child *child, struct batch *batch)
{
	if (child->want == WANT_DOWN)
		return;
	child_forgive(child);
	wish_start(child, EXIT_BY_OPERATOR, batch);
}

/* A worker that only its spec has come for waits for an operator. */
static void
appear(struct child *child, bool specs_only, struct batch *batch)
{
	events_add(child->msd->events, "added", child->node.name, "%s", "");
	child->want = specs_only ? WANT_DOWN : WANT_UP;
	start_anew(child, batch);
}

static void
apply_step(const struct reload *reload, const struct step *step,
    struct batch *batch)
{
	struct msd *msd = reload->msd;
	struct child *child = tree_find_child(&msd->tree, step->name);

	if (!child) /* a template: nothing to start */
		return;
	if (step->new_sockets)
		listen_close(child);
	switch (step->action) {
	case RELOAD_ADD:
		appear(child, reload->specs_only, batch);
		break;
	case RELOAD_RESTART:
		logs_changed(msd->logs, child);
		start_anew(child, batch);
		break;
	case RELOAD_UPDATE:
		logs_changed(msd->logs, child);
		break;
	default:
		break;
	}
}

/*
 * A running worker hears of it by its reload_signal.  The default, HUP, kills
 * programs that do not know it: so it goes to our own workers (ms-*), which
 * read the same file, and to those whose section names the signal.
 */
static bool
wants_signal(const struct child *child)
{
	const char *command = child->spec->conf.command.word[0];
	const char *slash = strrchr(command, '/');

	return strncmp(slash ? slash + 1 : command, "ms-", 3) == 0 ||
	    child->spec->gives_reload_signal;
}

static void
signal_running(struct msd *msd)
{
	for (size_t i = 0; i < msd->tree.child_count; i++) {
		struct child *child = msd->tree.children[i];

		if (!child->must_stop && !child->leaving && wants_signal(child))
			child_reload(child);
	}
}

void
reload_apply(struct reload *reload)
{
	struct msd *msd = reload->msd;
	struct spec *old = msd->spec;
	struct batch *batch;

	if (reload->ignored)
		return;
	batch = batch_new();
	msd->spec = spec_hold(reload->spec);
	spec_settle(msd->spec);
	tree_apply(msd, &msd->tree, msd->spec, reload->specs_only);
	for (size_t i = 0; i < msd->tree.child_count; i++) {
		struct child *child = msd->tree.children[i];

		child->waits_for = NULL;
		if (child->leaving)
			wish_stop(child, EXIT_BY_OPERATOR, CHILD_DOWN, batch);
	}
	for (size_t i = 0; i < reload->count; i++)
		apply_step(reload, &reload->steps[i], batch);
	if (!reload->specs_only)
		signal_running(msd);
	batch_drop(&batch);
	spec_drop(&old);
	ctl_on_reload(msd->ctl);
	msd_touch(msd);
}

bool
reload_run(struct msd *msd, bool specs_only, struct buf *plan,
    struct conf_errors *errors)
{
	struct reload *reload;
	bool fits;

	upstream_reloading(msd->upstream);
	reload = reload_plan(msd, specs_only, errors);
	if (!reload) {
		size_t shown = errors->count < CONF_ERRORS_MAX
		    ? errors->count
		    : CONF_ERRORS_MAX;

		for (size_t i = 0; i < shown; i++)
			log_error("configuration refused", "error=%s",
			    LOGQ(errors->text[i]));
		events_add(msd->events, "reload_refused", "root",
		    "\"errors\":%zu", errors->count);
		upstream_reloaded(msd->upstream, "reload refused");
		return false;
	}
	reload_show(reload, plan);
	reload_apply(reload);
	log_info("reloaded", NULL);
	fits = plan->len < EVENT_PLAN_BYTES;
	events_add(msd->events, "reloaded", "root", "%.*s",
	    fits ? (int)plan->len : 0, fits ? (const char *)plan->ptr : "");
	upstream_reloaded(msd->upstream, NULL);
	reload_free(&reload);
	alloc_trim();
	return true;
}
