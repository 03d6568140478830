/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor/msctl/bus_look.h"

#include <stdio.h>

#include "supervisor/msctl/table.h"

#define KEY_COLUMNS 10
#define KIB         1024.0
#define FULL_PCT    80.0

static double
num(const struct json *object, const char *key)
{
	return json_get_num(object, key, 0);
}

static double
pct(double part, double whole)
{
	return whole > 0 ? 100.0 * part / whole : 0;
}

static enum hue
fullness_hue(double percent)
{
	if (percent >= 100)
		return HUE_BAD;
	return percent >= FULL_PCT ? HUE_BUSY : HUE_NONE;
}

/* ---- utilisation ----------------------------------------------------------------- */

static void
begin(const char *key, const struct look *look, struct buf *out)
{
	look_hue(look, HUE_DIM, out);
	buf_printf(out, "%-*s", KEY_COLUMNS, key);
	look_plain(look, HUE_DIM, out);
}

static void
render_log(const struct json *s, const struct look *look, struct buf *out)
{
	char have[LOOK_TEXT_BYTES], may[LOOK_TEXT_BYTES];
	double used = pct(num(s, "log_bytes"), num(s, "retention_bytes"));

	begin("log", look, out);
	print_kib(num(s, "log_bytes") / KIB, have);
	print_kib(num(s, "retention_bytes") / KIB, may);
	look_hue(look, fullness_hue(used), out);
	buf_printf(out, "%s of %s (%.0f %%)", have, may, used);
	look_plain(look, fullness_hue(used), out);
	buf_printf(out, ", %.0f segment%s\n", num(s, "segments"),
	    num(s, "segments") == 1 ? "" : "s");
	begin("events", look, out);
	buf_printf(out, "%.0f to %.0f, on the disk up to %.0f\n",
	    num(s, "first_seq"), num(s, "last_seq"), num(s, "synced_seq"));
}

static void
render_flow(const struct json *s, const struct look *look, struct buf *out)
{
	char bytes[LOOK_TEXT_BYTES];

	begin("in", look, out);
	buf_printf(out,
	    "%.0f events, %s; %.0f duplicates, %.0f batches refused, %.0f "
	    "waiting\n",
	    num(s, "events_in"), print_kib(num(s, "bytes_in") / KIB, bytes),
	    num(s, "duplicates_in"), num(s, "refused_in"),
	    num(s, "waiting_publishes"));
	begin("out", look, out);
	buf_printf(out,
	    "%.0f events to consumers, %.0f live messages, live queues of "
	    "%.0f\n",
	    num(s, "events_out"), num(s, "live_messages"),
	    num(s, "live_queue"));
}

static void
render_dedup(const struct json *s, const struct look *look, struct buf *out)
{
	double used = pct(num(s, "dedup_entries"), num(s, "dedup_entries_max"));
	char window[LOOK_TEXT_BYTES], wanted[LOOK_TEXT_BYTES];

	begin("dedup", look, out);
	print_age((uint64_t)num(s, "dedup_window_ms"), window);
	print_age((uint64_t)num(s, "dedup_wanted_ms"), wanted);
	look_hue(look, fullness_hue(used), out);
	buf_printf(out, "%.0f of %.0f identities (%.0f %%)",
	    num(s, "dedup_entries"), num(s, "dedup_entries_max"), used);
	look_plain(look, fullness_hue(used), out);
	buf_printf(out, ", window %s of %s\n", window, wanted);
}

static void
render_dead(const struct json *s, const struct look *look, struct buf *out)
{
	double quarantined = num(s, "quarantined");

	if (quarantined == 0)
		return;
	begin("damaged", look, out);
	look_hue(look, HUE_BAD, out);
	buf_printf(out, "%.0f parts of the log in quarantine", quarantined);
	look_plain(look, HUE_BAD, out);
	buf_add_str(out, "\n");
}

static const char *
consumer_state(const struct json *c, double max_in_flight)
{
	if (num(c, "worst_deliveries") >= BUS_STUCK_DELIVERIES)
		return "stuck";
	if (max_in_flight > 0 && num(c, "in_flight") >= max_in_flight)
		return "full";
	if (json_get_bool(c, "waiting", false))
		return "waits";
	if (!json_get_str(c, "member", NULL))
		return "nobody";
	return num(c, "behind") > 0 ? "behind" : "idle";
}

static void
render_consumers(const struct json *list, double max_in_flight,
    const struct look *look, struct buf *out)
{
	static const struct column columns[] = {
		{ "CONSUMER", COLUMN_FLEXIBLE },
		{ "STATE", 0 },
		{ "LAG", COLUMN_RIGHT },
		{ "IN FLIGHT", COLUMN_RIGHT },
		{ "FULL", COLUMN_RIGHT },
		{ "DELIVERED", COLUMN_RIGHT },
		{ "AGAIN", COLUMN_RIGHT },
	};
	struct table t;

	table_init(&t, columns, ARRAY_LEN(columns));
	for (const struct json *c = json_first(list); c; c = json_next(c)) {
		double full = pct(num(c, "in_flight"), max_in_flight);
		const char *state = consumer_state(c, max_in_flight);

		table_add(&t, HUE_NONE, json_get_str(c, "name", "?"));
		table_add(&t,
		    state[0] == 's' || state[0] == 'f' ? HUE_BAD : HUE_NONE,
		    state);
		table_addf(&t, HUE_NONE, "%.0f", num(c, "behind"));
		table_addf(&t, HUE_NONE, "%.0f", num(c, "in_flight"));
		table_addf(&t, fullness_hue(full), "%.0f %%", full);
		table_addf(&t, HUE_NONE, "%.0f", num(c, "events_out"));
		table_addf(&t, HUE_NONE, "%.0f", num(c, "redeliveries"));
	}
	if (t.cell_count)
		table_print(&t, look, out);
	table_fini(&t);
}

void
bus_stats_render(const struct json *s, const struct json *consumers,
    const struct look *look, struct buf *out)
{
	render_log(s, look, out);
	render_flow(s, look, out);
	render_dedup(s, look, out);
	render_dead(s, look, out);
	render_consumers(consumers, num(s, "max_ack_pending"), look, out);
}

/* ---- consumers ------------------------------------------------------------------- */

void
bus_add_patterns(struct table *t, const struct json *filter, const char *none)
{
	struct buf text = { 0 };

	for (const struct json *f = json_first(filter); f; f = json_next(f))
		buf_printf(&text, "%s%s", text.len ? " " : "",
		    json_text(f) ? json_text(f) : "");
	buf_add_u8(&text, '\0');
	table_add(t, HUE_NONE,
	    text.failed || text.len == 1 ? none : (char *)text.ptr);
	buf_fini(&text);
}

void
bus_consumers_render(const struct json *list, const struct look *look,
    struct buf *out)
{
	static const struct column columns[] = {
		{ "CONSUMER", 0 },
		{ "SETTLED", COLUMN_RIGHT },
		{ "LAG", COLUMN_RIGHT },
		{ "IN FLIGHT", COLUMN_RIGHT },
		{ "AGAIN", COLUMN_RIGHT },
		{ "FILTER", COLUMN_FLEXIBLE },
	};
	struct table t;

	table_init(&t, columns, ARRAY_LEN(columns));
	for (const struct json *c = json_first(list); c; c = json_next(c)) {
		table_add(&t, HUE_NONE, json_get_str(c, "name", "?"));
		table_addf(&t, HUE_NONE, "%.0f", num(c, "ack_floor"));
		table_addf(&t, HUE_NONE, "%.0f", num(c, "behind"));
		table_addf(&t, HUE_NONE, "%.0f", num(c, "in_flight"));
		table_addf(&t, HUE_NONE, "%.0f", num(c, "redeliveries"));
		bus_add_patterns(&t, json_get(c, "filter"), "all");
	}
	if (t.cell_count)
		table_print(&t, look, out);
	table_fini(&t);
}

/* ---- what could not be delivered --------------------------------------------------- */

struct json *
bus_dlq_json(const struct json *stats, const struct json *consumers)
{
	struct json *root = json_object(), *list;

	json_put_num(root, "v", 1);
	list = json_put_array(root, "stuck");
	for (const struct json *c = json_first(consumers); c;
	     c = json_next(c)) {
		struct json *o;

		if (num(c, "worst_deliveries") < BUS_STUCK_DELIVERIES)
			continue;
		o = json_put_object(list, NULL);
		json_put_str(o, "consumer", json_get_str(c, "name", "?"));
		json_put_num(o, "seq", num(c, "worst_seq"));
		json_put_num(o, "deliveries", num(c, "worst_deliveries"));
	}
	json_put_num(root, "refused", num(stats, "refused_in"));
	json_put_num(root, "quarantined", num(stats, "quarantined"));
	json_put_str(root, "dir", json_get_str(stats, "dir", NULL));
	return root;
}

static void
render_stuck(const struct json *list, const struct look *look, struct buf *out)
{
	static const struct column columns[] = {
		{ "CONSUMER", COLUMN_FLEXIBLE },
		{ "STUCK AT", COLUMN_RIGHT },
		{ "DELIVERIES", COLUMN_RIGHT },
	};
	struct table t;

	table_init(&t, columns, ARRAY_LEN(columns));
	for (const struct json *s = json_first(list); s; s = json_next(s)) {
		table_add(&t, HUE_NONE, json_get_str(s, "consumer", "?"));
		table_addf(&t, HUE_NONE, "%.0f", num(s, "seq"));
		table_addf(&t, HUE_BAD, "%.0f", num(s, "deliveries"));
	}
	if (t.cell_count) {
		table_print(&t, look, out);
		buf_printf(out,
		    "look at one: msctl bus tail --from %.0f -n 1\n",
		    num(json_first(list), "seq"));
	} else {
		buf_printf(out, "no event was handed out %u times in vain\n",
		    BUS_STUCK_DELIVERIES);
	}
	table_fini(&t);
}

void
bus_dlq_render(const struct json *dlq, const struct look *look, struct buf *out)
{
	double quarantined = num(dlq, "quarantined");

	buf_add_str(out,
	    "Nothing is given up: what a consumer fails on comes again until "
	    "it succeeds.\n");
	render_stuck(json_get(dlq, "stuck"), look, out);
	buf_printf(out,
	    "%.0f batches refused when they were published (the publisher was "
	    "told)\n",
	    num(dlq, "refused"));
	if (quarantined > 0)
		buf_printf(out,
		    "%.0f damaged parts of the log: %s/quarantine\n",
		    quarantined, json_get_str(dlq, "dir", ""));
	else
		buf_add_str(out, "no part of the log is damaged\n");
}
