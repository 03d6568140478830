/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Open addressing over the XXH3-128 of the subject; two subjects with the same
 * one are not met in practice, and a client cannot make them: the hash is the
 * one that identifies events, too.
 */
#include "workers/bus/subject_seqs.h"

#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/buf.h"
#include "proto/envelope.h"

#define CAP_MIN 64u

struct entry {
	struct id128 subject;
	uint64_t seq; /* 0: empty */
};

struct subject_seqs {
	struct entry *entries;
	size_t cap, count, max;
	bool full;
};

struct subject_seqs *
subject_seqs_new(size_t entries_max)
{
	struct subject_seqs *s = xcalloc(1, sizeof(*s));

	s->max = entries_max;
	s->cap = CAP_MIN;
	s->entries = xcalloc(s->cap, sizeof(*s->entries));
	return s;
}

void
subject_seqs_free(struct subject_seqs **seqs)
{
	if (!*seqs)
		return;
	free((*seqs)->entries);
	free(*seqs);
	*seqs = NULL;
}

/* Its entry, or the empty one where it belongs. */
static struct entry *
place_of(const struct subject_seqs *s, const struct id128 *id)
{
	size_t at = get_u64(id->byte) & (s->cap - 1);

	while (s->entries[at].seq != 0 &&
	    memcmp(&s->entries[at].subject, id, sizeof(*id)) != 0)
		at = (at + 1) & (s->cap - 1);
	return &s->entries[at];
}

/* Three quarters full at most. */
static void
grow(struct subject_seqs *s)
{
	struct entry *old = s->entries;
	size_t cap = s->cap;

	s->cap *= 2;
	s->entries = xcalloc(s->cap, sizeof(*s->entries));
	for (size_t i = 0; i < cap; i++)
		if (old[i].seq != 0)
			*place_of(s, &old[i].subject) = old[i];
	free(old);
}

static void
give_up(struct subject_seqs *s)
{
	s->full = true;
	free(s->entries);
	s->entries = NULL;
	s->cap = s->count = 0;
}

void
subject_seqs_note(struct subject_seqs *s, struct slice subject, uint64_t seq)
{
	struct id128 id = envelope_text_id(subject);
	struct entry *e;

	if (s->full)
		return;
	e = place_of(s, &id);
	if (e->seq != 0) {
		if (e->seq < seq)
			e->seq = seq;
		return;
	}
	if (s->count == s->max) {
		give_up(s);
		return;
	}
	*e = (struct entry){ id, seq };
	if (++s->count > s->cap / 4 * 3)
		grow(s);
}

bool
subject_seqs_is_full(const struct subject_seqs *s)
{
	return s->full;
}

uint64_t
subject_seqs_find(const struct subject_seqs *s, struct slice subject)
{
	struct id128 id = envelope_text_id(subject);

	return s->full ? 0 : place_of(s, &id)->seq;
}

size_t
subject_seqs_count(const struct subject_seqs *s)
{
	return s->count;
}
