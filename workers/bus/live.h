/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Live traffic: every committed event goes out once on the PUB socket, one
 * message per class and batch, each saying which sequence of its class went
 * before.  While events flow, and once after the last, heartbeats repeat the
 * last sequence, so that a lost last message is noticed, too.
 */
#ifndef WORKERS_BUS_LIVE_H
#define WORKERS_BUS_LIVE_H

#include <stdint.h>

#include "common/loop.h"
#include "common/str.h"

#define LIVE_CLASSES_MAX 1024u

struct live;
typedef void live_send_fn(void *arg, struct slice topic, struct slice head,
    struct slice body);

/* start_seq: the last one stored before.  It is what a class begins with, so
 * that a subscriber from before a restart sees what it may have missed. */
struct live *live_new(struct loop *loop, const char *stream,
    uint64_t heartbeat_ms, uint64_t start_seq, live_send_fn *send, void *arg);
void live_free(struct live **live);
void live_set_heartbeat(struct live *live, uint64_t heartbeat_ms);
/* An event was added to the log; in the order of journal_add(). */
void live_event(struct live *live, struct slice subject);
/* A batch of `count` of them was committed. */
void live_batch(struct live *live, struct slice batch);

#endif
