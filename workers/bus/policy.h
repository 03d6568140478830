/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The [subject NAME] sections at work, and the one place where the bus asks
 * what holds for a subject.  policies[0] is for what no section takes.
 */
#ifndef WORKERS_BUS_POLICY_H
#define WORKERS_BUS_POLICY_H

#include "common/metrics.h"
#include "proto/conf/bus.h"
#include "proto/conf/subject.h"
#include "workers/bus/flow_watch.h"
#include "workers/bus/topics.h"

struct bus;

struct policy {
	struct subject_conf conf; /* its words belong to `strings` */
	enum flow_mode flow;      /* what conf.flow comes to */
	struct metric discarded;
};

struct policies {
	struct topics *topics;
	struct policy of[SUBJECT_SECTIONS_MAX + 1];
	size_t count;
	struct arena strings;
	bool any_discards; /* a section does not block */
	bool any_flow;     /* one looks at it */
	bool any_rejects;  /* one refuses what is unsound */
	struct metric classes[TOPIC_CLASSES_MAX]; /* events stored */
	bool declared[TOPIC_CLASSES_MAX];
};

/* From the configuration in force: the sections, and the streams' patterns.
 * Again after a reload. */
void policies_load(struct bus *bus);
void policies_free(struct bus *bus);
/* So many events of this topic were stored. */
void policies_count(struct policies *policies, struct topic topic,
    uint64_t events);

#endif
