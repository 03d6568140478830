/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prints live events, COUNT of them or for ever:
 *   subscriber [PATTERN [COUNT]]
 *   cc subscriber.c $(pkg-config --cflags --libs libms)
 */
#include <ms.h>
#include <stdio.h>
#include <stdlib.h>

static void
on_event(void *arg, const struct ms_event *event)
{
	long *left = arg;

	printf("%llu %s %.*s\n", (unsigned long long)event->seq, event->subject,
	    (int)event->data_bytes, (const char *)event->data);
	fflush(stdout);
	if (*left > 0 && --*left == 0)
		*left = -1;
}

static void
on_gap(void *arg, uint64_t from, uint64_t to)
{
	(void)arg;
	fprintf(stderr, "missed %llu..%llu\n", (unsigned long long)from,
	    (unsigned long long)to);
}

int
main(int argc, char **argv)
{
	const char *pattern = argc > 1 ? argv[1] : ">";
	long left = argc > 2 ? atol(argv[2]) : 0; /* 0: for ever, -1: done */
	struct ms_sub *sub = NULL;
	struct ms *ms = NULL;
	enum ms_err err = ms_open(NULL, &ms);

	if (!err)
		err = ms_subscribe(ms, pattern, on_event, on_gap, &left, &sub);
	while (!err && left >= 0)
		err = ms_dispatch(ms, -1);
	if (err)
		fprintf(stderr, "subscriber: %s (%s)\n", ms_strerr(err),
		    ms ? ms_why(ms) : "");
	ms_close(&ms);
	return err ? EXIT_FAILURE : EXIT_SUCCESS;
}
