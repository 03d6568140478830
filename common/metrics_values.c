/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The values of series, shard by shard.  A shard is read in pieces of whole
 * series, into memory as aligned as the file: then each cell is copied whole.
 */
#include "common/metrics_values.h"

#include <stdlib.h>
#include <string.h>

/* Most buckets are zeros: their memory is not touched. */
static void
add_values(const uint64_t *cell, struct metrics_series *out)
{
	struct histogram *h = &out->histogram;

	if (out->kind != METRIC_HISTOGRAM) {
		out->value = (int64_t)((uint64_t)out->value + cell[0]);
		return;
	}
	h->sum += cell[0];
	for (uint32_t i = 0; i < HISTOGRAM_BUCKETS(h->bits); i++) {
		if (cell[1 + i]) {
			h->buckets[i] += cell[1 + i];
			h->count += cell[1 + i];
		}
	}
}

/* It is whole when it reads the same twice and is not being written. */
static void
read_exemplar(int fd, const struct segment_series *s, const uint64_t *cell,
    struct metrics_series *out)
{
	uint32_t cells = 1 + HISTOGRAM_BUCKETS(out->histogram.bits);
	struct segment_exemplar first, again;
	struct why ignored;

	memcpy(&first, cell + cells, sizeof(first));
	if (first.turn == 0 || first.turn % 2 != 0 ||
	    metrics_file_read(fd, &again, sizeof(again),
		METRICS_HEAD_BYTES + s->offset + cells * sizeof(uint64_t),
		&ignored) != MS_OK ||
	    memcmp(&first, &again, sizeof(first)) != 0)
		return;
	out->exemplar.value = first.value;
	out->exemplar.wall_ns = first.wall_ns;
	memcpy(&out->exemplar.trace, first.trace, sizeof(first.trace));
}

#define PIECE_BYTES 65536u
struct piece {
	unsigned char *memory;
	uint32_t from; /* in the shard */
	uint32_t end;
	uint32_t first, after; /* series */
};

static uint32_t
end_of(const struct segment_tables *t, uint32_t i)
{
	const struct segment_series *s = &t->series[i];

	return s->offset +
	    segment_cells(&t->families[s->family]) * (uint32_t)sizeof(uint64_t);
}

static bool
next_piece(const struct segment_tables *t, struct piece *p)
{
	uint32_t i = p->first = p->after;

	if (i == t->head->series_count)
		return false;
	p->from = t->series[i].offset / SEGMENT_PAGE * SEGMENT_PAGE;
	for (; i < t->head->series_count; i++) {
		if (end_of(t, i) - p->from > PIECE_BYTES)
			break;
		p->end = end_of(t, i);
	}
	p->after = i;
	return true;
}

_Static_assert((1 + HISTOGRAM_BUCKETS_MAX + SEGMENT_EXEMPLAR_CELLS) * 8 +
	    SEGMENT_PAGE <=
	PIECE_BYTES,
    "a piece has one series at least");

static enum ms_err
read_shard(int fd, unsigned n, const struct metrics_load *load,
    const uint32_t *places, struct piece *p, struct metrics_series *series,
    struct why *why)
{
	uint64_t at = METRICS_HEAD_BYTES + n * (uint64_t)METRICS_SHARD_BYTES;
	enum ms_err err = MS_OK;

	p->after = 0;
	while (!err && next_piece(&load->tables, p)) {
		err = metrics_file_read(fd, p->memory, p->end - p->from,
		    at + p->from, why);
		for (uint32_t i = p->first; !err && i < p->after; i++) {
			const struct segment_series *s =
			    &load->tables.series[i];
			const uint64_t *cell =
			    (void *)(p->memory + (s->offset - p->from));
			struct metrics_series *out;

			if (places[i] == METRICS_NOWHERE)
				continue;
			out = &series[places[i]];
			add_values(cell, out);
			if (n == 0 && out->kind == METRIC_HISTOGRAM &&
			    out->flags & METRIC_EXEMPLAR)
				read_exemplar(fd, s, cell, out);
		}
	}
	return err;
}

enum ms_err
metrics_values_read(int fd, const struct metrics_load *load,
    const uint32_t *places, struct metrics_series *series, struct why *why)
{
	struct piece piece = { .memory =
				   aligned_alloc(SEGMENT_PAGE, PIECE_BYTES) };
	enum ms_err err = MS_OK;

	if (!piece.memory)
		return why_set(why, MS_ENOMEM, "no memory for its values");
	for (unsigned n = 0; !err && n < METRICS_SHARDS; n++) {
		if (load->head.shards_used & 1u << n)
			err = read_shard(fd, n, load, places, &piece, series,
			    why);
	}
	free(piece.memory);
	return err;
}
