/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every kind of section a configuration file may hold, with its rows.  Rows
 * live on this floor because msd checks all of them (`msd -t`), ms-config
 * serves all of them, and each worker reads its own.  Pure.
 */
#ifndef PROTO_CONF_SECTIONS_H
#define PROTO_CONF_SECTIONS_H

#include "common/conf.h"

enum section_naming {
	SECTION_SINGLE, /* [bus] */
	SECTION_NAMED   /* [pool NAME], any number */
};

struct section_kind {
	const char *kind;
	enum section_naming naming;
	const struct field *rows;
	size_t bytes; /* of the struct the rows describe */
	/* cross-key rules, NULL = none; base has been filled without error */
	void (*check)(const struct conf_section *section, const void *base,
	    struct conf_errors *errors);
	const char *help;
};

/* Ended by an entry without kind. */
extern const struct section_kind section_kinds[];
const struct section_kind *section_kind_find(const char *kind);

/* Where a message about `key` points: its value, or the section's header when
 * the default is meant. */
const struct conf_place *section_place(const struct conf_section *section,
    const char *key);

/* Kinds, names, keys, values and cross-key rules of the whole conf. */
void sections_check(const struct conf *conf, struct conf_errors *errors);

#endif
