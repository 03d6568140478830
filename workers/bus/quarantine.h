/* SPDX-License-Identifier: Apache-2.0 */
/*
 * quarantine/ in the journal's directory: what recovery takes out of the log,
 * or finds damaged, is kept there for people.
 */
#ifndef WORKERS_BUS_QUARANTINE_H
#define WORKERS_BUS_QUARANTINE_H

#include "common/err.h"
#include "workers/bus/journal.h"
#include "workers/bus/segment.h"

#define QUARANTINE_DIR "quarantine"

/* A copy of the segment's file from offset on, named
 * SEGMENT.OFFSET.EPOCH.KIND.  An older copy of the same place is nearer to the
 * accident and stays. */
enum ms_err quarantine_copy(int dir, const struct segment *segment,
    uint64_t offset, uint32_t epoch, const char *kind, struct why *why);
/* Copies that are there, in the journal's directory dir. */
uint32_t quarantine_count(int dir);
/* REPORT: which sequences are missing.  A failure is only logged. */
void quarantine_report(const char *path,
    const struct journal_recovery *recovery);

#endif
