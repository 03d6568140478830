/* SPDX-License-Identifier: Apache-2.0 */
/* msctl: the admin tool.  Options and the verb, then the verb's own file. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "proto/contract.h"
#include "supervisor/msctl/probe/nagios.h"
#include "supervisor/msctl/verbs.h"

#define SOCKET_DEFAULT "/run/ms/" CONTROL_SOCKET

/* --run-dir names both, unless -s says otherwise. */
static char *
socket_of(const struct args *args)
{
	const char *given = args_get(args, "socket");
	const char *run_dir = args_get(args, "run-dir");
	const char *env = getenv(ENV_SOCKET);

	if (!given && run_dir)
		return xasprintf("%s/" CONTROL_SOCKET, run_dir);
	if (!given)
		given = env && env[0] ? env : SOCKET_DEFAULT;
	return xstrdup(given);
}

static char *
run_dir_of(const struct args *args, const char *socket)
{
	const char *given = args_get(args, "run-dir");
	const char *slash = strrchr(socket, '/');

	if (given)
		return xstrdup(given);
	return slash
	    ? xstrndup(socket, slash == socket ? 1 : (size_t)(slash - socket))
	    : xstrdup(".");
}

/* A monitoring system reads one line of standard output, and 2 would be
 * CRITICAL. */
static int
mistake_in_probe(const struct why *why)
{
	printf("UNKNOWN: %s\n", why->text);
	return NAGIOS_UNKNOWN;
}

static int
mistake(const struct msctl *ctl, const struct args *args, const struct why *why)
{
	int code;

	if (args->command && strncmp(args->command->usage, "probe ", 6) == 0)
		return mistake_in_probe(why);
	code = ctl_fail(ctl, "bad_request", "%s", why->text);
	if (ctl->json)
		return code;
	if (args->command)
		fprintf(stderr, "usage: msctl %s\n", args->command->usage);
	else
		fputs("`msctl help` lists the verbs\n", stderr);
	return code;
}

static int
run(struct msctl *ctl, const struct args *args)
{
	struct buf out = { 0 };

	if (args_has(args, "version") && !args->command) {
		printf("msctl %s\n", MS_VERSION);
		return CTL_OK;
	}
	if (args_has(args, "help") && args->command) {
		grammar_help(args->command, ctl->look.columns, &out);
		ctl_write(&out);
		buf_fini(&out);
		return CTL_OK;
	}
	if (args_has(args, "help"))
		return do_help(ctl, args);
	if (!args->command) {
		fputs("msctl: which verb?  `msctl help` lists them\n", stderr);
		return CTL_USAGE;
	}
	return args->command->run(ctl, args);
}

int
main(int argc, char **argv)
{
	struct msctl ctl = { .look = look_detect() };
	struct why why = { "" };
	struct args args;
	char *socket, *run_dir;
	enum ms_err err;
	int code;

	signal(SIGPIPE, SIG_IGN);
	err = grammar_parse(ctl_commands, ctl_globals, argc, argv, &args, &why);
	ctl.json = args_has(&args, "json");
	socket = socket_of(&args);
	run_dir = run_dir_of(&args, socket);
	ctl.socket = socket;
	ctl.run_dir = run_dir;
	code = err == MS_OK ? run(&ctl, &args) : mistake(&ctl, &args, &why);
	args_fini(&args);
	free(run_dir);
	free(socket);
	if (fflush(stdout) != 0 && code == CTL_OK)
		code = CTL_FAILURE;
	return code;
}
