/* SPDX-License-Identifier: Apache-2.0 */
/* Datagrams of hostile children: whatever came, what is understood prints as
 * lines that are understood the same. */
#include <stdlib.h>
#include <string.h>

#include "proto/notify.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	char *copy = malloc(n ? n : 1);
	struct notify first, second;
	struct buf out = { 0 };

	memcpy(copy, bytes, n);
	notify_parse((struct slice){ copy, n }, &first);
	notify_print(&first, &out);
	notify_parse(buf_slice(&out), &second);
	if (!utf8_is_valid(slice_of(first.status)) ||
	    first.what != second.what || first.mainpid != second.mainpid ||
	    first.watchdog_usec != second.watchdog_usec ||
	    strcmp(first.status, second.status) != 0 ||
	    strcmp(first.fdname, second.fdname) != 0)
		abort();
	buf_fini(&out);
	free(copy);
	return 0;
}
