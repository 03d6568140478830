/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the terminal can show: colour, UTF-8, columns; and the small forms in
 * which people read times and sizes.  Printing goes to a buf, so that a test
 * sees exactly what a terminal would.
 */
#ifndef SUPERVISOR_MSCTL_LOOK_H
#define SUPERVISOR_MSCTL_LOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/str.h"

struct look {
	bool colour;
	bool utf8;
	unsigned columns; /* 0 = no limit: a pipe */
};

enum hue {
	HUE_NONE,
	HUE_DIM,
	HUE_BOLD,
	HUE_GOOD,
	HUE_BUSY,
	HUE_BAD
};

/* From stdout, the locale, NO_COLOR, CLICOLOR_FORCE, TERM and COLUMNS. */
struct look look_detect(void);

/* Columns the text takes when look_text() has printed it. */
size_t look_width(const struct look *look, struct slice text);
/* Appends at most `columns` columns (0 = all); longer text ends in an
 * ellipsis.  Controls become '?', without UTF-8 foreign characters do too. */
void look_text(const struct look *look, struct slice text, size_t columns,
    struct buf *out);
/* The whole text; what does not fit goes on in lines of its own below, `indent`
 * columns in, parted at a blank where there is one. */
void look_wrap(const struct look *look, struct slice text, unsigned indent,
    struct buf *out);
void look_hue(const struct look *look, enum hue hue, struct buf *out);
void look_plain(const struct look *look, enum hue hue, struct buf *out);

/* A state's symbol and colour: never by colour alone, the word follows. */
const char *state_symbol(const struct look *look, const char *state);
enum hue state_hue(const char *state);

/* "850ms", "12s", "4m12s", "3d02h", "1.5 MiB" */
#define LOOK_TEXT_BYTES 32
const char *print_age(uint64_t ms, char out[static LOOK_TEXT_BYTES]);
const char *print_kib(double kib, char out[static LOOK_TEXT_BYTES]);
/* "3.2 s", for times people wait for */
const char *print_wait(double ms, char out[static LOOK_TEXT_BYTES]);

#endif
