/* SPDX-License-Identifier: Apache-2.0 */
/* The ends of probe programs; what a probe says is told by the stories. */
#include <signal.h>

#include "supervisor/child/child.h"
#include "supervisor/child/probe.h"
#include "supervisor/child/probe_try.h"
#include "supervisor/msd.h"
#include "t/lib/unit.h"

#define PID 4711

static struct probe *
make(struct msd *msd, enum probe_state state)
{
	struct child *child;
	struct probe *probe;

	*msd = (struct msd){ .cwd = "/", .pid = 1 };
	msd->loop = loop_new();
	child = child_new(msd, "a");
	child->probe = probe = probe_new(child);
	probe->state = state;
	probe->is_program = true;
	probe->program.pid = PID;
	HASH_ADD(by_pid, msd->probes.by_pid, program.pid, sizeof(pid_t), probe);
	return probe;
}

static void
close_all(struct msd *msd, struct probe *probe)
{
	struct child *child = probe->child;

	child_free(&child);
	loop_free(&msd->loop);
}

static void
dies(struct probe *probe)
{
	siginfo_t info = { .si_pid = PID };

	info.si_code = CLD_KILLED;
	info.si_status = SIGKILL;
	probe_note_end(probe, &info);
}

/* It may wait for its next turn by then, in another list. */
START_TEST(the_end_of_one_that_was_given_up_is_not_judged)
{
	struct msd msd;
	struct probe *probe = make(&msd, PROBE_PAUSED);

	dies(probe);
	ck_assert_int_eq(probe->program.pid, 0);
	ck_assert_ptr_null(probes_find(&msd, PID));
	ck_assert(!probes_have_ended(&msd.probes));
	close_all(&msd, probe);
}
END_TEST

START_TEST(one_that_is_stopped_after_its_end_is_not_judged)
{
	struct msd msd;
	struct probe *probe = make(&msd, PROBE_RUNNING);

	msd.probes.running = 1;
	dies(probe);
	ck_assert(probes_have_ended(&msd.probes));
	probe_stop(probe->child);
	ck_assert(!probes_have_ended(&msd.probes));
	ck_assert_uint_eq(msd.probes.running, 0);
	close_all(&msd, probe);
}
END_TEST

UNIT(probe, the_end_of_one_that_was_given_up_is_not_judged,
    one_that_is_stopped_after_its_end_is_not_judged)
