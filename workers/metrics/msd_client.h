/* SPDX-License-Identifier: Apache-2.0 */
/* Asks msd one question at a time, on the loop, with a bound.  A connection for
 * each: they are seconds apart, and a msd that has replaced itself needs no
 * care then. */
#ifndef WORKERS_METRICS_MSD_CLIENT_H
#define WORKERS_METRICS_MSD_CLIENT_H

#include "common/buf.h"
#include "common/err.h"
#include "common/loop.h"

#define MSD_ANSWER_BYTES_MAX (64u << 20)

struct msd_client {
	struct loop *loop;
	char *socket;
	int fd; /* -1: nothing is asked */
	ev_io readable;
	ev_timer timeout;
	struct buf in;
	/* The line is borrowed; .ptr NULL: no answer, and reason says why. */
	void (*done)(struct msd_client *client, struct slice line,
	    const char *reason);
};

/* socket: copied; NULL = nobody to ask */
void msd_client_init(struct msd_client *client, struct loop *loop,
    const char *socket,
    void (*done)(struct msd_client *client, struct slice line,
	const char *reason));
void msd_client_fini(struct msd_client *client);
/* question: one line.  done() follows, never inside of this call.  False: it
 * cannot be asked (or is being asked), and done() will not be called. */
bool msd_client_ask(struct msd_client *client, const char *question,
    struct why *why);

#endif
