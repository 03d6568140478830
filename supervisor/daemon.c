/* SPDX-License-Identifier: Apache-2.0 */
/* Errors before the log is open still reach the terminal of the starter. */
#include "supervisor/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/fd.h"
#include "common/log.h"

#define LOG_MODE 0640

bool
daemon_fork(struct daemon *daemon)
{
	int fds[2], null;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0 || (pid = fork()) < 0)
		log_fatal(1, "cannot become a daemon", "errno=%d", errno);
	if (pid > 0) {
		fd_close(&fds[1]);
		daemon->report_fd = fds[0];
		return false;
	}
	fd_close(&fds[0]);
	daemon->report_fd = fds[1];
	setsid();
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null >= 0)
		dup2(null, 0);
	fd_close(&null);
	return true;
}

int
daemon_await(struct daemon *daemon)
{
	unsigned char code = 1;
	ssize_t n;

	do
		n = read(daemon->report_fd, &code, 1);
	while (n < 0 && errno == EINTR);
	fd_close(&daemon->report_fd);
	return n == 1 ? code : 1;
}

void
daemon_reopen(struct daemon *daemon)
{
	int fd;

	if (!daemon->log_path)
		return;
	fd = open(daemon->log_path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC,
	    LOG_MODE);
	if (fd < 0) {
		log_warn("cannot open msd's log", "path=%s errno=%d",
		    LOGQ(daemon->log_path), errno);
		return;
	}
	log_to_fd(fd);
	fd_close(&daemon->log_fd);
	daemon->log_fd = fd;
}

void
daemon_log(struct daemon *daemon, const char *log_dir)
{
	daemon->log_path = xasprintf("%s/msd.log", log_dir);
	daemon_reopen(daemon);
}

void
daemon_say(const struct daemon *daemon, const char *reason)
{
	if (daemon->report_fd >= 0 && reason)
		dprintf(2, "msd: %s\n", reason);
}

void
daemon_let_go(const struct daemon *daemon)
{
	int null;

	if (!daemon->log_path)
		return;
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0)
		return;
	dup2(null, 1);
	dup2(null, 2);
	fd_close(&null);
}

void
daemon_report(struct daemon *daemon, int code)
{
	unsigned char byte = (unsigned char)code;

	if (daemon->report_fd < 0)
		return;
	if (write(daemon->report_fd, &byte, 1) < 0)
		log_debug("starter is gone", NULL);
	fd_close(&daemon->report_fd);
	daemon_let_go(daemon);
}
