/* SPDX-License-Identifier: Apache-2.0 */
/* msd: starts, watches and restarts processes. */
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/backoff.h"
#include "common/fd.h"
#include "common/log.h"
#include "proto/contract.h"
#include "supervisor/ctl.h"
#include "supervisor/events.h"
#include "supervisor/logpipe.h"
#include "supervisor/msd.h"
#include "supervisor/reap.h"
#include "supervisor/reload.h"
#include "supervisor/spec.h"
#include "supervisor/upstream.h"

extern char **environ;

static const char usage_text[] =
    "usage: msd -c FILE [-D | -t]\n"
    "\n"
    "  -c FILE  the configuration (ms.conf(5))\n"
    "  -D       go into the background; returns when the tree is ready,\n"
    "           non-zero when it is not\n"
    "  -t       check the configuration and exit: 0 good, 6 bad\n"
    "  -V       version\n"
    "  -h       this\n"
    "\n"
    "Signals: HUP reload, TERM or INT orderly stop (again: at once), USR1\n"
    "reopen logs.  Relative paths mean the directory msd was started in.\n"
    "Exit: 0 orderly, 1 a start failed or the root gave up, 2 usage,\n"
    "6 configuration, 7 already running.\n";

struct options {
	const char *path;
	bool daemon;
	bool check;
};

struct daemon { /* the process, around struct msd */
	struct msd msd;
	char cwd[PATH_MAX];
	char exe_dir[PATH_MAX];
	int lock_fd;
	int told_fd; /* -D: the waiting parent, -1 none */
	char *pid_path;
	ev_signal on_chld, on_hup, on_term, on_int, on_usr1, on_usr2;
};

static struct daemon daemon_state = { .lock_fd = -1, .told_fd = -1 };

static void
read_options(int argc, char **argv, struct options *o)
{
	int c;

	*o = (struct options){ .path = NULL };
	while ((c = getopt(argc, argv, "c:DtVh")) != -1) {
		switch (c) {
		case 'c':
			o->path = optarg;
			break;
		case 'D':
			o->daemon = true;
			break;
		case 't':
			o->check = true;
			break;
		case 'V':
			puts("msd " MS_VERSION);
			exit(MSD_EXIT_OK);
		case 'h':
			fputs(usage_text, stdout);
			exit(MSD_EXIT_OK);
		default:
			fputs(usage_text, stderr);
			exit(MSD_EXIT_USAGE);
		}
	}
	if (o->path == NULL || optind != argc) {
		fputs(usage_text, stderr);
		exit(MSD_EXIT_USAGE);
	}
}

static struct spec *
load(const char *path, const char *cwd)
{
	struct conf_errors errors;
	struct spec *spec;

	conf_errors_init(&errors);
	spec = spec_load(path, cwd, environ, &errors);
	if (errors.count > 0) {
		conf_errors_print(&errors, stderr);
		exit(MSD_EXIT_CONFIG);
	}
	conf_errors_fini(&errors);
	return spec;
}

static void
make_dirs(const struct spec *spec)
{
	const char *dirs[] = { spec->msd.run_dir, spec->msd.log_dir,
		spec->msd.state_dir };
	struct why why;

	for (size_t i = 0; i < ARRAY_LEN(dirs); i++)
		if (dir_make(dirs[i], 0755, &why) != MS_OK)
			log_fatal(MSD_EXIT_FAILURE, "cannot make directory",
			    "reason=%s", LOGQ(why.text));
}

/* One msd per run_dir, for as long as it lives. */
static void
lock(struct daemon *d)
{
	char *path = xasprintf("%s/msd.lock", d->msd.spec->msd.run_dir);
	char pid[24] = "?";

	d->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (d->lock_fd < 0)
		log_fatal(MSD_EXIT_FAILURE, "cannot open the lock file",
		    "path=%s reason=%s", LOGQ(path), LOGQ(strerror(errno)));
	if (flock(d->lock_fd, LOCK_EX | LOCK_NB) != 0) {
		ssize_t n = read(d->lock_fd, pid, sizeof(pid) - 1);

		pid[n > 0 ? n : 0] = '\0';
		pid[strcspn(pid, "\n")] = '\0';
		log_fatal(MSD_EXIT_RUNNING, "already running",
		    "pid=%s run_dir=%s", LOGQ(pid),
		    LOGQ(d->msd.spec->msd.run_dir));
	}
	free(path);
}

static void
write_pid(int fd)
{
	char text[24];
	int n = snprintf(text, sizeof(text), "%d\n", (int)getpid());

	if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)n, 0) != n)
		log_warn("cannot write the pid", "reason=%s",
		    LOGQ(strerror(errno)));
}

static void
write_pid_file(struct daemon *d)
{
	int fd;

	d->pid_path =
	    xasprintf("%s/" PID_FILE, d->msd.spec->msd.run_dir);
	fd = open(d->pid_path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (fd >= 0)
		write_pid(fd);
	fd_close(&fd);
}

/* ---- -D -------------------------------------------------------------------- */

/* The parent waits for one byte, the exit code; end of file means death. */
static void
go_background(struct daemon *d)
{
	int fds[2];
	unsigned char code = MSD_EXIT_FAILURE;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) != 0 || (pid = fork()) < 0)
		log_fatal(MSD_EXIT_FAILURE, "cannot fork", "reason=%s",
		    LOGQ(strerror(errno)));
	if (pid > 0) {
		close(fds[1]);
		if (read(fds[0], &code, 1) != 1)
			code = MSD_EXIT_FAILURE;
		_exit(code);
	}
	close(fds[0]);
	d->told_fd = fds[1];
	setsid();
}

static void
log_to_file(const struct spec *spec)
{
	char *path = xasprintf("%s/msd.log", spec->msd.log_dir);
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (fd < 0 || null < 0)
		log_fatal(MSD_EXIT_FAILURE, "cannot open the log",
		    "path=%s reason=%s", LOGQ(path), LOGQ(strerror(errno)));
	dup2(null, 0);
	dup2(fd, 1);
	dup2(fd, 2);
	close(null);
	close(fd);
	free(path);
}

static void
tell_parent(struct daemon *d, int code)
{
	unsigned char byte = (unsigned char)code;

	if (d->told_fd < 0)
		return;
	(void)!write(d->told_fd, &byte, 1);
	fd_close(&d->told_fd);
	log_to_file(d->msd.spec); /* the terminal is the parent's again */
}

/* ---- signals ------------------------------------------------------------------ */

static void
on_signal(struct ev_loop *ev, ev_signal *watcher, int events MS_UNUSED)
{
	struct daemon *d = watcher->data;
	struct json *plan = NULL;

	(void)ev;
	switch (watcher->signum) {
	case SIGCHLD:
		reap(&d->msd);
		msd_touch(&d->msd);
		break;
	case SIGHUP:
		upstream_reloading(d->msd.upstream);
		(void)!reload(&d->msd, false, &plan);
		json_free(&plan);
		upstream_ready(d->msd.upstream, "running");
		break;
	case SIGTERM:
	case SIGINT:
		if (d->msd.stopping)
			msd_kill_all(&d->msd);
		else
			msd_shutdown(&d->msd, MSD_EXIT_OK,
			    signal_name(watcher->signum));
		break;
	case SIGUSR1:
		logs_reopen(d->msd.logs);
		break;
	default:
		log_warn("not supported yet", "signal=%s",
		    signal_name(watcher->signum));
	}
}

static void
watch_signals(struct daemon *d)
{
	const struct {
		ev_signal *watcher;
		int signo;
	} rows[] = {
		{ &d->on_chld, SIGCHLD },
		{ &d->on_hup, SIGHUP },
		{ &d->on_term, SIGTERM },
		{ &d->on_int, SIGINT },
		{ &d->on_usr1, SIGUSR1 },
		{ &d->on_usr2, SIGUSR2 },
	};

	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		ev_signal_init(rows[i].watcher, on_signal, rows[i].signo);
		rows[i].watcher->data = d;
		ev_signal_start(loop_ev(d->msd.loop), rows[i].watcher);
	}
}

static void
unwatch_signals(struct daemon *d)
{
	ev_signal *watchers[] = { &d->on_chld, &d->on_hup, &d->on_term,
		&d->on_int, &d->on_usr1, &d->on_usr2 };

	for (size_t i = 0; i < ARRAY_LEN(watchers); i++)
		ev_signal_stop(loop_ev(d->msd.loop), watchers[i]);
}

/* ---- start and end ------------------------------------------------------------- */

static void
on_booted(struct msd *msd)
{
	struct daemon *d = container_of(msd, struct daemon, msd);

	log_info("tree is up", "workers=%zu took_ms=%llu",
	    msd->tree.child_count,
	    (unsigned long long)mono_ms_between(msd->started, mono_now()));
	upstream_ready(msd->upstream, "running");
	tell_parent(d, MSD_EXIT_OK);
}

static void
find_places(struct daemon *d)
{
	ssize_t n = readlink("/proc/self/exe", d->exe_dir, PATH_MAX - 1);

	d->exe_dir[n > 0 ? n : 0] = '\0';
	if (strrchr(d->exe_dir, '/'))
		*strrchr(d->exe_dir, '/') = '\0';
	if (getcwd(d->cwd, sizeof(d->cwd)) == NULL)
		log_fatal(MSD_EXIT_FAILURE, "no working directory",
		    "reason=%s", LOGQ(strerror(errno)));
}

static void
raise_limits(struct msd *msd)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &msd->nofile) != 0)
		return;
	limit = msd->nofile;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

static void
open_all(struct daemon *d)
{
	struct msd *msd = &d->msd;
	struct why why;

	msd->loop = loop_new();
	msd->env = environ;
	msd->cwd = d->cwd;
	msd->lib_dir = msd->spec->msd.lib_dir ? msd->spec->msd.lib_dir
					      : d->exe_dir;
	msd->socket_path =
	    xasprintf("%s/" CONTROL_SOCKET, msd->spec->msd.run_dir);
	msd->pid = getpid();
	msd->dice = dice_seed();
	msd->started = mono_now();
	msd->on_booted = on_booted;
	msd->events = events_new();
	msd->logs = logs_new(msd);
	msd->upstream = upstream_new(msd->loop);
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0)
		log_warn("no subreaper, orphans escape", "reason=%s",
		    LOGQ(strerror(errno)));
	tree_apply(msd, &msd->tree, msd->spec);
	if (ctl_new(msd, &msd->ctl, &why) != MS_OK)
		log_fatal(MSD_EXIT_FAILURE, "cannot open the control socket",
		    "reason=%s", LOGQ(why.text));
	watch_signals(d);
}

static void
close_all(struct daemon *d)
{
	struct msd *msd = &d->msd;

	loop_timer_stop(msd->loop, &msd->shutdown_timer);
	unwatch_signals(d);
	ctl_free(&msd->ctl);
	tree_fini(&msd->tree);
	logs_free(&msd->logs);
	upstream_free(&msd->upstream);
	events_free(&msd->events);
	loop_free(&msd->loop);
	unlink(d->pid_path);
	free(d->pid_path);
	free(msd->socket_path);
	spec_drop(&msd->spec);
	fd_close(&d->lock_fd);
}

int
main(int argc, char **argv)
{
	struct daemon *d = &daemon_state;
	struct options options;
	int code;

	read_options(argc, argv, &options);
	log_init("msd", true, LOG_INFO);
	find_places(d);
	d->msd.spec = load(options.path, d->cwd);
	if (options.check)
		return MSD_EXIT_OK;
	make_dirs(d->msd.spec);
	lock(d);
	if (options.daemon)
		go_background(d);
	write_pid(d->lock_fd);
	write_pid_file(d);
	raise_limits(&d->msd);
	open_all(d);
	msd_boot(&d->msd);
	loop_run(d->msd.loop);
	code = d->msd.exit_code;
	tell_parent(d, code);
	close_all(d);
	return code;
}
