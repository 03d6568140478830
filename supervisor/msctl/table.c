/* SPDX-License-Identifier: Apache-2.0 */
/* Two passes over the cells: measure, then print; colour takes no columns. */
#include "supervisor/msctl/table.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/alloc.h"
#include "common/log.h"

#define GAP           2u
#define FLEXIBLE_MIN  4u
#define CELL_TEXT_MAX 1024

void
table_init(struct table *table, const struct column *columns, size_t n)
{
	ms_assert(n <= TABLE_COLUMNS_MAX);
	*table = (struct table){ .columns = columns, .column_count = n };
}

void
table_fini(struct table *table)
{
	for (size_t i = 0; i < table->cell_count; i++)
		free(table->cells[i].text);
	free(table->cells);
	table->cells = NULL;
	table->cell_count = table->cell_cap = 0;
}

void
table_add(struct table *table, enum hue hue, const char *text)
{
	if (table->cell_count == table->cell_cap) {
		table->cell_cap = table->cell_cap ? table->cell_cap * 2 : 64;
		table->cells = xreallocarray(table->cells, table->cell_cap,
		    sizeof(*table->cells));
	}
	table->cells[table->cell_count++] =
	    (struct cell){ xstrdup(text ? text : ""), hue };
}

void
table_addf(struct table *table, enum hue hue, const char *fmt, ...)
{
	char text[CELL_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	table_add(table, hue, text);
}

struct widths {
	size_t column[TABLE_COLUMNS_MAX]; /* 0 = left out */
	size_t last;                      /* the last one printed */
};

static void
fit(const struct table *table, const struct look *look, struct widths *w)
{
	size_t total = 0, *flexible = NULL;

	for (size_t i = 0; i < table->column_count; i++) {
		if (!w->column[i])
			continue;
		total += w->column[i] + (total ? GAP : 0);
		if (table->columns[i].flags & COLUMN_FLEXIBLE)
			flexible = &w->column[i];
		w->last = i;
	}
	if (!look->columns || total <= look->columns || !flexible)
		return;
	total -= look->columns;
	*flexible =
	    *flexible > total + FLEXIBLE_MIN ? *flexible - total : FLEXIBLE_MIN;
}

static void
measure(const struct table *table, const struct look *look, struct widths *w)
{
	for (size_t i = 0; i < table->cell_count; i++) {
		size_t *width = &w->column[i % table->column_count];
		size_t n = look_width(look, slice_of(table->cells[i].text));
		if (n > *width)
			*width = n;
	}
	for (size_t i = 0; i < table->column_count; i++) {
		size_t n = look_width(look, slice_of(table->columns[i].title));
		if (w->column[i] && w->column[i] < n)
			w->column[i] = n;
	}
	fit(table, look, w);
}

static void
pad(struct buf *out, size_t n)
{
	while (n-- > 0)
		buf_add_u8(out, ' ');
}

static void
print_cell(const struct look *look, const struct cell *cell, size_t width,
    bool right, bool is_last, struct buf *out)
{
	struct slice text = slice_of(cell->text);
	size_t used = look_width(look, text);
	size_t left = used < width ? width - used : 0;

	if (right)
		pad(out, left);
	if (used)
		look_hue(look, cell->hue, out);
	look_text(look, text, width, out);
	if (used)
		look_plain(look, cell->hue, out);
	if (!right && !is_last)
		pad(out, left);
	if (!is_last)
		pad(out, GAP);
}

static void
trim_line(struct buf *out, size_t start)
{
	while (out->len > start && out->ptr[out->len - 1] == ' ')
		out->len--;
}

static void
print_row(const struct table *table, const struct look *look,
    const struct widths *w, const struct cell *cells, struct buf *out)
{
	size_t start = out->len;

	for (size_t i = 0; i < table->column_count; i++)
		if (w->column[i])
			print_cell(look, &cells[i], w->column[i],
			    table->columns[i].flags & COLUMN_RIGHT,
			    i == w->last, out);
	trim_line(out, start);
	buf_add_u8(out, '\n');
}

void
table_print(const struct table *table, const struct look *look, struct buf *out)
{
	struct cell titles[TABLE_COLUMNS_MAX];
	struct widths w = { .last = 0 };

	ms_assert(table->cell_count % table->column_count == 0);
	measure(table, look, &w);
	for (size_t i = 0; i < table->column_count; i++)
		titles[i] =
		    (struct cell){ (char *)(uintptr_t)table->columns[i].title,
			    HUE_DIM };
	print_row(table, look, &w, titles, out);
	for (size_t i = 0; i < table->cell_count; i += table->column_count)
		print_row(table, look, &w, &table->cells[i], out);
}
