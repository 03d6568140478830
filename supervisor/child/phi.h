/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The phi-accrual failure detector (Hayashibara et al., 2004): how unlikely
 * is the present silence, given how regular the heartbeats were?  phi = 1
 * means a chance of 10 % to be wrong in calling it dead, phi = 8 one of 10^-8.
 * Pure: the caller brings the time.
 */
#ifndef SUPERVISOR_CHILD_PHI_H
#define SUPERVISOR_CHILD_PHI_H

#include <stdbool.h>
#include <stdint.h>

#include "common/mono.h"

#define PHI_SAMPLES          100u
#define PHI_SAMPLES_MIN      10u /* fewer say nothing */
#define PHI_DEVIATION_MIN_MS 100u
#define PHI_CEILING          300. /* beyond, doubles are at their end */

struct phi;

/* threshold: suspicion begins there, > 0 and <= 100. */
struct phi *phi_new(double threshold);
void phi_free(struct phi **phi);
/* A heartbeat; its distance to the one before becomes a sample, unless it
 * says nothing about the rhythm. */
void phi_beat(struct phi *phi, struct mono now, bool is_sample);
/* At most PHI_CEILING; 0 while there are fewer than PHI_SAMPLES_MIN samples. */
double phi_now(const struct phi *phi, struct mono now);
unsigned phi_samples(const struct phi *phi);
/* When phi reaches the threshold unless a heartbeat comes before; never
 * (ns = 0) with too few samples. */
struct mono phi_due(const struct phi *phi);

/* What it has seen, oldest first, and the last heartbeat: to be kept over an
 * exec.  Returns the number of samples. */
unsigned phi_get(const struct phi *phi, uint32_t ms[static PHI_SAMPLES],
    struct mono *last_r);
/* The same into a new one. */
void phi_put(struct phi *phi, const uint32_t *ms, unsigned count,
    struct mono last);

#endif
