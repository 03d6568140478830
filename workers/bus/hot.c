/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Batches lie in the ring whole: one that does not fit before the end starts
 * at 0 again.  Notes are a ring too, in order of sequence, so that a search
 * is binary.  Where either is full the oldest go.
 */
#include "workers/bus/hot.h"

#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"

#define NOTES 4096u /* a power of two */

struct note {
	uint64_t first, last;
	size_t at, len;
};

struct hot {
	size_t size;
	size_t end;           /* where the next batch goes */
	unsigned char *bytes; /* NULL until used */
	struct note *notes;
	uint32_t head, next; /* notes in use, modulo NOTES */
};

struct hot *
hot_new(size_t bytes)
{
	struct hot *h = xcalloc(1, sizeof(*h));

	h->size = bytes;
	return h;
}

void
hot_clear(struct hot *h)
{
	free(h->bytes);
	free(h->notes);
	*h = (struct hot){ .size = h->size };
}

void
hot_free(struct hot **hot)
{
	if (!*hot)
		return;
	hot_clear(*hot);
	free(*hot);
	*hot = NULL;
}

static struct note *
note_at(const struct hot *h, uint32_t i)
{
	return &h->notes[i % NOTES];
}

static bool
overlaps(const struct note *note, size_t at, size_t len)
{
	return note->at < at + len && at < note->at + note->len;
}

/* Notes at the head are the oldest and lie next in the way of the writer;
 * after a wrap those behind `end` are older than those at 0. */
static void
make_room(struct hot *h, size_t len)
{
	if (h->size - h->end < len) {
		while (h->head != h->next && note_at(h, h->head)->at >= h->end)
			h->head++;
		h->end = 0;
	}
	while (h->head != h->next && overlaps(note_at(h, h->head), h->end, len))
		h->head++;
	if (h->next - h->head == NOTES)
		h->head++;
}

void
hot_add(struct hot *h, struct slice batch, uint64_t first, uint64_t last)
{
	if (batch.len > h->size) {
		hot_clear(h);
		return;
	}
	if (!h->bytes) {
		h->bytes = xmalloc(h->size);
		h->notes = xmalloc(NOTES * sizeof(*h->notes));
	}
	make_room(h, batch.len);
	memcpy(h->bytes + h->end, batch.ptr, batch.len);
	*note_at(h, h->next) = (struct note){ first, last, h->end, batch.len };
	h->next++;
	h->end += batch.len;
}

bool
hot_find(const struct hot *h, uint64_t seq, struct slice *batch_r)
{
	uint32_t low = h->head, high = h->next;
	const struct note *note;

	if (low == high || seq < note_at(h, low)->first)
		return false;
	while (high - low > 1) {
		uint32_t mid = low + (high - low) / 2;

		if (note_at(h, mid)->first <= seq)
			low = mid;
		else
			high = mid;
	}
	note = note_at(h, low);
	if (seq > note->last)
		return false;
	*batch_r =
	    (struct slice){ (const char *)h->bytes + note->at, note->len };
	return true;
}
