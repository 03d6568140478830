/* SPDX-License-Identifier: Apache-2.0 */
/* The first packet of a client, then whatever follows as messages. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "common/log.h"
#include "workers/pool/pg_startup.h"
#include "workers/pool/pg_stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_startup(const struct pg_startup *startup)
{
	ms_assert(startup->user && *startup->user);
	ms_assert(startup->database && *startup->database);
	ms_assert(startup->setting_count <= PG_SETTINGS_MAX);
	for (size_t i = 0; i < startup->setting_count; i++)
		ms_assert(
		    strlen(startup->settings[i].name) < PG_STARTUP_BYTES_MAX);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice bytes = { (const char *)data, size };
	struct pg_stream stream = { .keep = "ESZ" };
	struct pg_startup startup;
	struct arena arena;
	struct why why = { "" };
	enum pg_first what;
	enum pg_border border;

	arena_init(&arena, 65536);
	what = pg_startup_parse(bytes, &arena, &startup, &why);
	if (what == PG_FIRST_STARTUP)
		check_startup(&startup);
	if (what == PG_FIRST_BAD)
		ms_assert(startup.sqlstate && *why.text);
	while ((border = pg_stream_next(&stream, &bytes)) != PG_MORE &&
	    border != PG_BROKEN)
		ms_assert(stream.body.len <= PG_KEEP_BYTES_MAX);
	if (border == PG_MORE)
		ms_assert(bytes.len < PG_HEAD_BYTES);
	pg_stream_fini(&stream);
	arena_fini(&arena);
	return 0;
}
