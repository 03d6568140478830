/* SPDX-License-Identifier: Apache-2.0 */
#include "t/lib/probe.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <check.h>

#include "common/fd.h"
#include "common/sock.h"
#include "proto/contract.h"

/* build/MODE/t/unit/ROOM/test_NOUN -> build/MODE/t/probes/PROGRAM */
static void
find_program(struct probe *probe, const char *program)
{
	char self[400];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	ck_assert_int_gt(n, 0);
	self[n] = '\0';
	for (int i = 0; i < 3; i++)
		*strrchr(self, '/') = '\0';
	snprintf(probe->program, sizeof(probe->program), "%s/probes/%s", self,
	    program);
	ck_assert_msg(access(probe->program, X_OK) == 0, "%s is not built",
	    probe->program);
}

void
probe_init(struct probe *probe, const char *program, const char *name)
{
	struct why why = { "" };

	memset(probe, 0, sizeof(*probe));
	probe->stderr_fd = -1;
	find_program(probe, program);
	snprintf(probe->name, sizeof(probe->name), "%s", name);
	strcpy(probe->dir, "/tmp/ms-probe.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(probe->dir));
	snprintf(probe->notify_address, sizeof(probe->notify_address), "@%s",
	    probe->dir);
	ck_assert_msg(sock_bind_dgram(probe->notify_address, &probe->notify_fd,
			  &why) == MS_OK,
	    "%s", why.text);
	probe_write_conf(probe, "");
}

static void
remove_dir(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	char file[512];

	while (dir && (entry = readdir(dir)) != NULL) {
		snprintf(file, sizeof(file), "%s/%s", path, entry->d_name);
		unlink(file);
	}
	if (dir)
		closedir(dir);
	rmdir(path);
}

/* A sanitizer's report in the child is a failure of the test. */
static void
check_log(struct probe *probe)
{
	struct buf log = { 0 };

	if (probe->stderr_fd < 0)
		return;
	while (fd_read_some(probe->stderr_fd, &log, 65536) > 0)
		;
	buf_add_u8(&log, '\0');
	ck_assert_msg(!strstr((char *)log.ptr, "Sanitizer"), "%.3000s",
	    (char *)log.ptr);
	buf_fini(&log);
}

void
probe_fini(struct probe *probe)
{
	if (probe->pid) {
		kill(probe->pid, SIGTERM);
		probe_wait_exit(probe);
	}
	check_log(probe);
	fd_close(&probe->notify_fd);
	fd_close(&probe->stderr_fd);
	remove_dir(probe->dir);
}

void
probe_write_conf(struct probe *probe, const char *text)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/ms.conf", probe->dir);
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
}

static void
exec_probe(const struct probe *probe, int log_fd)
{
	char conf[128], usec[32];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	snprintf(conf, sizeof(conf), "%s/ms.conf", probe->dir);
	setenv(ENV_CONFIG, conf, 1);
	setenv(ENV_NAME, probe->name, 1);
	setenv(ENV_RUN_DIR, probe->dir, 1);
	setenv(ENV_GENERATION, "1", 1);
	setenv("NOTIFY_SOCKET", probe->notify_address, 1);
	snprintf(usec, sizeof(usec), "%u", probe->watchdog_usec);
	if (probe->watchdog_usec)
		setenv("WATCHDOG_USEC", usec, 1);
	/* NNG leaves threads at exit; do not wait a second for them */
	setenv("TSAN_OPTIONS", "atexit_sleep_ms=0", 0);
	dup2(log_fd, STDERR_FILENO);
	execl(probe->program, probe->program, (char *)NULL);
	_exit(127);
}

void
probe_spawn(struct probe *probe)
{
	int ends[2];

	fd_close(&probe->stderr_fd);
	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	probe->pid = fork();
	ck_assert_int_ge(probe->pid, 0);
	if (probe->pid == 0)
		exec_probe(probe, ends[1]);
	close(ends[1]);
	probe->stderr_fd = ends[0];
}

void
probe_start(struct probe *probe)
{
	struct notify notify;

	probe_spawn(probe);
	probe_await(probe, NOTIFY_READY, &notify);
}

/* ThreadSanitizer keeps a signal to itself now and then until the next one. */
static void
nudge_until_exit(pid_t pid)
{
#ifdef __SANITIZE_THREAD__
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

	while (poll(&poll_fd, 1, 500) == 0)
		kill(pid, SIGUSR2);
	close(fd);
#else
	(void)pid;
#endif
}

int
probe_wait_exit(struct probe *probe)
{
	int status;

	nudge_until_exit(probe->pid);
	ck_assert_int_eq(waitpid(probe->pid, &status, 0), probe->pid);
	probe->pid = 0;
	return status;
}

void
probe_kill(struct probe *probe)
{
	kill(probe->pid, SIGKILL);
	probe_wait_exit(probe);
}

void
probe_next_notify(struct probe *probe, struct notify *notify_r)
{
	struct pollfd poll_fd = { .fd = probe->notify_fd, .events = POLLIN };
	char datagram[NOTIFY_BYTES_MAX];
	ssize_t n;

	ck_assert_msg(poll(&poll_fd, 1, PROBE_WAIT_MS) == 1,
	    "%s said nothing for %d ms", probe->name, PROBE_WAIT_MS);
	n = read(probe->notify_fd, datagram, sizeof(datagram));
	ck_assert_int_gt(n, 0);
	notify_parse((struct slice){ datagram, (size_t)n }, notify_r);
}

void
probe_await(struct probe *probe, unsigned what, struct notify *notify_r)
{
	do
		probe_next_notify(probe, notify_r);
	while (!(notify_r->what & what));
}

const char *
probe_address(const struct probe *probe)
{
	static char address[128];

	snprintf(address, sizeof(address), "ipc://%s/%s%s", probe->dir,
	    probe->name, SERVICE_SUFFIX);
	return address;
}
