/* SPDX-License-Identifier: Apache-2.0 */
/* [subject NAME]: what holds for events of some subjects. */
#ifndef PROTO_CONF_SUBJECT_H
#define PROTO_CONF_SUBJECT_H

#include "proto/conf/sections.h"

#define SUBJECT_SECTIONS_MAX 64u

enum subject_overflow {      /* when the bus cannot take more just now */
	OVERFLOW_BLOCK,      /* the publisher is told to wait */
	OVERFLOW_DISCARD_NEW /* they are left out and counted */
};
enum subject_flow {
	SUBJECT_FLOW_BUS, /* as [bus] flow says */
	SUBJECT_FLOW_OFF,
	SUBJECT_FLOW_WARN,
	SUBJECT_FLOW_REJECT
};

struct subject_conf {
	struct words subjects; /* patterns */
	int overflow;          /* enum subject_overflow */
	int flow;              /* enum subject_flow */
};
extern const struct field subject_rows[];
extern const struct field_name subject_overflow_names[];
extern const struct field_name subject_flow_names[];
void subject_section_check(const struct conf_section *section, const void *base,
    struct conf_errors *errors);
/* Too many of them, or a pattern in two. */
void subjects_check(const struct conf *conf, struct conf_errors *errors);

#endif
