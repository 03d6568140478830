/* SPDX-License-Identifier: Apache-2.0 */
/*
 * msd -> ms-log, over a SOCK_SEQPACKET pair whose ms-log end is MS_LOG_FD: one
 * datagram per order; LOGS_ADD carries the read end of the worker's pipe
 * (SCM_RIGHTS).  msd keeps both ends of every pipe, so nothing is lost while
 * ms-log is away; it repeats all LOGS_ADD to a new ms-log.
 */
#ifndef PROTO_LOGS_H
#define PROTO_LOGS_H

#include <stdint.h>
#include <sys/types.h>

#include "common/buf.h"
#include "common/err.h"
#include "proto/contract.h"

#define LOGS_ORDER_BYTES_MAX 4096

enum logs_verb {
	LOGS_ADD = 1,     /* new pipe, or new settings (then without fd) */
	LOGS_DROP = 2,    /* worker is gone: drain, close */
	LOGS_STARTED = 3, /* name now runs as pid, generation */
	LOGS_REOPEN = 4   /* reopen all files */
};
enum logs_format {
	LOGS_TEXT,
	LOGS_JSON
};

struct logs_order {
	enum logs_verb verb;
	char name[WORKER_NAME_BYTES_MAX + 16];
	char file[512]; /* relative to log_dir or absolute */
	uint64_t size_bytes;
	uint32_t keep;
	enum logs_format format;
	pid_t pid;
	uint64_t generation;
};

void logs_encode(const struct logs_order *order, struct buf *out);
enum ms_err logs_decode(struct slice datagram, struct logs_order *order_r,
    struct why *why);

#endif
