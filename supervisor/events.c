/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A ring of finished lines: an event is printed once, however many read it.
 * Numbers start at 1 and never repeat within the life of this msd.
 */
#include "supervisor/events.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/backoff.h"
#include "common/json.h"
#include "common/mono.h"

#define MEMBERS_BYTES 1024

#define LIFE_BYTES 17

struct events {
	char *line[EVENTS_KEPT];
	bool held[EVENTS_KEPT];
	struct buf scratch; /* a line while it is printed */
	uint64_t next;
	uint64_t shown; /* number of the next to be shown; <= next */
	char life[LIFE_BYTES];
	void (*on_event)(void *arg);
	void *arg;
};

struct events *
events_new(void)
{
	struct events *events = xcalloc(1, sizeof(*events));

	events->next = events->shown = 1;
	snprintf(events->life, sizeof(events->life), "%016llx",
	    (unsigned long long)dice_seed());
	return events;
}

void
events_free(struct events **events)
{
	if (!*events)
		return;
	for (size_t i = 0; i < EVENTS_KEPT; i++)
		free((*events)->line[i]);
	buf_fini(&(*events)->scratch);
	free(*events);
	*events = NULL;
}

void
events_listen(struct events *events, void (*on_event)(void *arg), void *arg)
{
	events->on_event = on_event;
	events->arg = arg;
}

/* ---- showing ------------------------------------------------------------ */

static void
show_next(struct events *events)
{
	uint64_t before = events->shown;

	while (events->shown < events->next &&
	    !events->held[events->shown % EVENTS_KEPT])
		events->shown++;
	if (events->shown != before && events->on_event)
		events->on_event(events->arg);
}

void
events_hold(struct events *events, uint64_t seq)
{
	if (seq + 1 != events->next)
		return; /* only the newest: others have been seen */
	events->held[seq % EVENTS_KEPT] = true;
	events->shown = events->shown > seq ? seq : events->shown;
}

void
events_show(struct events *events, uint64_t seq)
{
	if (seq < events_first(events) || seq >= events->next)
		return;
	events->held[seq % EVENTS_KEPT] = false;
	show_next(events);
}

void
events_show_all(struct events *events)
{
	memset(events->held, 0, sizeof(events->held));
	show_next(events);
}

/* ---- the ring ----------------------------------------------------------- */

uint64_t
events_add(struct events *events, const char *event, const char *name,
    const char *members, ...)
{
	char text[MEMBERS_BYTES], at[RFC3339_BYTES];
	struct buf *line = &events->scratch;
	va_list args;
	int n;

	va_start(args, members);
	n = vsnprintf(text, sizeof(text), members, args);
	va_end(args);
	if (n < 0 || n >= (int)sizeof(text))
		text[0] = '\0'; /* half a member would break the line */
	rfc3339_print(wall_ns(), at);
	buf_reset(line);
	buf_printf(line,
	    "{\"seq\":%" PRIu64 ",\"at\":\"%s\",\"mono_ms\":%" PRIu64
	    ",\"event\":\"%s\",\"name\":",
	    events->next, at, mono_now().ns / 1000000, event);
	json_quote(line, slice_of(name));
	buf_printf(line, "%s%s}", text[0] ? "," : "", text);
	free(events->line[events->next % EVENTS_KEPT]);
	events->line[events->next % EVENTS_KEPT] =
	    xstrndup((char *)line->ptr, line->len);
	events->held[events->next % EVENTS_KEPT] = false;
	events->next++;
	if (events->shown < events_first(events))
		events->shown = events_first(events);
	show_next(events);
	return events->next - 1;
}

void
events_put(struct events *events, uint64_t seq, const char *line)
{
	free(events->line[seq % EVENTS_KEPT]);
	events->line[seq % EVENTS_KEPT] = xstrdup(line);
	events->held[seq % EVENTS_KEPT] = false;
	events->next = events->shown = seq + 1;
}

void
events_set_life(struct events *events, const char *life)
{
	snprintf(events->life, sizeof(events->life), "%s", life);
}

uint64_t
events_next(const struct events *events)
{
	return events->shown;
}

const char *
events_life(const struct events *events)
{
	return events->life;
}

uint64_t
events_first(const struct events *events)
{
	return events->next > EVENTS_KEPT ? events->next - EVENTS_KEPT : 1;
}

const char *
events_get(const struct events *events, uint64_t seq)
{
	if (seq < events_first(events) || seq >= events->shown)
		return NULL;
	return events->line[seq % EVENTS_KEPT];
}
