/* SPDX-License-Identifier: Apache-2.0 */
/* All sources of ms-log, and the orders of msd that make and end them. */
#ifndef WORKERS_LOG_COLLECTOR_H
#define WORKERS_LOG_COLLECTOR_H

#include "common/err.h"
#include "common/loop.h"

struct collector;

/* orders_fd: the SOCK_SEQPACKET end of proto/logs.h, taken.  log_dir is
 * borrowed.  on_gone(arg) runs when msd has closed its end. */
struct collector *collector_new(struct loop *loop, int orders_fd,
    const char *log_dir, size_t line_bytes, void (*on_gone)(void *), void *arg);
/* Writes everything that waits in the pipes first. */
void collector_free(struct collector **collector);
/* Files may have been moved away: opens their names again. */
void collector_reopen(struct collector *collector);
void collector_set_line_bytes(struct collector *collector, size_t line_bytes);

#endif
