/* SPDX-License-Identifier: Apache-2.0 */
#include "workers/exemplar.h"

#include "common/mono.h"

void
exemplar_note(struct metric m, uint64_t value, const struct traceparent *trace)
{
	struct metric_trace ids;

	_Static_assert(sizeof(ids.trace_id) == sizeof(trace->trace_id) &&
		sizeof(ids.span_id) == sizeof(trace->span_id),
	    "the same ids");
	memcpy(ids.trace_id, trace->trace_id, sizeof(ids.trace_id));
	memcpy(ids.span_id, trace->span_id, sizeof(ids.span_id));
	metric_exemplar(m, value, &ids, (uint64_t)wall_ns());
}

void
exemplar_note_text(struct metric m, uint64_t value, struct slice text)
{
	struct traceparent trace;

	if (text.len > 0 && traceparent_parse(text, &trace, NULL) == MS_OK)
		exemplar_note(m, value, &trace);
}
