/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Publishes COUNT events and waits until they are written:
 *   publisher [SUBJECT [COUNT]]
 *   cc publisher.c $(pkg-config --cflags --libs libms)
 */
#include <ms.h>
#include <stdio.h>
#include <stdlib.h>

static int
fail(struct ms *ms, const char *what, enum ms_err err)
{
	fprintf(stderr, "publisher: %s: %s (%s)\n", what, ms_strerr(err),
	    ms ? ms_why(ms) : "");
	ms_close(&ms);
	return EXIT_FAILURE;
}

int
main(int argc, char **argv)
{
	const char *subject = argc > 1 ? argv[1] : "demo.counted";
	long count = argc > 2 ? atol(argv[2]) : 10;
	struct ms_published totals;
	struct ms *ms = NULL;
	enum ms_err err = ms_open(NULL, &ms);

	if (err)
		return fail(ms, "open", err);
	for (long i = 1; i <= count; i++) {
		char data[64];
		struct ms_event event = { .subject = subject, .data = data };

		event.data_bytes =
		    (size_t)snprintf(data, sizeof(data), "{\"number\":%ld}", i);
		err = ms_publish(ms, &event, MS_WRITTEN);
		if (err)
			return fail(ms, "publish", err);
	}
	err = ms_flush(ms, 30000);
	if (err)
		return fail(ms, "flush", err);
	ms_published(ms, &totals);
	printf("%llu events written, the last as number %llu\n",
	    (unsigned long long)totals.acked,
	    (unsigned long long)totals.last_seq);
	ms_close(&ms);
	return EXIT_SUCCESS;
}
