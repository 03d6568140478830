/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Publishing, second part: is the log where the publisher believes it to be,
 * and does anybody get these events?  Asked when all of the request is good
 * and nothing of it is taken.
 */
#include <inttypes.h>

#include "workers/bus/publish_impl.h"
#include "workers/bus/slot.h"
#include "workers/bus/subject_index.h"

/* ---- one unit ------------------------------------------------------------- */

static enum ms_err
check_unit(const struct checked *checked, uint32_t count, struct why *why)
{
	if (count > PUBLISH_ATOMIC_EVENTS_MAX)
		return why_set(why, MS_ETOOBIG,
		    "%" PRIu32 " events are more than %u, what one unit holds",
		    count, PUBLISH_ATOMIC_EVENTS_MAX);
	for (uint32_t i = 1; i < count; i++) {
		if (checked[i].stream != checked[0].stream)
			return why_set(why, MS_EINVAL,
			    "event %" PRIu32 " belongs to stream %s, those "
			    "before it to %s",
			    i, checked[i].stream->name,
			    checked[0].stream->name);
	}
	return MS_OK;
}

static bool
all_are_known(const struct checked *checked, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (dedup_find(checked[i].stream->dedup,
			&checked[i].identity) == 0)
			return false;
	}
	return true;
}

/* ---- sequences ------------------------------------------------------------ */

static enum ms_err
check_last_seq(const struct stream *stream, uint64_t expected, struct why *why)
{
	uint64_t last = journal_given_seq(stream->journal);

	if (last == expected)
		return MS_OK;
	return why_set(why, MS_ESEQUENCE,
	    "expected %" PRIu64
	    " as last sequence of stream %s, it is %" PRIu64,
	    expected, stream->name, last);
}

static enum ms_err
check_last_subject_seq(const struct checked *checked, uint32_t count,
    uint64_t expected, struct why *why)
{
	struct slice subject = checked[0].subject;
	uint64_t last = 0;
	enum ms_err err;

	for (uint32_t i = 1; i < count; i++) {
		if (!slice_eq(checked[i].subject, subject))
			return why_set(why, MS_EINVAL,
			    "the last sequence of a subject is expected, and "
			    "event %" PRIu32 " has another one",
			    i);
	}
	err = subject_index_find(checked[0].stream, subject, &last, why);
	if (err || last == expected)
		return err;
	return why_set(why, MS_ESEQUENCE,
	    "expected %" PRIu64 " as last sequence of %.*s, it is %" PRIu64,
	    expected, (int)subject.len, subject.ptr, last);
}

static enum ms_err
check_expected(const struct checked *checked, uint32_t count,
    const struct bus_publish_in *in, struct why *why)
{
	const struct stream *stream = checked[0].stream;
	enum ms_err err = MS_OK;

	if (all_are_known(checked, count))
		return MS_OK;
	if (in->expected_stream &&
	    !slice_is(slice_of(in->expected_stream), stream->name))
		return why_set(why, MS_ECONFLICT,
		    "expected stream %s, %.*s belongs to %s",
		    in->expected_stream, (int)checked[0].subject.len,
		    checked[0].subject.ptr, stream->name);
	if (in->check_last_seq)
		err = check_last_seq(stream, in->expected_last_seq, why);
	if (!err && in->check_last_subject_seq)
		err = check_last_subject_seq(checked, count,
		    in->expected_last_subject_seq, why);
	return err;
}

/* ---- who gets them ---------------------------------------------------------- */

static bool
gets(const struct slot *slot, const struct checked *c)
{
	return slot->stream == c->stream &&
	    consumer_matches(slot->consumer, c->subject);
}

/* Neighbours often have one subject: it is asked once. */
static bool
gets_one(const struct slot *slot, const struct checked *checked, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (i > 0 &&
		    slice_eq(checked[i].subject, checked[i - 1].subject))
			continue;
		if (gets(slot, &checked[i]))
			return true;
	}
	return false;
}

static bool
somebody_gets(const struct bus *bus, const struct checked *c)
{
	const struct slot *slot;

	for (slot = bus->slots; slot; slot = slot->hh.next) {
		if (gets(slot, c))
			return true;
	}
	return false;
}

static enum ms_err
check_mandatory(const struct bus *bus, uint32_t count,
    const struct bus_publish_out *out, struct why *why)
{
	const struct checked *checked = bus->queue->checked;

	if (out->matched_live > 0)
		return MS_OK;
	for (uint32_t i = 0; i < count; i++) {
		if (i > 0 &&
		    slice_eq(checked[i].subject, checked[i - 1].subject))
			continue;
		if (!somebody_gets(bus, &checked[i]))
			return why_set(why, MS_ENOMATCH,
			    "event %" PRIu32 ": %.*s: no consumer and no live "
			    "subscriber gets it",
			    i, (int)checked[i].subject.len,
			    checked[i].subject.ptr);
	}
	return MS_OK;
}

static void
count_matched(const struct bus *bus, uint32_t count,
    struct bus_publish_out *out)
{
	const struct slot *slot;

	out->matched_live = worker_subscribers(bus->worker);
	for (slot = bus->slots; slot; slot = slot->hh.next)
		out->matched_durable +=
		    gets_one(slot, bus->queue->checked, count);
}

enum ms_err
publish_expect(struct bus *bus, uint32_t count, const struct bus_publish_in *in,
    struct bus_publish_out *out, struct why *why)
{
	const struct checked *checked = bus->queue->checked;
	bool expects = in->expected_stream || in->check_last_seq ||
	    in->check_last_subject_seq;
	bool matches = in->mandatory || in->count_matched;
	enum ms_err err = MS_OK;

	if (expects || matches || in->atomic)
		err = check_unit(checked, count, why);
	if (!err && expects)
		err = check_expected(checked, count, in, why);
	if (!err && matches)
		count_matched(bus, count, out);
	if (!err && in->mandatory)
		err = check_mandatory(bus, count, out, why);
	return err;
}
