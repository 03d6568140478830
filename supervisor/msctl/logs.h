/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the end of a worker's log. */
#ifndef MSCTL_LOGS_H
#define MSCTL_LOGS_H

#include <stdint.h>
#include <sys/types.h>

/* Where the last `lines` lines of the file begin. */
off_t logs_tail_offset(int fd, uint64_t lines);

#endif
