/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "supervisor/msd.h"

#define DEFAULT_CONFIG "/etc/ms/ms.conf"

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
	      "USR1 reopen logs,\n"
	      "  USR2 replace the program and keep the workers\n",
	    out);
}

int
options_read(int argc, char **argv, struct options *options)
{
	/* the first is for msd itself: see reexec.h */
	static const struct option hidden[] = {
		{ "resume-check", required_argument, NULL, 'R' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ .name = NULL },
	};
	int c;

	*options = (struct options){ .argv = argv,
		.config = DEFAULT_CONFIG,
		.resume_check = -1 };
	while ((c = getopt_long(argc, argv, "c:DtVh", hidden, NULL)) != -1) {
		switch (c) {
		case 'R':
			options->resume_check = atoi(optarg);
			break;
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
