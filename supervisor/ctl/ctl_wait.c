/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers that are given when something has become true.  All waits are
 * looked at once at the end of a turn in which a state has changed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "supervisor/ctl/ctl_impl.h"
#include "supervisor/ctl/show.h"

static void
wait_free(struct ctl *ctl, struct wait *wait)
{
	TAILQ_REMOVE(&ctl->waits, wait, entry);
	loop_timer_stop(ctl->msd->loop, &wait->timer);
	wait->client->waits--;
	free(wait->name);
	free(wait);
}

void
ctl_drop_waits(struct ctl_client *client)
{
	struct ctl *ctl = client->ctl;
	struct wait *wait, *next;

	for (wait = TAILQ_FIRST(&ctl->waits); wait; wait = next) {
		next = TAILQ_NEXT(wait, entry);
		if (wait->client == client)
			wait_free(ctl, wait);
	}
}

/* ---- judging ------------------------------------------------------------ */

/* 1: it is so; -1: it will not be; 0: not yet. */
static int
judge(const struct ctl_wait *what, const struct child *child)
{
	bool settled =
	    !child->must_start && !child->must_stop && !child_is_alive(child);

	switch (what->what) {
	case CTL_WAIT_STATE:
		return child_face(child) == what->face;
	case CTL_WAIT_DOWN: /* somebody may have started it again since */
		return settled || child->generation > what->generation;
	case CTL_WAIT_UP:
		if (child->generation <= what->generation)
			return child->leaving ||
				(settled && child->want == WANT_DOWN)
			    ? -1
			    : 0;
		if (child->ready_generation > what->generation ||
		    child->state == CHILD_IGNORED)
			return 1; /* whatever it is by now */
		return settled ? -1 : 0;
	case CTL_WAIT_SCALED:
		break;
	}
	return 0;
}

/* Ready, it may be the old one still; ended, the new one may be to come. */
static bool
is_changing(const struct child *child)
{
	return child->want == WANT_UP &&
	    (child->must_stop || child->must_start);
}

/* A whole tree is `ready` when it has booted and every worker that should be
 * up is; `down` when nothing lives. */
static int
judge_group(const struct msd *msd, const struct ctl_wait *what,
    const struct group *group)
{
	for (size_t i = 0; i < msd->tree.child_count; i++) {
		const struct child *child = msd->tree.children[i];

		if (child->leaving || !tree_is_below(&child->node, group))
			continue;
		if (what->what == CTL_WAIT_DOWN
			? child_is_alive(child)
			: !child_is_well(child) || is_changing(child))
			return 0;
	}
	return what->what == CTL_WAIT_DOWN || !group->starting;
}

static int
judge_template(const struct group *template)
{
	for (size_t i = 0; i < template->count; i++) {
		const struct child *child = node_child(template->nodes[i]);

		if (child->want == WANT_DOWN || child->must_stop ||
		    !child_is_ready(child))
			return 0;
	}
	return 1;
}

static int
judge_name(const struct msd *msd, const struct ctl_wait *what, const char *name)
{
	const struct node *node = tree_find(&msd->tree, name);

	if (!node) /* removed: it is down, and will be nothing else */
		return what->what == CTL_WAIT_DOWN ? 1 : -1;
	if (what->what == CTL_WAIT_SCALED && node->is_group)
		return judge_template(node_group(node));
	if (node->is_group)
		return judge_group(msd, what, node_group(node));
	return judge(what, node_child(node));
}

static void
answer_wait(struct ctl_client *client, int64_t id, const char *name,
    int verdict)
{
	const struct msd *msd = client->ctl->msd;
	const struct child *child = tree_find_child(&msd->tree, name);
	char text[EXIT_TEXT_BYTES + 128], how[EXIT_TEXT_BYTES];

	if (verdict > 0) {
		ctl_client_head(client, id, true);
		buf_add_str(&client->out, ",\"v\":1");
		if (child) {
			buf_add_str(&client->out, ",\"worker\":");
			show_child(child, &client->out);
		}
		buf_add_str(&client->out, "}\n");
		return;
	}
	if (child && child_exit(child, 0))
		snprintf(text, sizeof(text), "%s did not start: %s", name,
		    exit_print(child_exit(child, 0), how));
	else
		snprintf(text, sizeof(text), "%s did not start", name);
	ctl_client_fail(client, id, child ? "failed" : "not_found", text);
}

void
ctl_judge_waits(struct ctl *ctl)
{
	struct wait *wait, *next;

	for (wait = TAILQ_FIRST(&ctl->waits); wait; wait = next) {
		int verdict = judge_name(ctl->msd, &wait->what, wait->name);

		next = TAILQ_NEXT(wait, entry);
		if (verdict == 0)
			continue;
		answer_wait(wait->client, wait->id, wait->name, verdict);
		wait_free(ctl, wait);
	}
}

void
ctl_on_forget(struct ctl *ctl, const struct child *child)
{
	struct wait *wait, *next;

	if (!ctl)
		return;
	for (wait = TAILQ_FIRST(&ctl->waits); wait; wait = next) {
		next = TAILQ_NEXT(wait, entry);
		if (strcmp(wait->name, child->node.name) != 0)
			continue;
		answer_wait(wait->client, wait->id, wait->name,
		    judge(&wait->what, child) == 1 ? 1 : -1);
		wait_free(ctl, wait);
	}
}

static void
on_timeout(struct ev_loop *ev, ev_timer *timer, int events MS_UNUSED)
{
	struct wait *wait = container_of(timer, struct wait, timer);
	struct ctl_client *client = wait->client;
	char text[256];

	(void)ev;
	snprintf(text, sizeof(text), "%s has not got there in time",
	    wait->name);
	ctl_client_fail(client, wait->id, "timeout", text);
	wait_free(client->ctl, wait);
	ctl_client_flush(client);
}

void
ctl_wait_begin(struct wait *wait)
{
	struct ctl *ctl = wait->client->ctl;

	wait->client->waits++;
	ev_timer_init(&wait->timer, on_timeout, 0., 0.);
	loop_timer_start(ctl->msd->loop, &wait->timer,
	    mono_ms_left(mono_now(), wait->until));
	TAILQ_INSERT_TAIL(&ctl->waits, wait, entry);
}

void
ctl_await(const struct ctl_request *request, const struct ctl_wait *what)
{
	struct ctl_client *client = request->client;
	struct ctl *ctl = request->ctl;
	int verdict = judge_name(ctl->msd, what, request->name);
	struct wait *wait;

	/* an order just given has not been carried out yet */
	if (verdict != 0 && what->what != CTL_WAIT_UP) {
		answer_wait(client, request->id, request->name, verdict);
		return;
	}
	if (client->waits >= CTL_WAITS_MAX) {
		ctl_fail(request, "bad_request",
		    "more than %u waits on one connection", CTL_WAITS_MAX);
		return;
	}
	wait = xcalloc(1, sizeof(*wait));
	wait->client = client;
	wait->id = request->id;
	wait->name = xstrdup(request->name);
	wait->what = *what;
	if (what->timeout_ms != DURATION_INFINITY)
		wait->until = mono_add_ms(mono_now(), what->timeout_ms);
	ctl_wait_begin(wait);
}
