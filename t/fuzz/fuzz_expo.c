/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Series with any names, labels and values: what is printed of them is always
 * valid in every format.  A series is: kind, unit, value, labels, then texts,
 * each with its length in front.
 */
#include <stdio.h>
#include <stdlib.h>

#include "common/json.h"
#include "proto/expo_statsd.h"
#include "t/lib/expo_check.h"

#define SERIES_MAX 24u

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static uint64_t buckets[HISTOGRAM_BUCKETS(HISTOGRAM_BITS)];

static const char *
take_text(struct cursor *c, struct arena *arena)
{
	size_t len = cursor_u8(c) % 80;
	struct slice text;

	if (len > cursor_left(c))
		len = cursor_left(c);
	text = cursor_bytes(c, len);
	return arena_strndup(arena, text.ptr, text.len);
}

static struct metrics_series
take_series(struct cursor *c, struct arena *arena)
{
	struct metrics_series s = { .kind = METRIC_COUNTER };

	s.kind = (enum metric_kind)(1 + cursor_u8(c) % 3);
	s.unit = (enum metric_unit)(cursor_u8(c) % 4);
	s.value = (int64_t)cursor_u64(c);
	s.label_count = cursor_u8(c) % (METRIC_LABELS_MAX + 1);
	s.name = take_text(c, arena);
	s.help = take_text(c, arena);
	for (size_t i = 0; i < s.label_count; i++) {
		s.label_names[i] = take_text(c, arena);
		s.label_values[i] = take_text(c, arena);
	}
	if (s.kind == METRIC_HISTOGRAM) {
		uint32_t at =
		    histogram_index(HISTOGRAM_BITS, (uint64_t)s.value);

		buckets[at] = 3; /* of all histograms: they share it */
		s.histogram = (struct histogram){ .bits = HISTOGRAM_BITS,
			.buckets = buckets,
			.sum = (uint64_t)s.value };
		s.exemplar.value = (uint64_t)s.value >> 20;
		s.exemplar.wall_ns = cursor_u64(c) >> 2;
	}
	if (s.kind == METRIC_COUNTER && s.value < 0)
		s.value = -(s.value + 1);
	return s;
}

static int
by_name(const void *a, const void *b)
{
	const struct metrics_series *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	for (size_t i = 0; order == 0 && i < METRIC_LABELS_MAX; i++)
		order = strcmp(x->label_values[i] ? x->label_values[i] : "",
		    y->label_values[i] ? y->label_values[i] : "");
	return order;
}

static void
print(const struct expo_view *view, enum expo_format format, struct buf *out)
{
	struct expo_cursor at = { 0 };

	while (expo_print(view, format, 0, 3, &at, out))
		;
	if (out->failed)
		abort();
}

static void
check_text(const struct expo_view *view, bool open)
{
	struct expo_report report;
	struct buf out = { 0 };

	print(view, open ? EXPO_OPENMETRICS : EXPO_TEXT, &out);
	expo_check(buf_slice(&out), open, &report);
	if (report.count != report.style) {
		fwrite(report.problems.ptr, 1, report.problems.len, stderr);
		fwrite(out.ptr, 1, out.len, stderr);
		abort();
	}
	expo_report_fini(&report);
	buf_fini(&out);
}

static void
check_json(const struct expo_view *view)
{
	struct buf out = { 0 };
	struct slice rest, line;
	struct json_raw value;

	print(view, EXPO_JSON, &out);
	rest = buf_slice(&out);
	while (slice_cut(&rest, '\n', &line))
		if (json_check(line, &value, NULL) != MS_OK)
			abort();
	buf_fini(&out);
}

static void
check_packet(struct slice packet)
{
	struct slice line;

	if (packet.len == 0 || packet.len > STATSD_PACKET_BYTES)
		abort();
	while (slice_cut(&packet, '\n', &line)) {
		const char *colon = memchr(line.ptr, ':', line.len);

		if (!colon || colon == line.ptr ||
		    !memchr(colon, '|', line.len - (size_t)(colon - line.ptr)))
			abort();
		for (size_t i = 0; i < line.len; i++)
			if ((unsigned char)line.ptr[i] <= ' ')
				abort();
	}
}

static void
check_statsd(const struct expo_view *view, const struct expo_view *before)
{
	for (int tags = 0; tags < 2; tags++) {
		struct statsd_cursor at = { 0 };
		struct slice rest, packet;
		struct buf lines = { 0 };

		while (expo_statsd_print(view, before, tags, 3, &at, &lines))
			;
		rest = buf_slice(&lines);
		while (expo_statsd_packet(&rest, &packet))
			check_packet(packet);
		if (rest.len)
			abort();
		buf_fini(&lines);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct cursor c = cursor_of((struct slice){ (const char *)bytes, n });
	struct metrics_series series[SERIES_MAX];
	struct expo_source sources[2];
	struct expo_view view, before;
	struct arena arena;
	uint64_t total = 0;
	size_t count = 0, half;

	memset(buckets, 0, sizeof(buckets));
	arena_init(&arena, 0);
	while (count < SERIES_MAX && cursor_left(&c) > 0)
		series[count++] = take_series(&c, &arena);
	for (size_t i = 0; i < ARRAY_LEN(buckets); i++)
		total += buckets[i];
	for (size_t i = 0; i < count; i++)
		series[i].histogram.count = total;
	half = count / 2;
	qsort(series, half, sizeof(*series), by_name);
	qsort(series + half, count - half, sizeof(*series), by_name);
	sources[0] = (struct expo_source){ .worker = "bus",
		.series = series,
		.count = half,
		.created_ns = 1 };
	sources[1] = (struct expo_source){ .series = series + half,
		.count = count - half };
	if (expo_view_make(&view, sources, 2) != MS_OK ||
	    expo_view_make(&before, sources, 1) != MS_OK)
		abort();
	check_text(&view, false);
	check_text(&view, true);
	check_json(&view);
	check_statsd(&view, NULL);
	check_statsd(&view, &before);
	expo_view_fini(&view);
	expo_view_fini(&before);
	arena_fini(&arena);
	return 0;
}
