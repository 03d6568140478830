/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of [stream NAME]. */
#include "proto/conf/stream.h"

#include "proto/conf/patterns.h"
#include "proto/msg/bus.h"

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

	if (strcmp(section->name, STREAM_MAIN) == 0)
		conf_error(errors, &section->place,
		    "[stream " STREAM_MAIN "]: it is always there, and its "
		    "keys are in [bus]");
	if (strlen(section->name) > STREAM_NAME_MAX)
		conf_error(errors, &section->place,
		    "[stream %s]: a stream's name has at most %u bytes",
		    section->name, STREAM_NAME_MAX);
	patterns_check(section, &stream->subjects, errors);
}

void
streams_check(const struct conf *conf, struct conf_errors *errors)
{
	/* main is one of them */
	patterns_check_apart(conf, "stream", STREAMS_MAX - 1, errors);
}
