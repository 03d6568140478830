/* SPDX-License-Identifier: Apache-2.0 */
/* What the guardian does about an end of msd.  Pure. */
#ifndef SUPERVISOR_GUARD_GUARDIAN_VERDICT_H
#define SUPERVISOR_GUARD_GUARDIAN_VERDICT_H

#include <stdint.h>

#define GUARDIAN_AGAIN (-1)

struct guardian_end {
	int status; /* as from waitpid */
	int word;   /* the exit code msd had announced; -1: it had not */
	int asked;  /* signals that asked it to end */
};
/* The exit code to end with, or GUARDIAN_AGAIN: msd is started again. */
int guardian_verdict(const struct guardian_end *end);

/* The pause before that; *tries counts ends in a row. */
uint64_t guardian_pause_ms(uint32_t *tries, uint64_t up_ms, uint32_t dice);

/* "killed by SEGV", "exit code 70": at least 64 bytes. */
const char *guardian_how(int status, char *text, unsigned bytes);

#endif
