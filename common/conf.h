/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads unit-file configuration: `[kind name]` sections, `key = value`, `#` or
 * `;` comments on their own line, trailing `\` continues, `include = globs` in
 * [msd] (relative to the file that says it), ${VAR} ${VAR:-default} and $$.
 * Layers, lowest first: the file, its includes in name order, then variables
 * MS__SECTION__KEY or MS__SECTION__NAME__KEY.  Every value keeps its place.
 *
 * All errors are collected as `file:line:column: key: what is wrong`, none
 * stops the reading.  A section given again in a later file adds to and
 * overrides the earlier; within one file it is a duplicate and an error.
 */
#ifndef COMMON_CONF_H
#define COMMON_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "common/arena.h"
#include "common/err.h"
#include "common/field.h"

#define CONF_FILE_BYTES_MAX  (4u << 20)
#define CONF_FILES_MAX       256u
#define CONF_ERRORS_MAX      200u
#define CONF_SECTIONS_MAX    4096u
#define CONF_ENTRIES_MAX     1024u /* of a section */
#define CONF_VALUE_BYTES_MAX 65536u
#define CONF_DEPTH_MAX       4u /* includes within includes */

struct conf_place {
	const char *file; /* or "environment" */
	unsigned line;
	unsigned column;
};

struct conf_entry {
	const char *key;
	struct slice value; /* expanded, continuation joined */
	struct conf_place key_place;
	struct conf_place place; /* of the value */
	/* the key given again in the same file: appends to a FIELD_REPEAT row,
	 * a duplicate (reported by conf_apply) of any other; NULL = once */
	struct conf_entry *again;
	/* the entry of a lower layer that this one overrides; NULL = none */
	const struct conf_entry *over;
};

struct conf_section {
	const char *kind;
	const char *name; /* "" when the section has none */
	struct conf_place place;
	struct conf_entry *entries; /* in order of appearance, keys unique */
	size_t entry_count;
};

struct conf {
	struct arena arena;            /* owns everything below */
	struct conf_section *sections; /* in order of first appearance */
	size_t section_count;
	const char **files; /* read, in order */
	size_t file_count;
};

struct conf_errors {
	struct arena arena;
	const char *text[CONF_ERRORS_MAX];
	size_t count; /* may pass CONF_ERRORS_MAX; the rest is only counted */
};

void conf_errors_init(struct conf_errors *errors);
void conf_errors_fini(struct conf_errors *errors);
void conf_error(struct conf_errors *errors, const struct conf_place *place,
    const char *fmt, ...) MS_PRINTF(3, 4);
/* One error per line, then "config: N errors". */
void conf_errors_print(const struct conf_errors *errors, FILE *out);

/* env: as environ; NULL = no environment layer and ${} expands to nothing.
 * A conf is always returned (possibly partial); free it with conf_free(). */
struct conf *conf_read(const char *path, char **env,
    struct conf_errors *errors);
/* The same for one text; `name` stands for the file in messages.  `include`
 * is refused.  For fuzzing, `msctl add -` and tests. */
struct conf *conf_read_text(const char *name, struct slice text, char **env,
    struct conf_errors *errors);
void conf_free(struct conf **conf);

/* A number over every section, key and value; the same for two files that say
 * the same, whatever their layout. */
uint32_t conf_digest(const struct conf *conf);

const struct conf_section *conf_find(const struct conf *conf, const char *kind,
    const char *name);
const struct conf_entry *conf_entry_find(const struct conf_section *section,
    const char *key);

/*
 * Defaults, then the section's entries, into base (zeroed here, `bytes` long).
 * section may be NULL: defaults only.  Unknown keys get a suggestion; rows
 * with FIELD_LATER are refused when given.  Strings live in arena.
 */
void conf_apply(const struct conf_section *section, const struct field *rows,
    void *base, size_t bytes, struct arena *arena, struct conf_errors *errors);

#endif
