/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Intervals are taken as normally distributed, as in the paper and as Akka
 * does it:
 *
 *   phi(t) = -log10 P(interval > t),  P(> t) = erfc(y / sqrt 2) / 2,
 *   y = (t - mean) / deviation
 *
 * The y at which phi reaches the threshold does not depend on the samples, so
 * it is found once; the time of suspicion is then last + mean + y * deviation
 * and one timer is enough.
 *
 * Milliseconds as integers: sums stay exact however long the ring turns.
 */
#include "supervisor/child/phi.h"

#include <math.h>
#include <stdlib.h>

#include "common/alloc.h"
#include "common/log.h"

#define INTERVAL_MAX_MS (1u << 28) /* three days; 100 squares fit in 64 bits */
#define Y_MIN           (-37.)     /* beyond, erfc() is 2 or 0 */
#define Y_MAX           37.

struct phi {
	double y_due;
	struct mono last; /* 0: none yet */
	uint16_t count;
	uint16_t at; /* where the next sample goes */
	uint64_t sum, sum_of_squares;
	uint32_t interval_ms[PHI_SAMPLES];
};

static double
phi_of_y(double y)
{
	return -log10(erfc(y / sqrt(2.)) / 2.);
}

/* phi_of_y() only grows: halve until the doubles are neighbours. */
static double
y_of_phi(double phi)
{
	double low = Y_MIN, high = Y_MAX;

	for (int i = 0; i < 100; i++) {
		double middle = (low + high) / 2.;

		if (phi_of_y(middle) >= phi)
			high = middle;
		else
			low = middle;
	}
	return high;
}

struct phi *
phi_new(double threshold)
{
	struct phi *phi = xcalloc(1, sizeof(*phi));

	ms_assert(threshold > 0. && threshold <= 100.);
	phi->y_due = y_of_phi(threshold);
	return phi;
}

void
phi_free(struct phi **phi)
{
	free(*phi);
	*phi = NULL;
}

static void
add_sample(struct phi *phi, uint64_t ms)
{
	uint32_t *slot = &phi->interval_ms[phi->at];
	uint64_t old = phi->count == PHI_SAMPLES ? *slot : 0;

	*slot = ms < INTERVAL_MAX_MS ? (uint32_t)ms : INTERVAL_MAX_MS;
	phi->sum += *slot - old;
	phi->sum_of_squares += (uint64_t)*slot * *slot - old * old;
	phi->at = (uint16_t)((phi->at + 1) % PHI_SAMPLES);
	if (phi->count < PHI_SAMPLES)
		phi->count++;
}

void
phi_beat(struct phi *phi, struct mono now, bool is_sample)
{
	if (phi->last.ns && is_sample)
		add_sample(phi, mono_ms_between(phi->last, now));
	phi->last = now;
}

static double
mean_ms(const struct phi *phi)
{
	return (double)phi->sum / phi->count;
}

static double
deviation_ms(const struct phi *phi)
{
	double mean = mean_ms(phi);
	double variance =
	    (double)phi->sum_of_squares / phi->count - mean * mean;
	double deviation = variance > 0. ? sqrt(variance) : 0.;

	return deviation > PHI_DEVIATION_MIN_MS ? deviation
						: PHI_DEVIATION_MIN_MS;
}

double
phi_now(const struct phi *phi, struct mono now)
{
	double ms, value;

	if (phi->count < PHI_SAMPLES_MIN || now.ns <= phi->last.ns)
		return 0.;
	ms = (double)(now.ns - phi->last.ns) / 1e6;
	value = phi_of_y((ms - mean_ms(phi)) / deviation_ms(phi));
	return value < PHI_CEILING ? value : PHI_CEILING;
}

unsigned
phi_samples(const struct phi *phi)
{
	return phi->count;
}

struct mono
phi_due(const struct phi *phi)
{
	double ms;

	if (phi->count < PHI_SAMPLES_MIN)
		return (struct mono){ 0 };
	ms = mean_ms(phi) + phi->y_due * deviation_ms(phi);
	if (ms < 0.)
		ms = 0.;
	/* up to the next millisecond: there, phi has surely reached it */
	return mono_add_ms(phi->last, (uint64_t)ceil(ms));
}

unsigned
phi_get(const struct phi *phi, uint32_t ms[static PHI_SAMPLES],
    struct mono *last_r)
{
	unsigned first = (phi->at + PHI_SAMPLES - phi->count) % PHI_SAMPLES;

	for (unsigned i = 0; i < phi->count; i++)
		ms[i] = phi->interval_ms[(first + i) % PHI_SAMPLES];
	*last_r = phi->last;
	return phi->count;
}

void
phi_put(struct phi *phi, const uint32_t *ms, unsigned count, struct mono last)
{
	for (unsigned i = 0; i < count; i++)
		add_sample(phi, ms[i]);
	phi->last = last;
}
