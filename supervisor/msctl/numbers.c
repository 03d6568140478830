/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor/msctl/numbers.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/alloc.h"
#include "proto/contract.h"
#include "supervisor/msctl/ctl_client.h"
#include "supervisor/msctl/figures.h"
#include "supervisor/msctl/table.h"

#define STATUS_MS 2000u

/* ---- reading ---------------------------------------------------------------- */

static void
read_procs(struct tree_facts *tree)
{
	for (size_t i = 0; i < tree->count; i++) {
		struct tree_worker *w = &tree->workers[i];

		if (w->pid)
			w->has_proc = proc_facts_read((pid_t)w->pid, &w->proc);
	}
}

static enum ms_err
read_tree(const struct msctl *ctl, struct tree_facts *tree_r, struct why *why)
{
	struct ctl_client client;
	struct json *reply = NULL;
	enum ms_err err = ctl_open_quiet(ctl, &client, why);

	if (err)
		return err;
	err = ctl_ask_quiet(&client, ctl_request("status", NULL), STATUS_MS,
	    &reply);
	if (!err)
		err = tree_facts_take(reply, tree_r, why);
	json_free(&reply);
	ctl_close(&client);
	if (!err)
		read_procs(tree_r);
	return err;
}

enum ms_err
numbers_read(const struct msctl *ctl, struct numbers *n, struct why *why)
{
	char *dir = xasprintf("%s/" METRICS_DIR, ctl->run_dir);
	struct why tree_why = { "" };
	enum ms_err err;

	*n = (struct numbers){ .has_tree = false };
	n->has_tree = read_tree(ctl, &n->tree, &tree_why) == MS_OK;
	err = metrics_set_read(&n->set, dir, why);
	n->at = mono_now();
	free(dir);
	if (err && !n->has_tree)
		return err == MS_ENOTFOUND
		    ? why_set(why, MS_EUNAVAILABLE,
			  "no msd answers at %s, and nothing has been counted "
			  "in %s",
			  ctl->socket, ctl->run_dir)
		    : err;
	return expo_view_all(&n->view, &n->set, n->has_tree ? &n->tree : NULL);
}

void
numbers_fini(struct numbers *n)
{
	expo_view_fini(&n->view);
	metrics_set_fini(&n->set);
	if (n->has_tree)
		tree_facts_fini(&n->tree);
	n->has_tree = false;
}

/* ---- the table ---------------------------------------------------------------- */

static const char *
print_magnitude(enum metric_unit unit, double value, char out[LOOK_TEXT_BYTES])
{
	if (value == 0)
		unit = METRIC_UNIT_NONE; /* nothing of whatever it is */
	switch (unit) {
	case METRIC_UNIT_SECONDS:
		return value < 60e9 ? print_us(value / 1e3, out)
				    : print_age((uint64_t)(value / 1e6), out);
	case METRIC_UNIT_BYTES:
		return print_kib(value / 1024, out);
	case METRIC_UNIT_RATIO:
		snprintf(out, LOOK_TEXT_BYTES, "%.2f %%", value / 1e4);
		return out;
	case METRIC_UNIT_NONE:
		break;
	}
	snprintf(out, LOOK_TEXT_BYTES, "%.0f", value);
	return out;
}

static const char *
print_value(enum metric_unit unit, double value, char out[LOOK_TEXT_BYTES])
{
	char text[LOOK_TEXT_BYTES];

	print_magnitude(unit, value < 0 ? -value : value, text);
	snprintf(out, LOOK_TEXT_BYTES, "%s%.30s", value < 0 ? "-" : "", text);
	return out;
}

/* Seconds since 1970 are a date and no duration. */
static void
add_value(struct table *t, const struct expo_family *f,
    const struct metrics_series *s)
{
	char text[RFC3339_BYTES > LOOK_TEXT_BYTES ? RFC3339_BYTES
						  : LOOK_TEXT_BYTES];

	if (strcmp(f->name, "process_start_time_seconds") == 0) {
		rfc3339_print(s->value, text);
		text[16] = '\0'; /* the minute is enough */
		table_add(t, HUE_NONE, text);
	} else if (f->kind == METRIC_HISTOGRAM) {
		table_add(t, HUE_NONE,
		    print_value(METRIC_UNIT_NONE, (double)s->histogram.count,
			text));
	} else {
		table_add(t, HUE_NONE,
		    print_value(f->unit, (double)s->value, text));
	}
}

static void
add_quantiles(struct table *t, const struct expo_family *f,
    const struct metrics_series *s)
{
	static const double quantiles[] = { 0.5, 0.99 };
	char text[LOOK_TEXT_BYTES];

	for (size_t i = 0; i < ARRAY_LEN(quantiles); i++) {
		const char *value = "";

		if (f->kind == METRIC_HISTOGRAM && s->histogram.count)
			value = print_value(f->unit,
			    (double)histogram_quantile(&s->histogram,
				quantiles[i]),
			    text);
		table_add(t, HUE_NONE, value);
	}
}

static double
total_of(const struct expo_family *f, const struct expo_point *p)
{
	return f->kind == METRIC_HISTOGRAM ? (double)p->series->histogram.count
					   : (double)p->series->value;
}

/* Per second since `old`; of a histogram how many. */
static void
add_rate(struct table *t, const struct expo_family *f,
    const struct expo_point *p, const struct expo_point *old, double seconds)
{
	enum metric_unit unit =
	    f->kind == METRIC_HISTOGRAM ? METRIC_UNIT_NONE : f->unit;
	char text[LOOK_TEXT_BYTES];
	double more;

	more = old ? total_of(f, p) - total_of(f, old) : 0;
	if (f->kind == METRIC_GAUGE || more <= 0 || seconds <= 0)
		table_add(t, HUE_NONE, "");
	else
		table_add(t, HUE_GOOD, print_value(unit, more / seconds, text));
}

/* "route=config.get result=ok"; *worker_r: whose it is, borrowed. */
static void
print_labels(const struct expo_point *p, struct buf *labels,
    const char **worker_r)
{
	struct expo_label_names names = { .known = false };
	struct expo_label label;

	*worker_r = "";
	for (size_t i = 0; expo_label(&names, p, i, &label); i++) {
		if (strcmp(label.name, "worker") == 0)
			*worker_r = label.value;
		else
			buf_printf(labels, "%s%s=%s", labels->len ? " " : "  ",
			    label.name, label.value);
	}
	buf_add_u8(labels, '\0');
}

static bool
has_labels(const struct expo_point *p)
{
	struct buf labels = { 0 };
	const char *worker;
	bool has;

	print_labels(p, &labels, &worker);
	has = labels.len > 1;
	buf_fini(&labels);
	return has;
}

/* A family is named once; labels stand below the name. */
static void
add_name(struct table *t, const struct expo_family *f,
    const struct expo_point *p, bool first)
{
	char name[EXPO_NAME_BYTES];
	struct buf labels = { 0 };
	const char *worker;

	print_labels(p, &labels, &worker);
	if (labels.len > 1)
		table_add(t, HUE_DIM, (const char *)labels.ptr);
	else
		table_add(t, HUE_NONE, first ? expo_family_name(f, name) : "");
	table_add(t, HUE_NONE, worker);
	buf_fini(&labels);
}

static void
add_title(struct table *t, const struct expo_family *f)
{
	char name[EXPO_NAME_BYTES];

	table_add(t, HUE_NONE, expo_family_name(f, name));
	for (size_t i = 1; i < t->column_count; i++)
		table_add(t, HUE_NONE, "");
}

static void
add_family(struct table *t, const struct numbers *n,
    const struct numbers *before, const struct expo_family *f,
    struct expo_cursor *at)
{
	double seconds = before ? (double)(n->at.ns - before->at.ns) / 1e9 : 0;

	for (size_t i = 0; i < f->count; i++) {
		const struct expo_point *p = &n->view.points[f->first + i];

		if (i == 0 && has_labels(p))
			add_title(t, f);
		add_name(t, f, p, i == 0);
		add_value(t, f, p->series);
		add_rate(t, f, p,
		    before ? expo_view_follow(&before->view, f, p, at) : NULL,
		    seconds);
		add_quantiles(t, f, p->series);
	}
}

void
numbers_render(const struct numbers *n, const struct numbers *before,
    const struct look *look, struct buf *out)
{
	static const struct column columns[] = {
		{ "METRIC", COLUMN_FLEXIBLE },
		{ "WORKER", 0 },
		{ "VALUE", COLUMN_RIGHT },
		{ "PER S", COLUMN_RIGHT },
		{ "P50", COLUMN_RIGHT },
		{ "P99", COLUMN_RIGHT },
	};
	struct expo_cursor at = { 0 };
	struct table table;

	table_init(&table, columns, ARRAY_LEN(columns));
	for (size_t i = 0; i < n->view.family_count; i++)
		add_family(&table, n, before, &n->view.families[i], &at);
	table_print(&table, look, out);
	table_fini(&table);
}
