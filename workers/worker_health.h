/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A deep look at a worker: its `health` callback (worker_desc) begins a check
 * for each thing that it is and that it needs, and ends each at once or when
 * the answer has come.  Who asks for worker.health with `deep` gets all of
 * them; several who ask share one run, and a run that has just ended is told
 * again.
 *
 * A check has a budget: without an end by then it has failed.  An end that
 * comes later is ignored, so nobody has to take a question back.
 */
#ifndef WORKERS_WORKER_HEALTH_H
#define WORKERS_WORKER_HEALTH_H

#include "proto/health.h"
#include "workers/worker.h"

#define HEALTH_BUDGET_MS 50u /* of what is on this machine */

struct health_ticket { /* a value; may outlive its run */
	uint32_t run;
	uint32_t index;
};

/* Only inside of the health callback.  dependency: "" = the worker itself. */
struct health_ticket health_check_begin(struct worker *w, const char *name,
    const char *dependency, uint32_t budget_ms);
/* fmt: a sentence without a full stop. */
void health_check_end(struct worker *w, struct health_ticket ticket,
    enum health_level level, const char *fmt, ...) MS_PRINTF(4, 5);
/* Both at once: for what is known. */
void health_say(struct worker *w, const char *name, const char *dependency,
    enum health_level level, const char *fmt, ...) MS_PRINTF(5, 6);

/* For what may block (a directory on a disk that hangs): look() runs on another
 * thread and knows nothing but its subject, which is copied. */
typedef enum health_level health_look_fn(const char *subject,
    char text[static HEALTH_TEXT_BYTES]);
void health_check_aside(struct worker *w, const char *name,
    const char *dependency, uint32_t budget_ms, health_look_fn *look,
    const char *subject);
/* A look at a directory: is it there, may we write, is there room? */
enum health_level health_look_dir(const char *path,
    char text[static HEALTH_TEXT_BYTES]);

#endif
