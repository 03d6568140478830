/* SPDX-License-Identifier: Apache-2.0 */
#include <linux/close_range.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "t/probes/chaos_steps/chaos.h"

#define CHUNK 65520u /* whole lines of 80 */

void
step_lines(char *value)
{
	const char *name = getenv("MS_NAME");
	char line[256];

	for (int i = 1, last = atoi(value); i <= last; i++) {
		int n = snprintf(line, sizeof(line), "line %d of %s\n", i,
		    name ? name : "-");

		chaos_write(1, line, (size_t)n);
	}
}

static void
pour(const char *bytes, size_t total)
{
	bool for_ever = total == 0;

	while (for_ever || total > 0) {
		size_t n = for_ever || total > CHUNK ? CHUNK : total;

		chaos_write(1, bytes, n);
		total -= for_ever ? 0 : n;
	}
}

void
step_spam(char *value)
{
	char *bytes = malloc(CHUNK);

	if (!bytes)
		chaos_broken("spam");
	memset(bytes, 's', CHUNK);
	for (size_t i = 79; i < CHUNK; i += 80)
		bytes[i] = '\n';
	pour(bytes, chaos_bytes(value));
	free(bytes);
}

void
step_longline(char *value)
{
	char *bytes = malloc(CHUNK);

	if (!bytes)
		chaos_broken("write a long line");
	memset(bytes, 'l', CHUNK);
	pour(bytes, chaos_bytes(value));
	free(bytes);
}

void
step_close1(char *value)
{
	(void)value;
	close(1);
	close(2);
}

void
step_closefds(char *value)
{
	(void)value;
	if (close_range(3, ~0U, 0) < 0)
		chaos_broken("close");
}
