/* SPDX-License-Identifier: Apache-2.0 */
/* What runs beside what lies on the disk; and who holds our ports. */
#include <stdio.h>
#include <string.h>

#include "common/defs.h"
#include "supervisor/msctl/doctor/checks.h"

/* Versions of NNG whose traps are known here, and what became of them. */
static const struct nng_version {
	const char *version;
	const char *note;
} nng_versions[] = {
	{ "1.5.2",
	    "its traps (a listener broken by a client that comes and goes, "
	    "PUB queues of 16) are worked around" },
};

void
judge_version_msd(const struct facts *facts, struct findings *out)
{
	const struct msd_facts *m = &facts->msd;

	if (!m->answers)
		found(out, UNSEEN_OF(facts),
		    "msctl is %s; which msd there is, is not known",
		    m->own_version);
	else if (strcmp(m->version, m->own_version) != 0)
		found(out, FINDING_WARNING,
		    "msctl is %s and the msd that runs is %s", m->own_version,
		    m->version);
	else
		found(out, FINDING_OK, "msctl and msd are %s", m->version);
}

void
judge_version_workers(const struct facts *facts, struct findings *out)
{
	size_t same = 0, bad = 0;

	for (size_t i = 0; i < facts->process_count; i++) {
		const struct process_facts *p = &facts->processes[i];

		if (p->version[0] == '\0')
			continue;
		if (strcmp(p->version, facts->msd.own_version) == 0) {
			same++;
			continue;
		}
		found(out, FINDING_WARNING, "worker %s is version %s, not %s",
		    p->name, p->version, facts->msd.own_version);
		found_remedy(out, "msctl restart %s --wait", p->name);
		bad++;
	}
	if (bad == 0)
		found(out, same ? FINDING_OK : UNSEEN_OF(facts),
		    same ? "%zu workers are of the same version"
			 : "no worker has told its version (%zu)",
		    same);
}

static void
say_renew(const struct process_facts *p, struct findings *out)
{
	if (strcmp(p->name, "msd") == 0)
		found_remedy(out, "msctl reexec");
	else if (strcmp(p->name, "guardian") == 0)
		found_remedy(out, "service ms restart  # stops all workers");
	else
		found_remedy(out, "msctl restart %s --wait", p->name);
}

static void
say_hidden(const struct facts *facts, size_t seen, struct findings *out)
{
	if (facts->process_count == 0)
		found(out, UNSEEN_OF(facts), "nothing of ours runs");
	else if (seen < facts->process_count)
		found(out, FINDING_UNSEEN,
		    "%zu of %zu processes can only be looked at by root",
		    facts->process_count - seen, facts->process_count);
}

void
judge_programs(const struct facts *facts, struct findings *out)
{
	size_t seen = 0, bad = 0;

	for (size_t i = 0; i < facts->process_count; i++) {
		const struct process_facts *p = &facts->processes[i];

		if (!p->exe_known)
			continue;
		seen++;
		if (!p->exe_is_gone)
			continue;
		found(out, FINDING_WARNING,
		    "%s runs a program that was replaced on the disk since",
		    p->name);
		say_renew(p, out);
		bad++;
	}
	say_hidden(facts, seen, out);
	if (bad == 0 && seen)
		found(out, FINDING_OK,
		    "%zu processes run the programs that are installed", seen);
}

void
judge_libraries(const struct facts *facts, struct findings *out)
{
	size_t seen = 0, bad = 0;

	for (size_t i = 0; i < facts->process_count; i++) {
		const struct process_facts *p = &facts->processes[i];

		if (!p->exe_known)
			continue;
		seen++;
		if (!p->library[0])
			continue;
		found(out, FINDING_WARNING,
		    "%s still uses a %s that was replaced on the disk", p->name,
		    p->library);
		say_renew(p, out);
		bad++;
	}
	say_hidden(facts, seen, out);
	if (bad == 0 && seen)
		found(out, FINDING_OK,
		    "%zu processes use the libraries that are installed", seen);
}

static const struct nng_version *
nng_find(const char *version)
{
	for (size_t i = 0; i < ARRAY_LEN(nng_versions); i++)
		if (strcmp(nng_versions[i].version, version) == 0)
			return &nng_versions[i];
	return NULL;
}

void
judge_nng(const struct facts *facts, struct findings *out)
{
	const struct nng_version *known = NULL;
	size_t bad = 0;

	for (size_t i = 0; i < facts->process_count; i++) {
		const struct process_facts *p = &facts->processes[i];

		if (!p->nng[0] || (known = nng_find(p->nng)))
			continue;
		found(out, FINDING_WARNING,
		    "%s runs with NNG %s, which this version was not tested "
		    "with",
		    p->name, p->nng);
		bad++;
	}
	if (bad == 0 && known)
		found(out, FINDING_OK, "NNG %s: %s", known->version,
		    known->note);
	else if (bad == 0)
		found(out, UNSEEN_OF(facts),
		    "which NNG the workers use could not be seen");
}

/* ---- ports ------------------------------------------------------------------ */

static void
judge_port(const struct listener_facts *l, struct findings *out)
{
	switch (l->state) {
	case LISTENER_OURS:
		found(out, FINDING_OK, "%s holds %s:%u", l->owner, l->address,
		    l->port);
		break;
	case LISTENER_FREE:
		found(out, l->is_wanted ? FINDING_WARNING : FINDING_OK,
		    l->is_wanted ? "%s is up and nobody listens on %s:%u"
				 : "%s: %s:%u is free",
		    l->owner, l->address, l->port);
		if (l->is_wanted)
			found_remedy(out, "msctl status -a");
		break;
	case LISTENER_FOREIGN:
		found(out, FINDING_ERROR,
		    "%s wants %s:%u, which process %ld (%s) holds", l->owner,
		    l->address, l->port, l->pid, l->holder);
		found_edit(out, "msctl reload",
		    "another port for %s, or: kill %ld", l->owner, l->pid);
		break;
	case LISTENER_SOMEBODY:
		found(out, l->is_wanted ? FINDING_UNSEEN : FINDING_WARNING,
		    "%s: %s:%u is taken, by whom only root can see", l->owner,
		    l->address, l->port);
		if (!l->is_wanted)
			found_remedy(out, "ss -ltnp 'sport = :%u'", l->port);
		break;
	}
}

void
judge_ports(const struct facts *facts, struct findings *out)
{
	for (size_t i = 0; i < facts->listener_count; i++)
		judge_port(&facts->listeners[i], out);
	if (facts->listener_count == 0)
		found(out, FINDING_OK, "no TCP port is configured");
}
