/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How well something is: a worker's own named checks, and what they come to
 * together.  Made by workers, read by who asks them.  Pure.
 */
#ifndef PROTO_HEALTH_H
#define PROTO_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"

enum health_level {
	HEALTH_OK,
	HEALTH_DEGRADED, /* it works, and somebody should look */
	HEALTH_FAILED    /* it does not do what it is for */
};

const char *health_level_name(enum health_level level); /* "degraded" */
/* False: no such word, *level_r is left alone. */
bool health_level_parse(const char *word, enum health_level *level_r);
enum health_level health_worse(enum health_level a, enum health_level b);

#define HEALTH_CHECKS_MAX 64u
#define HEALTH_NAME_BYTES 80u  /* longer ones are cut */
#define HEALTH_TEXT_BYTES 200u /* the same */

struct health_check {
	char name[HEALTH_NAME_BYTES];
	char dependency[HEALTH_NAME_BYTES]; /* "": the worker itself */
	enum health_level level;
	uint64_t took_us;
	uint32_t budget_ms;
	char text[HEALTH_TEXT_BYTES]; /* a sentence */
};

enum health_level health_checks_level(const struct health_check *checks,
    size_t count);
/* A JSON array of {name,dependency,status,took_us,budget_ms,text}. */
void health_checks_print(const struct health_check *checks, size_t count,
    struct buf *out);
/* At most max of them; members that are absent are empty.  An unknown status
 * is HEALTH_FAILED: what is not understood is not called well. */
enum ms_err health_checks_parse(struct slice text, struct health_check *checks,
    size_t max, size_t *count_r, struct why *why);

#endif
