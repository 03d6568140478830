/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows that describe the members of a struct: name, type, place, default,
 * bounds, help.  The same rows drive configuration keys (text <-> struct),
 * message fields (bytes <-> struct, JSON <-> struct), the sample file, the
 * manual page and `msctl show`.  Tables are static const, ended by FIELD_END.
 */
#ifndef COMMON_FIELD_H
#define COMMON_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/buf.h"
#include "common/err.h"
#include "common/str.h"

enum field_type {
	FIELD_BOOL,     /* bool */
	FIELD_U32,      /* uint32_t; min..max */
	FIELD_U64,      /* uint64_t; min..max */
	FIELD_I64,      /* int64_t */
	FIELD_STR,      /* char *; NULL = not given */
	FIELD_WORDS,    /* struct words; shell quoting, no shell */
	FIELD_DURATION, /* uint64_t milliseconds, DURATION_INFINITY allowed
	                   when max is 0 or DURATION_INFINITY */
	FIELD_SIZE,     /* uint64_t bytes */
	FIELD_ENUM,     /* int, by the row's names */
	FIELD_SIGNAL,   /* int signal number, 0 = none */
	FIELD_RANGE,    /* struct span_ms "MIN..MAX" */
	FIELD_RATE,     /* struct rate "N/period", "0" */
	FIELD_ID,       /* struct id128; messages only */
	FIELD_CUSTOM    /* row->parse does it */
};

struct words {
	char **word; /* NULL-terminated */
	size_t count;
};

struct span_ms {
	uint64_t min_ms;
	uint64_t max_ms;
};

struct rate {
	uint32_t count;
	uint64_t period_ms;
};

struct id128 {
	uint8_t byte[16];
};

struct field_name {
	const char *name;
	int value;
};

enum field_flag {
	FIELD_REQUIRED = 1, /* must be given */
	FIELD_RELOAD = 2,   /* may change in a running process */
	FIELD_SECRET = 4,   /* never shown */
	FIELD_LATER = 8, /* known, not effective: refused "not supported yet" */
	FIELD_REPEAT = 16 /* words: the key may be given again and appends */
};

struct field {
	const char *name;
	enum field_type type;
	uint16_t tag; /* number on the wire; 0 in configuration rows */
	unsigned flags;
	size_t off;
	const char *def;                /* in user's units; NULL = zero */
	uint64_t min, max;              /* both 0 = unbounded */
	const struct field_name *names; /* FIELD_ENUM; ended by { NULL, 0 } */
	/* FIELD_CUSTOM: text to *at (base + off); strings from the arena */
	enum ms_err (*parse)(struct slice text, void *at, struct arena *arena,
	    struct why *why);
	void (*print)(const void *at, struct buf *out);
	const char *help;
};
#define FIELD_END            \
	{                    \
		.name = NULL \
	}

const struct field *field_find(const struct field *rows, struct slice name);
/* Text in user's form into base + off.  MS_EINVAL with a reason that names the
 * bounds or the possible words; nothing written then. */
enum ms_err field_set(const struct field *row, void *base, struct slice text,
    struct arena *arena, struct why *why);
/* Every row's default into base (whole struct zeroed by the caller). */
enum ms_err field_set_defaults(const struct field *rows, void *base,
    struct arena *arena, struct why *why);
/* User's form, as field_set takes it; a secret prints as "***". */
void field_print(const struct field *row, const void *base, struct buf *out);
/* Same value in both structs? */
bool field_same(const struct field *row, const void *a, const void *b);

/* Words with shell quoting ('..', "..", \x).  MS_EINVAL on an open quote. */
enum ms_err words_split(struct slice text, struct arena *arena,
    struct words *words_r, struct why *why);

/*
 * Message forms.  Binary: per row whose value is not zero/NULL
 * `u16 tag | u16 type | u32 len | bytes` padded to 8.  Unknown tags are
 * skipped; a known tag of another type, of bad length or given twice is
 * MS_EPROTO; out of the row's bounds or a REQUIRED text, list or id that is
 * absent is MS_EINVAL.  base must be zeroed: zeros are not sent.
 */
void field_encode(const struct field *rows, const void *base, struct buf *out);
enum ms_err field_decode(const struct field *rows, struct slice bytes,
    void *base, struct arena *arena, struct why *why);

#endif
