/* SPDX-License-Identifier: Apache-2.0 */
/* What is accepted prints as a list that is accepted again, of as many checks
 * with the same levels. */
#include <stdlib.h>
#include <string.h>

#include "proto/health.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static struct health_check a[HEALTH_CHECKS_MAX], b[HEALTH_CHECKS_MAX];
	struct buf text = { 0 };
	char *copy = malloc(n ? n : 1);
	size_t count, again;

	memcpy(copy, bytes, n);
	if (health_checks_parse((struct slice){ copy, n }, a, HEALTH_CHECKS_MAX,
		&count, NULL) == MS_OK) {
		health_checks_print(a, count, &text);
		if (health_checks_parse(buf_slice(&text), b, HEALTH_CHECKS_MAX,
			&again, NULL) != MS_OK ||
		    again != count)
			abort();
		for (size_t i = 0; i < count; i++)
			if (a[i].level != b[i].level ||
			    a[i].took_us != b[i].took_us)
				abort();
	}
	buf_fini(&text);
	free(copy);
	return 0;
}
