/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A table for people: columns as wide as their widest cell, two blanks apart.
 * When it is wider than the terminal, the flexible column gives way.
 */
#ifndef SUPERVISOR_MSCTL_TABLE_H
#define SUPERVISOR_MSCTL_TABLE_H

#include "supervisor/msctl/look.h"

#define TABLE_COLUMNS_MAX 12u

enum column_flag {
	COLUMN_RIGHT = 1,   /* numbers */
	COLUMN_FLEXIBLE = 2 /* is cut when the table is too wide; at most one */
};

struct column {
	const char *title;
	unsigned flags;
};

struct cell {
	char *text;
	enum hue hue;
};

struct table {
	const struct column *columns;
	size_t column_count;
	struct cell *cells; /* row by row */
	size_t cell_count, cell_cap;
};

void table_init(struct table *table, const struct column *columns, size_t n);
void table_fini(struct table *table);
/* The next cell, left to right, top to bottom; text is copied. */
void table_add(struct table *table, enum hue hue, const char *text);
void table_addf(struct table *table, enum hue hue, const char *fmt, ...)
    MS_PRINTF(3, 4);
/* Columns that are empty in every row are left out. */
void table_print(const struct table *table, const struct look *look,
    struct buf *out);

#endif
