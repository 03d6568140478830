/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One row per error, so that the word on the wire, the words for people, the
 * advice to try again and what a breaker makes of it cannot drift apart.
 */
#include "common/err.h"

#include <stdarg.h>
#include <stdio.h>

struct err_row {
	const char *name;
	const char *text;
	enum ms_again again;
	bool outage;
};

#define NEVER   AGAIN_NEVER
#define IF_IDEM AGAIN_IF_IDEMPOTENT
#define ALWAYS  AGAIN_ALWAYS

/* clang-format off */
static const struct err_row rows[] = {
	[MS_OK]           = { "ok", "no error", NEVER, false },
	[MS_EINVAL]       = { "bad_request", "an argument or field is wrong", NEVER, false },
	[MS_ENOMEM]       = { "no_memory", "out of memory", ALWAYS, false },
	[MS_ETOOBIG]      = { "too_large", "larger than the limit allows", NEVER, false },
	[MS_ENOTFOUND]    = { "not_found", "no such thing", NEVER, false },
	[MS_EEXISTS]      = { "already_exists", "it exists already", NEVER, false },
	[MS_ECONFLICT]    = { "conflict", "somebody else was first", NEVER, false },
	[MS_ETIMEOUT]     = { "timeout", "no answer in time", IF_IDEM, true },
	[MS_EBUSY]        = { "busy", "a queue is full, try again later", ALWAYS, false },
	[MS_ECLOSED]      = { "closed", "the other end is gone", IF_IDEM, true },
	[MS_EIO]          = { "io", "the operating system refused", NEVER, true },
	[MS_EPERM]        = { "permission", "not permitted", NEVER, false },
	[MS_EPROTO]       = { "malformed", "bytes break the format", NEVER, false },
	[MS_ECHECKSUM]    = { "checksum_mismatch", "the checksum does not match", NEVER, false },
	[MS_EUNSUPPORTED] = { "unsupported", "not supported here", NEVER, false },
	[MS_ESHUTDOWN]    = { "shutting_down", "it is shutting down", IF_IDEM, false },
	[MS_EUNAVAILABLE] = { "unavailable", "what it depends on is away", IF_IDEM, true },
	[MS_ESUBJECT]     = { "bad_subject", "the subject breaks the grammar", NEVER, false },
	[MS_EATTRIBUTE]   = { "bad_attribute", "an attribute breaks a CloudEvents rule", NEVER, false },
	[MS_EJSON]        = { "bad_json", "not valid JSON", NEVER, false },
	[MS_ESTORAGE]     = { "storage_failed", "storing failed", IF_IDEM, false },
	[MS_ECORRUPT]     = { "corruption", "stored bytes are not what was written", NEVER, false },
	[MS_ECONFIG]      = { "invalid_spec", "the configuration is wrong", NEVER, false },
	[MS_EINTERNAL]    = { "internal", "an internal error, please report it", NEVER, false },
	[MS_ECANCELLED]   = { "cancelled", "it was cancelled before it began", NEVER, false },
	[MS_ENOMATCH]     = { "no_match", "nobody is there to get it", NEVER, false },
	[MS_ESEQUENCE]    = { "wrong_sequence", "the log has moved on from what was expected", NEVER, false },
	[MS_ESIGNATURE]   = { "bad_signature", "the signature is not that of its source", NEVER, false },
	[MS_EREPLAY]      = { "replay_detected", "it was accepted before", NEVER, false },
	[MS_ESTALE]       = { "stale_timestamp", "it was signed too long ago, or ahead of time", NEVER, false },
	[MS_EFLOW]        = { "flow_violation", "what it says of its cause does not hold", NEVER, false },
};
/* clang-format on */
_Static_assert(ARRAY_LEN(rows) == MS_ERR_COUNT, "every error has its row");

/* The number may come from another process and mean nothing here. */
static const struct err_row *
row_of(enum ms_err err)
{
	static const struct err_row unknown = { "unknown", "unknown error",
		AGAIN_NEVER, false };

	return (unsigned)err < ARRAY_LEN(rows) ? &rows[err] : &unknown;
}

const char *
ms_err_name(enum ms_err err)
{
	return row_of(err)->name;
}

const char *
ms_strerr(enum ms_err err)
{
	return row_of(err)->text;
}

bool
ms_err_is_retryable(enum ms_err err)
{
	return row_of(err)->again != AGAIN_NEVER;
}

enum ms_again
ms_err_again(enum ms_err err)
{
	return row_of(err)->again;
}

bool
ms_err_is_outage(enum ms_err err)
{
	return row_of(err)->outage;
}

enum ms_err
why_set(struct why *why, enum ms_err err, const char *fmt, ...)
{
	va_list args;

	if (!why)
		return err;
	va_start(args, fmt);
	if (vsnprintf(why->text, sizeof(why->text), fmt, args) < 0)
		why->text[0] = '\0';
	va_end(args);
	return err;
}
