/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The systemd notification protocol (sd_notify(3)): one datagram of
 * NAME=value lines.  Pure; unknown names are skipped, hostile bytes harmless.
 */
#ifndef PROTO_NOTIFY_H
#define PROTO_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/buf.h"
#include "common/str.h"

#define NOTIFY_BYTES_MAX  4096
#define NOTIFY_STATUS_MAX 256

enum notify_what { /* bits of notify.what */
	NOTIFY_READY = 1,
	NOTIFY_RELOADING = 2,
	NOTIFY_STOPPING = 4,
	NOTIFY_STATUS = 8,
	NOTIFY_WATCHDOG = 16,         /* WATCHDOG=1 */
	NOTIFY_WATCHDOG_TRIGGER = 32, /* WATCHDOG=trigger */
	NOTIFY_WATCHDOG_USEC = 64,
	NOTIFY_EXTEND = 128, /* EXTEND_TIMEOUT_USEC */
	NOTIFY_MAINPID = 256,
	NOTIFY_ERRNO = 512,
	NOTIFY_EXIT_STATUS = 1024,
	NOTIFY_FDSTORE = 2048,
	NOTIFY_FDSTOREREMOVE = 4096,
	NOTIFY_BARRIER = 8192,
	NOTIFY_PREPARED = 16384, /* X_PREPARED=1, ours: answer to USR2 */
	NOTIFY_ACCESS = 32768,   /* NOTIFYACCESS */
	NOTIFY_MAINPIDFD = 65536 /* MAINPIDFD=1: the one descriptor is it */
};

/* Whose words count. */
enum notify_access {
	NOTIFY_FROM_ALL,
	NOTIFY_FROM_MAIN, /* also for `exec`: msd runs no other commands */
	NOTIFY_FROM_NONE
};

struct notify {
	unsigned what;
	char status[NOTIFY_STATUS_MAX]; /* cut, controls replaced by '?' */
	uint64_t watchdog_usec;
	uint64_t extend_usec;
	uint64_t monotonic_usec;
	pid_t mainpid; /* 0: given, but no number of a process */
	enum notify_access access;
	int error;
	int exit_status;
	char fdname[256]; /* "" = not given */
	bool fdpoll;      /* false only for FDPOLL=0 */
};

/* Never fails: what cannot be understood is left out. */
void notify_parse(struct slice datagram, struct notify *notify_r);
/* The lines for `notify`, as a worker sends them. */
void notify_print(const struct notify *notify, struct buf *out);

#endif
