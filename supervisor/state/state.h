/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a running msd hands to its next image (reexec.h): lines of JSON, one
 * record each, `{"what":"child","name":"bus",...}`.  The first record names
 * the schema; a reader refuses one that is newer than its own.  Members at
 * their zero are not written, so an older state lacks nothing.
 *
 * Members of a struct are rows, the same for writing and reading.  Numbers of
 * 64 bits are strings: JSON's numbers end at 2^53.
 */
#ifndef SUPERVISOR_STATE_STATE_H
#define SUPERVISOR_STATE_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/json.h"
#include "common/mono.h"

#define STATE_SCHEMA    1u
#define STATE_BYTES_MAX (256u << 20)
#define STATE_FDS_MAX   65536u

enum state_type {
	STATE_BOOL,
	STATE_INT,  /* int, pid_t, an enum */
	STATE_U32,  /* uint32_t, unsigned */
	STATE_U64,  /* uint64_t, size_t */
	STATE_I64,  /* int64_t */
	STATE_MONO, /* struct mono; the clock goes on over an exec */
	STATE_TEXT, /* char *, owned; NULL is not written */
	STATE_FD    /* int; -1 is not written, and what is absent is -1 */
};
struct state_row {
	const char *name;
	enum state_type type;
	size_t off;
};
#define STATE_ROW(type, struct_type, member)                 \
	{                                                    \
#member, type, offsetof(struct_type, member) \
	}
#define STATE_END            \
	{                    \
		.name = NULL \
	}

/* ---- writing ------------------------------------------------------------- */

struct state_out {
	struct buf text; /* failed: too long, or no memory */
	int *fds;        /* that must outlive the exec */
	size_t fd_count, fd_cap;
};
void state_out_init(struct state_out *out);
void state_out_fini(struct state_out *out);

/* A record; its members follow, then state_end(). */
void state_begin(struct state_out *out, const char *what);
void state_end(struct state_out *out);
void state_put(struct state_out *out, const struct state_row *rows,
    const void *base);
void state_put_u64(struct state_out *out, const char *key, uint64_t value);
void state_put_text(struct state_out *out, const char *key, const char *text);
void state_put_bytes(struct state_out *out, const char *key,
    struct slice bytes);
void state_put_fd(struct state_out *out, const char *key, int fd);
/* "key":[ {members}, ... ]: open, then item and members for each, close. */
void state_open_list(struct state_out *out, const char *key);
void state_open_item(struct state_out *out);
void state_close_item(struct state_out *out);
void state_close_list(struct state_out *out);

/* ---- reading ------------------------------------------------------------- */

struct state_in {
	struct buf text;
	/* nothing of it is real: descriptors are replaced by others */
	bool rehearsal;
	bool failed; /* and why, the first time */
	struct why why;
};
/* Reads all of fd (a file) and checks schema and form of each line. */
bool state_in_read(struct state_in *in, int fd);
void state_in_fini(struct state_in *in);

/* The next record of this kind; *off begins at 0.  NULL: no more.  The caller
 * frees it. */
struct json *state_next(struct state_in *in, const char *what, size_t *off);
/* The getters: what is absent is zero (NULL, -1); what is of another type
 * fails the whole. */
void state_get(struct state_in *in, const struct json *record,
    const struct state_row *rows, void *base);
uint64_t state_get_u64(struct state_in *in, const struct json *record,
    const char *key);
const char *state_get_text(struct state_in *in, const struct json *record,
    const char *key);
void state_get_bytes(struct state_in *in, const struct json *record,
    const char *key, struct buf *bytes);
int state_get_fd(struct state_in *in, const struct json *record,
    const char *key);
/* First item of a list, then json_next(). */
const struct json *state_get_list(struct state_in *in,
    const struct json *record, const char *key);
void state_fail(struct state_in *in, const char *fmt, ...) MS_PRINTF(2, 3);

#endif
