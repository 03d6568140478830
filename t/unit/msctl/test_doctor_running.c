/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>

#include "t/unit/msctl/doctor_fixture.h"

#define SET(to, text) snprintf(to, sizeof(to), "%s", text)

START_TEST(versions_that_differ_are_told)
{
	struct facts *f = facts_new();

	is_fine(judge_version_msd, f);
	is_fine(judge_version_workers, f);
	SET(f->msd.version, "0.9");
	says(judge_version_msd, f, FINDING_WARNING, "0.9", "");
	SET(fixture_process.version, "0.8");
	says(judge_version_workers, f, FINDING_WARNING, "0.8",
	    "msctl restart bus");
	free(f);
}
END_TEST

START_TEST(replaced_programs_and_libraries_are_renewed_each_its_way)
{
	struct facts *f = facts_new();

	is_fine(judge_programs, f);
	is_fine(judge_libraries, f);
	fixture_process.exe_is_gone = true;
	says(judge_programs, f, FINDING_WARNING, "replaced",
	    "msctl restart bus --wait");
	SET(fixture_process.library, "libssl.so.3");
	says(judge_libraries, f, FINDING_WARNING, "libssl.so.3",
	    "msctl restart bus");
	SET(fixture_process.name, "msd");
	says(judge_programs, f, FINDING_WARNING, "msd", "msctl reexec");
	fixture_process.exe_known = false;
	says(judge_programs, f, FINDING_UNSEEN, "root", "");
	free(f);
}
END_TEST

START_TEST(an_unknown_nng_is_a_warning)
{
	struct facts *f = facts_new();

	is_fine(judge_nng, f);
	SET(fixture_process.nng, "1.9.0");
	says(judge_nng, f, FINDING_WARNING, "1.9.0", "");
	free(f);
}
END_TEST

START_TEST(a_port_is_free_ours_or_of_a_stranger)
{
	struct facts *f = facts_new();
	struct listener_facts *l = &f->listeners[f->listener_count++];

	*l = (struct listener_facts){ .owner = "[worker web]",
		.address = "127.0.0.1",
		.port = 80,
		.state = LISTENER_FREE };
	is_fine(judge_ports, f);
	l->is_wanted = true;
	says(judge_ports, f, FINDING_WARNING, "nobody listens", "msctl");
	l->state = LISTENER_OURS;
	is_fine(judge_ports, f);
	l->state = LISTENER_FOREIGN;
	l->pid = 99;
	SET(l->holder, "nginx");
	says(judge_ports, f, FINDING_ERROR, "99 (nginx)", "kill 99");
	l->state = LISTENER_SOMEBODY;
	says(judge_ports, f, FINDING_UNSEEN, "only root", "");
	free(f);
}
END_TEST

/* ---- configuration ------------------------------------------------------------ */

START_TEST(a_wrong_or_absent_configuration_is_an_error)
{
	struct facts *f = facts_new();

	is_fine(judge_conf_good, f);
	f->conf.advice_count = 1;
	SET(f->conf.first_advice, "may crash for ever");
	says(judge_conf_good, f, FINDING_WARNING, "for ever", "msctl check");
	f->conf.is_good = false;
	f->conf.error_count = 2;
	SET(f->conf.first_error, "x:1:1: no");
	says(judge_conf_good, f, FINDING_ERROR, "2 errors, the first: x:1:1",
	    "msctl check /etc/ms/ms.conf");
	f->conf.exists = false;
	says(judge_conf_good, f, FINDING_ERROR, "no configuration", "-c");
	f->conf.error = EACCES;
	says(judge_conf_good, f, FINDING_UNSEEN, "may not be read", "");
	free(f);
}
END_TEST

START_TEST(a_file_that_is_not_what_runs_wants_a_reload)
{
	struct facts *f = facts_new();

	is_fine(judge_conf_changed, f);
	f->conf.is_changed = true;
	says(judge_conf_changed, f, FINDING_WARNING, "something else", "");
	f->conf.digest_known = false;
	says(judge_conf_changed, f, FINDING_UNSEEN, "root", "");
	f->conf.refused = true;
	says(judge_conf_changed, f, FINDING_ERROR, "refused", "msctl check");
	f->conf.refused = false;
	f->msd.answers = false;
	is_fine(judge_conf_changed, f);
	free(f);
}
END_TEST

START_TEST(a_worker_with_another_configuration_is_told)
{
	struct facts *f = facts_new();

	says(judge_conf_workers, f, FINDING_UNSEEN, "no worker", "");
	f->conf.digest = fixture_process.conf_digest = 5;
	is_fine(judge_conf_workers, f);
	fixture_process.conf_digest = 6;
	says(judge_conf_workers, f, FINDING_WARNING, "another", "reload");
	fixture_process.conf_errors = 2;
	says(judge_conf_workers, f, FINDING_WARNING, "2 errors", "check");
	free(f);
}
END_TEST

START_TEST(production_has_a_guardian_or_a_manager)
{
	struct facts *f = facts_new();

	says(judge_guardian, f, FINDING_WARNING, "no guardian",
	    "guardian = yes");
	f->msd.has_manager = true;
	is_fine(judge_guardian, f);
	f->msd.has_manager = false;
	f->conf.is_development = true;
	is_fine(judge_guardian, f);
	f->conf.guardian = true;
	says(judge_guardian, f, FINDING_WARNING, "is gone", "restart");
	f->msd.guardian = 4;
	is_fine(judge_guardian, f);
	free(f);
}
END_TEST

START_TEST(our_workers_have_a_watchdog_in_production)
{
	struct facts *f = facts_new();

	is_fine(judge_watchdog, f);
	SET(f->conf.no_watchdog, "bus pool");
	says(judge_watchdog, f, FINDING_WARNING, "bus pool",
	    "[worker bus] watchdog = 30s");
	f->conf.is_development = true;
	is_fine(judge_watchdog, f);
	free(f);
}
END_TEST

START_TEST(include_and_migrate_are_told)
{
	struct facts *f = facts_new();

	is_fine(judge_include, f);
	SET(f->conf.no_include, "/etc/ms/conf.d");
	says(judge_include, f, FINDING_WARNING, "conf.d",
	    "mkdir -p /etc/ms/conf.d");
	is_fine(judge_migrate, f);
	f->conf.auto_migrate = true;
	SET(f->conf.environment, "staging");
	says(judge_migrate, f, FINDING_WARNING, "staging", "auto_migrate = no");
	f->conf.is_development = true;
	is_fine(judge_migrate, f);
	free(f);
}
END_TEST

START_TEST(a_password_is_not_for_everybody_to_read)
{
	struct facts *f = facts_new();
	struct file_facts *file = &f->files[f->file_count++];

	*file = (struct file_facts){ .path = "/etc/ms/ms.conf",
		.exists = true,
		.mode = 0100644 };
	is_fine(judge_secrets, f);
	SET(file->secret, "upstream of [pool main]");
	says(judge_secrets, f, FINDING_ERROR, "upstream of [pool main]",
	    "chmod o-rwx");
	file->mode = 0100640;
	is_fine(judge_secrets, f);
	free(f);
}
END_TEST

START_TEST(a_pool_fits_into_the_connections_of_its_server)
{
	struct facts *f = facts_new();
	struct pool_facts *p = &f->pools[f->pool_count++];

	*p = (struct pool_facts){ .name = "main",
		.size = 97,
		.is_database = true };
	says(judge_pool_size, f, FINDING_UNSEEN, "not known", "");
	f->conf.max_connections = 100;
	is_fine(judge_pool_size, f);
	p->size = 98;
	says(judge_pool_size, f, FINDING_WARNING, "98 connections",
	    "[pool main] size = 97");
	free(f);
}
END_TEST

/* ---- what runs ---------------------------------------------------------------- */

START_TEST(a_msd_that_died_or_hangs_is_told)
{
	struct facts *f = facts_new();

	is_fine(judge_msd, f);
	f->msd.starts = 3;
	says(judge_msd, f, FINDING_WARNING, "start 3", "msctl events");
	f->msd.answers = false;
	is_fine(judge_msd, f);
	f->msd.pid_in_file = 77;
	says(judge_msd, f, FINDING_WARNING, "77", "");
	f->msd.pid_is_msd = true;
	says(judge_msd, f, FINDING_ERROR, "does not answer", "kill -KILL 77");
	free(f);
}
END_TEST

START_TEST(failed_and_waiting_workers_are_errors)
{
	struct facts *f = facts_new();

	is_fine(judge_workers, f);
	fixture_worker.check_failures = 2;
	says(judge_workers, f, FINDING_WARNING, "2 health checks", "status");
	SET(fixture_worker.state, "backoff");
	SET(fixture_worker.said, "exit code 3");
	says(judge_workers, f, FINDING_ERROR, "exit code 3", "msctl why bus");
	SET(fixture_worker.state, "failed");
	says(judge_workers, f, FINDING_ERROR, "not started again",
	    "msctl why bus");
	free(f);
}
END_TEST

START_TEST(a_silent_service_of_a_ready_worker_is_an_error)
{
	struct facts *f = facts_new();

	says(judge_services, f, FINDING_UNSEEN, "no service", "");
	fixture_process.is_asked = fixture_process.answers = true;
	is_fine(judge_services, f);
	fixture_process.answers = false;
	says(judge_services, f, FINDING_ERROR, "does not answer",
	    "msctl restart bus");
	free(f);
}
END_TEST

START_TEST(what_is_not_configured_is_not_missed)
{
	struct facts *f = facts_new();

	f->bus.known = false;
	is_fine(judge_bus, f);
	is_fine(judge_pools, f);
	f->conf.has_bus = f->conf.has_pool = true;
	says(judge_bus, f, FINDING_UNSEEN, "not answered", "");
	says(judge_pools, f, FINDING_UNSEEN, "no pool has answered", "");
	free(f);
}
END_TEST

START_TEST(a_storm_is_three_deaths_within_ten_minutes)
{
	struct facts *f = facts_new();

	fixture_worker.deaths_lately = 2;
	is_fine(judge_storms, f);
	fixture_worker.deaths_lately = 3;
	says(judge_storms, f, FINDING_WARNING, "3 times", "why bus --all");
	free(f);
}
END_TEST

START_TEST(lost_lines_are_counted)
{
	struct facts *f = facts_new();

	is_fine(judge_logs, f);
	fixture_worker.log_dropped = 12;
	says(judge_logs, f, FINDING_WARNING, "12 lines", "msctl show bus");
	free(f);
}
END_TEST

START_TEST(a_bus_that_stands_says_where)
{
	struct facts *f = facts_new();

	is_fine(judge_bus, f);
	f->bus.dedup_is_cut = true;
	f->bus.dedup_entries = 1024;
	says(judge_bus, f, FINDING_WARNING, "dedup_entries",
	    "dedup_entries = 2048");
	f->bus.dedup_is_cut = false;
	f->bus.quarantined = 2;
	says(judge_bus, f, FINDING_WARNING, "quarantine", "bus dlq");
	f->bus.quarantined = 0;
	SET(f->bus.full, "slow");
	says(judge_bus, f, FINDING_WARNING, "max_ack_pending", "bus stats");
	SET(f->bus.stuck, "stuck");
	says(judge_bus, f, FINDING_WARNING, "again and again", "bus dlq");
	free(f);
}
END_TEST

START_TEST(an_exhausted_pool_is_told_apart_from_a_dead_database)
{
	struct facts *f = facts_new();
	struct pool_facts *p = &f->pools[f->pool_count++];

	*p = (struct pool_facts){ .name = "main",
		.size = 10,
		.busy = 10,
		.status_known = true };
	is_fine(judge_pools, f);
	p->waiting = 4;
	says(judge_pools, f, FINDING_WARNING, "exhausted", "");
	p->busy = 0;
	SET(p->last_error, "connection refused");
	says(judge_pools, f, FINDING_ERROR, "connection refused", "");
	free(f);
}
END_TEST

START_TEST(a_broken_segment_is_told_with_its_reason)
{
	struct facts *f = facts_new();
	struct segment_facts *s = &f->segments[0];

	is_fine(judge_segments, f);
	f->segment_count = 1;
	*s = (struct segment_facts){ .name = "bus", .problem = "bad magic" };
	says(judge_segments, f, FINDING_WARNING, "bad magic",
	    "msctl restart bus");
	free(f);
}
END_TEST

START_TEST(where_nothing_runs_nothing_is_unseen)
{
	struct facts *f = facts_new();

	f->msd = (struct msd_facts){ .own_version = "1.0" };
	f->nothing_runs = true;
	f->process_count = f->worker_count = 0;
	f->bus.known = false;
	f->segments_good = 0;
	is_fine(judge_version_msd, f);
	is_fine(judge_version_workers, f);
	is_fine(judge_programs, f);
	is_fine(judge_nng, f);
	is_fine(judge_workers, f);
	is_fine(judge_bus, f);
	is_fine(judge_pools, f);
	is_fine(judge_segments, f);
	is_fine(judge_memlock, f);
	free(f);
}
END_TEST

START_TEST(every_check_has_a_sentence_and_a_group_of_its_own)
{
	for (const struct check *c = doctor_checks; c->name; c++) {
		ck_assert_ptr_nonnull(strchr(c->name, '.'));
		ck_assert_uint_gt(strlen(c->looks_at), 10);
		for (const struct check *d = doctor_checks; d != c; d++)
			ck_assert_str_ne(c->name, d->name);
	}
	ck_assert(check_is(&doctor_checks[0], "environment"));
	ck_assert(!check_is(&doctor_checks[0], "env"));
}
END_TEST

UNIT(doctor_running, versions_that_differ_are_told,
    replaced_programs_and_libraries_are_renewed_each_its_way,
    an_unknown_nng_is_a_warning, a_port_is_free_ours_or_of_a_stranger,
    a_wrong_or_absent_configuration_is_an_error,
    a_file_that_is_not_what_runs_wants_a_reload,
    a_worker_with_another_configuration_is_told,
    production_has_a_guardian_or_a_manager,
    our_workers_have_a_watchdog_in_production, include_and_migrate_are_told,
    a_password_is_not_for_everybody_to_read,
    a_pool_fits_into_the_connections_of_its_server,
    a_msd_that_died_or_hangs_is_told, failed_and_waiting_workers_are_errors,
    a_silent_service_of_a_ready_worker_is_an_error,
    what_is_not_configured_is_not_missed,
    a_storm_is_three_deaths_within_ten_minutes, lost_lines_are_counted,
    a_bus_that_stands_says_where,
    an_exhausted_pool_is_told_apart_from_a_dead_database,
    a_broken_segment_is_told_with_its_reason,
    where_nothing_runs_nothing_is_unseen,
    every_check_has_a_sentence_and_a_group_of_its_own)
