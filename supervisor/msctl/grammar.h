/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verbs, as one table: each row's usage line is what help prints, what
 * the arguments are parsed by, and what mistakes are compared with.
 *
 *   "logs NAME [-f|--follow] [-n|--lines N]"
 *
 * Lower-case words are the verb; NAME is needed, [NAME] may be left out,
 * NAME... repeats; -x|--long is an option, followed by its value's name when
 * it takes one; an option outside of brackets is needed.  Pure.
 */
#ifndef SUPERVISOR_MSCTL_GRAMMAR_H
#define SUPERVISOR_MSCTL_GRAMMAR_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "common/err.h"

struct msctl;
struct args;

/* A row with the usage "" is a heading of the list: its help. */
struct command {
	const char *usage;
	int (*run)(struct msctl *ctl, const struct args *args);
	const char *help;    /* one line */
	const char *details; /* more, and examples; NULL = none */
};

#define OPTION_BYTES_MAX 32
struct option_given {
	char name[OPTION_BYTES_MAX]; /* the long name, or the letter */
	const char *value;           /* NULL: takes none */
};

struct args {                          /* everything points into argv */
	const struct command *command; /* NULL: no verb was given */
	const char **pos;
	size_t pos_count;
	struct option_given *options;
	size_t option_count;
};

bool args_has(const struct args *args, const char *option);
/* The last one given; NULL when not. */
const char *args_get(const struct args *args, const char *option);
void args_fini(struct args *args);

/*
 * commands ends with a row without usage.  globals: a usage line of options
 * that every verb takes, also before the verb.  MS_EINVAL says what is wrong
 * and what was meant; args_r->command is set when the verb was understood.
 */
enum ms_err grammar_parse(const struct command *commands, const char *globals,
    int argc, char **argv, struct args *args_r, struct why *why);

/* Every verb with its line; those below `verb` only when it is not empty. */
void grammar_list(const struct command *commands, const char *verb,
    struct buf *out);
/* columns: of a terminal, where the usage line is broken; 0 = it is not. */
void grammar_help(const struct command *command, unsigned columns,
    struct buf *out);
/* The row of these words ("bus pub"); NULL when there is none. */
const struct command *grammar_find(const struct command *commands,
    const char *const *words, size_t n);

#endif
