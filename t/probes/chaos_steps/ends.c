/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "common/defs.h"
#include "t/probes/chaos_steps/chaos.h"

#define REACTIONS_MAX 32
#define LOOK_MS       5

static struct reaction {
	int signo;
	char *step;
} reactions[REACTIONS_MAX];
static size_t reaction_count;

static int
signal_number(const char *text)
{
	static const struct {
		const char *name;
		int signo;
	} names[] = { { "HUP", SIGHUP }, { "INT", SIGINT }, { "QUIT", SIGQUIT },
		{ "ABRT", SIGABRT }, { "KILL", SIGKILL }, { "USR1", SIGUSR1 },
		{ "USR2", SIGUSR2 }, { "PIPE", SIGPIPE }, { "ALRM", SIGALRM },
		{ "TERM", SIGTERM }, { "CHLD", SIGCHLD }, { "CONT", SIGCONT },
		{ "STOP", SIGSTOP }, { "SEGV", SIGSEGV },
		{ "WINCH", SIGWINCH } };

	if (strncmp(text, "RTMIN+", 6) == 0)
		return SIGRTMIN + atoi(text + 6);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(text, names[i].name) == 0)
			return names[i].signo;
	if (atoi(text) <= 0)
		_exit(2);
	return atoi(text);
}

/* ---- deaths ------------------------------------------------------------- */

void
step_exit(char *value)
{
	_exit(atoi(value));
}

static bool
exists(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0;
}

void
step_exit_if(char *value)
{
	const char *code = chaos_cut(value);

	if (exists(value))
		_exit(atoi(code));
}

void
step_exit_unless(char *value)
{
	const char *code = chaos_cut(value);

	if (!exists(value))
		_exit(atoi(code));
}

void
step_if(char *value)
{
	char *step = chaos_cut(value);

	if (exists(value))
		chaos_step(step);
}

static int
generation(void)
{
	const char *text = getenv("MS_GENERATION");

	return text ? atoi(text) : 0;
}

void
step_at(char *value)
{
	char *step = chaos_cut(value);

	if (generation() == atoi(value))
		chaos_step(step);
}

void
step_from(char *value)
{
	char *step = chaos_cut(value);

	if (generation() >= atoi(value))
		chaos_step(step);
}

void
step_count(char *value)
{
	char *limit = chaos_cut(value), *code = chaos_cut(limit);
	int fd = open(value, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
	struct stat st;

	if (fd < 0 || write(fd, "x", 1) != 1 || fstat(fd, &st) < 0)
		chaos_broken("count");
	close(fd);
	if (st.st_size >= atoll(limit))
		_exit(atoi(code));
}

static void
no_core(void)
{
	struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
}

void
step_segv(char *value)
{
	(void)value;
	no_core();
	signal(SIGSEGV, SIG_DFL);
	raise(SIGSEGV);
}

void
step_abort(char *value)
{
	(void)value;
	no_core();
	abort();
}

void
step_kill(char *value)
{
	int signo = signal_number(value);

	no_core();
	signal(signo, SIG_DFL); /* a sanitizer has handlers of its own */
	kill(getpid(), signo);
}

void
step_stopself(char *value)
{
	(void)value;
	raise(SIGSTOP);
}

/* ---- signals ------------------------------------------------------------ */

void
step_deaf(char *value)
{
	(void)value;
	signal(SIGTERM, SIG_IGN);
}

void
step_ignore(char *value)
{
	signal(signal_number(value), SIG_IGN);
}

/* Also the two that glibc's sigaction() refuses to touch. */
void
step_ignore_all(char *value MS_UNUSED)
{
	const void *action[8] = { SIG_IGN };

	for (int signo = 1; signo < NSIG; signo++)
		syscall(SYS_rt_sigaction, signo, action, NULL, NSIG / 8);
}

/* Steps use system calls only, so a handler may run them. */
static void
react(int signo)
{
	int saved = errno;

	for (size_t i = 0; i < reaction_count; i++)
		if (reactions[i].signo == signo)
			chaos_step(reactions[i].step);
	errno = saved;
}

void
step_on(char *value)
{
	char *step = chaos_cut(value);
	struct sigaction action = { .sa_handler = react,
		.sa_flags = SA_RESTART };

	if (reaction_count == REACTIONS_MAX)
		_exit(2);
	reactions[reaction_count++] = (struct reaction){
		.signo = signal_number(value),
		.step = strdup(step),
	};
	sigaction(signal_number(value), &action, NULL);
}

/* ---- time --------------------------------------------------------------- */

void
step_pause(char *value)
{
	int ms = atoi(value);
	struct timespec left = { ms / 1000, (long)(ms % 1000) * 1000000 };

	while (nanosleep(&left, &left) < 0 && errno == EINTR)
		;
}

void
step_await(char *value)
{
	while (!exists(value))
		poll(NULL, 0, LOOK_MS);
}
