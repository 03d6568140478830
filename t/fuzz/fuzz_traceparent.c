/* SPDX-License-Identifier: Apache-2.0 */
/* What is accepted prints as the same text. */
#include <stdlib.h>
#include <string.h>

#include "proto/traceparent.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	char *copy = malloc(n ? n : 1), text[TRACEPARENT_BYTES];
	struct traceparent tp;
	struct why why;

	memcpy(copy, bytes, n);
	if (traceparent_parse((struct slice){ copy, n }, &tp, &why) == MS_OK &&
	    (n != TRACEPARENT_LEN ||
		memcmp(traceparent_print(&tp, text), copy, n) != 0))
		abort();
	free(copy);
	return 0;
}
