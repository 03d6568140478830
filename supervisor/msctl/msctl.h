/* SPDX-License-Identifier: Apache-2.0 */
/* What every verb of msctl is given, and how it says that it failed. */
#ifndef SUPERVISOR_MSCTL_MSCTL_H
#define SUPERVISOR_MSCTL_MSCTL_H

#include "common/err.h"
#include "common/json.h"
#include "supervisor/msctl/grammar.h"
#include "supervisor/msctl/look.h"

enum ctl_exit {
	CTL_OK = 0,
	CTL_FAILURE = 1,
	CTL_USAGE = 2,
	CTL_PERMISSION = 4,
	CTL_NOT_FOUND = 5,
	CTL_CONFIG = 6,      /* configuration or other input is invalid */
	CTL_UNREACHABLE = 7, /* msd does not answer */
	CTL_TIMEOUT = 150,
	CTL_PARTIAL = 151,
	CTL_CONFLICT = 152,
	CTL_REFUSED = 153
};

struct msctl {
	const char *socket;  /* of msd */
	const char *run_dir; /* where the services' sockets are */
	bool json;
	struct look look;
};

/* The exit code of an error's stable word ("not_found"). */
int exit_of_word(const char *word);

/* "msctl: TEXT" on stderr, or with --json the error object on stdout.
 * Returns the exit code of the word. */
int ctl_fail(const struct msctl *ctl, const char *word, const char *fmt, ...)
    MS_PRINTF(3, 4);
int ctl_fail_err(const struct msctl *ctl, enum ms_err err, const char *fmt, ...)
    MS_PRINTF(3, 4);
/* The same with when to try again; 0: unsaid. */
int ctl_fail_again(const struct msctl *ctl, enum ms_err err,
    uint32_t retry_after_ms, const char *fmt, ...) MS_PRINTF(4, 5);

/* Everything in out to stdout, then out is empty; quiet about a closed pipe. */
void ctl_write(struct buf *out);
/* One JSON document and a newline; indented when a person reads it. */
void ctl_write_json(const struct json *root);

/* Options of verbs; false after having said what is wrong with it. */
bool ctl_duration(const struct msctl *ctl, const struct args *args,
    const char *option, uint64_t fallback_ms, uint64_t *ms_r);
bool ctl_number(const struct msctl *ctl, const struct args *args,
    const char *option, uint64_t fallback, uint64_t *value_r);

extern const struct command ctl_commands[];
extern const char ctl_globals[];

#endif
