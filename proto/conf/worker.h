/* SPDX-License-Identifier: Apache-2.0 */
/* Values of [worker NAME] that have a grammar of their own (FIELD_CUSTOM). */
#ifndef PROTO_CONF_WORKER_H
#define PROTO_CONF_WORKER_H

#include "proto/conf/msd.h"

enum ms_err ready_parse(struct slice text, void *at, struct arena *arena,
    struct why *why);
void ready_print(const void *at, struct buf *out);
enum ms_err watchdog_parse(struct slice text, void *at, struct arena *arena,
    struct why *why);
void watchdog_print(const void *at, struct buf *out);
enum ms_err umask_parse(struct slice text, void *at, struct arena *arena,
    struct why *why);
void umask_print(const void *at, struct buf *out);
enum ms_err cpu_max_parse(struct slice text, void *at, struct arena *arena,
    struct why *why);
void cpu_max_print(const void *at, struct buf *out);
enum ms_err oom_score_parse(struct slice text, void *at, struct arena *arena,
    struct why *why);
void oom_score_print(const void *at, struct buf *out);
enum ms_err limit_parse(struct slice text, void *at, struct arena *arena,
    struct why *why);
void limit_print(const void *at, struct buf *out);

#endif
