/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A worker reads the whole file but answers for its own section only: an error
 * elsewhere must not stop the bus, and msd has told of it.  Errors of reading
 * (no `=`, an unknown variable) carry their place as text, so whose they are
 * is found by the nearest section or key above that place.
 */
#include <stdio.h>
#include <stdlib.h>

#include "common/alloc.h"
#include "proto/conf/sections.h"
#include "workers/worker_impl.h"

extern char **environ;

struct settings_past {
	struct settings_past *next;
	struct arena strings;
};

/* "file:line:column: ..." of an error's text; false when it has no place. */
static bool
error_place(const char *text, const char *file, unsigned *line_r)
{
	size_t len = strlen(file);

	return strncmp(text, file, len) == 0 &&
	    sscanf(text + len, ":%u:", line_r) == 1;
}

/* Keeps the greatest line that is not below `line`. */
static void
consider(const struct conf_place *place, const struct conf_section *section,
    const char *text, unsigned *best, const struct conf_section **owner)
{
	unsigned line;

	if (place->file && error_place(text, place->file, &line) &&
	    place->line <= line && place->line >= *best) {
		*best = place->line;
		*owner = section;
	}
}

static bool
error_is_of(const char *text, const struct conf *conf,
    const struct conf_section *own)
{
	const struct conf_section *owner = NULL;
	unsigned best = 0;

	for (size_t i = 0; i < conf->section_count; i++) {
		const struct conf_section *s = &conf->sections[i];

		consider(&s->place, s, text, &best, &owner);
		for (size_t k = 0; k < s->entry_count; k++)
			consider(&s->entries[k].key_place, s, text, &best,
			    &owner);
	}
	return own && owner == own;
}

static void
keep_own_errors(const struct conf_errors *all, const struct conf *conf,
    const struct conf_section *own, struct conf_errors *errors)
{
	for (size_t i = 0; i < all->count && i < CONF_ERRORS_MAX; i++) {
		if (error_is_of(all->text[i], conf, own))
			conf_error(errors, NULL, "%s", all->text[i]);
	}
}

static void
apply_section(const struct conf_section *section,
    const struct worker_desc *desc, void *base, struct arena *strings,
    struct conf_errors *errors)
{
	const struct section_kind *kind = section_kind_find(desc->section);

	conf_apply(section, desc->rows, base, desc->conf_bytes, strings,
	    errors);
	if (errors->count == 0 && kind && kind->check && section)
		kind->check(section, base, errors);
}

/* A file that cannot be read at all is everybody's error. */
static struct conf *
read_own(const char *path, const struct worker_desc *desc, void *base,
    struct arena *strings, struct conf_errors *errors)
{
	struct conf_errors all;
	struct conf *conf;
	const struct conf_section *own = NULL;

	conf_errors_init(&all);
	conf = conf_read(path, environ, &all);
	if (conf->file_count == 0) {
		for (size_t i = 0; i < all.count && i < CONF_ERRORS_MAX; i++)
			conf_error(errors, NULL, "%s", all.text[i]);
		if (errors->count == 0)
			conf_error(errors, NULL, "%s: cannot be read", path);
	} else if (desc->section) {
		own = conf_find(conf, desc->section, "");
		keep_own_errors(&all, conf, own, errors);
		apply_section(own, desc, base, strings, errors);
	}
	if (conf->file_count > 0 && desc->check)
		desc->check(conf, errors);
	conf_errors_fini(&all);
	return conf;
}

enum ms_err
settings_load(struct settings *settings, const char *path,
    const struct worker_desc *desc, struct conf_errors *errors)
{
	arena_init(&settings->strings, 0);
	settings->conf =
	    read_own(path, desc, desc->conf, &settings->strings, errors);
	settings->digest = conf_digest(settings->conf);
	return errors->count ? MS_ECONFIG : MS_OK;
}

/* What the worker took from older structs points into older strings. */
static void
remember(struct settings *settings, struct arena *strings)
{
	struct settings_past *past = xcalloc(1, sizeof(*past));

	past->strings = *strings;
	past->next = settings->past;
	settings->past = past;
}

static bool
section_same(const struct worker_desc *desc, const void *a, const void *b)
{
	for (const struct field *row = desc->rows; row && row->name; row++) {
		if (!field_same(row, a, b))
			return false;
	}
	return true;
}

enum ms_err
settings_reload(struct settings *settings, const char *path, struct worker *w,
    const struct worker_desc *desc, struct conf_errors *errors)
{
	void *base = desc->rows ? xcalloc(1, desc->conf_bytes) : NULL;
	struct arena strings;
	struct conf *conf, *old = settings->conf;
	bool same;

	arena_init(&strings, 0);
	conf = read_own(path, desc, base, &strings, errors);
	settings->errors = (uint32_t)errors->count;
	if (errors->count) {
		arena_fini(&strings);
		conf_free(&conf);
		free(base);
		return MS_ECONFIG;
	}
	settings->conf = conf;
	settings->digest = conf_digest(conf);
	/* Nothing new to point at: the worker gets what it has. */
	same = !base || section_same(desc, base, desc->conf);
	if (desc->reload)
		desc->reload(w, same ? desc->conf : base);
	if (same || !desc->reload)
		arena_fini(&strings);
	else
		remember(settings, &strings);
	conf_free(&old);
	free(base);
	return MS_OK;
}

void
settings_fini(struct settings *settings)
{
	while (settings->past) {
		struct settings_past *past = settings->past;

		settings->past = past->next;
		arena_fini(&past->strings);
		free(past);
	}
	arena_fini(&settings->strings);
	conf_free(&settings->conf);
}
