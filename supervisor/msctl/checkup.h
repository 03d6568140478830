/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asks services how well they are, all at the same time and with one deadline;
 * for the verbs health and probe.
 */
#ifndef SUPERVISOR_MSCTL_CHECKUP_H
#define SUPERVISOR_MSCTL_CHECKUP_H

#include "common/arena.h"
#include "proto/client/call.h"
#include "proto/health.h"
#include "supervisor/msctl/msctl.h"

struct checkup;

struct patient {          /* one service; zeroed, then its name */
	const char *name; /* borrowed */
	bool asked;       /* it has a socket, and a link to it could be made */
	bool answers;
	struct why why; /* when it was asked and does not */
	enum health_level level;
	char *status; /* its own word; NULL: none */
	char *version;
	uint64_t requests, age_ms;
	struct health_check *checks; /* of a deep look */
	size_t check_count;
	struct checkup *checkup;
	struct link *link;
	bool done;
};

struct checkup {
	const struct msctl *ctl;
	struct link_hub *hub;
	struct arena arena; /* owns what patients say */
	unsigned open;
};

void checkup_init(struct checkup *checkup, const struct msctl *ctl);
/* Returns when all have answered or timeout_ms is over. */
void checkup_ask(struct checkup *checkup, struct patient *patients,
    size_t count, bool deep, uint32_t timeout_ms);
void checkup_fini(struct checkup *checkup);

#endif
