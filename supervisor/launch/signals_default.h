/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPERVISOR_LAUNCH_SIGNALS_DEFAULT_H
#define SUPERVISOR_LAUNCH_SIGNALS_DEFAULT_H

/* As a new program expects it: every signal has its default action and none
 * is blocked.  Allowed between fork and exec. */
void signals_default(void);

#endif
