/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A ring of lines without their beginning, which is the same in all of them.
 * Numbers start at 1 and never repeat within the life of this msd.
 */
#include "supervisor/events.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/backoff.h"
#include "common/json.h"
#include "common/mono.h"
#include "supervisor/metrics/meters.h"

#define MEMBERS_BYTES 1024

#define LIFE_BYTES 17

#define RING_FIRST 64u /* times two, and again, is EVENTS_KEPT */

/* Number and times are half of a line: they are printed when it is read. */
struct event {
	int64_t wall_ns; /* 0: text is the whole line */
	uint64_t mono_ms;
	bool held;
	char text[]; /* what follows the times */
};

struct events {
	struct event **ring; /* grows to EVENTS_KEPT */
	size_t cap;
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
	for (size_t i = 0; i < (*events)->cap; i++)
		free((*events)->ring[i]);
	free((*events)->ring);
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

/* Of an event that is kept. */
static struct event *
slot(const struct events *events, uint64_t seq)
{
	return events->ring[seq % EVENTS_KEPT];
}

/* ---- showing ------------------------------------------------------------ */

static void
show_next(struct events *events)
{
	uint64_t before = events->shown;

	while (events->shown < events->next) {
		if (slot(events, events->shown)->held)
			break;
		events->shown++;
	}
	if (events->shown != before && events->on_event)
		events->on_event(events->arg);
}

void
events_hold(struct events *events, uint64_t seq)
{
	if (seq + 1 != events->next)
		return; /* only the newest: others have been seen */
	slot(events, seq)->held = true;
	events->shown = events->shown > seq ? seq : events->shown;
}

void
events_show(struct events *events, uint64_t seq)
{
	if (seq < events_first(events) || seq >= events->next)
		return;
	slot(events, seq)->held = false;
	show_next(events);
}

void
events_show_all(struct events *events)
{
	for (uint64_t seq = events_first(events); seq < events->next; seq++)
		slot(events, seq)->held = false;
	show_next(events);
}

/* ---- the ring ----------------------------------------------------------- */

static void
make_room(struct events *events, size_t i)
{
	size_t cap = events->cap ? events->cap : RING_FIRST;

	while (cap <= i)
		cap *= 2;
	if (cap == events->cap)
		return;
	events->ring = xreallocarray(events->ring, cap, sizeof(*events->ring));
	memset(events->ring + events->cap, 0,
	    (cap - events->cap) * sizeof(*events->ring));
	events->cap = cap;
}

static void
keep(struct events *events, uint64_t seq, const struct event *event,
    const char *text)
{
	size_t i = seq % EVENTS_KEPT, bytes = strlen(text) + 1;
	struct event *e;

	make_room(events, i);
	free(events->ring[i]);
	e = events->ring[i] = xmalloc(offsetof(struct event, text) + bytes);
	e->wall_ns = event->wall_ns;
	e->mono_ms = event->mono_ms;
	e->held = false;
	memcpy(e->text, text, bytes);
}

uint64_t
events_add(struct events *events, const char *event, const char *name,
    const char *members, ...)
{
	struct buf *line = &events->scratch;
	char text[MEMBERS_BYTES];
	va_list args;
	int n;

	va_start(args, members);
	n = vsnprintf(text, sizeof(text), members, args);
	va_end(args);
	if (n < 0 || n >= (int)sizeof(text))
		text[0] = '\0'; /* half a member would break the line */
	buf_reset(line);
	buf_printf(line, "\"event\":\"%s\",\"name\":", event);
	json_quote(line, slice_of(name));
	buf_printf(line, "%s%s}", text[0] ? "," : "", text);
	buf_add_u8(line, '\0');
	keep(events, events->next,
	    &(struct event){ .wall_ns = wall_ns(),
		.mono_ms = mono_now().ns / 1000000 },
	    (const char *)line->ptr);
	events->next++;
	meters_event(event);
	if (events->shown < events_first(events))
		events->shown = events_first(events);
	show_next(events);
	return events->next - 1;
}

void
events_put(struct events *events, uint64_t seq, const char *line)
{
	keep(events, seq, &(struct event){ .wall_ns = 0 }, line);
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
events_get(struct events *events, uint64_t seq)
{
	const struct event *e;
	char at[RFC3339_BYTES];

	if (seq < events_first(events) || seq >= events->shown)
		return NULL;
	e = slot(events, seq);
	if (e->wall_ns == 0)
		return e->text;
	rfc3339_print(e->wall_ns, at);
	buf_reset(&events->scratch);
	buf_printf(&events->scratch,
	    "{\"seq\":%" PRIu64 ",\"at\":\"%s\",\"mono_ms\":%" PRIu64 ",%s",
	    seq, at, e->mono_ms, e->text);
	buf_add_u8(&events->scratch, '\0');
	return (const char *)events->scratch.ptr;
}
