/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A changed configuration, applied as a difference: what is new starts, what
 * has left stops, what runs another command restarts, everything else keeps
 * its process.  An invalid one changes nothing.
 */
#ifndef SUPERVISOR_RELOAD_H
#define SUPERVISOR_RELOAD_H

#include "common/json.h"
#include "supervisor/msd.h"

/*
 * Reads the file again.  dry: only says what would happen.  *plan_r (owned by
 * the caller): {"add":[],"stop":[],"restart":[],"change":[],"leave":[]}; on
 * MS_ECONFIG {"errors":["file:line:column: ...", ...]}.
 */
enum ms_err reload(struct msd *msd, bool dry, struct json **plan_r);

#endif
