/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>

#include "t/unit/msctl/doctor_fixture.h"

START_TEST(an_old_kernel_is_an_error)
{
	struct facts *f = facts_new();

	is_fine(judge_kernel, f);
	f->host.kernel_major = 5;
	f->host.kernel_minor = 8;
	says(judge_kernel, f, FINDING_ERROR, "older than", "");
	f->host.kernel_minor = 9;
	is_fine(judge_kernel, f);
	free(f);
}
END_TEST

START_TEST(control_groups_count_only_when_asked_for)
{
	struct facts *f = facts_new();

	f->host.cgroup_kill = false;
	is_fine(judge_cgroups, f);
	f->host.cgroup_wanted = true;
	says(judge_cgroups, f, FINDING_WARNING, "unified", "");
	snprintf(f->host.cgroup_lack, sizeof(f->host.cgroup_lack), "memory");
	says(judge_cgroups, f, FINDING_WARNING, "memory", "");
	f->host.cgroup_known = false;
	says(judge_cgroups, f, FINDING_UNSEEN, "root", "");
	free(f);
}
END_TEST

START_TEST(descriptors_near_their_limit_are_told_with_a_higher_one)
{
	struct facts *f = facts_new();

	is_fine(judge_files_open, f);
	fixture_process.fds = 820;
	says(judge_files_open, f, FINDING_WARNING, "820 of 1024",
	    "limit_nofile = 2048");
	fixture_process.fds = 1000;
	says(judge_files_open, f, FINDING_ERROR, "1000 of 1024",
	    "/etc/ms/ms.conf");
	fixture_process.fds_known = false;
	says(judge_files_open, f, FINDING_UNSEEN, "root", "");
	free(f);
}
END_TEST

START_TEST(tasks_are_judged_for_the_machine_and_for_each_user)
{
	struct facts *f = facts_new();

	is_fine(judge_tasks, f);
	f->host.threads = 30000;
	says(judge_tasks, f, FINDING_WARNING, "30000 tasks", "sysctl");
	f->host.threads = 200;
	fixture_process.nproc_max = 100;
	fixture_process.user_tasks = 90;
	says(judge_tasks, f, FINDING_WARNING, "90 of 100", "limit_nproc = 200");
	fixture_process.uid = 0; /* root's limit is not enforced */
	is_fine(judge_tasks, f);
	free(f);
}
END_TEST

START_TEST(little_memory_to_lock_is_a_warning)
{
	struct facts *f = facts_new();

	is_fine(judge_memlock, f);
	fixture_process.memlock_max = 0;
	says(judge_memlock, f, FINDING_WARNING, "lock", "limit_memlock");
	free(f);
}
END_TEST

START_TEST(a_clock_that_nobody_keeps_or_that_went_back_is_told)
{
	struct facts *f = facts_new();

	is_fine(judge_clock_sync, f);
	is_fine(judge_clock_sane, f);
	f->clock.is_synchronised = false;
	says(judge_clock_sync, f, FINDING_WARNING, "clock", "");
	f->clock.known = false;
	says(judge_clock_sync, f, FINDING_UNSEEN, "clock", "");
	f->clock.ahead_ms = 60000;
	says(judge_clock_sane, f, FINDING_WARNING, "60 s", "timedatectl");
	f->clock.wall_ns = 0;
	says(judge_clock_sane, f, FINDING_ERROR, "1970", "");
	free(f);
}
END_TEST

/* ---- files ------------------------------------------------------------------ */

static struct dir_facts *
add_dir(struct facts *f)
{
	struct dir_facts *d = &f->dirs[f->dir_count++];

	*d = (struct dir_facts){ .role = "log_dir",
		.path = "/var/log/ms",
		.exists = true,
		.is_dir = true,
		.is_readable = true,
		.mode = 040755,
		.space_known = true,
		.bytes = 1000u << 20,
		.bytes_free = 500u << 20,
		.inodes = 100000,
		.inodes_free = 90000 };
	return d;
}

START_TEST(directories_are_there_readable_and_not_for_everybody_to_write)
{
	struct facts *f = facts_new();
	struct dir_facts *d = add_dir(f);

	is_fine(judge_dirs, f);
	d->mode = 040777;
	says(judge_dirs, f, FINDING_ERROR, "anybody", "chmod o-w /var/log/ms");
	d->mode = 041777; /* sticky: as /tmp */
	is_fine(judge_dirs, f);
	d->mode = 040000;
	says(judge_dirs, f, FINDING_ERROR, "closed", "chmod u+rwx");
	d->mode = 040755;
	d->is_readable = false;
	says(judge_dirs, f, FINDING_ERROR, "cannot be read", "chmod");
	d->exists = false;
	d->error = ENOENT;
	says(judge_dirs, f, FINDING_ERROR, "any more", "mkdir");
	f->msd.answers = false; /* the next start makes it */
	is_fine(judge_dirs, f);
	free(f);
}
END_TEST

START_TEST(room_is_judged_by_thresholds_and_by_what_may_grow)
{
	struct facts *f = facts_new();
	struct dir_facts *d = add_dir(f);

	is_fine(judge_space, f);
	d->may_grow_bytes = 600u << 20;
	says(judge_space, f, FINDING_WARNING, "may grow by 600.0 MiB",
	    "retention_size = 250M");
	d->may_grow_bytes = 0;
	d->bytes_free = 99u << 20;
	says(judge_space, f, FINDING_WARNING, "99.0 MiB free", "du ");
	d->bytes_free = 20u << 20;
	says(judge_space, f, FINDING_ERROR, "20.0 MiB free", "du ");
	f->thresholds = (struct thresholds){ 0, 0 };
	is_fine(judge_space, f);
	free(f);
}
END_TEST

START_TEST(inodes_run_out_like_space_and_not_where_there_is_no_limit)
{
	struct facts *f = facts_new();
	struct dir_facts *d = add_dir(f);

	is_fine(judge_inodes, f);
	d->inodes_free = 5000;
	says(judge_inodes, f, FINDING_WARNING, "5000 of 100000", "inodes");
	d->inodes = 0;
	is_fine(judge_inodes, f);
	free(f);
}
END_TEST

START_TEST(a_stale_socket_is_removed_or_its_owner_restarted)
{
	struct facts *f = facts_new();
	struct socket_facts *s = &f->sockets[f->socket_count++];

	*s = (struct socket_facts){ .role = "bus",
		.path = "/run/ms/bus.ipc",
		.state = SOCKET_LISTENS };
	is_fine(judge_sockets, f);
	s->state = SOCKET_STALE;
	says(judge_sockets, f, FINDING_WARNING, "nobody listens",
	    "msctl restart bus");
	f->msd.answers = false;
	says(judge_sockets, f, FINDING_WARNING, "nobody listens",
	    "rm -f /run/ms/bus.ipc");
	free(f);
}
END_TEST

START_TEST(a_database_without_socket_is_missed_by_its_pool_alone)
{
	struct facts *f = facts_new();
	struct socket_facts *s = &f->sockets[f->socket_count++];

	*s = (struct socket_facts){ .role = "database of pool main",
		.path = "/run/pg/.s.PGSQL.5432",
		.state = SOCKET_ABSENT,
		.is_database = true };
	is_fine(judge_sockets, f);
	s->state = SOCKET_STALE;
	is_fine(judge_sockets, f);
	s->is_wanted = true;
	says(judge_sockets, f, FINDING_WARNING, "nobody listens",
	    "service postgresql start");
	s->state = SOCKET_ABSENT;
	says(judge_sockets, f, FINDING_ERROR, "no socket",
	    "service postgresql start");
	free(f);
}
END_TEST

START_TEST(configuration_that_others_may_write_is_told)
{
	struct facts *f = facts_new();
	struct file_facts *file = &f->files[f->file_count++];

	*file = (struct file_facts){ .path = "/etc/ms/ms.conf",
		.exists = true,
		.mode = 0100644 };
	is_fine(judge_conf_files, f);
	file->mode = 0100664;
	says(judge_conf_files, f, FINDING_WARNING, "its group", "go-w");
	file->mode = 0100666;
	says(judge_conf_files, f, FINDING_ERROR, "anybody", "go-w");
	free(f);
}
END_TEST

START_TEST(users_of_workers_exist)
{
	struct facts *f = facts_new();
	struct user_facts *u = &f->users[f->user_count++];

	*u = (struct user_facts){ .owner = "[worker web]",
		.name = "web",
		.exists = true };
	is_fine(judge_users, f);
	u->exists = false;
	says(judge_users, f, FINDING_ERROR, "no user web", "useradd");
	free(f);
}
END_TEST

START_TEST(a_remedy_is_one_word_of_a_shell_where_it_must_be)
{
	ck_assert_str_eq(shell_word("/run/ms").text, "/run/ms");
	ck_assert_str_eq(shell_word("/a b").text, "'/a b'");
	ck_assert_str_eq(shell_word("it's").text, "'it'\\''s'");
	ck_assert_str_eq(shell_word("$(x)").text, "'$(x)'");
}
END_TEST

UNIT(doctor_host, an_old_kernel_is_an_error,
    control_groups_count_only_when_asked_for,
    descriptors_near_their_limit_are_told_with_a_higher_one,
    tasks_are_judged_for_the_machine_and_for_each_user,
    little_memory_to_lock_is_a_warning,
    a_clock_that_nobody_keeps_or_that_went_back_is_told,
    directories_are_there_readable_and_not_for_everybody_to_write,
    room_is_judged_by_thresholds_and_by_what_may_grow,
    inodes_run_out_like_space_and_not_where_there_is_no_limit,
    a_stale_socket_is_removed_or_its_owner_restarted,
    a_database_without_socket_is_missed_by_its_pool_alone,
    configuration_that_others_may_write_is_told, users_of_workers_exist,
    a_remedy_is_one_word_of_a_shell_where_it_must_be)
