/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside of the configuration reader: what conf.c, conf_expand.c and
 * conf_layers.c share while one configuration is being read.  Nobody else
 * includes this.
 */
#ifndef COMMON_CONF_READER_H
#define COMMON_CONF_READER_H

#include "common/conf.h"

struct conf_reader {
	struct conf *conf;
	char **env;
	struct conf_errors *errors;
	/* where each section was opened last; by index */
	struct conf_place *opened;
	bool full; /* out of memory or past a limit: said once */
};

/* An `include` met in [msd]; read when its file has ended. */
struct conf_include {
	struct slice value;
	struct conf_place place;
	struct conf_include *next;
};

/* One text into the conf.  include_r NULL: includes are refused. */
void conf_parse(struct conf_reader *r, const char *file, struct slice text,
    struct conf_include **include_r);

/* Index of the section, made when absent; SIZE_MAX when there is no room. */
size_t conf_reader_section(struct conf_reader *r, struct slice kind,
    struct slice name, const struct conf_place *place);
/* Takes a copy of the entry; its slices must live as long as the conf. */
void conf_reader_put(struct conf_reader *r, size_t section,
    const struct conf_entry *entry);

/* ${NAME}, ${NAME:-default} and $$; false when an error was reported.
 * exact: the value stands on one line, so columns can be told. */
bool conf_expand(struct conf_reader *r, struct slice raw,
    const struct conf_place *place, bool exact, struct slice *value_r);
/* Variables MS__SECTION__KEY and MS__KIND__NAME__KEY over what was read. */
void conf_read_env(struct conf_reader *r);

#endif
