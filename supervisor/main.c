/* SPDX-License-Identifier: Apache-2.0 */
/*
 * msd: the root supervisor.  One-time set-up, and the loop; what it does to the
 * tree begins in msd.c and restart.c.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/backoff.h"
#include "common/fd.h"
#include "common/log.h"
#include "proto/contract.h"
#include "supervisor/child/child.h"
#include "supervisor/ctl/ctl.h"
#include "supervisor/dirs.h"
#include "supervisor/events.h"
#include "supervisor/guard/guardian.h"
#include "supervisor/launch/cgroup.h"
#include "supervisor/lockfile.h"
#include "supervisor/process.h"
#include "supervisor/spec/spec_advice.h"
#include "supervisor/state/resume.h"
#include "supervisor/upstream.h"

#define LOCK_FILE "msd.lock"
#define PID_MODE  0644

extern char **environ;

/* A few descriptors a worker: our soft limit must not be what ends us. */
static void
raise_nofile(struct msd *msd)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &msd->nofile);
	limit = msd->nofile;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		log_warn("cannot raise the limit of open files", "errno=%d",
		    errno);
}

static bool
take_lock(struct process *process, struct why *why)
{
	const char *run_dir = process->msd.spec->msd.run_dir;
	char *path = xasprintf("%s/" LOCK_FILE, run_dir);
	enum ms_err err = MS_OK;
	pid_t holder;

	/* the guardian holds it, unless run_dir is another since it took it */
	if (!lockfile_is(path, process->msd.guard.lock_fd))
		err = lockfile_take(path, &process->lock_fd, &holder, why);
	free(path);
	if (err == MS_EBUSY) {
		fprintf(stderr, "msd: already running as pid %d in %s\n",
		    (int)holder, run_dir);
		upstream_refuse("another msd is running", EBUSY);
		process->msd.exit_code = MSD_EXIT_RUNNING;
	} else if (err != MS_OK) {
		fprintf(stderr, "msd: %s\n", why->text);
		process->msd.exit_code = MSD_EXIT_FAILURE;
	}
	return err == MS_OK;
}

static void
write_pid(struct process *process)
{
	char text[24];
	struct why why;
	int n = snprintf(text, sizeof(text), "%d\n", (int)getpid());

	process->pid_path =
	    xasprintf("%s/" PID_FILE, process->msd.spec->msd.run_dir);
	if (file_replace(process->pid_path, (struct slice){ text, (size_t)n },
		PID_MODE, &why) != MS_OK)
		log_warn("no pid file", "error=%s", LOGQ(why.text));
}

/* The file names the guardian while there is one. */
static void
remove_pid(struct process *process)
{
	const struct guard *guard = &process->msd.guard;

	if (process->pid_path && (guard->pid == 0 || guard_is_lost(guard)))
		unlink(process->pid_path);
}

static bool
open_fresh(struct process *process)
{
	struct msd *msd = &process->msd;
	struct why why = { "" };

	msd->pid = getpid();
	msd->started = mono_now();
	msd->dice = dice_seed();
	process_open(process);
	process_settle(process);
	meters_open(&msd->meters, &msd->segments, msd->guard.starts);
	raise_nofile(msd);
	msd->ctl = ctl_open(msd, &why);
	if (!msd->ctl) {
		log_error("no control socket", "error=%s", LOGQ(why.text));
		msd->last_words = xstrdup(why.text);
	}
	return msd->ctl;
}

static void
tell_how_it_was(struct msd *msd)
{
	const struct guard *guard = &msd->guard;

	if (guard->starts <= 1)
		return;
	log_warn("msd started again", "starts=%u last=%s", guard->starts,
	    LOGQ(guard->how));
	events_add(msd->events, "restarted", "root",
	    "\"starts\":%u,\"how\":\"%s\"", guard->starts, guard->how);
}

static void
supervise(struct process *process)
{
	struct msd *msd = &process->msd;

	if (!open_fresh(process)) {
		msd->exit_code = MSD_EXIT_FAILURE;
		daemon_say(&process->daemon, msd->last_words);
		return;
	}
	tell_how_it_was(msd);
	cgroups_clear(msd->cgroups);
	tree_apply(msd, &msd->tree, msd->spec, false);
	segments_tidy(&msd->segments, &msd->tree);
	msd_boot(msd);
	if (!guard_tie(&msd->guard))
		msd_shutdown(msd, MSD_EXIT_OK, "the guardian is gone");
	process_run(process);
}

/* As guardian_run(); a msd without guardian is its own first. */
static bool
guarded(struct process *process)
{
	struct msd *msd = &process->msd;
	struct guardian guardian = { .argv = process->options.argv,
		.path = process->self,
		.lock_fd = process->lock_fd,
		.daemon = &process->daemon };
	return !msd->spec->msd.guardian || msd->guard.pid != 0 ||
	    guardian_run(&guardian, &msd->guard, &msd->exit_code);
}

static int
run(struct process *process)
{
	struct msd *msd = &process->msd;
	bool daemon = process->options.daemon, first = msd->guard.pid == 0;
	struct why why = { "" };

	if (daemon && first && !daemon_fork(&process->daemon))
		return daemon_await(&process->daemon);
	if (!dirs_make(&msd->spec->msd, &why)) {
		fprintf(stderr, "msd: %s\n", why.text);
		msd->exit_code = MSD_EXIT_FAILURE;
	} else if (take_lock(process, &why)) {
		if (daemon)
			daemon_log(&process->daemon, msd->spec->msd.log_dir);
		if (first)
			write_pid(process);
		if (guarded(process))
			supervise(process);
	}
	return msd->exit_code;
}

/* The image before us has handed everything over. */
static int
resume(struct process *process, int fd)
{
	struct msd *msd = &process->msd;

	resume_load(process, fd);
	meters_open(&msd->meters, &msd->segments, msd->guard.starts);
	metrics_life_phase(LIFE_READY);
	process_run(process);
	return process->msd.exit_code;
}

static int
end(struct process *process, int code)
{
	process_close(process);
	remove_pid(process);
	free(process->pid_path);
	spec_drop(&process->msd.spec);
	fd_close(&process->lock_fd);
	/* last, so that who is told may start another; with a guardian it is
	 * the guardian's turn */
	if (process->msd.guard.pid == 0)
		daemon_report(&process->daemon, code);
	free(process->self);
	free(process->cwd);
	return code;
}

/* Allowed, and probably not meant. */
static void
tell_advice(const struct process *process)
{
	struct conf_errors advice;

	conf_errors_init(&advice);
	spec_advise(process->msd.spec, &advice);
	for (size_t i = 0; i < advice.count && i < CONF_ERRORS_MAX; i++) {
		if (process->options.check)
			fprintf(stderr, "warning: %s\n", advice.text[i]);
		else
			log_warn("advice", "text=%s", LOGQ(advice.text[i]));
	}
	conf_errors_fini(&advice);
}

/* What -t can foresee: limits that cannot be set on this machine. */
static void
warn_of_limits(const struct spec *spec)
{
	struct cgroups *cgroups = cgroups_new(spec->msd.run_dir, 0);
	char lacks[CGROUP_LACKS_BYTES];

	for (size_t i = 0; i < spec->worker_count; i++) {
		const struct worker_spec *w = &spec->workers[i];

		if (*cgroups_lack(cgroups, &w->conf, lacks))
			fprintf(stderr,
			    "warning: [worker %s]: no usable cgroup for %s%s\n",
			    w->name, lacks,
			    w->conf.cgroup == CGROUP_REQUIRED
				? ": it will not start"
				: "");
	}
	cgroups_free(&cgroups);
}

static int
load(struct process *process)
{
	struct conf_errors errors;
	int code = -1;

	conf_errors_init(&errors);
	process->msd.spec =
	    spec_load(process->options.config, process->cwd, environ, &errors);
	if (!process->msd.spec) {
		conf_errors_print(&errors, stderr);
		if (!process->options.check)
			upstream_refuse(errors.text[0], EINVAL);
		code = MSD_EXIT_CONFIG;
	} else if (process->options.check) {
		tell_advice(process);
		warn_of_limits(process->msd.spec);
		printf("%s: good, %zu workers\n", process->msd.spec->path,
		    process->msd.spec->worker_count);
		code = MSD_EXIT_OK;
	} else if (!spec_is_wanted(process->msd.spec)) {
		log_info("not needed here", "run_if=%s",
		    process->msd.spec->msd.run_if);
		code = MSD_EXIT_OK;
	} else {
		tell_advice(process);
		spec_settle(process->msd.spec);
	}
	conf_errors_fini(&errors);
	return code;
}

int
main(int argc, char **argv)
{
	struct process process = { .lock_fd = -1, .daemon = DAEMON_NONE };
	int code = options_read(argc, argv, &process.options), fd;

	if (code >= 0)
		return code;
	/* under another msd with a log collector, that one stamps */
	log_init("msd", !getenv(ENV_NAME), LOG_INFO);
	process.cwd = getcwd(NULL, 0);
	if (!process.cwd)
		log_fatal(MSD_EXIT_FAILURE, "no working directory", "errno=%d",
		    errno);
	process.msd.guard = (struct guard)GUARD_NONE;
	guard_take(&process.msd.guard);
	process.msd.env = environ;
	process.msd.cwd = process.cwd;
	process.self = dirs_self(argv[0], process.cwd);
	if (process.options.resume_check >= 0)
		return resume_check(&process, process.options.resume_check);
	fd = resume_take_fd();
	if (fd >= 0)
		return end(&process, resume(&process, fd));
	code = load(&process);
	if (code < 0)
		code = run(&process);
	return end(&process, code);
}
