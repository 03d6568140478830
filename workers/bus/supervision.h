/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What msd tells on its control socket, put into the log as supervision.EVENT
 * (supervision.exited, ...), each once: msd numbers its events and keeps the
 * last ones, and how far they are stored is in the file SUPERVISION of the
 * log's directory.  So the bus tells of its own death too.
 */
#ifndef WORKERS_BUS_SUPERVISION_H
#define WORKERS_BUS_SUPERVISION_H

#include "common/buf.h"
#include "common/err.h"

struct bus;
struct supervision;

#define SUPERVISION_LIFE_BYTES 40

/* socket: of msd; copied.  Connects by and by, and again when it must. */
struct supervision *supervision_new(struct bus *bus, const char *socket);
void supervision_free(struct supervision **supervision);
/* It has answered on the connection that is there. */
bool supervision_is_linked(const struct supervision *supervision);
/* What was put into the log is written: remembers how far it is. */
void supervision_written(struct supervision *supervision);

/* ---- pure ---------------------------------------------------------------- */
/* One line of the stream as a frame; life names the msd it is from.
 * MS_EPROTO when it is not an event. */
enum ms_err supervision_frame(struct slice line, const char *life,
    struct buf *frame, uint64_t *seq_r, struct why *why);
/* "LIFE SEQ\n"; false when text is not that. */
bool supervision_parse(struct slice text, char life[SUPERVISION_LIFE_BYTES],
    uint64_t *seq_r);

#endif
