/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The difference decides, worker by worker: gone is stopped, new is started,
 * a changed process is restarted, changed policy is taken over in place, and
 * what is the same keeps its pid.
 */
#include "supervisor/reload.h"

#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/log.h"
#include "supervisor/child.h"
#include "supervisor/ctl.h"
#include "supervisor/events.h"
#include "supervisor/listen.h"
#include "supervisor/logpipe.h"
#include "supervisor/msd.h"
#include "supervisor/recovery.h"
#include "supervisor/steps.h"
#include "supervisor/upstream.h"

struct reload {
	struct msd *msd;
	struct spec *spec;
	enum reload_action *action; /* of each worker of spec */
	bool *new_sockets;
};

/* ---- comparing ---------------------------------------------------------- */

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

static void
refuse_swaps(const struct msd *msd, const struct spec *spec,
    struct conf_errors *errors)
{
	for (size_t i = 0; i < spec->worker_count; i++)
		if (node_group(tree_find(&msd->tree, spec->workers[i].name)))
			conf_error(errors, &spec->workers[i].section->place,
			    "[worker %s]: was a supervisor until now; remove "
			    "it first",
			    spec->workers[i].name);
	for (size_t i = 1; i < spec->supervisor_count; i++)
		if (tree_find_child(&msd->tree, spec->supervisors[i].name))
			conf_error(errors, &spec->supervisors[i].section->place,
			    "[supervisor %s]: was a worker until now; remove "
			    "it first",
			    spec->supervisors[i].name);
}

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

struct reload *
reload_plan(struct msd *msd, struct conf_errors *errors)
{
	struct spec *spec =
	    spec_load(msd->spec->path, msd->cwd, msd->env, errors);
	struct reload *reload;

	if (!spec)
		return NULL;
	refuse_fixed(msd, spec, errors);
	refuse_swaps(msd, spec, errors);
	if (errors->count) {
		spec_drop(&spec);
		return NULL;
	}
	reload = xcalloc(1, sizeof(*reload));
	reload->msd = msd;
	reload->spec = spec;
	reload->action =
	    xcalloc(spec->worker_count + 1, sizeof(*reload->action));
	reload->new_sockets = xcalloc(spec->worker_count + 1, sizeof(bool));
	for (size_t i = 0; i < spec->worker_count; i++) {
		const struct worker_spec *w = &spec->workers[i];
		const struct child *child =
		    tree_find_child(&msd->tree, w->name);

		reload->action[i] = compare(child, w);
		reload->new_sockets[i] = child && !same_listen(child->spec, w);
	}
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
	free(reload->action);
	free(reload->new_sockets);
	free(reload);
}

/* ---- showing ------------------------------------------------------------ */

static bool
is_in_spec(const struct spec *spec, const char *name)
{
	for (size_t i = 0; i < spec->worker_count; i++)
		if (strcmp(spec->workers[i].name, name) == 0)
			return true;
	return false;
}

static void
show_name(const char *name, bool *first, struct buf *out)
{
	if (!*first)
		buf_add_u8(out, ',');
	*first = false;
	json_quote(out, slice_of(name));
}

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
	const struct tree *tree = &reload->msd->tree;
	const struct spec *spec = reload->spec;

	for (int a = 0; a < RELOAD_ACTION_COUNT; a++) {
		bool first = true;

		buf_printf(out, "%s\"%s\":[", a ? "," : "", keys[a]);
		for (size_t i = 0; i < spec->worker_count; i++)
			if ((int)reload->action[i] == a)
				show_name(spec->workers[i].name, &first, out);
		for (size_t i = 0; a == RELOAD_STOP && i < tree->child_count;
		     i++)
			if (!is_in_spec(spec, tree->children[i]->node.name))
				show_name(tree->children[i]->node.name, &first,
				    out);
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
	recovery_start(child, EXIT_BY_OPERATOR, batch);
}

static void
apply_worker(struct child *child, enum reload_action action, bool new_sockets,
    struct batch *batch)
{
	struct msd *msd = child->msd;

	if (new_sockets)
		listen_close(child);
	switch (action) {
	case RELOAD_ADD:
		events_add(msd->events, "added", child->node.name, "%s", "");
		child->want = WANT_UP;
		start_anew(child, batch);
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
	    conf_entry_find(child->spec->section, "reload_signal");
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
	struct batch *batch = batch_new();

	msd->spec = spec_hold(reload->spec);
	tree_apply(msd, &msd->tree, msd->spec);
	for (size_t i = 0; i < msd->tree.child_count; i++) {
		struct child *child = msd->tree.children[i];

		child->waits_for = NULL;
		if (child->leaving)
			recovery_stop(child, EXIT_BY_OPERATOR, CHILD_DOWN,
			    batch);
	}
	for (size_t i = 0; i < msd->spec->worker_count; i++)
		apply_worker(msd->tree.children[i], reload->action[i],
		    reload->new_sockets[i], batch);
	signal_running(msd);
	batch_drop(&batch);
	spec_drop(&old);
	ctl_on_reload(msd->ctl);
	msd_touch(msd);
}

bool
reload_run(struct msd *msd, struct conf_errors *errors)
{
	struct reload *reload;
	struct buf plan = { 0 };

	upstream_reloading(msd->upstream);
	reload = reload_plan(msd, errors);
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
	reload_show(reload, &plan);
	buf_add_u8(&plan, '\0');
	reload_apply(reload);
	log_info("reloaded", NULL);
	events_add(msd->events, "reloaded", "root", "%s",
	    plan.len < 900 ? (const char *)plan.ptr : "");
	upstream_reloaded(msd->upstream, NULL);
	buf_fini(&plan);
	reload_free(&reload);
	return true;
}
