/* SPDX-License-Identifier: Apache-2.0 */
/* A child comes into the tree, is forgiven, and leaves it. */
#include <stdlib.h>

#include "common/alloc.h"
#include "common/fd.h"
#include "supervisor/child/child.h"
#include "supervisor/child/fdstore.h"
#include "supervisor/child/hear.h"
#include "supervisor/child/listen.h"
#include "supervisor/child/probe.h"
#include "supervisor/child/watchdog.h"
#include "supervisor/launch/cgroup.h"
#include "supervisor/msd.h"

void
child_forgive(struct child *child)
{
	child->in_a_row = 0;
	child->restarts = 0;
	child->due = (struct mono){ 0 };
	intensity_reset(&child->node.own);
}

static void
on_deadline(struct ev_loop *ev, ev_timer *timer, int events MS_UNUSED)
{
	struct child *child = container_of(timer, struct child, deadline);

	(void)ev;
	child_event(child, CHILD_EV_DEADLINE);
}

struct child *
child_new(struct msd *msd, const char *name)
{
	struct child *child = xcalloc(1, sizeof(*child));

	child->node.name = xstrdup(name);
	child->msd = msd;
	child->error_fd = child->ready_fd = child->notify_fd = -1;
	child->log_r = child->log_w = child->log_old_r = -1;
	ev_timer_init(&child->deadline, on_deadline, 0., 0.);
	hear_init(child);
	return child;
}

static void
free_args(struct words *args)
{
	for (size_t i = 0; i < args->count; i++)
		free(args->word[i]);
	free(args->word);
}

void
child_free(struct child **child_ptr)
{
	struct child *child = *child_ptr;

	if (!child)
		return;
	*child_ptr = NULL;
	loop_timer_stop(child->msd->loop, &child->deadline);
	watchdog_stop(child);
	probe_free(child);
	hear_end(child);
	cgroup_leave(child, false);
	listen_close(child);
	fd_close(&child->log_r);
	fd_close(&child->log_old_r);
	fd_close(&child->log_w);
	fdstore_free(&child->store);
	intensity_fini(&child->node.own);
	needs_fini(&child->needs);
	free_args(&child->args);
	spec_drop(&child->held);
	free(child->status);
	free(child->exits);
	free(child->node.name);
	free(child);
}
