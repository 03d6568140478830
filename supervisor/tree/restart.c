/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way of a death, from the signal to the replacement:
 *
 *   launch/reap.c         SIGCHLD: who died, with what status; leftovers are
 *                         killed
 *   child/child_acts.c    act_died(): the child leaves its state
 *   tree/exit_record.c    what it was, written down
 *   tree/exit_reason.c    an end, a failure, or "do not run me here"?
 *   tree/restart.c        restart_decide(): again, not, or up    <- here
 *   tree/strategy.c       whom a restart takes along
 *   tree/recovery.c       carries the decision out, up the tree when it must
 *   tree/wishes.c         marks who must stop and who must start
 *   tree/steps.c          stops the marked in reverse order, waits until all
 *                         are gone, starts them in order, each awaited READY
 *
 * Rules, as in Erlang/OTP: one charge per restart event, not per child; every
 * failed retry is an event of its own; *more than* intensity within period
 * and the supervisor gives up, which is a failure of the supervisor itself
 * that its parent decides in the same way.
 */
#include "supervisor/tree/restart.h"

#include "common/backoff.h"

#define SHORTAGE_MIN_MS 100u
#define SHORTAGE_MAX_MS 5000u

enum restart_step
restart_decide(const struct restart_case *c, struct intensity *own,
    struct intensity *shared, struct mono now)
{
	const struct supervisor_conf *supervisor = c->supervisor;
	bool failed =
	    c->verdict == VERDICT_FAILURE || c->verdict == VERDICT_FINAL;

	/* nobody failed: no charge, no siblings, nothing to give up */
	if (c->verdict == VERDICT_SHORTAGE)
		return exit_is_restarted(c->type, c->verdict) ? RESTART_AGAIN
							      : RESTART_NOT;
	if (failed && c->start_failure && c->initial &&
	    supervisor->on_initial_failure == INITIAL_ABORT)
		return RESTART_UP;
	if (!exit_is_restarted(c->type, c->verdict))
		return RESTART_NOT;
	if (c->strategy == STRATEGY_ESCALATE &&
	    !intensity_charge(own, c->escalate_after.count,
		c->escalate_after.period_ms, now))
		return RESTART_UP;
	if (intensity_charge(shared, supervisor->intensity,
		supervisor->period_ms, now))
		return RESTART_AGAIN;
	return supervisor->on_give_up == GIVE_UP_HOLD ? RESTART_HOLD
						      : RESTART_UP;
}

/*
 * The first death is answered at once: most deaths are single, and the time
 * without the worker is what users notice.  From the second one in a row on,
 * MIN doubles up to MAX, so that a worker that cannot live does not burn the
 * machine.
 */
uint64_t
restart_delay_ms(const struct worker_conf *conf, uint64_t ready_ms,
    uint32_t *in_a_row, uint32_t dice)
{
	if (ready_ms >= conf->stable_after_ms)
		*in_a_row = 0;
	if (*in_a_row < UINT32_MAX)
		++*in_a_row;
	if (*in_a_row == 1)
		return 0;
	return backoff_ms(conf->backoff, *in_a_row - 2, dice);
}

/* Never at once, for nothing has changed yet; never long, for the machine
 * recovers without telling us. */
uint64_t
shortage_delay_ms(const struct worker_conf *conf, uint32_t *in_a_row,
    uint32_t dice)
{
	struct span_ms span = conf->backoff;

	if (span.min_ms < SHORTAGE_MIN_MS)
		span.min_ms = SHORTAGE_MIN_MS;
	if (span.max_ms > SHORTAGE_MAX_MS || span.max_ms < span.min_ms)
		span.max_ms = span.min_ms > SHORTAGE_MAX_MS ? span.min_ms
							    : SHORTAGE_MAX_MS;
	if (*in_a_row < UINT32_MAX)
		++*in_a_row;
	return backoff_ms(span, *in_a_row - 1, dice);
}
