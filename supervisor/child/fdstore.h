/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Descriptors kept for a worker while it is away: it stores them with
 * FDSTORE=1, its next generation is given them back.  All functions but
 * fdstore_add() accept NULL for "nothing is kept".
 */
#ifndef SUPERVISOR_CHILD_FDSTORE_H
#define SUPERVISOR_CHILD_FDSTORE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/loop.h"

#define FDSTORE_MAX          256u
#define FDSTORE_DEFAULT_NAME "stored"

struct fdstore;

/*
 * Takes fd over, in any case; makes *store when it is NULL.  One that is kept
 * already is closed, that is no failure.  False: `max` are kept, it is closed.
 * polls: it is dropped by itself when its other end hangs up.
 */
bool fdstore_add(struct fdstore **store, struct loop *loop, int fd,
    const char *name, bool polls, size_t max);
/* Closes all of this name, tells how many. */
size_t fdstore_remove(struct fdstore *store, const char *name);
/* Drops what has hung up, then the youngest until `max` are left. */
void fdstore_trim(struct fdstore *store, size_t max);
/* Closes all. */
void fdstore_free(struct fdstore **store);

size_t fdstore_count(const struct fdstore *store);
int fdstore_fd(const struct fdstore *store, size_t i); /* oldest first */
const char *fdstore_name(const struct fdstore *store, size_t i);
bool fdstore_polls(const struct fdstore *store, size_t i);

#endif
