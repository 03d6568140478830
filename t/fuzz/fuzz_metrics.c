/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A segment that anybody may have written: the input is laid over the parts of
 * a file in turn (head, families, series, strings, values).  The first byte
 * says whether the head is ours after all, which takes the fuzzer past the
 * checksum.  Reading must not fail in another way than it may, and a writer
 * must be able to take it over.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/metrics_read.h"
#include "common/metrics_segment.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static int fd = -1;
static char path[64];

static void
must(bool true_or_abort)
{
	if (!true_or_abort)
		abort();
}

static void
at_end(void)
{
	unlink(path);
}

static void
prepare(void)
{
	if (fd >= 0)
		return;
	strcpy(path,
	    access("/dev/shm", W_OK) == 0 ? "/dev/shm/ms-fuzz.XXXXXX"
					  : "/tmp/ms-fuzz.XXXXXX");
	fd = mkstemp(path);
	must(fd >= 0);
	atexit(at_end);
}

/* Each part: two bytes of length, then what is there. */
static void
lay_out(const uint8_t *bytes, size_t n, bool ours)
{
	static const uint32_t at[] = { 0, SEGMENT_FAMILIES_AT,
		SEGMENT_SERIES_AT, SEGMENT_STRINGS_AT, METRICS_HEAD_BYTES,
		METRICS_HEAD_BYTES + METRICS_SHARD_BYTES };
	struct segment_head head;

	must(ftruncate(fd, 0) == 0);
	must(ftruncate(fd, METRICS_SEGMENT_BYTES) == 0);
	for (size_t i = 0; i < ARRAY_LEN(at) && n >= 2; i++) {
		size_t len = bytes[0] | (size_t)bytes[1] << 8;

		bytes += 2;
		n -= 2;
		len = len < n ? len : n;
		must(pwrite(fd, bytes, len, at[i]) == (ssize_t)len);
		bytes += len;
		n -= len;
	}
	if (!ours)
		return;
	segment_head_init(&head);
	must(pwrite(fd, &head, offsetof(struct segment_head, space), 0) > 0);
}

/* What is believed can be walked from end to end. */
static void
walk(const struct metrics_snapshot *snapshot)
{
	size_t bytes = 0;

	for (size_t i = 0; i < snapshot->count; i++) {
		const struct metrics_series *s = &snapshot->series[i];

		must(metric_name_is_valid(s->name));
		bytes += strlen(s->help);
		for (size_t l = 0; l < s->label_count; l++) {
			must(metric_name_is_valid(s->label_names[l]));
			bytes += strlen(s->label_values[l]);
		}
		must(s->kind != METRIC_COUNTER || s->value >= 0);
		if (s->kind == METRIC_HISTOGRAM)
			bytes += histogram_quantile(&s->histogram, 0.99) & 1;
		must(metrics_snapshot_find(snapshot, s->name,
			 s->label_values) == s);
	}
	must(bytes < SIZE_MAX / 2);
}

static void
take_over(void)
{
	static const struct metric_row row = { .name = "ms_fuzz_total",
		.help = "Fuzzed.",
		.kind = METRIC_COUNTER,
		.labels = { "a" } };
	struct metrics_snapshot snapshot;

	must(metrics_attach(path, NULL) == MS_OK);
	metric_add(metrics_series(&row, (const char *[]){ "b" }), 1);
	metrics_detach();
	must(metrics_snapshot_read(path, &snapshot, NULL) == MS_OK);
	walk(&snapshot);
	metrics_snapshot_fini(&snapshot);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct metrics_snapshot snapshot;
	struct metrics_life life;
	enum ms_err err;

	if (n < 1)
		return 0;
	prepare();
	lay_out(bytes + 1, n - 1, bytes[0] & 1);
	err = metrics_snapshot_read(path, &snapshot, NULL);
	must(err == MS_OK || err == MS_ECORRUPT);
	if (!err)
		walk(&snapshot);
	metrics_snapshot_fini(&snapshot);
	err = metrics_life_read(path, &life, NULL);
	must(err == MS_OK || err == MS_ECORRUPT);
	take_over();
	return 0;
}
