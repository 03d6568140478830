/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A worker of build/MODE/t/probes as a child of a unit test: in a temporary
 * run directory, with a notification socket the test listens on.  Everything
 * waits for an event and fails the test after PROBE_WAIT_MS.
 */
#ifndef T_LIB_PROBE_H
#define T_LIB_PROBE_H

#include <sys/types.h>

#include "proto/notify.h"

#define PROBE_WAIT_MS 10000

struct probe {
	char dir[64]; /* run directory, also the home of ms.conf */
	char program[512];
	char name[32];
	pid_t pid; /* 0: not running */
	int notify_fd;
	char notify_address[72];
	unsigned watchdog_usec; /* 0 = none; set before probe_start() */
	int stderr_fd;          /* read end of its log; -1 = ours */
};

/* Makes the directory and an empty ms.conf. */
void probe_init(struct probe *probe, const char *program, const char *name);
/* Ends it by TERM, fails on a sanitizer's report, removes the directory. */
void probe_fini(struct probe *probe);
void probe_write_conf(struct probe *probe, const char *text);
/* Without waiting. */
void probe_spawn(struct probe *probe);
void probe_start(struct probe *probe); /* spawn and wait for READY */
void probe_kill(struct probe *probe);  /* -9, reaped */
/* Waits for its end; the status of waitpid(2). */
int probe_wait_exit(struct probe *probe);
/* The next datagram; the test fails when none comes. */
void probe_next_notify(struct probe *probe, struct notify *notify_r);
/* Reads on until one has a bit of `what`. */
void probe_await(struct probe *probe, unsigned what, struct notify *notify_r);
/* "ipc://DIR/NAME.ipc" in a static buffer. */
const char *probe_address(const struct probe *probe);

#endif
