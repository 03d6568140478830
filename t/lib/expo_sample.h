/* SPDX-License-Identifier: Apache-2.0 */
/* One line of an exposition taken apart, as its grammar has it. */
#ifndef T_LIB_EXPO_SAMPLE_H
#define T_LIB_EXPO_SAMPLE_H

#include <stdbool.h>

#include "common/str.h"

#define EXPO_LABELS_MAX 32

struct label {
	struct slice name, value; /* value: escapes kept */
};
struct expo_labels {
	struct label label[EXPO_LABELS_MAX];
	size_t count;
	bool reserved; /* a name begins with __ */
	bool twice;    /* two have one name */
};

struct expo_sample {
	struct slice name;
	struct expo_labels labels;
	double value;
	struct slice exemplar; /* behind "# "; empty: none */
};
struct expo_exemplar {
	struct expo_labels labels;
	double value;
};

/* False: the line breaks the grammar. */
bool expo_sample_parse(struct slice line, bool open, struct expo_sample *s);
bool expo_exemplar_parse(struct slice line, struct expo_exemplar *e);

bool expo_has_suffix(struct slice name, const char *suffix);
bool expo_is_name(struct slice s, bool colon);
bool expo_is_number(struct slice s, double *value_r);
/* \\ and \n, \" where quotes are escaped; nothing else */
bool expo_is_escaped(struct slice s, bool quotes);

#endif
