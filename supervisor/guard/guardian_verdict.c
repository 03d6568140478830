/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An exit with a code of the contract is msd's own word and is passed on.
 * Everything else is a crash: msd comes back, unless it was on its way out.
 */
#include "supervisor/guard/guardian_verdict.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "common/backoff.h"
#include "supervisor/msd.h"

#define STABLE_MS 60000u

static const struct span_ms pauses = { 100, 30000 };

static bool
is_own_word(int code)
{
	return code == MSD_EXIT_OK || code == MSD_EXIT_FAILURE ||
	    code == MSD_EXIT_USAGE || code == MSD_EXIT_CONFIG ||
	    code == MSD_EXIT_RUNNING;
}

int
guardian_verdict(const struct guardian_end *end)
{
	if (WIFEXITED(end->status) && is_own_word(WEXITSTATUS(end->status)))
		return WEXITSTATUS(end->status);
	if (end->word >= 0)
		return end->word;
	return end->asked ? MSD_EXIT_OK : GUARDIAN_AGAIN;
}

uint64_t
guardian_pause_ms(uint32_t *tries, uint64_t up_ms, uint32_t dice)
{
	if (up_ms >= STABLE_MS)
		*tries = 0;
	return backoff_ms(pauses, (*tries)++, dice);
}

const char *
guardian_how(int status, char *text, unsigned bytes)
{
	if (WIFEXITED(status))
		snprintf(text, bytes, "exit code %d", WEXITSTATUS(status));
	else
		snprintf(text, bytes, "killed by %s",
		    sigabbrev_np(WTERMSIG(status)));
	return text;
}
