/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An agent: doubles the number of each demo.counted event and says so as
 * demo.doubled, caused by it.  A batch is settled when its results are written:
 * whoever dies in between, nothing is lost.
 *   cc agent.c $(pkg-config --cflags --libs libms)
 */
#include <ms.h>
#include <stdio.h>
#include <stdlib.h>

static struct ms *ms;
static int worked;

static enum ms_err
on_events(void *arg, const struct ms_event *events, size_t count)
{
	enum ms_err err = MS_OK;

	(void)arg;
	for (size_t i = 0; !err && i < count; i++) {
		const struct ms_event *in = &events[i];
		char text[64];
		struct ms_event out = { .subject = "demo.doubled",
			.causation_id = in->id,
			.correlation_id =
			    in->correlation_id ? in->correlation_id : in->id,
			.data = text };
		long number = 0;

		snprintf(text, sizeof(text), "%.*s", (int)in->data_bytes,
		    (const char *)in->data);
		sscanf(text, "{\"number\":%ld}", &number);
		out.data_bytes = (size_t)snprintf(text, sizeof(text),
		    "{\"number\":%ld}", number * 2);
		err = ms_publish(ms, &out, MS_WRITTEN);
	}
	worked = !err;
	return err ? err : MS_EBUSY; /* comes again; settled below */
}

int
main(void)
{
	const char *const filter[] = { "demo.counted", NULL };
	struct ms_consumer_options doubler = { .name = "doubler",
		.filter = filter };
	struct ms_consumer *consumer = NULL;
	enum ms_err err = ms_open(NULL, &ms);

	if (!err)
		err = ms_consume(ms, &doubler, on_events, NULL, &consumer);
	for (; !err; err = ms_dispatch(ms, -1)) {
		if (worked)
			ms_consumer_settle(consumer, ms_flush(ms, 30000));
		worked = 0;
	}
	fprintf(stderr, "agent: %s\n", ms ? ms_why(ms) : ms_strerr(err));
	return EXIT_FAILURE;
}
