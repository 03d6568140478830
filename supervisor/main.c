/* SPDX-License-Identifier: Apache-2.0 */
/*
 * msd: the root supervisor.  Options, one-time set-up, signals, and the loop;
 * what it does to the tree begins in msd.c and restart.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/backoff.h"
#include "common/fd.h"
#include "common/log.h"
#include "proto/contract.h"
#include "supervisor/child.h"
#include "supervisor/ctl.h"
#include "supervisor/daemon.h"
#include "supervisor/events.h"
#include "supervisor/launch_user.h"
#include "supervisor/lockfile.h"
#include "supervisor/logpipe.h"
#include "supervisor/msd.h"
#include "supervisor/reap.h"
#include "supervisor/reload.h"
#include "supervisor/steps.h"
#include "supervisor/upstream.h"

#define DEFAULT_CONFIG "/etc/ms/ms.conf"
#define LOCK_FILE      "msd.lock"
#define DIR_MODE       0755 /* users of the sockets must get there */
#define PID_MODE       0644

extern char **environ;

struct options {
	const char *config;
	bool check;
	bool daemon;
};

struct process {
	struct msd msd;
	struct daemon daemon;
	int lock_fd;
	char *pid_path;
	char *lib_dir;
	char *cwd;
	ev_signal signals[6];
};

static void
usage(FILE *out)
{
	fputs("usage: msd [-c FILE] [-D | -t | -V | -h]\n"
	      "  -c FILE  configuration (" DEFAULT_CONFIG ")\n"
	      "  -D       become a daemon; returns when the tree is ready\n"
	      "  -t       check the configuration and exit (0 good, 6 bad)\n"
	      "  -V       print the version\n"
	      "  -h       print this\n"
	      "signals: HUP reload, TERM and INT stop (again: at once), "
	      "USR1 reopen logs\n",
	    out);
}

/* -1: go on; otherwise the exit code. */
static int
read_options(int argc, char **argv, struct options *options)
{
	int c;

	*options = (struct options){ .config = DEFAULT_CONFIG };
	while ((c = getopt(argc, argv, "c:DtVh")) != -1) {
		switch (c) {
		case 'c':
			options->config = optarg;
			break;
		case 'D':
			options->daemon = true;
			break;
		case 't':
			options->check = true;
			break;
		case 'V':
			puts("msd " MS_VERSION);
			return MSD_EXIT_OK;
		case 'h':
			usage(stdout);
			return MSD_EXIT_OK;
		default:
			usage(stderr);
			return MSD_EXIT_USAGE;
		}
	}
	if (optind == argc)
		return -1;
	fprintf(stderr, "msd: what is '%s'?\n", argv[optind]);
	usage(stderr);
	return MSD_EXIT_USAGE;
}

/* ---- signals ------------------------------------------------------------ */

static void
on_term(struct msd *msd, const char *name)
{
	if (!msd->stopping) {
		msd_shutdown(msd, MSD_EXIT_OK, name);
		return;
	}
	log_warn("asked to stop again: killing what is left", NULL);
	msd_kill_all(msd);
}

static void
on_hup(struct msd *msd)
{
	struct conf_errors errors;

	if (msd->stopping)
		return;
	conf_errors_init(&errors);
	reload_run(msd, &errors);
	conf_errors_fini(&errors);
}

static void
on_signal(struct ev_loop *ev, ev_signal *signal, int events MS_UNUSED)
{
	struct process *process = signal->data;
	struct msd *msd = &process->msd;

	(void)ev;
	switch (signal->signum) {
	case SIGCHLD:
		reap(msd);
		break;
	case SIGHUP:
		on_hup(msd);
		break;
	case SIGTERM:
	case SIGINT:
		on_term(msd, signal->signum == SIGINT ? "INT" : "TERM");
		break;
	case SIGUSR1:
		daemon_reopen(&process->daemon);
		logs_reopen(msd->logs);
		log_info("logs reopened", NULL);
		break;
	case SIGUSR2:
		log_warn("USR2: re-exec is not supported yet", NULL);
		break;
	}
}

static void
watch_signals(struct process *process)
{
	static const int numbers[] = { SIGCHLD, SIGHUP, SIGTERM, SIGINT,
		SIGUSR1, SIGUSR2 };
	struct ev_loop *ev = loop_ev(process->msd.loop);

	_Static_assert(ARRAY_LEN(numbers) == ARRAY_LEN(process->signals),
	    "one watcher per signal");
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		ev_signal_init(&process->signals[i], on_signal, numbers[i]);
		process->signals[i].data = process;
		ev_signal_start(ev, &process->signals[i]);
	}
	signal(SIGPIPE, SIG_IGN);
}

/* ---- timers and turns --------------------------------------------------- */

static void
on_shutdown_late(struct ev_loop *ev, ev_timer *timer, int events MS_UNUSED)
{
	struct msd *msd = container_of(timer, struct msd, shutdown_timer);

	(void)ev;
	log_warn("shutdown_deadline is over: killing what is left", NULL);
	msd_kill_all(msd);
}

static void
on_advance(struct loop_task *task)
{
	steps_advance(container_of(task, struct msd, advance));
}

static void
on_booted(struct msd *msd)
{
	struct process *process = container_of(msd, struct process, msd);
	size_t ready = 0;
	char text[96];

	for (size_t i = 0; i < msd->tree.child_count; i++)
		ready += child_is_ready(msd->tree.children[i]);
	snprintf(text, sizeof(text), "%zu of %zu workers ready", ready,
	    msd->tree.child_count);
	log_info("up", "ready=%zu workers=%zu ms=%llu", ready,
	    msd->tree.child_count,
	    (unsigned long long)mono_ms_between(msd->started, mono_now()));
	upstream_ready(msd->upstream, text);
	daemon_report(&process->daemon, MSD_EXIT_OK);
}

/* ---- set-up ------------------------------------------------------------- */

static bool
make_dir(const struct msd_conf *conf, const char *path, struct why *why)
{
	uid_t uid = (uid_t)-1;
	gid_t gid = (gid_t)-1;

	if (dir_make(path, DIR_MODE, why) != MS_OK)
		return false;
	if (conf->user)
		user_find(conf->user, &uid);
	if (conf->group)
		group_find(conf->group, &gid);
	if ((conf->user || conf->group) && chown(path, uid, gid) < 0) {
		why_set(why, MS_EIO, "cannot give %s away: %s", path,
		    strerror(errno));
		return false;
	}
	return true;
}

static bool
make_dirs(const struct msd_conf *conf, struct why *why)
{
	return make_dir(conf, conf->run_dir, why) &&
	    make_dir(conf, conf->log_dir, why) &&
	    make_dir(conf, conf->state_dir, why);
}

/* Beside our own binary, unless the file says where. */
static char *
find_lib_dir(const struct msd_conf *conf)
{
	char path[4096];
	ssize_t n;
	char *slash;

	if (conf->lib_dir)
		return xstrdup(conf->lib_dir);
	n = readlink("/proc/self/exe", path, sizeof(path) - 1);
	if (n <= 0)
		return NULL;
	path[n] = '\0';
	slash = strrchr(path, '/');
	*slash = '\0';
	return xstrdup(path);
}

/* Three descriptors a worker: our soft limit must not be what ends us. */
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
	enum ms_err err;
	pid_t holder;

	err = lockfile_take(path, &process->lock_fd, &holder, why);
	free(path);
	if (err == MS_EBUSY) {
		fprintf(stderr, "msd: already running as pid %d in %s\n",
		    (int)holder, run_dir);
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

static bool
open_parts(struct process *process)
{
	struct msd *msd = &process->msd;
	struct why why = { "" };

	msd->pid = getpid();
	msd->started = mono_now();
	msd->dice = dice_seed();
	msd->lib_dir = process->lib_dir = find_lib_dir(&msd->spec->msd);
	msd->socket_path =
	    xasprintf("%s/" CONTROL_SOCKET, msd->spec->msd.run_dir);
	msd->advance.run = on_advance;
	msd->on_booted = on_booted;
	msd->loop = loop_new();
	ev_timer_init(&msd->shutdown_timer, on_shutdown_late, 0., 0.);
	msd->events = events_new();
	msd->logs = logs_new(msd);
	msd->upstream = upstream_new(msd);
	raise_nofile(msd);
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		log_warn("not a subreaper: leftovers may escape", "errno=%d",
		    errno);
	watch_signals(process);
	msd->ctl = ctl_open(msd, &why);
	if (!msd->ctl)
		log_error("no control socket", "error=%s", LOGQ(why.text));
	return msd->ctl;
}

static void
close_parts(struct process *process)
{
	struct msd *msd = &process->msd;

	if (!msd->loop)
		return;
	ctl_close(&msd->ctl);
	for (size_t i = 0; i < ARRAY_LEN(process->signals); i++)
		ev_signal_stop(loop_ev(msd->loop), &process->signals[i]);
	loop_timer_stop(msd->loop, &msd->shutdown_timer);
	for (size_t i = 0; i < msd->tree.child_count; i++)
		batch_leave(msd->tree.children[i]);
	tree_fini(&msd->tree);
	upstream_free(&msd->upstream);
	logs_free(&msd->logs);
	events_free(&msd->events);
	loop_free(&msd->loop);
	free(msd->socket_path);
	free(msd->last_words);
	free(process->lib_dir);
}

static void
supervise(struct process *process)
{
	struct msd *msd = &process->msd;

	if (!open_parts(process)) {
		msd->exit_code = MSD_EXIT_FAILURE;
		return;
	}
	write_pid(process);
	tree_apply(msd, &msd->tree, msd->spec);
	msd_boot(msd);
	loop_run(msd->loop);
	unlink(process->pid_path);
	if (msd->last_words)
		log_error("msd ends", "code=%d reason=%s", msd->exit_code,
		    LOGQ(msd->last_words));
	else
		log_info("msd ends", "code=%d", msd->exit_code);
}

static int
run(struct process *process, const struct options *options)
{
	struct msd *msd = &process->msd;
	struct why why = { "" };

	if (options->daemon && !daemon_fork(&process->daemon))
		return daemon_await(&process->daemon);
	if (!make_dirs(&msd->spec->msd, &why)) {
		fprintf(stderr, "msd: %s\n", why.text);
		msd->exit_code = MSD_EXIT_FAILURE;
	} else if (take_lock(process, &why)) {
		daemon_log(&process->daemon, msd->spec->msd.log_dir);
		supervise(process);
	}
	close_parts(process);
	daemon_report(&process->daemon, msd->exit_code);
	free(process->pid_path);
	return msd->exit_code;
}

static int
load(struct process *process, const struct options *options)
{
	struct conf_errors errors;
	int code = -1;

	conf_errors_init(&errors);
	process->msd.spec =
	    spec_load(options->config, process->cwd, environ, &errors);
	if (!process->msd.spec) {
		conf_errors_print(&errors, stderr);
		code = MSD_EXIT_CONFIG;
	} else if (options->check) {
		printf("%s: good, %zu workers\n", process->msd.spec->path,
		    process->msd.spec->worker_count);
		code = MSD_EXIT_OK;
	}
	conf_errors_fini(&errors);
	return code;
}

int
main(int argc, char **argv)
{
	struct process process = { .lock_fd = -1, .daemon = DAEMON_NONE };
	struct options options;
	int code = read_options(argc, argv, &options);

	if (code >= 0)
		return code;
	/* under another msd with a log collector, that one stamps */
	log_init("msd", !getenv(ENV_NAME), LOG_INFO);
	process.cwd = getcwd(NULL, 0);
	if (!process.cwd)
		log_fatal(MSD_EXIT_FAILURE, "no working directory", "errno=%d",
		    errno);
	process.msd.env = environ;
	process.msd.cwd = process.cwd;
	code = load(&process, &options);
	if (code < 0)
		code = run(&process, &options);
	spec_drop(&process.msd.spec);
	fd_close(&process.lock_fd);
	free(process.cwd);
	return code;
}
