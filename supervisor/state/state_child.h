/* SPDX-License-Identifier: Apache-2.0 */
/* One worker within a saved state. */
#ifndef SUPERVISOR_STATE_STATE_CHILD_H
#define SUPERVISOR_STATE_STATE_CHILD_H

#include "supervisor/state/state.h"

struct child;
struct intensity;
struct msd;

/* Its members, into an open record. */
void child_save(const struct child *child, struct state_out *out);
/* Into a child that was just made; it does nothing yet. */
void child_load(struct child *child, struct state_in *in,
    const struct json *record);
/* Its timers and descriptors are watched again. */
void child_resume(struct child *child);

void intensity_save(const struct intensity *window, const char *key,
    struct state_out *out);
void intensity_load(struct intensity *window, const char *key,
    struct state_in *in, const struct json *record);

#endif
