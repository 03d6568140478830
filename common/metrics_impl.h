/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parts of the registry share: metrics.c (attach, life),
 * metrics_family.c (names), metrics_declare.c (series), metrics_thread.c (shards, the long way of an
 * update).  For these files only.
 */
#ifndef COMMON_METRICS_IMPL_H
#define COMMON_METRICS_IMPL_H

#include <pthread.h>

#include "common/metrics_index.h"
#include "common/metrics_segment.h"

/* A part of the file that grows.  Its blocks are taken before it is written:
 * a full disk is an error then, and no SIGBUS. */
struct metrics_area {
	uint32_t at;
	uint32_t backed; /* bytes */
};

struct metrics_registry {
	pthread_mutex_t lock;
	unsigned char *base; /* NULL: not attached */
	int fd;              /* -1: private memory */
	struct segment_head *head;
	struct segment_family *families;
	struct segment_series *series;
	char *strings;
	struct metrics_area families_area, series_area, strings_area;
	struct metrics_area shards[METRICS_SHARDS];
	struct metrics_index family_index, series_index;
	uint16_t series_in[SEGMENT_FAMILY_MAX];         /* without "other" */
	struct metrics_thread *threads[METRICS_SHARDS]; /* who has joined */
	bool shared_used; /* a thread has joined the last shard */
	uint32_t every;   /* sampling */
	struct metric refused, overflow;
};
extern struct metrics_registry metrics_registry;

/* All with the lock held. */
bool metrics_back(struct metrics_area *area, uint32_t bytes);
uint64_t *metrics_cell(unsigned shard, uint32_t offset);
/* What the directory of an earlier process holds can be found. */
bool metrics_index_all(void);
/* A counter of the registry itself, whoever's thread this is. */
void metrics_count_own(struct metric m);
void metrics_take_shard(unsigned shard);
void metrics_drop_shards(void);
/* ---- metrics_family.c ---------------------------------------------------------- */
/* Cut to max bytes, between characters; what is no UTF-8 becomes '?'. */
const char *metrics_clean(const char *text, size_t max, char *out);
/* 0 is the empty string; false when there is no room. */
bool metrics_string_add(const char *text, uint32_t *at_r);
bool metrics_string_is(uint32_t at, const char *text);
uint32_t metric_row_labels(const struct metric_row *row);
bool metric_row_is_good(const struct metric_row *row);
/* METRICS_INDEX_NONE: not there; for metrics_family_of() no room. */
uint32_t metrics_family_find(const char *name);
uint32_t metrics_family_of(const struct metric_row *row);
bool metrics_family_same(const struct segment_family *f,
    const struct metric_row *row);
/* By another row of this process. */
bool metrics_family_is_taken(const struct metric_row *row);

/* ---- metrics_declare.c --------------------------------------------------------- */
/* The directory's first rows. */
void metrics_declare_own(void);

#endif
