/* SPDX-License-Identifier: Apache-2.0 */
/* count PATH: declares rows in a segment until it is full, and counts in each
 * of them; says how many there were. */
#include <stdio.h>

#include "common/metrics.h"

#define ROWS 300

int
main(int argc, char **argv)
{
	struct why why = { "" };
	unsigned kept = 0;
	enum ms_err err;

	if (argc != 2)
		return 2;
	err = metrics_attach(argv[1], &why);
	for (int i = 0; i < ROWS; i++) {
		char name[32];
		struct metric_row row = { .name = name,
			.help = "One of many.",
			.kind = METRIC_HISTOGRAM };
		struct metric m;

		snprintf(name, sizeof(name), "ms_probe_%d", i);
		m = metrics_declare(&row);
		for (unsigned bit = 0; bit < 64; bit++)
			metric_record(m, 1ull << bit);
		kept += m.offset != 0;
	}
	printf("%s kept=%u %s\n", err ? "away" : "attached", kept, why.text);
	return 0;
}
