/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Three lines about everything, a table of what was chosen, cut at the last row
 * but one, and a line about keys.  What is not known is a dash: a nought is a
 * figure.
 */
#include "supervisor/msctl/top_view.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "common/alloc.h"
#include "common/mono.h"
#include "supervisor/msctl/figures.h"
#include "supervisor/msctl/table.h"
#include "supervisor/msctl/top_rates.h"

#define UNKNOWN "-" /* an empty column would be left out, and jump */

struct scene {
	const struct top_frame *now, *before;
	const struct top_view *view;
	const struct look *look;
	struct table table;
};

/* ---- cells --------------------------------------------------------------------- */

static const char *
print_rate(double per_s, char out[static LOOK_TEXT_BYTES])
{
	if (per_s < 0)
		snprintf(out, LOOK_TEXT_BYTES, UNKNOWN);
	else if (per_s >= 1e6)
		snprintf(out, LOOK_TEXT_BYTES, "%.1fM", per_s / 1e6);
	else if (per_s >= 1e4)
		snprintf(out, LOOK_TEXT_BYTES, "%.1fk", per_s / 1e3);
	else if (per_s == 0 || per_s >= 10)
		snprintf(out, LOOK_TEXT_BYTES, "%.0f", per_s);
	else
		snprintf(out, LOOK_TEXT_BYTES, "%.1f", per_s);
	return out;
}

static void
add_rate(struct table *t, double per_s)
{
	char text[LOOK_TEXT_BYTES];

	table_add(t, HUE_NONE, print_rate(per_s, text));
}

static void
add_count(struct table *t, uint64_t n)
{
	table_addf(t, HUE_NONE, "%llu", (unsigned long long)n);
}

static void
add_p99(struct table *t, uint64_t ns)
{
	char text[LOOK_TEXT_BYTES];

	table_add(t, HUE_NONE, ns ? print_us((double)ns / 1e3, text) : UNKNOWN);
}

/* ---- workers ------------------------------------------------------------------- */

/* With what it is sorted by. */
struct line {
	const struct top_worker *w;
	struct worker_rates rates;
	size_t place; /* in the tree */
	enum top_sort sort;
};

static int
by_size(double x, double y)
{
	return x > y ? -1 : x < y;
}

static int
by_choice(const void *a, const void *b)
{
	const struct line *x = a, *y = b;
	int order = 0;

	switch (x->sort) {
	case TOP_BY_CPU:
		order = by_size(x->rates.cpu_pct, y->rates.cpu_pct);
		break;
	case TOP_BY_MEMORY:
		order =
		    by_size((double)x->w->rss_bytes, (double)y->w->rss_bytes);
		break;
	case TOP_BY_RESTARTS:
		order = by_size((double)x->w->restarts, (double)y->w->restarts);
		break;
	case TOP_BY_NAME:
		order = strcmp(x->w->name, y->w->name);
		break;
	}
	return order ? order : x->place < y->place ? -1 : x->place > y->place;
}

static struct line *
sorted(const struct scene *s)
{
	struct line *lines = xcalloc(s->now->worker_count + 1, sizeof(*lines));

	for (size_t i = 0; i < s->now->worker_count; i++) {
		const struct top_worker *w = &s->now->workers[i];

		lines[i] = (struct line){ .w = w,
			.rates = worker_rates(s->now, s->before, w),
			.place = i,
			.sort = s->view->sort };
	}
	qsort(lines, s->now->worker_count, sizeof(*lines), by_choice);
	return lines;
}

static void
add_state(struct scene *s, const char *state)
{
	if (state[0])
		table_addf(&s->table, state_hue(state), "%s %s",
		    state_symbol(s->look, state), state);
	else
		table_add(&s->table, HUE_NONE, UNKNOWN);
}

static void
add_worker(struct scene *s, const struct line *line)
{
	const struct top_worker *w = line->w;
	struct table *t = &s->table;
	char text[LOOK_TEXT_BYTES];

	table_add(t, HUE_NONE, w->name);
	if (w->pid)
		add_count(t, w->pid);
	else
		table_add(t, HUE_NONE, UNKNOWN);
	add_state(s, w->state);
	if (line->rates.cpu_pct >= 0)
		table_addf(t, HUE_NONE, "%.1f", line->rates.cpu_pct);
	else
		table_add(t, HUE_NONE, UNKNOWN);
	table_add(t, HUE_NONE,
	    w->has_proc ? print_kib((double)w->rss_bytes / 1024, text)
			: UNKNOWN);
	table_addf(t, w->restarts ? HUE_BUSY : HUE_NONE, "%llu",
	    (unsigned long long)w->restarts);
	add_rate(t, w->requests ? line->rates.requests : -1);
	add_p99(t, w->request_p99_ns);
	table_add(t, HUE_NONE,
	    w->pid && s->now->has_tree ? print_age(w->uptime_ms, text)
				       : UNKNOWN);
}

static void
show_workers(struct scene *s)
{
	static const struct column columns[] = {
		{ "WORKER", COLUMN_FLEXIBLE },
		{ "PID", COLUMN_RIGHT },
		{ "STATE", 0 },
		{ "CPU%", COLUMN_RIGHT },
		{ "MEMORY", COLUMN_RIGHT },
		{ "RESTARTS", COLUMN_RIGHT },
		{ "REQ/S", COLUMN_RIGHT },
		{ "P99", COLUMN_RIGHT },
		{ "UPTIME", COLUMN_RIGHT },
	};
	struct line *lines = sorted(s);

	table_init(&s->table, columns, ARRAY_LEN(columns));
	for (size_t i = 0; i < s->now->worker_count; i++)
		add_worker(s, &lines[i]);
	free(lines);
}

/* ---- bus ----------------------------------------------------------------------- */

static void
show_bus(struct scene *s)
{
	static const struct column columns[] = {
		{ "CONSUMER", COLUMN_FLEXIBLE },
		{ "BEHIND", COLUMN_RIGHT },
		{ "IN FLIGHT", COLUMN_RIGHT },
		{ "OUT/S", COLUMN_RIGHT },
		{ "AGAIN/S", COLUMN_RIGHT },
		{ "DELIVERED", COLUMN_RIGHT },
	};

	table_init(&s->table, columns, ARRAY_LEN(columns));
	for (size_t i = 0; i < s->now->consumer_count; i++) {
		const struct top_consumer *c = &s->now->consumers[i];
		struct consumer_rates r = consumer_rates(s->now, s->before, c);

		table_add(&s->table, HUE_NONE, c->name);
		add_count(&s->table, c->lag);
		add_count(&s->table, c->in_flight);
		add_rate(&s->table, r.delivered);
		add_rate(&s->table, r.redelivered);
		add_count(&s->table, c->delivered);
	}
}

/* ---- pools ---------------------------------------------------------------------- */

static void
show_pools(struct scene *s)
{
	static const struct column columns[] = {
		{ "POOL", COLUMN_FLEXIBLE },
		{ "BUSY", COLUMN_RIGHT },
		{ "IDLE", COLUMN_RIGHT },
		{ "OTHER", COLUMN_RIGHT },
		{ "CLIENTS", COLUMN_RIGHT },
		{ "WAITING", COLUMN_RIGHT },
		{ "ACQUIRED/S", COLUMN_RIGHT },
		{ "TX/S", COLUMN_RIGHT },
		{ "P99", COLUMN_RIGHT },
		{ "ERRORS", COLUMN_RIGHT },
	};

	table_init(&s->table, columns, ARRAY_LEN(columns));
	for (size_t i = 0; i < s->now->pool_count; i++) {
		const struct top_pool *p = &s->now->pools[i];
		struct pool_rates r = pool_rates(s->now, s->before, p);

		table_add(&s->table, HUE_NONE, p->name);
		add_count(&s->table, p->used);
		add_count(&s->table, p->idle);
		add_count(&s->table, p->other);
		add_count(&s->table, p->clients);
		table_addf(&s->table, p->waiting ? HUE_BUSY : HUE_NONE, "%llu",
		    (unsigned long long)p->waiting);
		add_rate(&s->table, r.acquired);
		add_rate(&s->table, r.transactions);
		add_p99(&s->table, p->acquire_p99_ns);
		add_count(&s->table, p->errors);
	}
}

/* ---- the lines on top ---------------------------------------------------------- */

static void
print_clock(int64_t wall, struct buf *out)
{
	time_t s = (time_t)(wall / 1000000000);
	char text[16];
	struct tm tm;

	localtime_r(&s, &tm);
	strftime(text, sizeof(text), "%H:%M:%S", &tm);
	buf_add_str(out, text);
}

static void
head_workers(const struct scene *s, struct buf *out)
{
	size_t ready = 0, missing = 0;
	uint64_t rss = 0;
	double cpu = -1;
	char text[LOOK_TEXT_BYTES];

	for (size_t i = 0; i < s->now->worker_count; i++) {
		const struct top_worker *w = &s->now->workers[i];
		struct worker_rates r = worker_rates(s->now, s->before, w);

		ready += w->ready;
		missing += top_worker_is_missing(w);
		rss += w->rss_bytes;
		if (r.cpu_pct >= 0)
			cpu = (cpu < 0 ? 0 : cpu) + r.cpu_pct;
	}
	print_clock(s->now->wall_ns, out);
	if (s->view->replay)
		buf_printf(out, "  replay %s", s->view->replay);
	buf_printf(out, "  %zu worker%s", s->now->worker_count,
	    s->now->worker_count == 1 ? "" : "s");
	if (s->now->left_out)
		buf_printf(out, " and %u more", s->now->left_out);
	if (s->now->has_tree)
		buf_printf(out, ", %zu ready", ready);
	else
		buf_add_str(out, ", msd does not answer");
	if (missing && s->now->has_tree)
		buf_printf(out, ", %zu not", missing);
	if (cpu >= 0)
		buf_printf(out, "  cpu %.1f%%", cpu);
	if (rss)
		buf_printf(out, "  memory %s",
		    print_kib((double)rss / 1024, text));
}

static void
head_bus(const struct scene *s, struct buf *out)
{
	const struct top_bus *b = &s->now->bus;
	struct bus_rates r = bus_rates(s->now, s->before);
	char text[LOOK_TEXT_BYTES];

	buf_add_str(out, "bus");
	if (!b->is_there) {
		buf_add_str(out, "  has counted nothing");
		return;
	}
	if (r.events >= 0)
		buf_printf(out, "  in %s/s", print_rate(r.events, text));
	if (r.bytes >= 0 && s->view->what == TOP_BUS)
		buf_printf(out, " (%s/s)", print_kib(r.bytes / 1024, text));
	if (r.delivered >= 0)
		buf_printf(out, "  out %s/s", print_rate(r.delivered, text));
	if (r.live > 0)
		buf_printf(out, "  live %s/s", print_rate(r.live, text));
	buf_printf(out, "  behind %llu", (unsigned long long)b->lag);
	if (b->route_p99_ns)
		buf_printf(out, "  route p99 %s",
		    print_us((double)b->route_p99_ns / 1e3, text));
	buf_printf(out, "  log %s",
	    print_kib((double)b->log_bytes / 1024, text));
	if (b->refused && s->view->what == TOP_BUS)
		buf_printf(out, "  refused %llu",
		    (unsigned long long)b->refused);
}

/* Names what is broken; when all is well that is one word. */
static bool
head_promises(const struct scene *s, struct buf *out)
{
	char is[LOOK_TEXT_BYTES], limit[LOOK_TEXT_BYTES];
	size_t broken = 0, watched = 0;

	buf_add_str(out, "sla");
	for (size_t i = 0; i < s->now->promise_count; i++) {
		const struct top_promise *p = &s->now->promises[i];

		watched += p->threshold_ns > 0;
		if (!p->breached)
			continue;
		buf_printf(out, "%s %s %s > %s", broken++ ? "," : "  BROKEN",
		    p->name, print_us((double)p->p99_ns / 1e3, is),
		    print_us((double)p->threshold_ns / 1e3, limit));
	}
	if (!broken)
		buf_add_str(out, watched ? "  kept" : "  not watched");
	return broken > 0;
}

/* ---- a screen ------------------------------------------------------------------- */

static void
add_line(const struct look *look, enum hue hue, struct buf *line,
    struct buf *out)
{
	look_hue(look, hue, out);
	look_text(look, buf_slice(line), look->columns, out);
	look_plain(look, hue, out);
	buf_add_u8(out, '\n');
	buf_reset(line);
}

#define HEAD_LINES 4u /* the empty one too */

/* What does not fit below the head is counted. */
static void
add_table(struct scene *s, struct buf *out)
{
	unsigned taken = HEAD_LINES + (s->view->keys ? 1 : 0);
	unsigned room = s->view->rows > taken ? s->view->rows - taken : 0;
	struct buf all = { 0 }, more = { 0 };
	struct slice line;
	size_t off = 0, lines = 0, total = 0;

	table_print(&s->table, s->look, &all);
	for (size_t i = 0; i < all.len; i++)
		total += all.ptr[i] == '\n';
	while (buf_line(&all, &off, &line)) {
		if (s->view->rows && total > room && lines + 1 >= room)
			break;
		buf_add_slice(out, line);
		buf_add_u8(out, '\n');
		lines++;
	}
	if (lines < total && room) {
		buf_printf(&more, "%zu more", total - lines);
		add_line(s->look, HUE_DIM, &more, out);
	}
	buf_fini(&more);
	buf_fini(&all);
}

static void
add_keys(const struct scene *s, struct buf *out)
{
	static const char *const sorts[] = { [TOP_BY_CPU] = "cpu",
		[TOP_BY_MEMORY] = "memory",
		[TOP_BY_RESTARTS] = "restarts",
		[TOP_BY_NAME] = "name" };
	struct buf line = { 0 };

	buf_add_str(&line, "q quit  w b p workers, bus, pools");
	if (s->view->what == TOP_WORKERS)
		buf_printf(&line, "  c m r n sort (%s)", sorts[s->view->sort]);
	if (s->view->replay)
		buf_add_str(&line, "  space, arrows");
	look_hue(s->look, HUE_DIM, out);
	look_text(s->look, buf_slice(&line), s->look->columns, out);
	look_plain(s->look, HUE_DIM, out);
	buf_fini(&line);
}

void
top_render(const struct top_frame *now, const struct top_frame *before,
    const struct top_view *view, const struct look *look, struct buf *out)
{
	static void (*const shows[])(
	    struct scene * s) = { [TOP_WORKERS] = show_workers,
		[TOP_BUS] = show_bus,
		[TOP_POOLS] = show_pools };
	struct scene s = { now, before, view, look, { 0 } };
	struct buf line = { 0 };
	bool broken;

	head_workers(&s, &line);
	add_line(look, HUE_BOLD, &line, out);
	head_bus(&s, &line);
	add_line(look, HUE_NONE, &line, out);
	broken = head_promises(&s, &line);
	add_line(look, broken ? HUE_BAD : HUE_NONE, &line, out);
	buf_add_u8(out, '\n');
	shows[view->what](&s);
	if (s.table.cell_count)
		add_table(&s, out);
	else
		buf_add_str(out, "none\n");
	if (view->keys)
		add_keys(&s, out);
	table_fini(&s.table);
	buf_fini(&line);
}
