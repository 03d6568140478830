/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which trace an event or a request belongs to, and of which span it is the
 * child: W3C Trace Context, header `traceparent`, version 00.  Pure: whoever
 * needs new ids brings the random bytes.
 *
 *   00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01
 *   version, trace id, span id, flags; lower-case hexadecimal
 */
#ifndef PROTO_TRACEPARENT_H
#define PROTO_TRACEPARENT_H

#include <stdint.h>

#include "common/err.h"
#include "common/str.h"

#define TRACEPARENT_LEN        55u /* characters */
#define TRACEPARENT_BYTES      (TRACEPARENT_LEN + 1)
#define TRACEPARENT_SAMPLED    1u
#define TRACE_ID_BYTES         16u
#define SPAN_ID_BYTES          8u
#define TRACE_ID_TEXT_BYTES    (2 * TRACE_ID_BYTES + 1)
#define TRACEPARENT_DICE_BYTES (TRACE_ID_BYTES + SPAN_ID_BYTES)

struct traceparent {
	unsigned char trace_id[TRACE_ID_BYTES];
	unsigned char span_id[SPAN_ID_BYTES];
	uint8_t flags;
};

/* MS_EATTRIBUTE with the byte that is wrong; *tp_r is then as it was. */
enum ms_err traceparent_parse(struct slice text, struct traceparent *tp_r,
    struct why *why);
char *traceparent_print(const struct traceparent *tp,
    char out[static TRACEPARENT_BYTES]);
/* The trace id alone: what a person searches for. */
char *trace_id_print(const struct traceparent *tp,
    char out[static TRACE_ID_TEXT_BYTES]);

/* A new trace, sampled, or a child of parent: its trace and flags, a new span.
 * An id that the dice left zero, which the format forbids, becomes 1. */
struct traceparent traceparent_new(
    const unsigned char dice[static TRACEPARENT_DICE_BYTES]);
struct traceparent traceparent_child(const struct traceparent *parent,
    const unsigned char dice[static SPAN_ID_BYTES]);

#endif
