/* SPDX-License-Identifier: Apache-2.0 */
/* CloudEvents 1.0 JSON format <-> envelope.  Pure and fast: no tree. */
#ifndef PROTO_CLOUDEVENT_H
#define PROTO_CLOUDEVENT_H

#include "proto/envelope.h"

/*
 * One line of an NDJSON file.  An object with `specversion` is a CloudEvent:
 * `data` becomes a JSON payload (a string with a datacontenttype that is not
 * JSON a raw one), `data_base64` a raw one, a canonical UUID `id` the binary
 * id.  Any other JSON value is the payload itself.  What is not
 * given is taken from `defaults` (subject, type, source, time_ns; id is made
 * by the caller when both forms are empty).  Slices borrow text or arena.
 * MS_EJSON, MS_EATTRIBUTE, MS_ESUBJECT with a reason.
 */
enum ms_err cloudevent_parse(struct slice text, const struct envelope *defaults,
    struct arena *arena, struct envelope *event_r, struct why *why);
/* One line, no newline.  `sequence`, `recordedtime`, ms* attributes included.
 * A payload that is not JSON is written as data_base64. */
void cloudevent_print(const struct envelope *event, struct buf *out);

#endif
