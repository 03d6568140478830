/* SPDX-License-Identifier: Apache-2.0 */
/* Boot and end of the tree. */
#include "supervisor/msd.h"

#include <stdlib.h>

#include "common/log.h"
#include "supervisor/child.h"
#include "supervisor/ctl.h"
#include "supervisor/events.h"
#include "supervisor/logpipe.h"
#include "supervisor/recovery.h"
#include "supervisor/steps.h"
#include "supervisor/upstream.h"

static void
on_advance(struct loop_task *task)
{
	steps_advance(container_of(task, struct msd, advance));
}

void
msd_touch(struct msd *msd)
{
	msd->advance.run = on_advance;
	if (!msd->advance.queued)
		loop_later(msd->loop, &msd->advance);
}

void
msd_boot(struct msd *msd)
{
	struct batch *batch = batch_new();

	for (size_t i = 0; i < msd->tree.group_count; i++)
		msd->tree.groups[i]->starting = true;
	for (size_t i = 0; i < msd->tree.child_count; i++) {
		struct child *child = msd->tree.children[i];

		child->must_start = true;
		batch_join(batch, child);
	}
	batch_drop(&batch);
	msd_touch(msd);
}

static void
on_shutdown_deadline(struct ev_loop *ev, ev_timer *timer, int events MS_UNUSED)
{
	struct msd *msd = container_of(timer, struct msd, shutdown_timer);

	(void)ev;
	log_warn("shutdown_deadline has passed, killing what is left", NULL);
	msd_kill_all(msd);
}

void
msd_shutdown(struct msd *msd, int code, const char *reason)
{
	struct batch *batch;

	if (msd->stopping)
		return;
	msd->stopping = true;
	msd->exit_code = code;
	if (code == MSD_EXIT_OK)
		log_info("shutting down", "reason=%s", LOGQ(reason));
	else
		log_error("shutting down", "reason=%s", LOGQ(reason));
	events_add(msd->events, "shutdown", "root", "\"code\":%d", code);
	upstream_stopping(msd->upstream);
	batch = batch_new();
	for (size_t i = 0; i < msd->tree.child_count; i++)
		recovery_stop(msd->tree.children[i], EXIT_BY_SHUTDOWN,
		    CHILD_DOWN, batch);
	batch_drop(&batch);
	ev_timer_init(&msd->shutdown_timer, on_shutdown_deadline, 0., 0.);
	loop_timer_start(msd->loop, &msd->shutdown_timer,
	    msd->spec->msd.shutdown_deadline_ms);
	msd_touch(msd);
}

void
msd_kill_all(struct msd *msd)
{
	msd->killing = true;
	for (size_t i = 0; i < msd->tree.child_count; i++) {
		struct child *child = msd->tree.children[i];

		if (child_has_process(child))
			child_event(child, CHILD_EV_KILL);
	}
	msd_touch(msd);
}

void
msd_forget(struct msd *msd, struct child *child)
{
	events_add(msd->events, "removed", child->node.name, "%s", "");
	ctl_on_forget(msd->ctl, child);
	logs_drop(msd->logs, child);
	tree_remove(&msd->tree, child);
}
