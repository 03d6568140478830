/* SPDX-License-Identifier: Apache-2.0 */
/* Start and end of the tree as a whole. */
#include "supervisor/msd.h"

#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/log.h"
#include "supervisor/child/child.h"
#include "supervisor/ctl/ctl.h"
#include "supervisor/events.h"
#include "supervisor/log/logs.h"
#include "supervisor/tree/group_stop.h"
#include "supervisor/tree/steps.h"
#include "supervisor/upstream.h"

/* A process in the middle of a disk's answer dies when that has come. */
#define KILL_PATIENCE_MS 5000u

void
msd_touch(struct msd *msd)
{
	if (!msd->advance.queued)
		loop_later(msd->loop, &msd->advance);
	upstream_touch(msd->upstream);
}

const char *
msd_word(struct msd *msd, const char *text)
{
	for (size_t i = 0; i < msd->word_count; i++)
		if (strcmp(msd->words[i], text) == 0)
			return msd->words[i];
	msd->words =
	    xreallocarray(msd->words, msd->word_count + 1, sizeof(char *));
	msd->words[msd->word_count] = xstrdup(text);
	return msd->words[msd->word_count++];
}

void
msd_free_words(struct msd *msd)
{
	for (size_t i = 0; i < msd->word_count; i++)
		free(msd->words[i]);
	free(msd->words);
	msd->words = NULL;
	msd->word_count = 0;
}

void
msd_boot(struct msd *msd)
{
	struct batch *batch = batch_new();

	for (size_t i = 0; i < msd->tree.group_count; i++)
		msd->tree.groups[i]->starting = true;
	for (size_t i = 0; i < msd->tree.child_count; i++) {
		msd->tree.children[i]->must_start = true;
		batch_join(batch, msd->tree.children[i]);
	}
	batch_drop(&batch);
	msd_touch(msd);
}

void
msd_forget(struct msd *msd, struct child *child)
{
	if (!child->spent || !child->node.parent->conf.otp_strict)
		events_add(msd->events, "removed", child->node.name, "%s", "");
	ctl_on_forget(msd->ctl, child);
	logs_drop(msd->logs, child);
	lives_forget(&msd->lives, child->node.name);
	segments_remove(&msd->segments, child->node.name);
	tree_remove(&msd->tree, child);
}

void
msd_kill_all(struct msd *msd)
{
	if (!msd->killing)
		loop_timer_start(msd->loop, &msd->shutdown_timer,
		    KILL_PATIENCE_MS);
	msd->killing = true;
	for (size_t i = msd->tree.child_count; i-- > 0;)
		child_event(msd->tree.children[i], CHILD_EV_KILL);
}

void
msd_give_up(struct msd *msd)
{
	for (size_t i = 0; i < msd->tree.child_count; i++) {
		const struct child *child = msd->tree.children[i];

		if (child_is_alive(child))
			log_error("cannot be killed", "name=%s pid=%d",
			    child->node.name,
			    (int)(child->pid ? child->pid : child->group));
	}
	msd->exit_code = MSD_EXIT_FAILURE;
	free(msd->last_words);
	msd->last_words = xstrdup("processes are left that cannot be killed");
	loop_stop(msd->loop);
}

static void
wish_all_down(struct msd *msd)
{
	struct batch *batch = batch_new();

	for (size_t i = 0; i < msd->tree.child_count; i++) {
		struct child *child = msd->tree.children[i];

		child->must_start = false;
		child->must_stop = child_is_alive(child);
		child->stop_rest = CHILD_DOWN;
		if (child->stop_cause == EXIT_BY_SELF)
			child->stop_cause = EXIT_BY_SHUTDOWN;
		if (child->state == CHILD_BACKOFF)
			child_rest(child, CHILD_DOWN);
		batch_join(batch, child);
	}
	batch_drop(&batch);
	group_stop_wish(msd, msd->tree.root);
}

void
msd_shutdown(struct msd *msd, int code, const char *reason)
{
	uint64_t patience = msd->spec->msd.shutdown_deadline_ms;

	if (msd->stopping)
		return;
	msd->stopping = true;
	metrics_life_phase(LIFE_DRAINING);
	msd->exit_code = code;
	guard_tell_stop(&msd->guard, code);
	if (code == MSD_EXIT_OK)
		log_info("stopping", "reason=%s", LOGQ(reason));
	else
		log_error("stopping", "reason=%s", LOGQ(reason));
	if (code != MSD_EXIT_OK)
		msd->last_words = xstrdup(reason);
	events_add(msd->events, "shutdown", "root", "\"code\":%d", code);
	upstream_stopping(msd->upstream, code != MSD_EXIT_OK, reason);
	wish_all_down(msd);
	if (patience != DURATION_INFINITY)
		loop_timer_start(msd->loop, &msd->shutdown_timer, patience);
	msd_touch(msd);
}
