/* SPDX-License-Identifier: Apache-2.0 */
/* msd's command line. */
#ifndef SUPERVISOR_OPTIONS_H
#define SUPERVISOR_OPTIONS_H

#include <stdbool.h>

struct options {
	char **argv; /* all of it, to start msd again with */
	const char *config;
	bool check;
	bool daemon;
	int resume_check; /* descriptor of a state; -1: not asked for */
};

/* -1: go on; otherwise the exit code, with all said. */
int options_read(int argc, char **argv, struct options *options_r);

#endif
