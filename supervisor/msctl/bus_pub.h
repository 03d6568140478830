/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of `msctl bus pub` share. */
#ifndef SUPERVISOR_MSCTL_BUS_PUB_H
#define SUPERVISOR_MSCTL_BUS_PUB_H

#include "common/mono.h"
#include "proto/client/ms.h"
#include "supervisor/msctl/event_file.h"
#include "supervisor/msctl/msctl.h"

#define BUS_PUB_SOURCE_BYTES 64

struct pub {
	const struct msctl *ctl;
	const char *subject; /* NULL: every event carries its own */
	const char *type;    /* NULL: the subject */
	enum ms_durability durability;
	const char *traceparent; /* NULL: what events say themselves */
	uint64_t rate;           /* events a second, 0 = as fast as it goes */
	char source[BUS_PUB_SOURCE_BYTES];
	struct event_file file;
	struct mono started;
	struct {
		bool asked; /* all of it is one unit */
		bool mandatory;
		const char *stream;
		bool checks_last, checks_subject;
		uint64_t last_seq, last_subject_seq;
		uint64_t ttl_ms;
	} unit;
};

const char *bus_durability_word(enum ms_durability durability);
bool bus_event_is_bare(struct slice line);

/* ---- bus_unit.c: all or none */
int bus_unit_read(struct pub *pub, const struct args *args);
int bus_unit_publish(const struct pub *pub, struct ms *ms);

#endif
