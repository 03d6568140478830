/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `health`: how well each worker is, without asking any of them, so that it can
 * be asked for a hundred times a second and is answered when all of them hang.
 * Supervisors are answered for by what is below them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "common/alloc.h"
#include "supervisor/child/probe.h"
#include "supervisor/child/wellness.h"
#include "supervisor/ctl/ctl_verbs.h"
#include "supervisor/ctl/show.h"
#include "supervisor/msd.h"

#define REASONS_MAX 32u /* of one supervisor */

struct survey {
	struct msd *msd;
	struct mono now;
	uint64_t busy_limit_ms;
	struct wellness *workers; /* as tree.children */
	struct rollup *rollups;   /* as tree.groups */
};

/* ---- facts --------------------------------------------------------------- */

/* Only a parent may know it, without a look into /proc: msd is that of every
 * main process, also of one that was moved or adopted. */
static bool
is_stopped(pid_t pid)
{
	siginfo_t info = { .si_pid = 0 };

	return waitid(P_PID, (id_t)pid, &info, WSTOPPED | WNOHANG | WNOWAIT) ==
	    0 &&
	    info.si_pid == pid &&
	    (info.si_code == CLD_STOPPED || info.si_code == CLD_TRAPPED);
}

static void
read_life(const struct survey *s, const struct child *child,
    struct wellness_facts *f)
{
	struct metrics_life life;

	if (!child->spec->conf.metrics ||
	    !lives_read(&s->msd->lives, &s->msd->segments, child->node.name,
		child->pid, &life))
		return;
	f->has_life = true;
	f->busy = life.phase >= LIFE_READY && life.busy_since_ns != 0;
	if (f->busy && s->now.ns > life.busy_since_ns)
		f->busy_ms = (s->now.ns - life.busy_since_ns) / 1000000;
}

/* A supervisor that has ended expects nothing of its workers. */
static bool
is_wanted(const struct child *child)
{
	const struct group *group = child->node.parent;

	if (child->want == WANT_DOWN || child->leaving)
		return false;
	for (; group; group = group->node.parent)
		if (group->stopped || (group->ended && !group->held))
			return false;
	return true;
}

static void
examine(const struct survey *s, const struct child *child, struct wellness *w)
{
	struct wellness_facts f = {
		.face = child_face(child),
		.wanted = is_wanted(child),
		.has_process = child_has_process(child),
		.waits_for =
		    child->waits_for ? child->waits_for->node.name : NULL,
		.check_failures = probe_failures_in_a_row(child),
	};

	if (f.has_process && child->pid > 0 && !child->reaped) {
		f.stopped = is_stopped(child->pid);
		read_life(s, child, &f);
	}
	wellness_judge(&f, s->busy_limit_ms, w);
}

/* Do the others go on without it? */
static bool
is_essential(const struct survey *s, const struct child *child)
{
	return child->node.parent->conf.strategy == STRATEGY_ONE_FOR_ALL ||
	    child->spec->conf.significant ||
	    tree_find_needing(&s->msd->tree, child) != NULL;
}

/* ---- the survey ---------------------------------------------------------- */

static size_t
index_of(const struct tree *tree, const struct group *group)
{
	size_t i = 0;

	while (tree->groups[i] != group)
		i++;
	return i;
}

static void
survey_take(struct survey *s, struct msd *msd, uint64_t busy_limit_ms)
{
	const struct tree *tree = &msd->tree;

	*s = (struct survey){ .msd = msd,
		.now = mono_now(),
		.busy_limit_ms = busy_limit_ms };
	s->workers = xcalloc(tree->child_count + 1, sizeof(*s->workers));
	s->rollups = xcalloc(tree->group_count + 1, sizeof(*s->rollups));
	for (size_t i = 0; i < tree->child_count; i++) {
		const struct child *child = tree->children[i];

		examine(s, child, &s->workers[i]);
		rollup_add_worker(
		    &s->rollups[index_of(tree, child->node.parent)],
		    &s->workers[i],
		    s->workers[i].level == HEALTH_FAILED &&
			is_essential(s, child));
	}
	for (size_t i = tree->group_count; i-- > 1;) { /* parents first */
		const struct group *group = tree->groups[i];

		if (group->held)
			s->rollups[i].lost = true;
		rollup_add_supervisor(
		    &s->rollups[index_of(tree, group->node.parent)],
		    rollup_level(&s->rollups[i]));
	}
}

static void
survey_fini(struct survey *s)
{
	free(s->workers);
	free(s->rollups);
}

/* ---- telling ------------------------------------------------------------- */

static bool
is_asked(const struct ctl_request *request, const struct node *node)
{
	const struct group *group =
	    request->node ? node_group(request->node) : NULL;

	return !request->node || node == request->node ||
	    (group && tree_is_below(node, group));
}

/* The reasons of those below `group`; all when it is the root. */
static void
show_reasons(const struct survey *s, const struct group *group, struct buf *out)
{
	const struct tree *tree = &s->msd->tree;
	unsigned shown = 0;

	buf_add_str(out, ",\"reasons\":[");
	if (group->held) {
		char text[HEALTH_TEXT_BYTES];

		snprintf(text, sizeof(text), "%s: gave up", group->node.name);
		json_quote(out, slice_of(text));
		shown++;
	}
	for (size_t i = 0; i < tree->child_count && shown < REASONS_MAX; i++) {
		char text[HEALTH_TEXT_BYTES + 80];

		if (s->workers[i].level == HEALTH_OK ||
		    !tree_is_below(&tree->children[i]->node, group))
			continue;
		snprintf(text, sizeof(text), "%s: %s",
		    tree->children[i]->node.name, s->workers[i].reason);
		buf_add_str(out, shown++ ? "," : "");
		json_quote(out, slice_of(text));
	}
	buf_add_u8(out, ']');
}

static void
show_supervisor(const struct survey *s, size_t i, struct buf *out)
{
	const struct group *group = s->msd->tree.groups[i];
	const struct rollup *r = &s->rollups[i];

	buf_add_u8(out, '{');
	show_str(out, "name", group->node.name);
	buf_printf(out,
	    ",\"verdict\":\"%s\",\"ok\":%u,\"degraded\":%u,\"failed\":%u",
	    health_level_name(rollup_level(r)), r->ok, r->degraded, r->failed);
	show_reasons(s, group, out);
	buf_add_u8(out, '}');
}

static void
show_worker(const struct survey *s, size_t i, struct buf *out)
{
	const struct child *child = s->msd->tree.children[i];
	const struct wellness *w = &s->workers[i];

	buf_add_u8(out, '{');
	show_str(out, "name", child->node.name);
	buf_add_u8(out, ',');
	show_str(out, "supervisor", child->node.parent->node.name);
	buf_printf(out,
	    ",\"verdict\":\"%s\",\"alive\":%s,\"ready\":%s,\"state\":\"%s\","
	    "\"want\":\"%s\",",
	    health_level_name(w->level), w->alive ? "true" : "false",
	    child_is_ready(child) ? "true" : "false",
	    child_face_name(child_face(child)),
	    child->want == WANT_UP ? "up" : "down");
	show_str(out, "reason", w->reason);
	buf_add_u8(out, '}');
}

static void
show_list(const struct survey *s, const struct ctl_request *request,
    struct buf *out)
{
	const struct tree *tree = &s->msd->tree;
	bool first = true;

	buf_add_str(out, ",\"list\":[");
	for (size_t i = 0; i < tree->child_count; i++) {
		if (!is_asked(request, &tree->children[i]->node))
			continue;
		buf_add_str(out, first ? "" : ",");
		show_worker(s, i, out);
		first = false;
	}
	buf_add_u8(out, ']');
}

static void
show_supervisors(const struct survey *s, const struct ctl_request *request,
    struct buf *out)
{
	const struct tree *tree = &s->msd->tree;
	bool first = true;

	buf_add_str(out, ",\"supervisors\":[");
	for (size_t i = 0; i < tree->group_count; i++) {
		if (!is_asked(request, &tree->groups[i]->node))
			continue;
		buf_add_str(out, first ? "" : ",");
		show_supervisor(s, i, out);
		first = false;
	}
	buf_add_u8(out, ']');
}

static enum health_level
verdict_of(const struct survey *s, const struct ctl_request *request)
{
	const struct tree *tree = &s->msd->tree;

	if (!request->child)
		return rollup_level(&s->rollups[index_of(tree,
		    request->node ? node_group(request->node) : tree->root)]);
	for (size_t i = 0; i < tree->child_count; i++)
		if (tree->children[i] == request->child)
			return s->workers[i].level;
	return HEALTH_OK;
}

/* Numbers of all workers that are asked about, and who is not well. */
static void
show_summary(const struct survey *s, const struct ctl_request *request,
    struct buf *out)
{
	const struct tree *tree = &s->msd->tree;
	size_t workers = 0, ready = 0, alive = 0, unwell = 0;

	buf_add_str(out, ",\"unwell\":[");
	for (size_t i = 0; i < tree->child_count; i++) {
		if (!is_asked(request, &tree->children[i]->node))
			continue;
		workers++;
		ready += child_is_ready(tree->children[i]);
		alive += s->workers[i].alive;
		if (s->workers[i].level == HEALTH_OK)
			continue;
		buf_add_str(out, unwell++ ? "," : "");
		json_quote(out, slice_of(tree->children[i]->node.name));
	}
	buf_printf(out,
	    "],\"healthy\":%s,\"workers\":%zu,\"ready\":%zu,\"alive\":%zu,"
	    "\"verdict\":\"%s\"",
	    verdict_of(s, request) == HEALTH_OK ? "true" : "false", workers,
	    ready, alive, health_level_name(verdict_of(s, request)));
}

void
do_health(const struct ctl_request *request)
{
	double limit = json_get_num(request->json, "busy_limit_ms",
	    WELLNESS_BUSY_LIMIT_MS);
	struct buf *out = ctl_reply(request);
	struct survey s;

	survey_take(&s, request->msd,
	    limit >= 0 && limit < 1e12 ? (uint64_t)limit
				       : WELLNESS_BUSY_LIMIT_MS);
	show_summary(&s, request, out);
	show_supervisors(&s, request, out);
	if (json_get_bool(request->json, "list", false))
		show_list(&s, request, out);
	survey_fini(&s);
	ctl_reply_end(request);
}
