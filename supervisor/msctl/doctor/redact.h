/* SPDX-License-Identifier: Apache-2.0 */
/* Passwords out of a text that leaves the house.  Pure. */
#ifndef SUPERVISOR_MSCTL_DOCTOR_REDACT_H
#define SUPERVISOR_MSCTL_DOCTOR_REDACT_H

#include "common/buf.h"

/* Appends text to out; what follows password=, passwd=, secret=, token=,
 * api_key=, secret_key=, access_key= (in any case), and the password of scheme://user:password@host, is
 * *** there. */
void redact(struct slice text, struct buf *out);

#endif
