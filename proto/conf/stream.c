/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of [stream NAME]. */
#include "proto/conf/stream.h"

#include "common/words.h"
#include "proto/msg/bus.h"
#include "proto/subject.h"

#define STREAM(member) .off = offsetof(struct stream_conf, member)
#define KIB            UINT64_C(1024)
#define PIB            (KIB * KIB * KIB * KIB * KIB)

const struct field_name stream_durability_names[] = {
	{ "accepted", DURABILITY_ACCEPTED }, { "written", DURABILITY_WRITTEN },
	{ "synced", DURABILITY_SYNCED }, { NULL, 0 }
};
const struct field_name stream_visible_names[] = { { "written",
						       STREAM_VISIBLE_WRITTEN },
	{ "synced", STREAM_VISIBLE_SYNCED }, { NULL, 0 } };

const struct field stream_rows[] = {
	{ .name = "subjects",
	    .type = FIELD_WORDS,
	    STREAM(subjects),
	    .flags = FIELD_REQUIRED,
	    .help = "Patterns of the subjects it takes; of several that match, "
		    "the most literal one decides.  Whatever no stream takes "
		    "is in the stream main." },
	{ .name = "durability",
	    .type = FIELD_ENUM,
	    STREAM(durability),
	    .def = "written",
	    .names = stream_durability_names,
	    .help = "The least that an acknowledgement of it promises, "
		    "whatever the publisher asks for." },
	{ .name = "visible",
	    .type = FIELD_ENUM,
	    STREAM(visible),
	    .def = "written",
	    .names = stream_visible_names,
	    .help = "synced: nobody is given an event that a power loss could "
		    "still take back." },
	{ .name = "retention_size",
	    .type = FIELD_SIZE,
	    STREAM(retention_bytes),
	    .def = "1G",
	    .min = 128 * KIB,
	    .max = PIB,
	    .help = "The oldest segments go when it is larger than this; "
		    "events a consumer has not settled stay." },
	{ .name = "retention_age",
	    .type = FIELD_DURATION,
	    STREAM(retention_age_ms),
	    .def = "7d",
	    .min = 1000,
	    .max = DURATION_INFINITY,
	    .help = "Segments older than this go; events a consumer has not "
		    "settled stay." },
	{ .name = "retention_count",
	    .type = FIELD_U64,
	    STREAM(retention_count),
	    .def = "0",
	    .help = "The oldest segments go when this many newer events are "
		    "there; 0 = any number.  Events a consumer has not settled "
		    "stay." },
	FIELD_END
};

void
stream_check(const struct conf_section *section, const void *base,
    struct conf_errors *errors)
{
	const struct stream_conf *stream = base;
	const struct conf_place *place = section_place(section, "subjects");
	struct why why;

	if (strcmp(section->name, STREAM_MAIN) == 0)
		conf_error(errors, &section->place,
		    "[stream " STREAM_MAIN "]: it is always there, and its "
		    "keys are in [bus]");
	if (strlen(section->name) > STREAM_NAME_MAX)
		conf_error(errors, &section->place,
		    "[stream %s]: a stream's name has at most %u bytes",
		    section->name, STREAM_NAME_MAX);
	if (stream->subjects.count == 0 ||
	    stream->subjects.count > STREAM_PATTERNS_MAX)
		conf_error(errors, place, "subjects: 1 to %u patterns",
		    STREAM_PATTERNS_MAX);
	for (size_t i = 0; i < stream->subjects.count; i++) {
		if (pattern_check(slice_of(stream->subjects.word[i]), &why))
			conf_error(errors, place, "subjects: '%s': %s",
			    stream->subjects.word[i], why.text);
	}
}

/* Of the text: whether the words are patterns is judged for each section. */
static struct words
subjects_of(const struct conf_section *section, struct arena *arena)
{
	const struct conf_entry *entry = conf_entry_find(section, "subjects");
	struct words words = { NULL, 0 };

	if (entry && words_split(entry->value, arena, &words, NULL))
		words.count = 0;
	return words;
}

static bool
is_stream(const struct conf_section *section)
{
	return strcmp(section->kind, "stream") == 0;
}

static void
check_pair(const struct conf_section *a, const struct conf_section *b,
    struct arena *arena, struct conf_errors *errors)
{
	struct words mine = subjects_of(a, arena);
	struct words theirs = subjects_of(b, arena);

	for (size_t i = 0; i < mine.count; i++) {
		for (size_t k = 0; k < theirs.count; k++) {
			if (strcmp(mine.word[i], theirs.word[k]) == 0)
				conf_error(errors, section_place(b, "subjects"),
				    "subjects: '%s' is in [stream %s] already",
				    theirs.word[k], a->name);
		}
	}
}

void
streams_check(const struct conf *conf, struct conf_errors *errors)
{
	struct arena arena;
	size_t count = 0;

	arena_init(&arena, CONF_FILE_BYTES_MAX * 2);
	for (size_t i = 0; i < conf->section_count; i++) {
		const struct conf_section *a = &conf->sections[i];

		if (!is_stream(a))
			continue;
		if (++count == STREAMS_MAX)
			conf_error(errors, &a->place,
			    "[stream %s]: at most %u streams beside " STREAM_MAIN,
			    a->name, STREAMS_MAX - 1);
		for (size_t k = i + 1;
		     count < STREAMS_MAX && k < conf->section_count; k++) {
			if (is_stream(&conf->sections[k]))
				check_pair(a, &conf->sections[k], &arena,
				    errors);
		}
	}
	arena_fini(&arena);
}
