/* SPDX-License-Identifier: Apache-2.0 */
#include "workers/log/health.h"

#include <inttypes.h>
#include <string.h>

/* What was dropped longer ago is told by `msctl status`, not held against us. */
#define DROPS_FRESH_MS 60000u

void
collector_health(struct worker *w, const struct collector *collector)
{
	struct collector_facts facts;
	char age[UNIT_TEXT_BYTES];

	collector_facts(collector, mono_now(), &facts);
	health_check_aside(w, "directory", worker_log_dir(w), HEALTH_BUDGET_MS,
	    health_look_dir, worker_log_dir(w));
	if (facts.troubled)
		health_say(w, "files", facts.trouble_path,
		    facts.troubled == facts.sources ? HEALTH_FAILED
						    : HEALTH_DEGRADED,
		    "%u of %u files cannot be written: %s", facts.troubled,
		    facts.sources, strerror(facts.trouble_error));
	else
		health_say(w, "files", "", HEALTH_OK, "%u files are written",
		    facts.sources);
	if (facts.has_dropped && facts.dropped_ms < DROPS_FRESH_MS)
		health_say(w, "drops", "", HEALTH_DEGRADED,
		    "%" PRIu64 " lines dropped since its start, the last %s "
		    "ago",
		    facts.dropped, print_duration(facts.dropped_ms, age));
	else
		health_say(w, "drops", "", HEALTH_OK,
		    "%" PRIu64 " lines dropped since its start, none in the "
		    "last minute",
		    facts.dropped);
}
