/* SPDX-License-Identifier: Apache-2.0 */
/* bus.streams: what each stream is and how far it is. */
#include "common/json.h"
#include "workers/bus/bus.h"

static const char *
name_of(const struct field_name *names, int value)
{
	for (; names->name; names++) {
		if (names->value == value)
			return names->name;
	}
	return "";
}

static void
put_conf(struct json *o, const struct stream *s)
{
	struct json *subjects = json_put_array(o, "subjects");
	const struct stream_conf *c = &s->conf;

	for (size_t i = 0; i < c->subjects.count; i++)
		json_put_str(subjects, NULL, c->subjects.word[i]);
	json_put_str(o, "durability",
	    name_of(stream_durability_names, c->durability));
	json_put_str(o, "visible", name_of(stream_visible_names, c->visible));
	json_put_num(o, "retention_bytes", (double)c->retention_bytes);
	if (c->retention_age_ms == DURATION_INFINITY)
		json_put_null(o, "retention_age_ms");
	else
		json_put_num(o, "retention_age_ms",
		    (double)c->retention_age_ms);
	json_put_num(o, "retention_count", (double)c->retention_count);
}

static void
put_stream(struct json *list, const struct stream *s, int64_t now_ms)
{
	const struct journal *j = s->journal;
	uint64_t first = journal_first_seq(j), last = journal_last_seq(j);
	struct json *o = json_put_object(list, NULL);

	json_put_str(o, "name", s->name);
	put_conf(o, s);
	json_put_num(o, "first_seq", (double)first);
	json_put_num(o, "last_seq", (double)last);
	json_put_num(o, "synced_seq", (double)journal_synced_seq(j));
	json_put_num(o, "visible_seq", (double)journal_visible_seq(j));
	json_put_num(o, "events", first ? (double)(last - first + 1) : 0);
	json_put_num(o, "log_bytes", (double)journal_bytes(j));
	json_put_num(o, "segments", (double)journal_segments(j));
	json_put_num(o, "log_epoch", journal_epoch(j));
	json_put_num(o, "consumers", slots_of(s));
	json_put_num(o, "dedup_entries", (double)dedup_count(s->dedup));
	json_put_num(o, "dedup_window_ms",
	    (double)dedup_window_ms(s->dedup, now_ms));
	json_put_str(o, "dir", s->dir);
}

void
do_streams(void *self, struct call *call)
{
	struct bus *bus = self;
	struct json *list = json_array();
	int64_t now_ms = (int64_t)(mono_now().ns / 1000000);

	for (size_t i = 0; i < bus->stream_count; i++)
		put_stream(list, bus->streams[i], now_ms);
	buf_reset(&bus->reply);
	json_print(list, &bus->reply);
	json_free(&list);
	call_reply(call, NULL, buf_slice(&bus->reply));
}
