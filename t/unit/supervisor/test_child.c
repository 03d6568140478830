/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every cell of the state table: a worker with a real process is put into the
 * state, the event comes, and the state after it is compared with the matrix.
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "supervisor/child/child.h"
#include "supervisor/events.h"
#include "supervisor/log/logs.h"
#include "supervisor/msd.h"
#include "supervisor/tree/steps.h"
#include "t/lib/unit.h"

static const char letters[CHILD_STATE_COUNT + 1] = {
	[CHILD_DOWN] = 'D',
	[CHILD_BACKOFF] = 'B',
	[CHILD_STARTING] = 'S',
	[CHILD_READY] = 'R',
	[CHILD_RELOADING] = 'L',
	[CHILD_PREPARING] = 'P',
	[CHILD_STOPPING] = 'T',
	[CHILD_ABORTING] = 'A',
	[CHILD_KILLING] = 'K',
	[CHILD_CLEANING] = 'C',
	[CHILD_IGNORED] = 'I',
	[CHILD_EXITED] = 'E',
	[CHILD_FAILED] = 'F',
};

/* Columns as in enum child_event: START READY RELOADING STOPPING STOP PREPARE
 * PREPARED KILL DEADLINE HUNG SICK EXIT GONE. */
static const char *const matrix[CHILD_STATE_COUNT] = {
	[CHILD_DOWN] = "SDDDDDDDDDDDD",
	[CHILD_BACKOFF] = "SBBBBBBBDBBBB",
	[CHILD_STARTING] = "SRSTTTSKTASCS",
	[CHILD_READY] = "RRLTTPRKRATCR",
	[CHILD_RELOADING] = "LRLTTPLKRALCL",
	[CHILD_PREPARING] = "PPPTTPTKTPPCP",
	[CHILD_STOPPING] = "TTTTTTTKKTTCT",
	[CHILD_ABORTING] = "AAAAAAAKKAACA",
	[CHILD_KILLING] = "KKKKKKKKKKKCK",
	/* nothing of it is left: whoever looks finds it gone */
	[CHILD_CLEANING] = "CCCCCCCEECCCE",
	[CHILD_IGNORED] = "SIIIIIIIIIIII",
	[CHILD_EXITED] = "SEEEEEEEEEEEE",
	[CHILD_FAILED] = "SFFFFFFFFFFFF",
};

struct scene {
	char dir[32];
	struct msd msd;
	struct child *child;
};

static void
nothing(struct loop_task *task MS_UNUSED)
{
}

static struct spec *
load(const char *dir)
{
	static char *no_env[] = { NULL };
	struct conf_errors errors;
	struct spec *spec;
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "%s/conf", dir);
	file = fopen(path, "we");
	ck_assert_ptr_nonnull(file);
	fprintf(file,
	    "[msd]\nrun_dir = %s\nlog_dir = %s\nstate_dir = %s\n"
	    "[worker w]\ncommand = /bin/sleep 1000\nready = notify\n"
	    "restart = temporary\nprepare_signal = CONT\n",
	    dir, dir, dir);
	fclose(file);
	conf_errors_init(&errors);
	spec = spec_load(path, dir, no_env, &errors);
	ck_assert_msg(spec, "%s", errors.count ? errors.text[0] : "?");
	conf_errors_fini(&errors);
	unlink(path);
	return spec;
}

static void
scene_open(struct scene *s)
{
	static char *no_env[] = { NULL };

	memset(s, 0, sizeof(*s));
	strcpy(s->dir, "/tmp/test_child.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(s->dir));
	s->msd.loop = loop_new();
	s->msd.spec = load(s->dir);
	s->msd.events = events_new();
	s->msd.logs = logs_new(&s->msd);
	s->msd.env = no_env;
	s->msd.pid = getpid();
	s->msd.dice = 1;
	getrlimit(RLIMIT_NOFILE, &s->msd.nofile);
	s->msd.advance.run = nothing;
	tree_apply(&s->msd, &s->msd.tree, s->msd.spec, false);
	s->child = tree_find_child(&s->msd.tree, "w");
	ck_assert_ptr_nonnull(s->child);
}

static void
end_process(struct child *child)
{
	if (child->pid == 0)
		return;
	kill(child->pid, SIGKILL);
	waitpid(child->pid, NULL, 0);
	child->wait_code = CLD_KILLED;
	child->wait_status = SIGKILL;
}

static void
scene_close(struct scene *s)
{
	char command[64];

	end_process(s->child);
	batch_leave(s->child);
	tree_fini(&s->msd.tree);
	logs_free(&s->msd.logs);
	events_free(&s->msd.events);
	spec_drop(&s->msd.spec);
	loop_free(&s->msd.loop);
	snprintf(command, sizeof(command), "rm -rf %s", s->dir);
	ck_assert_int_eq(system(command), 0);
}

static void
put_into(struct child *child, enum child_state state)
{
	struct child in_state = { .state = state };

	if (!child_is_alive(&in_state)) {
		child->state = state;
		return;
	}
	child_event(child, CHILD_EV_START);
	ck_assert_int_eq(child->state, CHILD_STARTING);
	if (state == CHILD_CLEANING) {
		end_process(child);
		child_event(child, CHILD_EV_EXIT);
	}
	child->state = state;
}

static char
after(enum child_state state, enum child_event event)
{
	struct scene s;
	char letter;

	scene_open(&s);
	put_into(s.child, state);
	if (event == CHILD_EV_EXIT)
		end_process(s.child);
	child_event(s.child, event);
	letter = letters[s.child->state];
	scene_close(&s);
	return letter;
}

static void
assert_row(enum child_state state)
{
	char row[CHILD_EVENT_COUNT + 1] = "";

	for (int e = 0; e < CHILD_EVENT_COUNT; e++)
		row[e] = after(state, (enum child_event)e);
	ck_assert_msg(strcmp(row, matrix[state]) == 0, "%s: %s, not %s",
	    child_state_name(state), row, matrix[state]);
}

START_TEST(without_a_process_only_a_start_and_the_due_time_move)
{
	assert_row(CHILD_DOWN);
	assert_row(CHILD_BACKOFF);
	assert_row(CHILD_IGNORED);
	assert_row(CHILD_EXITED);
	assert_row(CHILD_FAILED);
}
END_TEST

START_TEST(a_worker_on_its_way_up_becomes_ready_or_ends)
{
	assert_row(CHILD_STARTING);
}
END_TEST

START_TEST(a_worker_that_serves_hears_all_and_forgives_a_slow_reload)
{
	assert_row(CHILD_READY);
	assert_row(CHILD_RELOADING);
}
END_TEST

START_TEST(a_worker_that_prepares_ends_whatever_it_says)
{
	assert_row(CHILD_PREPARING);
}
END_TEST

START_TEST(a_worker_on_its_way_out_does_not_come_back)
{
	assert_row(CHILD_STOPPING);
	assert_row(CHILD_ABORTING);
	assert_row(CHILD_KILLING);
	assert_row(CHILD_CLEANING);
}
END_TEST

UNIT(child, without_a_process_only_a_start_and_the_due_time_move,
    a_worker_on_its_way_up_becomes_ready_or_ends,
    a_worker_that_serves_hears_all_and_forgives_a_slow_reload,
    a_worker_that_prepares_ends_whatever_it_says,
    a_worker_on_its_way_out_does_not_come_back)
