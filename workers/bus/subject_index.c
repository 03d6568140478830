/* SPDX-License-Identifier: Apache-2.0 */
#include "workers/bus/subject_index.h"

#include <inttypes.h>
#include <stdlib.h>

#include "common/alloc.h"
#include "common/log.h"
#include "workers/bus/budget.h"
#include "workers/bus/bus.h"
#include "workers/bus/subject_seqs.h"

#define PIECE_BYTES  (512u << 10) /* of the log, read in one turn */
#define SHARE_OF     4u           /* of the memory for indexes */
#define SUBJECTS_MIN 1024u

struct subject_index {
	struct stream *stream;
	struct subject_seqs *seqs;
	uint64_t next_seq; /* to be looked at */
	uint64_t upto;     /* what came later was noted */
	struct loop_task task;
};

static bool
is_built(const struct subject_index *x)
{
	return x->next_seq > x->upto || subject_seqs_is_full(x->seqs);
}

/* ---- building ------------------------------------------------------------ */

static void
note_all(struct subject_index *x, const struct journal_batch *batch)
{
	struct batch_reader reader = batch_read(batch->body, batch->head.count);
	struct slice frame;
	bool end = false;
	enum ms_err err;

	while ((err = batch_next(&reader, &frame, &end)) == MS_OK ||
	    err == MS_ECHECKSUM) {
		struct envelope event;

		if (end)
			return;
		if (!err &&
		    !envelope_peek(frame, &envelope_limits_ceiling, &event,
			NULL))
			subject_seqs_note(x->seqs, event.subject,
			    frame_seq(frame.ptr));
	}
}

static void
on_piece(struct loop_task *task)
{
	struct subject_index *x =
	    container_of(task, struct subject_index, task);
	struct journal *journal = x->stream->journal;
	size_t bytes = 0;
	struct why why = { "" };

	while (!is_built(x) && bytes < PIECE_BYTES) {
		struct journal_batch batch;
		enum ms_err err =
		    journal_read(journal, x->next_seq, &batch, &why);

		if (err == MS_ENOTFOUND)
			return; /* not to be read yet; the next question goes on */
		if (err) {
			stream_broken(x->stream, err, &why);
			return;
		}
		note_all(x, &batch);
		x->next_seq = batch.head.base_seq + batch.head.count;
		bytes += batch.body.len;
	}
	if (is_built(x))
		log_info("subjects are indexed", "stream=%s subjects=%zu",
		    x->stream->name, subject_seqs_count(x->seqs));
	else
		loop_later(x->stream->bus->loop, &x->task);
}

static struct subject_index *
begin(struct stream *stream)
{
	struct bus *bus = stream->bus;
	struct subject_index *x = xcalloc(1, sizeof(*x));
	size_t most = budget_share(bus->conf.buffer_bytes, BUDGET_INDEX) /
	    SHARE_OF / bus->stream_count / SUBJECT_SEQS_ENTRY_BYTES;

	x->stream = stream;
	x->seqs = subject_seqs_new(most > SUBJECTS_MIN ? most : SUBJECTS_MIN);
	x->next_seq = journal_first_seq(stream->journal);
	x->upto = journal_given_seq(stream->journal);
	if (x->next_seq == 0) /* nothing is written yet */
		x->next_seq = 1;
	x->task.run = on_piece;
	return x;
}

void
subject_index_free(struct stream *stream)
{
	struct subject_index *x = stream->subjects;

	if (!x)
		return;
	stream->subjects = NULL;
	subject_seqs_free(&x->seqs);
	free(x);
}

/* ---- asking -------------------------------------------------------------- */

enum ms_err
subject_index_find(struct stream *stream, struct slice subject, uint64_t *seq_r,
    struct why *why)
{
	struct subject_index *x = stream->subjects;

	if (!x)
		x = stream->subjects = begin(stream);
	if (!is_built(x)) {
		if (!x->task.queued)
			loop_later(stream->bus->loop, &x->task);
		return why_set(why, MS_EBUSY,
		    "the subjects of stream %s are being indexed, at %" PRIu64
		    " of %" PRIu64,
		    stream->name, x->next_seq, x->upto);
	}
	if (subject_seqs_is_full(x->seqs))
		return why_set(why, MS_ETOOBIG,
		    "stream %s has too many subjects to say the last sequence "
		    "of each ([bus] buffer bounds them)",
		    stream->name);
	*seq_r = subject_seqs_find(x->seqs, subject);
	if (*seq_r < journal_first_seq(stream->journal))
		*seq_r = 0; /* retention took it */
	return MS_OK;
}

void
subject_index_note(struct subject_index *x, struct slice subject, uint64_t seq)
{
	subject_seqs_note(x->seqs, subject, seq);
}
