/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who this process is.  msd says it by environment (proto/contract.h); a
 * person at a terminal says it by options and the configuration file.
 */
#include <ctype.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/alloc.h"
#include "common/log.h"
#include "proto/conf/msd.h"
#include "workers/worker_impl.h"

static void
print_usage(FILE *out, const struct worker_desc *desc)
{
	fprintf(out,
	    "usage: %s [-c FILE] [-n] [-N NAME] [-V] [-h]\n"
	    "%s\n"
	    "  -c FILE  configuration file (default: $" ENV_CONFIG ")\n"
	    "  -n       check the configuration and exit: 0 good, 6 bad\n"
	    "  -N NAME  name in the tree and of the sockets (default: $" ENV_NAME
	    ", else %s)\n"
	    "  -V       print the version\n"
	    "  -h       print this help\n",
	    desc->program, desc->help, desc->name);
}

/* The contract's alphabet: the name becomes part of paths. */
static bool
name_is_valid(const char *name)
{
	size_t len = strlen(name);

	if (len == 0 || len > WORKER_NAME_BYTES_MAX)
		return false;
	for (const char *at = name; *at; at++) {
		if (!isalnum((unsigned char)*at) && !strchr("_-@", *at))
			return false;
	}
	return true;
}

/* Not given and given empty are the same. */
static const char *
from_env(const char *variable, const char *fallback)
{
	const char *value = getenv(variable);

	return value && *value ? value : fallback;
}

static bool
end_with(int code, int *code_r)
{
	*code_r = code;
	return false;
}

static bool
parse_options(int argc, char **argv, const struct worker_desc *desc,
    struct worker_args *args, int *code_r)
{
	int option;

	optind = 1;
	while ((option = getopt(argc, argv, "c:nN:Vh")) != -1) {
		switch (option) {
		case 'c':
			args->config = optarg;
			break;
		case 'n':
			args->check_only = true;
			break;
		case 'N':
			args->name = optarg;
			break;
		case 'V':
			printf("%s %s\n", desc->program, MS_VERSION);
			return end_with(MS_EXIT_OK, code_r);
		case 'h':
			print_usage(stdout, desc);
			return end_with(MS_EXIT_OK, code_r);
		default:
			print_usage(stderr, desc);
			return end_with(MS_EXIT_USAGE, code_r);
		}
	}
	if (optind == argc)
		return true;
	fprintf(stderr, "%s: unexpected word: %s\n", desc->program,
	    argv[optind]);
	print_usage(stderr, desc);
	return end_with(MS_EXIT_USAGE, code_r);
}

bool
worker_args_parse(int argc, char **argv, const struct worker_desc *desc,
    struct worker_args *args_r, int *code_r)
{
	*args_r = (struct worker_args){
		.config = from_env(ENV_CONFIG, NULL),
		.name = from_env(ENV_NAME, desc->name),
	};
	if (!parse_options(argc, argv, desc, args_r, code_r))
		return false;
	if (!name_is_valid(args_r->name)) {
		fprintf(stderr,
		    "%s: '%s' is not a name: 1-%d of letters, digits, _ - @\n",
		    desc->program, args_r->name, WORKER_NAME_BYTES_MAX);
		return end_with(MS_EXIT_USAGE, code_r);
	}
	if (!args_r->config) {
		fprintf(stderr,
		    "%s: which configuration? give -c FILE or $%s\n",
		    desc->program, ENV_CONFIG);
		return end_with(MS_EXIT_USAGE, code_r);
	}
	return true;
}

static char *
pick_dir(const char *variable, const char *configured)
{
	return xstrdup(from_env(variable, configured ? configured : "."));
}

void
worker_dirs_find(struct worker_dirs *dirs_r, const struct conf *conf)
{
	struct conf_errors ignored; /* [msd] is msd's to complain about */
	struct arena arena;
	struct msd_conf msd;

	arena_init(&arena, 0);
	conf_errors_init(&ignored);
	conf_apply(conf_find(conf, "msd", ""), msd_rows, &msd, sizeof(msd),
	    &arena, &ignored);
	dirs_r->run = pick_dir(ENV_RUN_DIR, msd.run_dir);
	dirs_r->state = pick_dir(ENV_STATE_DIR, msd.state_dir);
	dirs_r->log = pick_dir(ENV_LOG_DIR, msd.log_dir);
	conf_errors_fini(&ignored);
	arena_fini(&arena);
}

void
worker_dirs_fini(struct worker_dirs *dirs)
{
	free(dirs->run);
	free(dirs->state);
	free(dirs->log);
	*dirs = (struct worker_dirs){ 0 };
}
