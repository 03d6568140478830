/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The number of the configuration in force.  It counts from 1, never goes
 * back, and survives restarts together with the fingerprint of what it stands
 * for: the same configuration read again is the same generation.
 */
#ifndef WORKERS_CONFIG_GENERATION_H
#define WORKERS_CONFIG_GENERATION_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "workers/config/store.h"

struct generation {
	uint64_t number; /* 0: none yet */
	char fingerprint[STORE_FINGERPRINT_BYTES];
};

/* No file: number 0.  MS_ECORRUPT: it is not one of ours. */
enum ms_err generation_read(const char *path, struct generation *generation_r,
    struct why *why);
/* Whole or untouched; blocks until it is on the disk. */
enum ms_err generation_write(const char *path,
    const struct generation *generation, struct why *why);
/* Moves on when store differs from what the number stands for; did it? */
bool generation_advance(struct generation *generation,
    const struct store *store);

#endif
