/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The errors of the whole system.  Numbers are fixed: they travel on the wire
 * and in exit texts.  A function that can fail returns one of these.
 */
#ifndef COMMON_ERR_H
#define COMMON_ERR_H

#include <stdbool.h>

#include "common/defs.h"

/* clang-format off */
enum ms_err {
	MS_OK = 0,
	MS_EINVAL = 1,       /* bad_request: an argument or field is wrong */
	MS_ENOMEM = 2,       /* no_memory */
	MS_ETOOBIG = 3,      /* too_large: a length passes its named limit */
	MS_ENOTFOUND = 4,    /* not_found */
	MS_EEXISTS = 5,      /* already_exists */
	MS_ECONFLICT = 6,    /* conflict: somebody else was first */
	MS_ETIMEOUT = 7,     /* timeout */
	MS_EBUSY = 8,        /* busy: a bounded queue is full, try again */
	MS_ECLOSED = 9,      /* closed: the other end or the handle is gone */
	MS_EIO = 10,         /* io: the operating system refused, see errno text */
	MS_EPERM = 11,       /* permission */
	MS_EPROTO = 12,      /* malformed: bytes break the format */
	MS_ECHECKSUM = 13,   /* checksum_mismatch */
	MS_EUNSUPPORTED = 14, /* unsupported: known, but not here or not yet */
	MS_ESHUTDOWN = 15,   /* shutting_down */
	MS_EUNAVAILABLE = 16, /* unavailable: what we depend on is away */
	MS_ESUBJECT = 17,    /* bad_subject */
	MS_EATTRIBUTE = 18,  /* bad_attribute: breaks a CloudEvents rule */
	MS_EJSON = 19,       /* bad_json */
	MS_ESTORAGE = 20,    /* storage_failed */
	MS_ECORRUPT = 21,    /* corruption: stored bytes are not what was written */
	MS_ECONFIG = 22,     /* invalid_spec: the configuration is wrong */
	MS_EINTERNAL = 23,   /* internal: our bug, please report */
	MS_ECANCELLED = 24,  /* cancelled: it was not wanted any more */
	MS_ENOMATCH = 25,    /* no_match: nobody would get it, and that was asked */
	MS_ESEQUENCE = 26,   /* wrong_sequence: the log is not where it was said */
	MS_ESIGNATURE = 27,  /* bad_signature */
	MS_EREPLAY = 28,     /* replay_detected: it was accepted before */
	MS_ESTALE = 29,      /* stale_timestamp: signed too long ago, or ahead */
	MS_EFLOW = 30,       /* flow_violation: its cause is not what it says */
	MS_ERR_COUNT
};
/* clang-format on */

/* The stable word, as in JSON replies ("not_found").  Never NULL. */
const char *ms_err_name(enum ms_err err);
/* A sentence part for people ("no such thing").  Never NULL. */
const char *ms_strerr(enum ms_err err);
/* May the same request be sent again, unchanged? */
enum ms_again {
	AGAIN_NEVER,         /* it would end alike */
	AGAIN_IF_IDEMPOTENT, /* it may have been done: only if that is no harm */
	AGAIN_ALWAYS         /* it was not done */
};
enum ms_again ms_err_again(enum ms_err err);
/* The same request may succeed later, unchanged. */
bool ms_err_is_retryable(enum ms_err err);
/* Says that the other end is in trouble, and nothing about the request: what
 * a circuit breaker counts.  A refusal is not that: who refuses is there. */
bool ms_err_is_outage(enum ms_err err);

/*
 * Human detail for an error that input decided.  Optional last parameter of
 * functions (NULL = not wanted); filled once, by the lowest function that
 * knows.  Plain data: no ownership.
 */
struct why {
	char text[256];
};

/* Fills *why (cut to fit) when why is not NULL; returns err for `return`. */
enum ms_err why_set(struct why *why, enum ms_err err, const char *fmt, ...)
    MS_PRINTF(3, 4);

#endif
