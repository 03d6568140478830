/* SPDX-License-Identifier: Apache-2.0 */
/* One series as a JSON object; a histogram by its quantiles. */
#include "common/json.h"
#include "proto/expo_impl.h"

static const char *
kind_name(enum metric_kind kind)
{
	return kind == METRIC_COUNTER ? "counter"
	    : kind == METRIC_GAUGE    ? "gauge"
				      : "histogram";
}

static void
add_labels(const struct expo_point *point, struct buf *out)
{
	struct expo_label_names names = { .known = false };
	struct expo_label label;

	buf_add_str(out, ",\"labels\":{");
	for (size_t i = 0; expo_label(&names, point, i, &label); i++) {
		buf_printf(out, "%s\"%s\":", i ? "," : "", label.name);
		json_quote(out, slice_of(label.value));
	}
	buf_add_u8(out, '}');
}

static void
add_histogram(const struct expo_family *family, const struct histogram *h,
    struct buf *out)
{
	static const struct {
		const char *key;
		double q;
	} quantiles[] = { { "p50", 0.5 }, { "p90", 0.9 }, { "p99", 0.99 },
		{ "max", 1 } };

	buf_add_str(out, ",\"count\":");
	expo_unsigned(out, METRIC_UNIT_NONE, h->count);
	buf_add_str(out, ",\"sum\":");
	expo_unsigned(out, family->unit, h->sum);
	for (size_t i = 0; i < ARRAY_LEN(quantiles); i++) {
		buf_printf(out, ",\"%s\":", quantiles[i].key);
		expo_unsigned(out, family->unit,
		    h->count ? histogram_quantile(h, quantiles[i].q) : 0);
	}
}

void
expo_json_members(const struct expo_family *family,
    const struct expo_point *point, struct buf *out)
{
	char name[EXPO_NAME_BYTES];

	buf_printf(out, "\"name\":\"%s\",\"kind\":\"%s\"",
	    expo_family_name(family, name), kind_name(family->kind));
	add_labels(point, out);
	if (family->kind == METRIC_HISTOGRAM) {
		add_histogram(family, &point->series->histogram, out);
		return;
	}
	buf_add_str(out, ",\"value\":");
	if (family->kind == METRIC_COUNTER)
		expo_unsigned(out, family->unit,
		    (uint64_t)point->series->value);
	else
		expo_number(out, family->unit, point->series->value);
}

void
expo_json_point(const struct expo_family *family,
    const struct expo_point *point, struct buf *out)
{
	buf_add_u8(out, '{');
	expo_json_members(family, point, out);
	buf_add_u8(out, '}');
}
