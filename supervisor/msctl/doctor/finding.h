/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a check found: how bad it is, one sentence, and a command that mends
 * it.  Pure; the list is the report of the whole examination.
 */
#ifndef SUPERVISOR_MSCTL_DOCTOR_FINDING_H
#define SUPERVISOR_MSCTL_DOCTOR_FINDING_H

#include <stdbool.h>
#include <stddef.h>

#include "common/defs.h"

enum severity {
	FINDING_OK,
	FINDING_UNSEEN, /* could not be looked at: no verdict */
	FINDING_WARNING,
	FINDING_ERROR,
	SEVERITIES
};

#define FINDING_TEXT_BYTES   320
#define FINDING_REMEDY_BYTES 256
#define FINDINGS_MAX         1024u /* the rest is only counted */

struct finding {
	const char *check; /* "disk.space" */
	enum severity severity;
	char text[FINDING_TEXT_BYTES];     /* one sentence */
	char remedy[FINDING_REMEDY_BYTES]; /* to be pasted; "" = none */
};

struct findings {
	struct finding *list;
	size_t count, cap;
	size_t seen[SEVERITIES]; /* also those not kept */
	const char *check;       /* that is at work */
	const char *remedy;      /* its usual one */
	const char *conf;        /* the file that remedies edit */
};

void findings_fini(struct findings *findings);
/* What follows is said by this check. */
void findings_check(struct findings *findings, const char *check,
    const char *remedy);
/* A warning or error gets the usual remedy of its check. */
void found(struct findings *findings, enum severity severity, const char *fmt,
    ...) MS_PRINTF(3, 4);
/* A better one for the finding said last. */
void found_remedy(struct findings *findings, const char *fmt, ...)
    MS_PRINTF(2, 3);
/* The configuration is to be edited, then `then` to be run; what to write
 * there follows as a comment, so that all of it can be pasted. */
void found_edit(struct findings *findings, const char *then, const char *fmt,
    ...) MS_PRINTF(3, 4);

/* For a remedy: quoted when a shell would not take it as one word. */
struct shell_word {
	char text[FINDING_REMEDY_BYTES];
};
struct shell_word shell_word(const char *text);

/* What to say of something that runs, when it is not seen. */
#define UNSEEN_OF(facts) ((facts)->nothing_runs ? FINDING_OK : FINDING_UNSEEN)

const char *severity_name(enum severity severity);
/* Above ok: what makes the exit code 1. */
size_t findings_bad(const struct findings *findings);

#endif
