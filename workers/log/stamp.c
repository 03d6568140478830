/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who said it and when is added here and not by the speakers: a worker that
 * crashes, or a foreign program, gets the same stamps as ours.
 */
#include "workers/log/stamp.h"

#include <stdio.h>
#include <string.h>

#include "common/json.h"
#include "common/mono.h"

#define JSON_START "{\"time\":\""

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

/* A name needs no quoting: it is a worker's, [A-Za-z0-9_@-]. */
void
stamp_init(struct stamp *stamp, const struct origin *from, int64_t wall)
{
	char time[RFC3339_BYTES];
	int n;

	rfc3339_print(wall, time);
	if (from->format == LOGS_JSON)
		n = snprintf(stamp->head, sizeof stamp->head,
		    JSON_START "%s\",\"name\":\"%s\",\"pid\":%d"
			       ",\"generation\":%llu,\"line\":",
		    time, from->name, (int)from->pid,
		    (unsigned long long)from->generation);
	else if (from->pid > 0)
		n = snprintf(stamp->head, sizeof stamp->head, "%s %s[%d] ",
		    time, from->name, (int)from->pid);
	else
		n = snprintf(stamp->head, sizeof stamp->head, "%s %s ", time,
		    from->name);
	stamp->format = from->format;
	stamp->head_len = n > 0 && n < (int)sizeof stamp->head ? (size_t)n : 0;
}

void
stamp_line(const struct stamp *stamp, const struct piece *piece,
    struct buf *out)
{
	buf_add(out, stamp->head, stamp->head_len);
	if (stamp->format == LOGS_JSON) {
		json_quote(out, piece->text);
		buf_add_str(out, piece->more ? ",\"more\":true}\n" : "}\n");
		return;
	}
	add_printable(out, piece->text);
	buf_add_str(out, piece->more ? "\\\n" : "\n");
}

void
stamp_dropped(const struct stamp *stamp, uint64_t lines, const char *cause,
    struct buf *out)
{
	char text[160];

	snprintf(text, sizeof text, "[ms-log: %llu line%s dropped here: %s]",
	    (unsigned long long)lines, lines == 1 ? "" : "s", cause);
	buf_add(out, stamp->head, stamp->head_len);
	if (stamp->format == LOGS_JSON) {
		json_quote(out, slice_of(text));
		buf_printf(out, ",\"dropped\":%llu}\n",
		    (unsigned long long)lines);
		return;
	}
	buf_add_str(out, text);
	buf_add_u8(out, '\n');
}

bool
stamp_time(struct slice start, int64_t *wall_ns_r)
{
	size_t skip = strlen(JSON_START);
	size_t n = 0;

	if (start.len > skip && memcmp(start.ptr, JSON_START, skip) == 0) {
		start.ptr += skip;
		start.len -= skip;
	}
	while (n < start.len && start.ptr[n] != ' ' && start.ptr[n] != '"')
		n++;
	return n < start.len && rfc3339_parse(start.ptr, n, wall_ns_r);
}
