/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The broker: one object, owned by the loop thread, and the rooms around it.
 * A request changes memory and says what is to be written; at the end of the
 * loop turn everything is written with one call, and only then answered.
 */
#ifndef WORKERS_BUS_BUS_H
#define WORKERS_BUS_BUS_H

#include "proto/conf/bus.h"
#include "proto/envelope.h"
#include "workers/bus/consumer.h"
#include "workers/bus/figures.h"
#include "workers/bus/policy.h"
#include "workers/bus/stream.h"
#include "workers/worker.h"

struct flow_watch;
struct publish_queue;
struct slot; /* a consumer with its parked fetch: slot.h */
struct supervision;
struct reader_list; /* parked reads: read.c */

struct bus {
	struct bus_conf conf; /* filled by the skeleton before start */
	struct worker *worker;
	struct loop *loop;
	char *dir;
	struct stream *streams[STREAMS_MAX]; /* [0] is main */
	size_t stream_count;
	struct policies policies; /* what holds for subjects */
	struct publish_queue *queue;
	struct slot *slots; /* uthash by name */
	struct reader_list *readers;
	struct flow_watch *watch;        /* NULL: flow = off */
	struct supervision *supervision; /* NULL: not asked for, or no msd */
	struct loop_task turn_end;
	ev_timer dedup_timer;
	struct buf reply; /* scratch for bodies */
	bool draining;
	struct figures figures;
};

/* ---- bus.c: life */
enum ms_err bus_start(struct bus *bus, struct worker *worker, struct why *why);
void bus_reload(struct bus *bus, const struct bus_conf *conf);
void bus_drain(struct bus *bus);
void bus_stop(struct bus *bus);
/* Gauges: how things stand at the end of a turn. */
void bus_show(struct bus *bus);
/* Something is to be written or handed out at the end of this turn. */
void bus_turn(struct bus *bus);
/* A log has failed: everybody is answered and this process ends. */
void bus_failed(struct bus *bus, const char *stream, const struct why *why);
/* More of the stream survives power loss now. */
void bus_synced(struct stream *stream);

/* ---- publish.c, publish_answer.c */
struct publish_queue *publish_queue_new(void);
void publish_queue_free(struct publish_queue **queue);
void do_publish(void *self, struct call *call);
/* One frame of the bus's own; in the log after this turn.  Errors as
 * journal_reserve(). */
enum ms_err publish_own(struct bus *bus, struct slice frame, struct why *why);
/* After the write: answers those that asked for no more. */
void publish_written(struct bus *bus);
void publish_synced(struct stream *stream);
size_t publish_waiting(const struct bus *bus); /* for an answer */
/* Answers all that wait. */
void publish_fail_all(struct bus *bus, enum ms_err err, const char *text);

/* ---- deliver.c: durable consumers at work */
void do_fetch(void *self, struct call *call);
void do_settle(void *self, struct call *call);
/* There are new events: parked fetches get theirs. */
void deliver_wake(struct bus *bus);
/* Answers parked fetches with the error. */
void deliver_end(struct bus *bus, enum ms_err err, const char *text);

/* ---- slots.c: which durable consumers there are */
void do_consumer(void *self, struct call *call);
void do_consumers(void *self, struct call *call);
void slots_free(struct bus *bus);
/* Adds (or replaces) a consumer found in the stream's CURSORS.log. */
void slots_found(struct stream *stream, struct consumer *consumer);
void slots_snapshot(const struct stream *stream, struct buf *out);
/* By all of the stream; UINT64_MAX: there are none. */
uint64_t slots_settled(const struct stream *stream);
uint64_t slots_highest(const struct stream *stream); /* any cursor */
uint32_t slots_of(const struct stream *stream);
uint32_t slots_count(struct bus *bus);
uint32_t slots_parked(struct bus *bus);

/* ---- read.c */
struct reader_list *reader_list_new(void);
void reader_list_free(struct reader_list **readers);
void do_read(void *self, struct call *call);
void read_wake(struct bus *bus);
void read_end(struct bus *bus, enum ms_err err, const char *text);
uint32_t read_parked(struct bus *bus);

/* ---- stream_show.c */
void do_streams(void *self, struct call *call);

/* ---- routes.c */
extern const struct route bus_routes[];

#endif
