/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of an exposition, made on the loop: a fresh sample, then batch_size
 * series in each turn, so that the largest page holds nobody.
 */
#ifndef WORKERS_METRICS_PAGE_H
#define WORKERS_METRICS_PAGE_H

#include "proto/expo.h"
#include "workers/metrics/metricsd.h"

struct page;

/* done(arg) once, never inside of page_new(); then text is complete. */
struct page *page_new(struct metricsd *d, enum expo_format format,
    void (*done)(void *arg), void *arg);
/* Also before it is done: done() is not called then. */
void page_free(struct page **page);
/* Empty when memory did not suffice. */
struct slice page_text(const struct page *page);
/* Its memory is the caller's. */
struct buf page_take(struct page *page);

#endif
