/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The old files of a log: PATH.1 (newest), PATH.2, ...  A rename never meets
 * an existing name, so a crash between any two steps loses nothing; what it
 * leaves behind is put in order by the next rolled_tidy().
 */
#ifndef WORKERS_LOG_ROLLED_H
#define WORKERS_LOG_ROLLED_H

#include <stdbool.h>

#include "workers/log/rotation.h"

/* PATH becomes PATH.1 and each older one moves up, then rolled_tidy().  False
 * with errno: PATH is where it was. */
bool rolled_shift(const char *path, const struct rotation *limits);
/* Closes gaps in the numbers and removes what is too old. */
void rolled_tidy(const char *path, const struct rotation *limits);

#endif
