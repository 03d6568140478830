/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every member of struct child is in a row here, or is made by tree_apply()
 * (name, spec, parent, place, needs), or says nothing that the first look of
 * steps.c does not find out again (waits_for), or is a watcher.
 */
#include "supervisor/state/state_child.h"

#include <stdlib.h>

#include "common/alloc.h"
#include "supervisor/child/child.h"
#include "supervisor/child/fdstore.h"
#include "supervisor/child/hear.h"
#include "supervisor/child/mainpid.h"
#include "supervisor/child/probe.h"
#include "supervisor/child/watchdog.h"
#include "supervisor/msd.h"
#include "supervisor/state/state_watch.h"

#if defined(__x86_64__)
_Static_assert(sizeof(struct child) == CHILD_BYTES,
    "struct child has changed: give the new member its row below, then adapt "
    "CHILD_BYTES in child.h");
#endif

#define ROW(type, member) STATE_ROW(STATE_##type, struct child, member)

static const struct state_row child_rows[] = {
	ROW(INT, origin),
	ROW(BOOL, leaving),
	ROW(BOOL, on_trial),
	ROW(BOOL, spent),
	ROW(INT, state),
	ROW(INT, rest),
	ROW(MONO, deadline_at),
	ROW(INT, want),
	ROW(BOOL, must_stop),
	ROW(BOOL, must_start),
	ROW(BOOL, by_operator),
	ROW(BOOL, signalled),
	ROW(INT, stop_cause),
	ROW(INT, stop_rest),
	ROW(MONO, due),
	ROW(INT, ended_pid),
	ROW(INT, group),
	ROW(U64, generation),
	ROW(U64, ready_generation),
	ROW(MONO, started),
	ROW(MONO, ready_at),
	ROW(BOOL, was_ready),
	ROW(BOOL, proven),
	ROW(BOOL, doomed),
	ROW(BOOL, outlived),
	ROW(BOOL, late),
	ROW(BOOL, group_stops),
	ROW(MONO, group_until),
	ROW(INT, wait_code),
	ROW(INT, wait_status),
	ROW(BOOL, runs),
	ROW(BOOL, reaped),
	ROW(BOOL, cgroup_told),
	ROW(U32, cgroup_dirs),
	ROW(U32, oom_kills),
	ROW(FD, error_fd),
	ROW(FD, ready_fd),
	ROW(FD, notify_fd),
	ROW(INT, notify_access),
	ROW(U32, uid),
	ROW(U32, complaints),
	ROW(INT, said_errno),
	ROW(INT, said_status),
	ROW(MONO, watchdog_due),
	ROW(FD, log_r),
	ROW(FD, log_w),
	ROW(INT, log_pid),
	ROW(FD, log_old_r),
	ROW(BOOL, log_old_add),
	ROW(U64, log_asked),
	ROW(BOOL, log_add),
	ROW(BOOL, log_flush),
	ROW(BOOL, log_starting),
	ROW(BOOL, log_started),
	ROW(BOOL, log_sent),
	ROW(U64, log_dropped),
	ROW(U32, restarts),
	ROW(U32, in_a_row),
	ROW(TEXT, status),
	ROW(U32, exit_count),
	STATE_END,
};

#undef ROW
#define ROW(type, member) STATE_ROW(STATE_##type, struct exit_reason, member)

static const struct state_row exit_rows[] = {
	ROW(INT, kind),
	ROW(INT, cause),
	ROW(INT, code),
	ROW(INT, signal),
	ROW(INT, error),
	ROW(BOOL, was_ready),
	ROW(BOOL, core_dumped),
	ROW(BOOL, late),
	ROW(U32, left_behind),
	ROW(I64, at_ns),
	ROW(U64, uptime_ms),
	STATE_END,
};

/* ---- exits --------------------------------------------------------------- */

static void
save_exit(const struct exit_reason *reason, struct state_out *out)
{
	state_open_item(out);
	state_put(out, exit_rows, reason);
	state_put_text(out, "stage", reason->stage);
	state_close_item(out);
}

static void
load_exit(struct child *child, struct exit_reason *reason, struct state_in *in,
    const struct json *item)
{
	const char *stage = state_get_text(in, item, "stage");

	*reason = (struct exit_reason){ .stage = "" };
	state_get(in, item, exit_rows, reason);
	reason->stage = msd_word(child->msd, stage ? stage : "");
	if ((unsigned)reason->kind > EXIT_KIND_EXEC ||
	    (unsigned)reason->cause > EXIT_BY_SHUTDOWN)
		state_fail(in, "%s: an exit of no known kind",
		    child->node.name);
}

static void
load_doom(struct child *child, struct state_in *in, const struct json *item)
{
	struct exit_reason reason;

	load_exit(child, &reason, in, item);
	child->doom = (struct doom){ .kind = reason.kind,
		.error = reason.error,
		.stage = reason.stage };
}

static void
load_exits(struct child *child, struct state_in *in, const struct json *record)
{
	const struct json *item = state_get_list(in, record, "exits");
	uint32_t kept = child->exit_count < CHILD_EXITS_KEPT ? child->exit_count
							     : CHILD_EXITS_KEPT;
	uint32_t cap = 1;

	if (kept == 0)
		return;
	while (cap < kept)
		cap *= 2; /* as it has grown */
	child->exits = xcalloc(cap, sizeof(*child->exits));
	for (uint32_t i = kept; i > 0; i--) { /* the oldest comes first */
		struct exit_reason *slot =
		    &child->exits[(child->exit_count - i) % CHILD_EXITS_KEPT];

		if (!item) {
			state_fail(in, "%s: exits are missing",
			    child->node.name);
			return;
		}
		load_exit(child, slot, in, item);
		item = json_next(item);
	}
}

/* ---- windows ------------------------------------------------------------- */

void
intensity_save(const struct intensity *window, const char *key,
    struct state_out *out)
{
	struct buf bytes = { 0 };

	for (uint32_t i = 0; i < window->count; i++)
		buf_add_u64(&bytes,
		    window->at[(window->head + i) % window->cap].ns);
	out->text.failed |= bytes.failed;
	state_put_bytes(out, key, buf_slice(&bytes));
	buf_fini(&bytes);
}

void
intensity_load(struct intensity *window, const char *key, struct state_in *in,
    const struct json *record)
{
	struct buf bytes = { 0 };
	struct cursor c;

	state_get_bytes(in, record, key, &bytes);
	c = cursor_of(buf_slice(&bytes));
	while (cursor_left(&c) >= sizeof(uint64_t)) {
		struct mono at = { cursor_u64(&c) };

		/* nothing is ever too much here, and nothing too old */
		if (!intensity_charge(window, UINT32_MAX, DURATION_INFINITY,
			at))
			break;
	}
	buf_fini(&bytes);
}

/* ---- sockets ------------------------------------------------------------- */

static void
save_listen(const struct child *child, struct state_out *out)
{
	state_open_list(out, "listen");
	for (size_t i = 0; i < child->listen_count; i++) {
		state_open_item(out);
		state_put_fd(out, "fd", child->listen_fds[i]);
		state_close_item(out);
	}
	state_close_list(out);
}

static void
load_listen(struct child *child, struct state_in *in, const struct json *record)
{
	const struct json *item = state_get_list(in, record, "listen");

	for (; item; item = json_next(item)) {
		child->listen_fds = xreallocarray(child->listen_fds,
		    child->listen_count + 1, sizeof(int));
		child->listen_fds[child->listen_count++] =
		    state_get_fd(in, item, "fd");
	}
}

static void
save_store(const struct child *child, struct state_out *out)
{
	state_open_list(out, "store");
	for (size_t i = 0; i < fdstore_count(child->store); i++) {
		state_open_item(out);
		state_put_fd(out, "fd", fdstore_fd(child->store, i));
		state_put_text(out, "name", fdstore_name(child->store, i));
		state_put_u64(out, "polls", fdstore_polls(child->store, i));
		state_close_item(out);
	}
	state_close_list(out);
}

static void
load_store(struct child *child, struct state_in *in, const struct json *record)
{
	const struct json *item = state_get_list(in, record, "store");

	for (; item; item = json_next(item)) {
		const char *name = state_get_text(in, item, "name");
		int fd = state_get_fd(in, item, "fd");

		if (fd >= 0 && name)
			fdstore_add(&child->store, child->msd->loop, fd, name,
			    state_get_u64(in, item, "polls"), FDSTORE_MAX);
		else
			state_fail(in, "%s: keeps nothing", child->node.name);
	}
}

static void
save_args(const struct child *child, struct state_out *out)
{
	state_open_list(out, "args");
	for (size_t i = 0; i < child->args.count; i++) {
		state_open_item(out);
		state_put_text(out, "word", child->args.word[i]);
		state_close_item(out);
	}
	state_close_list(out);
}

static void
load_args(struct child *child, struct state_in *in, const struct json *record)
{
	const struct json *item = state_get_list(in, record, "args");
	struct words *args = &child->args;

	for (; item; item = json_next(item)) {
		const char *word = state_get_text(in, item, "word");

		args->word =
		    xreallocarray(args->word, args->count + 2, sizeof(char *));
		args->word[args->count++] = xstrdup(word ? word : "");
		args->word[args->count] = NULL;
	}
}

/* ---- the child ----------------------------------------------------------- */

void
child_save(const struct child *child, struct state_out *out)
{
	const struct exit_reason *reason;
	const struct exit_reason doom = { .kind = child->doom.kind,
		.error = child->doom.error,
		.stage = child->doom.stage };

	state_put(out, child_rows, child);
	if (child->pid)
		state_put_u64(out, "pid", (uint64_t)child->pid);
	state_put_text(out, "done", child->done);
	intensity_save(&child->node.own, "own", out);
	watch_save(&child->heartbeat, out);
	probe_save(child, out);
	save_listen(child, out);
	save_store(child, out);
	save_args(child, out);
	state_put_fd(out, "moved", mainpid_fd(child));
	if (child->doomed) {
		state_open_list(out, "doom");
		save_exit(&doom, out);
		state_close_list(out);
	}
	state_open_list(out, "exits");
	for (uint32_t n = CHILD_EXITS_KEPT; n-- > 0;)
		if ((reason = child_exit(child, n)))
			save_exit(reason, out);
	state_close_list(out);
}

static void
check(const struct child *child, struct state_in *in)
{
	if ((unsigned)child->state >= CHILD_STATE_COUNT ||
	    (unsigned)child->rest >= CHILD_STATE_COUNT ||
	    (unsigned)child->stop_rest >= CHILD_STATE_COUNT ||
	    (unsigned)child->want > WANT_DOWN ||
	    (unsigned)child->origin > CHILD_INSTANCE ||
	    (unsigned)child->stop_cause > EXIT_BY_SHUTDOWN)
		state_fail(in, "%s: a state that is none", child->node.name);
	else if (child_has_process(child) && child->pid <= 0)
		state_fail(in, "%s: %s without a process", child->node.name,
		    child_state_name(child->state));
}

void
child_load(struct child *child, struct state_in *in, const struct json *record)
{
	const char *done = state_get_text(in, record, "done");
	const struct json *doom = state_get_list(in, record, "doom");
	uint64_t pid = state_get_u64(in, record, "pid");
	int moved = state_get_fd(in, record, "moved");
	bool reaped;

	state_get(in, record, child_rows, child);
	reaped = child->reaped;
	child->reaped = false;
	if (pid && pid <= INT32_MAX)
		tree_set_pid(&child->msd->tree, child, (pid_t)pid);
	if (reaped && child->pid)
		tree_release_pid(&child->msd->tree, child);
	child->done = done ? msd_word(child->msd, done) : NULL;
	intensity_load(&child->node.own, "own", in, record);
	watch_load(&child->heartbeat, &child->spec->conf.watchdog, in, record);
	probe_load(child, in, record);
	load_listen(child, in, record);
	load_store(child, in, record);
	load_args(child, in, record);
	if (moved >= 0)
		mainpid_watch(child, moved);
	if (doom)
		load_doom(child, in, doom);
	load_exits(child, in, record);
	check(child, in);
}

void
child_resume(struct child *child)
{
	struct loop *loop = child->msd->loop;
	struct mono now = mono_now();

	if (child->deadline_at.ns)
		loop_timer_start(loop, &child->deadline,
		    mono_ms_left(now, child->deadline_at));
	watchdog_resume(child);
	hear_start(child);
	probe_resume(child);
	/* reaped just before, and not told yet */
	if (child->reaped && child_has_process(child))
		reaper_add(&child->msd->reaper, child);
}
