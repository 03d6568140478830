/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A consumer whose handler fails on every event, until it is killed.
 *
 *   bus_refuser RUN_DIR NAME
 */
#include <stdio.h>

#include "proto/client/ms.h"

#define WAIT_MS 1000

static enum ms_err
on_batch(void *arg, const struct ms_event *events, size_t count)
{
	(void)arg;
	(void)events;
	(void)count;
	return MS_EINVAL;
}

int
main(int argc, char **argv)
{
	struct ms_consumer *consumer;
	struct ms *ms;
	enum ms_err err;

	if (argc != 3)
		return 2;
	if (ms_open(&(struct ms_options){ .run_dir = argv[1] }, &ms) ||
	    ms_consume(ms, &(struct ms_consumer_options){ .name = argv[2] },
		on_batch, NULL, &consumer)) {
		fputs("no consumer\n", stderr);
		return 1;
	}
	do
		err = ms_dispatch(ms, WAIT_MS);
	while (!err || err == MS_ETIMEOUT);
	return 1;
}
