/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two clocks, and dates as text.  The calendar is computed here (days of
 * the proleptic Gregorian calendar in eras of 400 years), because libc's
 * timegm() and strptime() repair wrong dates instead of refusing them.
 */
#include "common/mono.h"

#include <time.h>

#define NS_PER_MS  UINT64_C(1000000)
#define NS_PER_S   INT64_C(1000000000)
#define S_PER_DAY  INT64_C(86400)
#define ERA_DAYS   INT64_C(146097)
#define EPOCH_DAYS INT64_C(719468) /* 0000-03-01 to 1970-01-01 */

static uint64_t
clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * (uint64_t)NS_PER_S + (uint64_t)ts.tv_nsec;
}

struct mono
mono_now(void)
{
	return (struct mono){ clock_ns(CLOCK_MONOTONIC) };
}

int64_t
wall_ns(void)
{
	return (int64_t)clock_ns(CLOCK_REALTIME);
}

struct mono
mono_add_ms(struct mono t, uint64_t ms)
{
	if (ms > (UINT64_MAX - t.ns) / NS_PER_MS)
		return (struct mono){ UINT64_MAX };
	return (struct mono){ t.ns + ms * NS_PER_MS };
}

/* A deadline that was saturated lies as far away as one that was never set. */
static bool
is_never(struct mono deadline)
{
	return deadline.ns == 0 || deadline.ns == UINT64_MAX;
}

bool
mono_reached(struct mono now, struct mono deadline)
{
	return !is_never(deadline) && now.ns >= deadline.ns;
}

uint64_t
mono_ms_between(struct mono a, struct mono b)
{
	return b.ns > a.ns ? (b.ns - a.ns) / NS_PER_MS : 0;
}

uint64_t
mono_ms_left(struct mono now, struct mono deadline)
{
	uint64_t left_ns;

	if (is_never(deadline))
		return DURATION_INFINITY;
	if (now.ns >= deadline.ns)
		return 0;
	left_ns = deadline.ns - now.ns;
	return left_ns / NS_PER_MS + (left_ns % NS_PER_MS != 0);
}

struct date {
	int64_t year;
	int64_t month; /* 1-12 */
	int64_t day;   /* 1-31 */
};

/* Years begin in March here, so that the leap day is the last of its year. */
static int64_t
days_of(struct date d)
{
	int64_t y = d.month <= 2 ? d.year - 1 : d.year;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t year_of_era = y - era * 400;
	int64_t day_of_year =
	    (153 * (d.month + (d.month > 2 ? -3 : 9)) + 2) / 5 + d.day - 1;
	int64_t day_of_era = year_of_era * 365 + year_of_era / 4 -
	    year_of_era / 100 + day_of_year;

	return era * ERA_DAYS + day_of_era - EPOCH_DAYS;
}

static struct date
date_of(int64_t days)
{
	int64_t z = days + EPOCH_DAYS;
	int64_t era = (z >= 0 ? z : z - ERA_DAYS + 1) / ERA_DAYS;
	int64_t doe = z - era * ERA_DAYS;
	int64_t yoe =
	    (doe - doe / 1460 + doe / 36524 - doe / (ERA_DAYS - 1)) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;
	int64_t month = mp < 10 ? mp + 3 : mp - 9;

	return (struct date){ .year = yoe + era * 400 + (month <= 2),
		.month = month,
		.day = doy - (153 * mp + 2) / 5 + 1 };
}

static char *
print_digits(char *at, int64_t value, int digits, char after)
{
	for (int i = digits - 1; i >= 0; i--) {
		at[i] = (char)('0' + value % 10);
		value /= 10;
	}
	at[digits] = after;
	return at + digits + 1;
}

void
rfc3339_print(int64_t ns, char out[static RFC3339_BYTES])
{
	int64_t rest_ns = ns % NS_PER_S;
	int64_t s = ns / NS_PER_S;
	int64_t of_day;
	struct date d;

	if (rest_ns < 0) {
		rest_ns += NS_PER_S;
		s--;
	}
	of_day = (s % S_PER_DAY + S_PER_DAY) % S_PER_DAY;
	d = date_of((s - of_day) / S_PER_DAY);
	out = print_digits(out, d.year, 4, '-');
	out = print_digits(out, d.month, 2, '-');
	out = print_digits(out, d.day, 2, 'T');
	out = print_digits(out, of_day / 3600, 2, ':');
	out = print_digits(out, of_day / 60 % 60, 2, ':');
	out = print_digits(out, of_day % 60, 2, '.');
	out = print_digits(out, rest_ns / (int64_t)NS_PER_MS, 3, 'Z');
	*out = '\0';
}

/* Reading: every step takes from *at and says whether it was there. */
struct reader {
	const char *at;
	const char *end;
};

static bool
take_char(struct reader *r, char a, char b)
{
	if (r->at == r->end || (*r->at != a && *r->at != b))
		return false;
	r->at++;
	return true;
}

static bool
take_digit(struct reader *r, int64_t *digit_r)
{
	if (r->at == r->end || *r->at < '0' || *r->at > '9')
		return false;
	*digit_r = *r->at++ - '0';
	return true;
}

static bool
take_number(struct reader *r, int digits, int64_t min, int64_t max,
    int64_t *value_r)
{
	int64_t value = 0, digit;

	for (int i = 0; i < digits; i++) {
		if (!take_digit(r, &digit))
			return false;
		value = value * 10 + digit;
	}
	*value_r = value;
	return value >= min && value <= max;
}

static int64_t
days_in_month(int64_t year, int64_t month)
{
	static const char days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30,
		31 };
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return month == 2 && leap ? 29 : days[month - 1];
}

static bool
take_date(struct reader *r, int64_t *days_r)
{
	struct date d;

	if (!take_number(r, 4, 0, 9999, &d.year) || !take_char(r, '-', '-') ||
	    !take_number(r, 2, 1, 12, &d.month) || !take_char(r, '-', '-') ||
	    !take_number(r, 2, 1, days_in_month(d.year, d.month), &d.day))
		return false;
	*days_r = days_of(d);
	return true;
}

static bool
take_time(struct reader *r, int64_t *seconds_r, bool *is_leap_r)
{
	int64_t hour, minute, second;

	if (!take_number(r, 2, 0, 23, &hour) || !take_char(r, ':', ':') ||
	    !take_number(r, 2, 0, 59, &minute) || !take_char(r, ':', ':') ||
	    !take_number(r, 2, 0, 60, &second))
		return false;
	*seconds_r = hour * 3600 + minute * 60 + second;
	*is_leap_r = second == 60;
	return true;
}

/* Digits past the ninth are read and forgotten: we keep nanoseconds. */
static bool
take_fraction(struct reader *r, int64_t *ns_r)
{
	int64_t digit, weight = NS_PER_S / 10;

	*ns_r = 0;
	if (!take_char(r, '.', '.'))
		return true;
	if (!take_digit(r, &digit))
		return false;
	do {
		*ns_r += digit * weight;
		weight /= 10;
	} while (take_digit(r, &digit));
	return true;
}

static bool
take_offset(struct reader *r, int64_t *seconds_r)
{
	int64_t hour, minute;
	bool west;

	*seconds_r = 0;
	if (take_char(r, 'Z', 'z'))
		return true;
	west = take_char(r, '-', '-');
	if ((!west && !take_char(r, '+', '+')) ||
	    !take_number(r, 2, 0, 23, &hour) || !take_char(r, ':', ':') ||
	    !take_number(r, 2, 0, 59, &minute))
		return false;
	*seconds_r = (hour * 3600 + minute * 60) * (west ? -1 : 1);
	return true;
}

/* Leap seconds are put at the end of a month, 23:59:60 in UTC; s counts one
 * further and so stands on the first midnight of the next month. */
static bool
can_be_leap(int64_t s)
{
	int64_t of_day = (s % S_PER_DAY + S_PER_DAY) % S_PER_DAY;

	return of_day == 0 && date_of(s / S_PER_DAY).day == 1;
}

bool
rfc3339_parse(const char *text, size_t len, int64_t *ns_r)
{
	struct reader r = { text, text ? text + len : text };
	int64_t days, of_day, offset, fraction_ns, s, ns;
	bool is_leap;

	if (!take_date(&r, &days) || !take_char(&r, 'T', 't') ||
	    !take_time(&r, &of_day, &is_leap) ||
	    !take_fraction(&r, &fraction_ns) || !take_offset(&r, &offset) ||
	    r.at != r.end)
		return false;
	s = days * S_PER_DAY + of_day - offset;
	if (is_leap && !can_be_leap(s))
		return false;
	if (__builtin_mul_overflow(s, NS_PER_S, &ns) ||
	    __builtin_add_overflow(ns, fraction_ns, &ns))
		return false;
	*ns_r = ns;
	return true;
}
