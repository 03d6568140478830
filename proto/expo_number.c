/* SPDX-License-Identifier: Apache-2.0 */
/* Cells are whole numbers; printed in base units they stay exact. */
#include "proto/expo_impl.h"

#define DIGITS_MAX 24

static unsigned
decimals_of(enum metric_unit unit)
{
	return unit == METRIC_UNIT_SECONDS ? 9
	    : unit == METRIC_UNIT_RATIO    ? 6
					   : 0;
}

void
expo_decimal(struct buf *out, bool negative, uint64_t value, unsigned decimals)
{
	char text[DIGITS_MAX + 3], *p = text + sizeof(text);
	bool point = false;

	for (unsigned i = 0; i < decimals; i++, value /= 10) {
		if (point || value % 10) { /* no zeros at the end */
			*--p = (char)('0' + value % 10);
			point = true;
		}
	}
	if (point)
		*--p = '.';
	do
		*--p = (char)('0' + value % 10);
	while (value /= 10);
	if (negative)
		*--p = '-';
	buf_add(out, p, (size_t)(text + sizeof(text) - p));
}

void
expo_number(struct buf *out, enum metric_unit unit, int64_t value)
{
	uint64_t magnitude =
	    value < 0 ? UINT64_C(0) - (uint64_t)value : (uint64_t)value;

	expo_decimal(out, value < 0, magnitude, decimals_of(unit));
}

void
expo_unsigned(struct buf *out, enum metric_unit unit, uint64_t value)
{
	expo_decimal(out, false, value, decimals_of(unit));
}
