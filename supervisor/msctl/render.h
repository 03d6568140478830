/* SPDX-License-Identifier: Apache-2.0 */
/*
 * msd's answers as text for people.  Pure: now_ns (wall clock, for "ago") is
 * a parameter, the text goes to out.  Members that are absent or of another
 * type are left out, so another version's answer can still be shown.
 */
#ifndef SUPERVISOR_MSCTL_RENDER_H
#define SUPERVISOR_MSCTL_RENDER_H

#include "common/json.h"
#include "supervisor/msctl/look.h"

/* {"tree":{...}} */
void tree_render(const struct json *reply, const struct look *look,
    struct buf *out);
/* {"workers":[...]}: one line each */
void status_render(const struct json *reply, const struct look *look,
    struct buf *out);
/* One worker object */
void card_render(const struct json *worker, const struct look *look,
    int64_t now_ns, struct buf *out);
/* The answer of `why` */
void why_render(const struct json *reply, const struct look *look,
    int64_t now_ns, struct buf *out);
/* The same answer: every death that msd remembers, as a table */
void deaths_render(const struct json *reply, const struct look *look,
    struct buf *out);
/* One event on one line; times are local */
void event_render(const struct json *event, const struct look *look,
    struct buf *out);

/* "killed by SEGV", "exit code 3, by operator"; "" without an exit. */
void exit_render(const struct json *last_exit, struct buf *out);
void exit_word_render(const struct json *last_exit, struct buf *out); /* how */
/* What is notable: the next try, a word of its own, the last exit. */
void note_render(const struct json *worker, struct buf *out);
/* "ready", 815 ... of a worker object */
const char *worker_state(const struct json *worker);
bool worker_pid(const struct json *worker, long *pid_r);
/* Parts of cards: the first line, a dim key, one exit. */
void title_render(const struct json *worker, const struct look *look,
    struct buf *out);
void key_render(const struct look *look, const char *key, struct buf *out);
/* Lines that are in no file, of a worker object; nothing when there are none */
void dropped_render(const struct json *worker, const struct look *look,
    struct buf *out);
void exit_line_render(const struct json *exit, const struct look *look,
    const char *key, int64_t now_ns, struct buf *out);
/* Only of a worker whose health check has failed. */
void check_line_render(const struct json *worker, const struct look *look,
    struct buf *out);

#endif
