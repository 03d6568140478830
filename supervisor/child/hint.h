/* SPDX-License-Identifier: Apache-2.0 */
/* What people get wrong with programs of others, recognised by how they end. */
#ifndef SUPERVISOR_CHILD_HINT_H
#define SUPERVISOR_CHILD_HINT_H

#include "supervisor/tree/exit_reason.h"

/* One sentence of advice, static text; NULL: none.  Pure. */
const char *hint_of(const struct exit_reason *reason,
    const struct worker_conf *conf);

#endif
