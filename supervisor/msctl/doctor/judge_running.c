/* SPDX-License-Identifier: Apache-2.0 */
/* How it goes: msd, its workers, the bus, the pools, their numbers. */
#include <inttypes.h>
#include <string.h>

#include "supervisor/msctl/doctor/checks.h"

void
judge_msd(const struct facts *facts, struct findings *out)
{
	const struct msd_facts *m = &facts->msd;

	if (m->answers && m->starts > 1) {
		found(out, FINDING_WARNING,
		    "msd has died and was started again by its guardian "
		    "(start %" PRIu64 ")",
		    m->starts);
		found_remedy(out, "msctl events --from 1");
	} else if (m->answers) {
		found(out, FINDING_OK, "msd answers, pid %ld", m->pid);
	} else if (m->is_refused) {
		found(out, FINDING_UNSEEN,
		    "msd listens and does not talk to this user");
	} else if (m->pid_in_file && m->pid_is_msd) {
		found(out, FINDING_ERROR,
		    "msd (process %ld) lives and does not answer",
		    m->pid_in_file);
		/* the file names the guardian, when there is one */
		found_remedy(out, "pkill -KILL -x -P %ld msd || kill -KILL %ld",
		    m->pid_in_file, m->pid_in_file);
	} else if (m->pid_in_file) {
		found(out, FINDING_WARNING,
		    "the pid file names process %ld, which is no msd: the last "
		    "one was killed",
		    m->pid_in_file);
	} else {
		found(out, FINDING_OK, "msd is not running");
	}
}

/* ---- workers ---------------------------------------------------------------- */

static void
judge_worker(const struct worker_facts *w, struct findings *out)
{
	if (strcmp(w->state, "failed") == 0) {
		found(out, FINDING_ERROR,
		    "worker %s has failed and is not started again: %s",
		    w->name, w->said);
		found_remedy(out, "msctl why %s", w->name);
	} else if (strcmp(w->state, "backoff") == 0) {
		found(out, FINDING_ERROR,
		    "worker %s died and waits for its next start: %s", w->name,
		    w->said);
		found_remedy(out, "msctl why %s", w->name);
	} else if (w->check_failures) {
		found(out, FINDING_WARNING,
		    "worker %s has failed %" PRIu64 " health checks in a row",
		    w->name, w->check_failures);
		found_remedy(out, "msctl status %s", w->name);
	}
}

void
judge_workers(const struct facts *facts, struct findings *out)
{
	size_t before = findings_bad(out), ready = 0;

	if (!facts->msd.answers) {
		found(out, UNSEEN_OF(facts), "without msd no worker is known");
		return;
	}
	for (size_t i = 0; i < facts->worker_count; i++) {
		ready += facts->workers[i].is_ready;
		judge_worker(&facts->workers[i], out);
	}
	if (findings_bad(out) == before)
		found(out, FINDING_OK, "%zu of %zu workers are ready", ready,
		    facts->worker_count);
}

void
judge_services(const struct facts *facts, struct findings *out)
{
	size_t asked = 0, silent = 0;

	for (size_t i = 0; i < facts->process_count; i++) {
		const struct process_facts *p = &facts->processes[i];

		asked += p->is_asked;
		if (!p->is_asked || p->answers)
			continue;
		silent++;
		found(out, FINDING_ERROR,
		    "worker %s is up, and its service does not answer within "
		    "a second",
		    p->name);
		found_remedy(out, "msctl restart %s --wait", p->name);
	}
	if (silent == 0)
		found(out, asked ? FINDING_OK : UNSEEN_OF(facts),
		    asked ? "%zu services answer"
			  : "no service was asked (%zu)",
		    asked);
}

void
judge_storms(const struct facts *facts, struct findings *out)
{
	size_t before = findings_bad(out);

	if (!facts->msd.answers) {
		found(out, UNSEEN_OF(facts), "without msd no death is known");
		return;
	}
	for (size_t i = 0; i < facts->worker_count; i++) {
		const struct worker_facts *w = &facts->workers[i];

		if (w->deaths_lately < STORM_DEATHS)
			continue;
		found(out, FINDING_WARNING,
		    "worker %s died %u times within %u minutes: %s", w->name,
		    w->deaths_lately, STORM_MS / 60000, w->said);
		found_remedy(out, "msctl why %s --all", w->name);
	}
	if (findings_bad(out) == before)
		found(out, FINDING_OK, "no worker dies again and again");
}

void
judge_logs(const struct facts *facts, struct findings *out)
{
	size_t before = findings_bad(out);

	for (size_t i = 0; i < facts->worker_count; i++) {
		const struct worker_facts *w = &facts->workers[i];

		if (w->log_dropped == 0)
			continue;
		found(out, FINDING_WARNING,
		    "%" PRIu64 " lines of worker %s are in no log",
		    w->log_dropped, w->name);
		found_remedy(out, "msctl show %s | grep log_", w->name);
	}
	if (findings_bad(out) == before)
		found(out, facts->msd.answers ? FINDING_OK : UNSEEN_OF(facts),
		    facts->msd.answers
			? "no line of a worker was lost"
			: "without msd lost lines are not known");
}

/* ---- bus, pools, numbers ---------------------------------------------------- */

void
judge_bus(const struct facts *facts, struct findings *out)
{
	const struct bus_facts *b = &facts->bus;
	size_t before = findings_bad(out);

	if (b->stuck[0]) {
		found(out, FINDING_WARNING,
		    "consumer %s is handed the same events again and again "
		    "(%" PRIu64 " redeliveries)",
		    b->stuck, b->stuck_redeliveries);
		found_remedy(out, "msctl bus dlq");
	}
	if (b->full[0]) {
		found(out, FINDING_WARNING,
		    "consumer %s has max_ack_pending events in flight and gets "
		    "no more before it settles some",
		    b->full);
		found_remedy(out, "msctl bus stats");
	}
	if (b->quarantined) {
		found(out, FINDING_WARNING,
		    "%" PRIu64 " damaged parts of the log lie in quarantine",
		    b->quarantined);
		found_remedy(out, "msctl bus dlq");
	}
	if (b->dedup_is_cut) {
		found(out, FINDING_WARNING,
		    "duplicates are recognised for %" PRIu64
		    " s and not for %" PRIu64 " s: dedup_entries is too small",
		    b->dedup_window_ms / 1000, b->dedup_wanted_ms / 1000);
		found_edit(out, "msctl reload",
		    "[bus] dedup_entries = %" PRIu64, b->dedup_entries * 2);
	}
	if (findings_bad(out) == before)
		found(out,
		    b->known || !facts->conf.has_bus ? FINDING_OK
						     : UNSEEN_OF(facts),
		    b->known                  ? "the bus delivers"
			: facts->conf.has_bus ? "the bus has not answered"
					      : "no bus is configured");
}

void
judge_pools(const struct facts *facts, struct findings *out)
{
	size_t before = findings_bad(out), seen = 0;

	for (size_t i = 0; i < facts->pool_count; i++) {
		const struct pool_facts *p = &facts->pools[i];

		if (!p->status_known)
			continue;
		seen++;
		if (p->waiting && p->busy >= p->size)
			found(out, FINDING_WARNING,
			    "pool %s is exhausted: all %" PRIu64
			    " connections are taken, %" PRIu64 " clients wait",
			    p->name, p->size, p->waiting);
		else if (p->waiting && p->last_error[0])
			found(out, FINDING_ERROR,
			    "pool %s gets no connection, %" PRIu64
			    " clients wait: %s",
			    p->name, p->waiting, p->last_error);
	}
	if (findings_bad(out) == before)
		found(out,
		    seen || !facts->conf.has_pool ? FINDING_OK
						  : UNSEEN_OF(facts),
		    seen ? "no client waits for a connection"
			: facts->conf.has_pool ? "no pool has answered"
					       : "no pool is configured");
}

void
judge_segments(const struct facts *facts, struct findings *out)
{
	for (size_t i = 0; i < facts->segment_count; i++) {
		const struct segment_facts *s = &facts->segments[i];

		found(out, FINDING_WARNING,
		    "the numbers of %s cannot be read: %s", s->name,
		    s->problem);
		if (strcmp(s->name, "msd") == 0)
			found_remedy(out, "msctl reexec");
		else
			found_remedy(out, "msctl restart %s --wait", s->name);
	}
	if (facts->segment_count == 0)
		found(out, facts->segments_good ? FINDING_OK : UNSEEN_OF(facts),
		    facts->segments_good
			? "the numbers of %zu processes can be read"
			: "no numbers are there to be read (%zu)",
		    facts->segments_good);
}
