/* SPDX-License-Identifier: Apache-2.0 */
/*
 * msd and ms-log, over a SOCK_SEQPACKET pair whose ms-log end is MS_LOG_FD: one
 * datagram per order or report.  LOGS_ADD carries the read end of the worker's
 * pipe (SCM_RIGHTS), of which each generation has a new one.  msd keeps both
 * ends, so nothing is lost while ms-log is away; it repeats all LOGS_ADD to a
 * new ms-log.
 */
#ifndef PROTO_LOGS_H
#define PROTO_LOGS_H

#include <stdint.h>
#include <sys/types.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/field.h"
#include "proto/contract.h"

#define LOGS_ORDER_BYTES_MAX  4096
#define LOGS_REPORT_BYTES_MAX 256
#define LOGS_NAME_BYTES       (WORKER_NAME_BYTES_MAX + 16)

/* ---- msd -> ms-log */
enum logs_verb {
	LOGS_ADD = 1,  /* new pipe, or new settings (then without fd) */
	LOGS_DROP = 2, /* worker is gone: drain, close */
	/* name now runs as pid, generation; pid 0: it is about to, and what it
	 * says waits in the pipe until its pid is told */
	LOGS_STARTED = 3,
	LOGS_REOPEN = 4, /* reopen all files */
	LOGS_FLUSH = 5   /* generation is dead: write what it said, report */
};
enum logs_format {
	LOGS_TEXT,
	LOGS_JSON
};

struct logs_order {
	enum logs_verb verb;
	char name[LOGS_NAME_BYTES];
	char file[512]; /* relative to log_dir or absolute */
	uint64_t size_bytes;
	uint64_t age_ms;      /* DURATION_INFINITY: never */
	uint64_t total_bytes; /* 0: no cap */
	uint32_t keep;
	struct rate rate; /* lines; count 0: no limit */
	enum logs_format format;
	pid_t pid;
	uint64_t generation;
};

void logs_encode(const struct logs_order *order, struct buf *out);
enum ms_err logs_decode(struct slice datagram, struct logs_order *order_r,
    struct why *why);

/* ---- ms-log -> msd */
enum logs_news {
	LOGS_FLUSHED = 1, /* the answer to each LOGS_FLUSH */
	LOGS_DROPPED = 2  /* lines that are in no file */
};

struct logs_report {
	enum logs_news news;
	char name[LOGS_NAME_BYTES];
	uint64_t generation;
	uint64_t lines, bytes;
	int error; /* why they were dropped: errno, 0 = the rate limit */
};

void logs_report_encode(const struct logs_report *report, struct buf *out);
enum ms_err logs_report_decode(struct slice datagram,
    struct logs_report *report_r, struct why *why);

#endif
