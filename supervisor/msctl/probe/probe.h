/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the probe verbs share.  A probe always prints a result and ends within
 * its timeout; whatever keeps it from looking is part of the result.
 */
#ifndef SUPERVISOR_MSCTL_PROBE_PROBE_H
#define SUPERVISOR_MSCTL_PROBE_PROBE_H

#include "common/arena.h"
#include "common/mono.h"
#include "proto/client/call.h"
#include "proto/msg.h"
#include "supervisor/msctl/checkup.h"
#include "supervisor/msctl/msctl.h"
#include "supervisor/msctl/probe/nagios.h"

struct probe {
	const struct msctl *ctl;
	const struct args *args;
	struct nagios_report report;
	struct nagios_range warning, critical;
	struct mono deadline;
	struct checkup checkup; /* its arena owns what services say */
	struct json *msd;       /* version of msd, NULL: it does not answer */
};

/* A row: what one probe looks at.  NULL ranges: it has none of its own. */
struct probe_kind {
	const char *name;
	const char *warning, *critical; /* when -w, -c are not given */
	void (*look)(struct probe *probe);
};
int probe_run(struct msctl *ctl, const struct args *args,
    const struct probe_kind *kind);

/* The worker looks at itself closely; its checks become words.  False: it
 * does not answer, which was said. */
bool probe_health(struct probe *probe, const char *service);
/* One question; false: no answer, which was said. */
bool probe_ask(struct probe *probe, const char *service,
    const struct msg_desc *desc, const void *in, void *out_r,
    struct slice *body_r);
/* Adds the number that -w and -c are about; judges it and says what is wrong
 * with "LABEL is VALUE". */
void probe_judge(struct probe *probe, const char *label, double value,
    const char *uom);
/* Adds a number that is only shown. */
void probe_show(struct probe *probe, const char *label, double value,
    const char *uom);
/* A directory that msd knows ("log_dir"); NULL: it does not answer. */
const char *probe_dir(struct probe *probe, const char *key);

#endif
