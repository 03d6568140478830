/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of [subject NAME]. */
#include "proto/conf/subject.h"

#include "proto/conf/patterns.h"

#define SUBJECT(member) .off = offsetof(struct subject_conf, member)

/* clang-format off */
const struct field_name subject_overflow_names[] = {
	{ "block", OVERFLOW_BLOCK },
	{ "discard_new", OVERFLOW_DISCARD_NEW },
	{ NULL, 0 }
};
const struct field_name subject_flow_names[] = {
	{ "bus", SUBJECT_FLOW_BUS },
	{ "off", SUBJECT_FLOW_OFF },
	{ "warn", SUBJECT_FLOW_WARN },
	{ "reject", SUBJECT_FLOW_REJECT },
	{ NULL, 0 }
};
/* clang-format on */

const struct field subject_rows[] = {
	{ .name = "subjects",
	    .type = FIELD_WORDS,
	    SUBJECT(subjects),
	    .flags = FIELD_REQUIRED,
	    .help = "Patterns of the subjects this section is for; of several "
		    "sections that match, the most literal pattern decides." },
	{ .name = "overflow",
	    .type = FIELD_ENUM,
	    SUBJECT(overflow),
	    .def = "block",
	    .names = subject_overflow_names,
	    .help = "When more is published than the bus can take: block = "
		    "the publisher waits and nothing is lost; discard_new = "
		    "requests with such events only are acknowledged, left "
		    "out and counted (telemetry that nobody should wait "
		    "for)." },
	{ .name = "flow",
	    .type = FIELD_ENUM,
	    SUBJECT(flow),
	    .def = "bus",
	    .names = subject_flow_names,
	    .help = "When an event does not fit the cause it names: bus = as "
		    "[bus] flow says; off = nothing; warn = count it and tell "
		    "flow.violation; reject = refuse it, too." },
	FIELD_END
};

void
subject_section_check(const struct conf_section *section, const void *base,
    struct conf_errors *errors)
{
	const struct subject_conf *subject = base;

	patterns_check(section, &subject->subjects, errors);
}

void
subjects_check(const struct conf *conf, struct conf_errors *errors)
{
	patterns_check_apart(conf, "subject", SUBJECT_SECTIONS_MAX, errors);
}
