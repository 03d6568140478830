/* SPDX-License-Identifier: Apache-2.0 */
/* bus.publish: events into the bus. */
#ifndef PROTO_MSG_BUS_PUBLISH_H
#define PROTO_MSG_BUS_PUBLISH_H

#include "proto/msg.h"

enum durability {
	DURABILITY_NONE = 0,     /* handed to the library */
	DURABILITY_ACCEPTED = 1, /* the broker has validated and routed it */
	DURABILITY_WRITTEN = 2,  /* survives kill -9 of every process */
	DURABILITY_SYNCED = 3    /* survives power loss */
};
extern const struct field_name durability_names[];

/*
 * body = a batch without sequences.  All or nothing: one bad frame refuses the
 * batch, naming its index.  What is expected is compared before anything of it
 * is stored; when all of its events are duplicates it was stored before, and
 * that is a success whatever was expected.
 */
#define PUBLISH_ATOMIC_EVENTS_MAX 1000u
struct bus_publish_in {
	int durability;
	char *expected_stream; /* NULL = any */
	/* the checks need a flag: an expected 0 is "none yet" */
	bool check_last_seq;
	uint64_t expected_last_seq; /* of the stream */
	bool check_last_subject_seq;
	uint64_t expected_last_subject_seq;
	bool mandatory; /* MS_ENOMATCH when nobody would get one of them */
	/* one stream, one unit of its log, PUBLISH_ATOMIC_EVENTS_MAX at most;
	 * expectations imply it */
	bool atomic;
	bool count_matched; /* matched_* are wanted */
};
struct bus_publish_out {
	uint64_t first_seq; /* of the new ones; 0 when all were duplicates */
	uint64_t last_seq;  /* highest sequence these events have, new or old */
	uint32_t count;
	uint32_t duplicates;
	int durability; /* reached */
	uint64_t synced_seq;
	char *stream;             /* NULL = several */
	uint32_t matched_live;    /* live subscribers that are connected */
	uint32_t matched_durable; /* consumers that get one of them at least */
	uint32_t discarded;       /* left out under load, see [subject] */
};
extern const struct msg_desc msg_bus_publish;

#endif
