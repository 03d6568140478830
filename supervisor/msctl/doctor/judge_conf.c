/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration: is it good, is it what runs, is it meant like that? */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "supervisor/msctl/doctor/checks.h"

/* PostgreSQL keeps some for superusers. */
#define CONNECTIONS_RESERVED 3u

void
judge_conf_good(const struct facts *facts, struct findings *out)
{
	const struct conf_facts *c = &facts->conf;

	if (c->error == EACCES || c->error == EPERM) {
		found(out, FINDING_UNSEEN, "%s may not be read", c->path);
	} else if (!c->exists) {
		found(out, FINDING_ERROR,
		    "there is no configuration %s; -c FILE names another",
		    c->path);
		found_remedy(out, "msctl doctor -c FILE");
	} else if (!c->is_good) {
		found(out, FINDING_ERROR, "%zu error%s, the first: %s",
		    c->error_count, c->error_count == 1 ? "" : "s",
		    c->first_error);
		found_remedy(out, "msctl check %s", shell_word(c->path).text);
	} else if (c->advice_count) {
		found(out, FINDING_WARNING, "%s", c->first_advice);
		found_remedy(out, "msctl check %s", shell_word(c->path).text);
	} else {
		found(out, FINDING_OK,
		    "%s is good, read with the environment "
		    "of %s",
		    c->path, c->env_from);
	}
}

void
judge_conf_changed(const struct facts *facts, struct findings *out)
{
	const struct conf_facts *c = &facts->conf;

	if (c->refused) {
		found(out, FINDING_ERROR,
		    "the last reload was refused and the old configuration "
		    "goes on: %s",
		    c->refusal);
		found_remedy(out, "msctl check %s", shell_word(c->path).text);
	} else if (!facts->msd.answers) {
		found(out, FINDING_OK, "nothing runs that could differ");
	} else if (c->error_count) {
		found(out, FINDING_UNSEEN,
		    "a file with errors is not compared with what runs");
	} else if (!c->digest_known) {
		found(out, FINDING_UNSEEN,
		    "whether the file is what runs, only root can tell");
	} else if (c->is_changed) {
		found(out, FINDING_WARNING,
		    "%s says something else than what runs", c->path);
	} else {
		found(out, FINDING_OK, "what runs is what %s says", c->path);
	}
}

static bool
judge_conf_worker(const struct facts *facts, const struct process_facts *p,
    struct findings *out)
{
	if (p->conf_errors) {
		found(out, FINDING_WARNING,
		    "worker %s refused its section (%u errors) and runs with "
		    "an older one",
		    p->name, p->conf_errors);
		found_remedy(out, "msctl check %s",
		    shell_word(facts->conf.path).text);
		return false;
	}
	if (!facts->conf.digest || !p->conf_digest ||
	    p->conf_digest == facts->conf.digest)
		return true;
	found(out, FINDING_WARNING,
	    "worker %s runs with another configuration than ms-config serves",
	    p->name);
	found_remedy(out, "msctl reload && msctl config watchers");
	return false;
}

void
judge_conf_workers(const struct facts *facts, struct findings *out)
{
	size_t seen = 0, good = 0;

	for (size_t i = 0; i < facts->process_count; i++) {
		const struct process_facts *p = &facts->processes[i];

		if (!p->conf_digest)
			continue;
		seen++;
		good += judge_conf_worker(facts, p, out);
	}
	if (seen && good == seen)
		found(out, FINDING_OK,
		    "%zu workers run with the configuration in force", seen);
	else if (!seen)
		found(out, UNSEEN_OF(facts),
		    "no worker has told what it runs with");
}

/* Of postures: what would be a mistake in production is a choice elsewhere. */
static bool
is_exempt(const struct facts *facts)
{
	return !facts->conf.is_good || facts->conf.is_development;
}

static void
judge_guardian_gone(struct findings *out)
{
	found(out, FINDING_WARNING,
	    "the guardian is gone: should msd die, nobody starts it again");
	found_remedy(out, "service ms restart  # stops all workers");
}

void
judge_guardian(const struct facts *facts, struct findings *out)
{
	const struct conf_facts *c = &facts->conf;

	if (!c->is_good)
		found(out, FINDING_UNSEEN,
		    "a file with errors does not tell whether there is a "
		    "guardian");
	else if (c->guardian && facts->msd.answers && !facts->msd.guardian)
		judge_guardian_gone(out);
	else if (c->guardian)
		found(out, FINDING_OK, "a guardian starts msd again");
	else if (facts->msd.has_manager)
		found(out, FINDING_OK, "msd's own manager starts it again");
	else if (is_exempt(facts))
		found(out, FINDING_OK,
		    "no guardian, in a development environment");
	else {
		found(out, FINDING_WARNING,
		    "no guardian: should msd die, nobody starts it again");
		found_edit(out, "service ms restart", "[msd] guardian = yes");
	}
}

void
judge_watchdog(const struct facts *facts, struct findings *out)
{
	const char *names = facts->conf.no_watchdog;

	if (!facts->conf.is_good)
		found(out, FINDING_UNSEEN,
		    "a file with errors does not tell about watchdogs");
	else if (!names[0])
		found(out, FINDING_OK, "our own workers have a watchdog");
	else if (is_exempt(facts))
		found(out, FINDING_OK,
		    "no watchdog in a development environment: %s", names);
	else
		found(out, FINDING_WARNING,
		    "a hanging worker is not noticed, watchdog is not set: %s",
		    names);
	if (facts->conf.is_good && names[0] && !is_exempt(facts))
		found_edit(out, "msctl reload", "[worker %.*s] watchdog = 30s",
		    (int)strcspn(names, " "), names);
}

void
judge_include(const struct facts *facts, struct findings *out)
{
	if (!facts->conf.no_include[0]) {
		found(out, FINDING_OK, "directories of `include` exist");
		return;
	}
	found(out, FINDING_WARNING,
	    "`include` names %s, and there is no such directory",
	    facts->conf.no_include);
	found_remedy(out, "mkdir -p %s",
	    shell_word(facts->conf.no_include).text);
}

void
judge_migrate(const struct facts *facts, struct findings *out)
{
	const struct conf_facts *c = &facts->conf;

	if (c->auto_migrate && !c->is_development) {
		found(out, FINDING_WARNING,
		    "auto_migrate with environment = %s: a restart may change "
		    "the schema",
		    c->environment);
		found_edit(out, "msctl reload", "[persist] auto_migrate = no");
	} else
		found(out, FINDING_OK, "%s",
		    c->auto_migrate
			? "migrations run by themselves, in development"
			: "the schema changes only when asked to");
}

void
judge_secrets(const struct facts *facts, struct findings *out)
{
	size_t bad = 0;

	for (size_t i = 0; i < facts->file_count; i++) {
		const struct file_facts *f = &facts->files[i];

		if (!f->secret[0] || f->error || !(f->mode & S_IROTH))
			continue;
		found(out, FINDING_ERROR,
		    "%s has a password in %s and may be read by anybody (mode "
		    "%03o)",
		    f->path, f->secret, f->mode & 0777);
		found_remedy(out, "chmod o-rwx %s", shell_word(f->path).text);
		bad++;
	}
	if (bad == 0)
		found(out, FINDING_OK,
		    "no password in a file that anybody may read");
}

void
judge_pool_size(const struct facts *facts, struct findings *out)
{
	uint64_t max = facts->conf.max_connections, usable;
	size_t judged = 0;

	usable = max > CONNECTIONS_RESERVED ? max - CONNECTIONS_RESERVED : 0;
	for (size_t i = 0; i < facts->pool_count; i++) {
		const struct pool_facts *p = &facts->pools[i];

		if (!p->is_database || max == 0)
			continue;
		judged++;
		found(out, p->size > usable ? FINDING_WARNING : FINDING_OK,
		    "pool %s may open %" PRIu64 " connections, PostgreSQL "
		    "takes %" PRIu64 " (max_connections, %u of them reserved)",
		    p->name, p->size, max, CONNECTIONS_RESERVED);
		if (p->size > usable)
			found_edit(out, "msctl reload",
			    "[pool %s] size = %" PRIu64, p->name, usable);
	}
	if (judged == 0)
		found(out, facts->pool_count ? FINDING_UNSEEN : FINDING_OK,
		    facts->pool_count
			? "max_connections of the database is not known"
			: "no pool is configured");
}
