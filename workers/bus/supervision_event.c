/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An event of msd as an event of the bus.  Its id is made of the life of msd
 * and the number in it, so the same event, read again after a crash between
 * the log and the note of it, is known as a duplicate.
 */
#include <stdio.h>
#include <string.h>

#include "common/json.h"
#include "common/mono.h"
#include "proto/envelope.h"
#include "workers/bus/supervision.h"

#define SUBJECT_FIRST "supervision."
#define SOURCE        "/msd"

static bool
is_word(const char *text)
{
	size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz_");

	return n > 0 && n <= 32 && text[n] == '\0';
}

static enum ms_err
encode(const struct json *event, struct slice line, const char *life,
    uint64_t seq, struct buf *frame, struct why *why)
{
	const char *what = json_get_str(event, "event", "");
	const char *name = json_get_str(event, "name", "");
	const char *at = json_get_str(event, "at", "");
	char subject[64], id[SUPERVISION_LIFE_BYTES + 24];
	struct envelope envelope = { .encoding = ENCODING_JSON };

	if (!is_word(what))
		return why_set(why, MS_EPROTO, "'%.40s' is no event", what);
	snprintf(subject, sizeof(subject), SUBJECT_FIRST "%s", what);
	snprintf(id, sizeof(id), "%s-%llu", life, (unsigned long long)seq);
	if (!rfc3339_parse(at, strlen(at), &envelope.time_ns))
		envelope.time_ns = wall_ns();
	envelope.subject = slice_of(subject);
	envelope.type = slice_of(subject);
	envelope.source = slice_of(SOURCE);
	envelope.id_text = slice_of(id);
	envelope.content_type = slice_of("application/json");
	envelope.partition_key = slice_of(name);
	envelope.payload = line;
	return envelope_encode(&envelope, NULL, frame, why);
}

enum ms_err
supervision_frame(struct slice line, const char *life, struct buf *frame,
    uint64_t *seq_r, struct why *why)
{
	struct json *event = NULL;
	enum ms_err err = json_parse(line, &event, why);
	double seq;

	if (err)
		return MS_EPROTO;
	seq = json_get_num(event, "seq", 0);
	if (seq < 1 || seq > 9e15) {
		err = why_set(why, MS_EPROTO, "an event without a number");
	} else {
		*seq_r = (uint64_t)seq;
		err = encode(event, line, life, *seq_r, frame, why);
	}
	json_free(&event);
	return err;
}

bool
supervision_parse(struct slice text, char life[SUPERVISION_LIFE_BYTES],
    uint64_t *seq_r)
{
	struct slice word;

	if (text.len > 0 && text.ptr[text.len - 1] == '\n')
		text.len--;
	if (!slice_cut(&text, ' ', &word) || word.len == 0 ||
	    word.len >= SUPERVISION_LIFE_BYTES || !parse_u64(text, seq_r))
		return false;
	memcpy(life, word.ptr, word.len);
	life[word.len] = '\0';
	return true;
}
