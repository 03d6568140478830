/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "common/breaker_meter.h"
#include "common/metrics_segment.h"
#include "common/str.h"
#include "t/lib/segment.h"

static const struct breaker_conf conf = { .failure_threshold = 1,
	.success_threshold = 1,
	.probes = 1,
	.open = { 10, 10 } };

static char path[64];

static int64_t
value(const char *name, const char *to)
{
	struct metrics_snapshot snapshot;
	int64_t sum = 0;

	ck_assert_int_eq(metrics_snapshot_read(path, &snapshot, NULL), MS_OK);
	for (size_t i = 0; i < snapshot.count; i++) {
		const struct metrics_series *s = &snapshot.series[i];

		if (strcmp(s->name, name) == 0 &&
		    (!to || strcmp(s->label_values[1], to) == 0))
			sum += s->value;
	}
	metrics_snapshot_fini(&snapshot);
	return sum;
}

static void
end(struct breaker *b, bool success, uint64_t ms)
{
	struct breaker_ticket ticket;

	ck_assert(
	    breaker_allow(b, mono_add_ms((struct mono){ 1 }, ms), &ticket));
	breaker_done(b, ticket, success, mono_add_ms((struct mono){ 1 }, ms));
}

START_TEST(state_and_changes_are_numbers_and_breakers_of_a_name_add_up)
{
	struct breaker_meter meter;
	struct breaker a, b;

	segment_attach(segment_make(path));
	breaker_meter_init(&meter, "database");
	breaker_init(&a, &conf, 7, breaker_meter_change, &meter);
	breaker_init(&b, &conf, 7, breaker_meter_change, &meter);
	end(&a, false, 0);
	end(&b, false, 0);
	ck_assert_int_eq(value("ms_breaker_state", NULL), 4);
	end(&a, false, 10);
	end(&a, true, 20);
	ck_assert_int_eq(value("ms_breaker_state", NULL), 2);
	ck_assert_int_eq(value("ms_breaker_transitions_total", "open"), 3);
	ck_assert_int_eq(value("ms_breaker_transitions_total", "closed"), 1);
	breaker_meter_end(&meter, &a);
	breaker_meter_end(&meter, &b);
	ck_assert_int_eq(value("ms_breaker_state", NULL), 0);
	segment_remove(path);
}
END_TEST

UNIT(breaker_meter, state_and_changes_are_numbers_and_breakers_of_a_name_add_up)
