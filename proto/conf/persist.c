/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of [persist]: which events go to which database, in what batches. */
#include "proto/conf/persist.h"

#include "proto/batch.h"
#include "proto/subject.h"

static const struct field_name environment_names[] = {
	{ "production", ENVIRONMENT_PRODUCTION },
	{ "staging", ENVIRONMENT_STAGING },
	{ "development", ENVIRONMENT_DEVELOPMENT },
	{ NULL, 0 },
};

#define PERSIST(member) .off = offsetof(struct persist_conf, member)

const struct field persist_rows[] = {
	{ .name = "database",
	    .type = FIELD_STR,
	    PERSIST(database),
	    .flags = FIELD_SECRET,
	    .min = 1,
	    .max = 4000,
	    .help = "The database, as a libpq conninfo; the pool `main` when "
		    "not given." },
	{ .name = "migrations",
	    .type = FIELD_STR,
	    PERSIST(migrations),
	    .min = 1,
	    .max = 4000,
	    .help = "Directory of the migrations; those installed beside our "
		    "programs when not given." },
	{ .name = "environment",
	    .type = FIELD_ENUM,
	    PERSIST(environment),
	    .def = "production",
	    .names = environment_names,
	    .help = "How careful to be: production refuses what may lose "
		    "data." },
	{ .name = "auto_migrate",
	    .type = FIELD_BOOL,
	    PERSIST(auto_migrate),
	    .def = "no",
	    .help = "Apply pending migrations at start; refused in "
		    "production." },
	{ .name = "subjects",
	    .type = FIELD_WORDS,
	    PERSIST(subjects),
	    .max = 64,
	    .help = "Patterns of the events to store; all but supervision.> "
		    "when not given." },
	{ .name = "batch_events",
	    .type = FIELD_U32,
	    PERSIST(batch_events),
	    .def = "1000",
	    .min = 1,
	    .max = 10000,
	    .help = "Events in one transaction at most." },
	{ .name = "batch_size",
	    .type = FIELD_SIZE,
	    PERSIST(batch_bytes),
	    .def = "4M",
	    .min = 64u << 10,
	    .max = BATCH_BODY_MAX,
	    .help = "Bytes of events in one transaction at most." },
	{ .name = "retry",
	    .type = FIELD_RANGE,
	    PERSIST(retry),
	    .def = "100ms..5s",
	    .min = 1,
	    .max = 3600000,
	    .help = "Waits from MIN up to MAX between attempts while the "
		    "database is away; after three in a row other work for it "
		    "is refused in between." },
	FIELD_END
};

static void
check_subjects(const struct conf_section *section, const struct words *subjects,
    struct conf_errors *errors)
{
	for (size_t i = 0; i < subjects->count; i++) {
		struct why why = { "" };
		struct slice pattern = slice_of(subjects->word[i]);
		if (pattern_check(pattern, &why) != MS_OK)
			conf_error(errors, section_place(section, "subjects"),
			    "subjects: '%.80s' is not a pattern: %s",
			    subjects->word[i], why.text);
	}
}

void
persist_check(const struct conf_section *section, const void *base,
    struct conf_errors *errors)
{
	const struct persist_conf *persist = base;

	check_subjects(section, &persist->subjects, errors);
	if (persist->auto_migrate &&
	    persist->environment == ENVIRONMENT_PRODUCTION)
		conf_error(errors, section_place(section, "auto_migrate"),
		    "auto_migrate: refused with environment = production%s",
		    section && conf_entry_find(section, "environment")
			? ""
			: ", the default; set environment = development or "
			  "staging");
}
