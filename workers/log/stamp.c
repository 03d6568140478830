/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who said it and when is added here and not by the speakers: a worker that
 * crashes, or a foreign program, gets the same stamps as ours.
 */
#include "workers/log/stamp.h"

#include "common/json.h"
#include "common/mono.h"

static bool
is_plain(unsigned char c)
{
	return c == '\t' || (c >= 0x20 && c != 0x7f);
}

/* Terminal controls in a log can rewrite what its reader sees. */
static void
add_printable(struct buf *out, struct slice line)
{
	size_t start = 0;

	for (size_t i = 0; i < line.len; i++) {
		unsigned char c = (unsigned char)line.ptr[i];

		if (is_plain(c))
			continue;
		buf_add(out, line.ptr + start, i - start);
		buf_printf(out, "\\x%02x", c);
		start = i + 1;
	}
	buf_add(out, line.ptr + start, line.len - start);
}

static void
stamp_text(const struct origin *from, const char *time, struct slice line,
    struct buf *out)
{
	buf_add_str(out, time);
	if (from->pid > 0)
		buf_printf(out, " %s[%d] ", from->name, (int)from->pid);
	else
		buf_printf(out, " %s ", from->name);
	add_printable(out, line);
}

static void
stamp_json(const struct origin *from, const char *time, struct slice line,
    struct buf *out)
{
	buf_printf(out, "{\"time\":\"%s\",\"name\":", time);
	json_quote(out, slice_of(from->name));
	buf_printf(out,
	    ",\"pid\":%d,\"generation\":%llu,\"line\":", (int)from->pid,
	    (unsigned long long)from->generation);
	json_quote(out, line);
	buf_add_u8(out, '}');
}

void
stamp_line(const struct origin *from, int64_t wall, struct slice line,
    struct buf *out)
{
	char time[RFC3339_BYTES];

	rfc3339_print(wall, time);
	if (from->format == LOGS_JSON)
		stamp_json(from, time, line, out);
	else
		stamp_text(from, time, line, out);
	buf_add_u8(out, '\n');
}
