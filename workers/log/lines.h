/* SPDX-License-Identifier: Apache-2.0 */
/* Cuts what a worker says into lines of bounded length.  Pure. */
#ifndef WORKERS_LOG_LINES_H
#define WORKERS_LOG_LINES_H

#include <stdbool.h>

#include "common/str.h"

struct piece {
	struct slice text; /* without its newline */
	bool more;         /* its line goes on in the next piece */
};

/*
 * The next piece of bytes from *off on, at most `limit` long and not cut
 * inside of a UTF-8 character; moves *off behind it.  False: what is left is
 * no whole line, nor longer than one may be.  all: the unfinished end too.
 */
bool lines_next(struct slice bytes, size_t limit, bool all, size_t *off,
    struct piece *piece_r);

#endif
