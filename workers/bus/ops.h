/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was answered to which publish lately.  A client that saw no answer sends
 * the same operation again, and gets the same answer instead of a second try.
 * Bounded by time and number.  Pure.
 */
#ifndef WORKERS_BUS_OPS_H
#define WORKERS_BUS_OPS_H

#include "common/field.h"
#include "proto/msg/bus_publish.h"

#define OPS_REMEMBERED 16384u
#define OPS_WINDOW_MS  120000

struct ops;
struct ops *ops_new(void);
void ops_free(struct ops **ops);
/* now_ms never goes back.  op zero: none. */
void ops_note(struct ops *ops, const struct id128 *op,
    const struct bus_publish_out *out, int64_t now_ms);
/* NULL: not known, or not any more. */
const struct bus_publish_out *ops_find(const struct ops *ops,
    const struct id128 *op, int64_t now_ms);

#endif
