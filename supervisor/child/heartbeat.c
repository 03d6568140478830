/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A lease and a grace are the same thing: time in which silence means nothing.
 * An interval that touches one is no sample, or a long declared silence would
 * make the detector tolerant of undeclared ones.
 */
#include "supervisor/child/heartbeat.h"

#include "supervisor/child/phi.h"

void
heartbeat_init(struct heartbeat *h, const struct watchdog_conf *conf)
{
	heartbeat_stop(h);
	h->timeout_ms = conf->timeout_ms;
	if (conf->phi > 0.)
		h->phi = phi_new(conf->phi);
}

void
heartbeat_start(struct heartbeat *h, struct mono now)
{
	h->last = now;
	h->lease = (struct mono){ 0 };
	h->graces = 0;
}

void
heartbeat_stop(struct heartbeat *h)
{
	phi_free(&h->phi);
	*h = (struct heartbeat){ .timeout_ms = 0 };
}

void
heartbeat_beat(struct heartbeat *h, struct mono now)
{
	if (h->last.ns == 0)
		return;
	if (h->phi)
		phi_beat(h->phi, now, h->last.ns >= h->lease.ns);
	h->last = now;
	h->graces = 0;
}

void
heartbeat_set(struct heartbeat *h, uint64_t timeout_ms, struct mono now)
{
	phi_free(&h->phi);
	h->timeout_ms = timeout_ms;
	if (h->last.ns)
		h->last = now;
}

void
heartbeat_lease(struct heartbeat *h, uint64_t ms, struct mono now)
{
	struct mono until = mono_add_ms(now, ms);

	if (h->last.ns && until.ns > h->lease.ns)
		h->lease = until;
}

static struct mono
silence_due(const struct heartbeat *h)
{
	if (h->last.ns == 0)
		return (struct mono){ 0 };
	if (h->phi)
		return phi_due(h->phi);
	return h->timeout_ms ? mono_add_ms(h->last, h->timeout_ms)
			     : (struct mono){ 0 };
}

struct mono
heartbeat_due(const struct heartbeat *h)
{
	struct mono due = silence_due(h);

	return due.ns && due.ns < h->lease.ns ? h->lease : due;
}

enum heartbeat_verdict
heartbeat_judge(struct heartbeat *h, struct mono due, struct mono now)
{
	struct mono real = heartbeat_due(h);

	if (real.ns == 0 || !mono_reached(now, real))
		return HEARTBEAT_WAIT;
	if (mono_ms_between(due, now) < HEARTBEAT_LATE_MS ||
	    h->graces >= HEARTBEAT_GRACES)
		return HEARTBEAT_HUNG;
	h->graces++;
	/* one more period, as if it had spoken when we came back */
	heartbeat_lease(h, mono_ms_between(h->last, silence_due(h)), now);
	return HEARTBEAT_WAIT;
}
