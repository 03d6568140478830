/* SPDX-License-Identifier: Apache-2.0 */
/* block ADDRESS MS: has an echo_worker sit in one turn of its loop for so long,
 * and waits for its answer. */
#include <stdlib.h>

#include "proto/client/call.h"
#include "t/lib/echo.h"

int
main(int argc, char **argv)
{
	struct echo_fields in = { .text = (char *)"" };
	struct link_hub *hub = NULL;
	struct link *link = NULL;
	struct arena arena;
	enum ms_err err;

	if (argc != 3)
		return 2;
	in.delay_ms = strtoul(argv[2], NULL, 10);
	arena_init(&arena, 0);
	err = link_hub_open(&hub);
	if (!err)
		err = link_open(hub, argv[1], &link);
	if (!err)
		err = call_wait(link, &test_block, &in,
		    (struct slice){ NULL, 0 }, 30000, &arena, NULL, NULL, NULL);
	if (link)
		link_close(&link);
	if (hub)
		link_hub_close(&hub);
	arena_fini(&arena);
	return err ? 1 : 0;
}
