/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the events of a handle have in common for a while: the trace they
 * belong to (W3C Trace Context) and the event that caused them.
 */
#include "common/backoff.h"
#include "common/id.h"
#include "proto/client/ms_impl.h"

static const struct envelope_limits limits = {
	.payload_bytes = ENVELOPE_PAYLOAD_CEILING,
	.header_bytes = ENVELOPE_HEADER_BYTES_MAX,
};

static void
roll(struct ms *ms, unsigned char *bytes, size_t count)
{
	for (size_t i = 0; i < count; i += 4)
		put_u32(bytes + i, dice_next(&ms->dice));
}

enum ms_err
ms_trace_child(struct ms *ms, const char *parent,
    char traceparent_r[MS_TRACEPARENT_BYTES])
{
	unsigned char dice[TRACEPARENT_DICE_BYTES];
	struct traceparent tp;
	enum ms_err err = MS_OK;

	roll(ms, dice, sizeof(dice));
	if (parent)
		err = traceparent_parse(slice_of(parent), &tp, &ms->why);
	if (err)
		return err;
	tp = parent ? traceparent_child(&tp, dice) : traceparent_new(dice);
	traceparent_print(&tp, traceparent_r);
	return MS_OK;
}

enum ms_err
ms_trace_set(struct ms *ms, const char *traceparent, const char *tracestate)
{
	struct trace_context *context = &ms->context;
	struct traceparent tp;
	enum ms_err err = MS_OK;

	if (traceparent)
		err = traceparent_parse(slice_of(traceparent), &tp, &ms->why);
	if (!err && tracestate && strlen(tracestate) > TRACESTATE_LEN_MAX)
		err = why_set(&ms->why, MS_ETOOBIG,
		    "tracestate: more than %u characters", TRACESTATE_LEN_MAX);
	if (err)
		return err;
	*context = (struct trace_context){ .traceparent = "" };
	if (!traceparent)
		return MS_OK;
	traceparent_print(&tp, context->traceparent);
	if (tracestate)
		memcpy(context->tracestate, tracestate, strlen(tracestate) + 1);
	return MS_OK;
}

/* Ids as the frame has them: an id that is no UUID has its hash there. */
static enum ms_err
take_ids(struct ms *ms, const struct ms_event *cause)
{
	struct slice frame = { cause->frame, cause->frame_bytes };
	struct envelope e;
	enum ms_err err = cause->frame
	    ? envelope_peek(frame, &limits, &e, &ms->why)
	    : why_set(&ms->why, MS_EINVAL, "the cause was not delivered");

	if (err)
		return err;
	ms->context.causation = e.id;
	ms->context.correlation =
	    id_is_zero(&e.correlation) ? e.id : e.correlation;
	return MS_OK;
}

enum ms_err
ms_cause(struct ms *ms, const struct ms_event *cause)
{
	char child[MS_TRACEPARENT_BYTES];
	const char *state = cause ? cause->tracestate : NULL;
	struct traceparent tp;

	(void)!ms_trace_set(ms, NULL, NULL);
	if (!cause)
		return MS_OK;
	/* one that an old log holds and that is none ends here */
	if (cause->traceparent &&
	    traceparent_parse(slice_of(cause->traceparent), &tp, NULL) ==
		MS_OK) {
		if (state && strlen(state) > TRACESTATE_LEN_MAX)
			state = NULL;
		(void)!ms_trace_child(ms, cause->traceparent, child);
		(void)!ms_trace_set(ms, child, state);
	}
	return take_ids(ms, cause);
}

static bool
has_extension(const struct envelope *e, const char *name)
{
	for (size_t i = 0; i < e->extension_count; i++)
		if (slice_is(e->extensions[i].name, name))
			return true;
	return false;
}

void
trace_fill(const struct ms *ms, struct envelope *e)
{
	const struct trace_context *context = &ms->context;

	if (context->traceparent[0] && e->traceparent.len == 0) {
		e->traceparent = slice_of(context->traceparent);
		e->tracestate = slice_of(context->tracestate);
	}
	if (id_is_zero(&context->causation))
		return;
	if (id_is_zero(&e->causation) && !has_extension(e, "causationid"))
		e->causation = context->causation;
	if (id_is_zero(&e->correlation) && !has_extension(e, "correlationid"))
		e->correlation = context->correlation;
}
