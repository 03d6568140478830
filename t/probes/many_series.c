/* SPDX-License-Identifier: Apache-2.0 */
/*
 * many_series FILE N: leaves a segment of N histograms in FILE, as a worker
 * would; each is some two kilobytes of exposition.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/metrics.h"

int
main(int argc, char **argv)
{
	struct metric_row row = { .name = "ms_many_seconds",
		.help = "A time of many.",
		.kind = METRIC_HISTOGRAM,
		.unit = METRIC_UNIT_SECONDS,
		.labels = { "which" } };
	char which[32];
	const char *values[] = { which };
	struct why why = { "" };
	int fd, n = argc == 3 ? atoi(argv[2]) : 0;

	if (n < 1)
		return 2;
	fd = open(argv[1], O_RDWR | O_CREAT, 0644);
	if (fd < 0 || ftruncate(fd, METRICS_SEGMENT_BYTES) != 0) {
		perror(argv[1]);
		return 1;
	}
	close(fd);
	row.max_series = (uint32_t)n;
	if (metrics_attach(argv[1], &why) != MS_OK) {
		fprintf(stderr, "%s\n", why.text);
		return 1;
	}
	for (int i = 0; i < n; i++) {
		snprintf(which, sizeof(which), "number-%d", i);
		metric_record(metrics_series(&row, values), (uint64_t)i * 997);
	}
	metrics_detach();
	return 0;
}
