/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor/tree/group_stop.h"

#include "common/log.h"
#include "supervisor/child/child.h"
#include "supervisor/msd.h"

static bool
has_to_end(const struct child *child)
{
	return child_is_alive(child) &&
	    (child->must_stop || child->leaving ||
		child_face(child) == FACE_STOPPING);
}

static void
on_timeout(struct ev_loop *ev, ev_timer *timer, int events MS_UNUSED)
{
	struct group *group = container_of(timer, struct group, stop_timer);
	struct msd *msd = timer->data;

	(void)ev;
	group->stops = false;
	log_warn("not stopped in time, killing what is left", "supervisor=%s",
	    group->node.name);
	for (size_t i = msd->tree.child_count; i-- > 0;) {
		struct child *child = msd->tree.children[i];

		if (tree_is_below(&child->node, group) && has_to_end(child))
			child_event(child, CHILD_EV_KILL);
	}
}

void
group_stop_resume(struct msd *msd, struct group *group, uint64_t ms)
{
	ev_timer_init(&group->stop_timer, on_timeout, 0., 0.);
	group->stop_timer.data = msd;
	loop_timer_start(msd->loop, &group->stop_timer, ms);
}

uint64_t
group_stop_left_ms(const struct msd *msd, const struct group *group)
{
	/* asking takes no const */
	ev_timer *timer = (ev_timer *)&group->stop_timer;

	if (!ev_is_active(timer))
		return 0;
	return 1 +
	    (uint64_t)(ev_timer_remaining(loop_ev(msd->loop), timer) * 1000);
}

static void
start_timer(struct group *group, struct msd *msd)
{
	if (!group->stops || ev_is_active(&group->stop_timer) ||
	    group->conf.stop_timeout_ms == DURATION_INFINITY)
		return;
	group_stop_resume(msd, group, group->conf.stop_timeout_ms);
}

void
group_stop_wish(struct msd *msd, struct group *group)
{
	for (size_t i = 0; i < msd->tree.group_count; i++) {
		struct group *g = msd->tree.groups[i];

		if ((g == group || tree_is_below(&g->node, group)) &&
		    g->conf.stop_timeout_ms != DURATION_INFINITY)
			g->stops = true;
	}
}

void
group_stop_begun(const struct child *child)
{
	for (struct group *g = child->node.parent; g; g = g->node.parent)
		start_timer(g, child->msd);
}

void
group_stop_settle(struct msd *msd)
{
	for (size_t i = 0; i < msd->tree.group_count; i++) {
		struct group *g = msd->tree.groups[i];
		bool busy = false;

		if (!g->stops)
			continue;
		for (size_t k = 0; k < msd->tree.child_count && !busy; k++)
			busy = has_to_end(msd->tree.children[k]) &&
			    tree_is_below(&msd->tree.children[k]->node, g);
		if (busy)
			continue;
		g->stops = false;
		loop_timer_stop(msd->loop, &g->stop_timer);
	}
}

void
group_stop_fini(struct group *group)
{
	struct msd *msd = group->stop_timer.data;

	if (msd)
		loop_timer_stop(msd->loop, &group->stop_timer);
}
