/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one list of what a configuration file may hold.  A section is looked up
 * by kind, its name is judged, its keys go through the rows, and only when
 * all of them are good are the rules between keys asked.
 */
#include "proto/conf/sections.h"

#include "proto/conf/bus.h"
#include "proto/conf/metrics.h"
#include "proto/conf/msd.h"
#include "proto/conf/persist.h"
#include "proto/conf/pool.h"
#include "proto/conf/stream.h"
#include "proto/conf/subject.h"
#include "proto/conf/workers.h"
#include "proto/conf/workq.h"

#define NAME_BYTES_MAX 64u

const struct section_kind section_kinds[] = {
	{ "msd", SECTION_SINGLE, msd_rows, sizeof(struct msd_conf), NULL,
	    "the supervisor process: its directories, rights and deadlines" },
	{ "supervisor", SECTION_NAMED, supervisor_rows,
	    sizeof(struct supervisor_conf), NULL,
	    "a node of the tree: how its children's failures are answered" },
	{ "worker", SECTION_NAMED, worker_rows, sizeof(struct worker_conf),
	    worker_check, "a program to keep running" },
	{ "template", SECTION_NAMED, template_rows,
	    sizeof(struct template_conf), template_check,
	    "a program to run in any number, by scale and spawn; it takes the "
	    "keys of [worker] and these" },
	{ "bus", SECTION_SINGLE, bus_rows, sizeof(struct bus_conf), bus_check,
	    "the event bus: its log and limits" },
	{ "stream", SECTION_NAMED, stream_rows, sizeof(struct stream_conf),
	    stream_check, "a log of its own for some subjects of the bus" },
	{ "subject", SECTION_NAMED, subject_rows, sizeof(struct subject_conf),
	    subject_section_check, "what holds for some subjects of the bus" },
	{ "pool", SECTION_NAMED, pool_rows, sizeof(struct pool_conf),
	    pool_check, "a pool of database connections" },
	{ "persist", SECTION_SINGLE, persist_rows, sizeof(struct persist_conf),
	    persist_check, "the writer of events to PostgreSQL" },
	{ "log", SECTION_SINGLE, log_rows, sizeof(struct log_conf), NULL,
	    "the collector of the workers' output" },
	{ "config", SECTION_SINGLE, config_rows, sizeof(struct config_conf),
	    NULL, "the configuration daemon" },
	{ "workq", SECTION_SINGLE, workq_rows, sizeof(struct workq_conf), NULL,
	    "the threads of each of our workers beside its main one" },
	{ "metrics", SECTION_SINGLE, metrics_rows, sizeof(struct metrics_conf),
	    metrics_check, "the exporter of the workers' numbers" },
	{ .kind = NULL }
};

const struct section_kind *
section_kind_find(const char *kind)
{
	for (const struct section_kind *k = section_kinds; k->kind; k++)
		if (strcmp(k->kind, kind) == 0)
			return k;
	return NULL;
}

const struct conf_place *
section_place(const struct conf_section *section, const char *key)
{
	static const struct conf_place nowhere = { "default", 0, 0 };
	const struct conf_entry *entry;

	if (!section)
		return &nowhere;
	entry = conf_entry_find(section, key);
	return entry ? &entry->place : &section->place;
}

static void
refuse_kind(const struct conf_section *section, struct conf_errors *errors)
{
	const char *kinds[ARRAY_LEN(section_kinds)];
	const char *near;
	size_t n = 0;

	for (const struct section_kind *k = section_kinds; k->kind; k++)
		kinds[n++] = k->kind;
	near = suggest(slice_of(section->kind), kinds, n);
	conf_error(errors, &section->place, "[%s]: unknown section%s%s%s",
	    section->kind, near ? " (did you mean [" : "", near ? near : "",
	    near ? "]?)" : "");
}

static bool
name_is_valid(const char *name)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz"
				      "0123456789_-";
	size_t len = strlen(name);

	return len > 0 && len <= NAME_BYTES_MAX && strspn(name, allowed) == len;
}

static void
check_name(const struct conf_section *section, const struct section_kind *kind,
    struct conf_errors *errors)
{
	const char *name = section->name;

	if (kind->naming == SECTION_SINGLE) {
		if (name[0])
			conf_error(errors, &section->place,
			    "[%s %s]: takes no name, write [%s]", kind->kind,
			    name, kind->kind);
		return;
	}
	if (!name[0])
		conf_error(errors, &section->place,
		    "[%s]: needs a name, write [%s NAME]", kind->kind,
		    kind->kind);
	else if (!name_is_valid(name))
		conf_error(errors, &section->place,
		    "[%s %s]: a name is 1 to %u of A-Z a-z 0-9 _ -", kind->kind,
		    name, NAME_BYTES_MAX);
}

static void
check_section(const struct conf_section *section, struct conf_errors *errors)
{
	const struct section_kind *kind = section_kind_find(section->kind);
	size_t before = errors->count;
	struct arena arena;
	void *base;

	if (!kind) {
		refuse_kind(section, errors);
		return;
	}
	check_name(section, kind, errors);
	arena_init(&arena, CONF_FILE_BYTES_MAX * 2);
	base = arena_alloc(&arena, kind->bytes);
	if (!base) {
		conf_error(errors, &section->place, "[%s]: no memory",
		    section->kind);
		return;
	}
	conf_apply(section, kind->rows, base, kind->bytes, &arena, errors);
	if (kind->check && errors->count == before)
		kind->check(section, base, errors);
	arena_fini(&arena);
}

void
sections_check(const struct conf *conf, struct conf_errors *errors)
{
	for (size_t i = 0; i < conf->section_count; i++)
		check_section(&conf->sections[i], errors);
	pools_check(conf, errors);
	streams_check(conf, errors);
	subjects_check(conf, errors);
}
