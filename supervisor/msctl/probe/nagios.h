/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A result as Nagios plugins give it: one line of text and numbers, and an exit
 * code.  Also as JSON and as Prometheus text.  Pure.
 */
#ifndef SUPERVISOR_MSCTL_PROBE_NAGIOS_H
#define SUPERVISOR_MSCTL_PROBE_NAGIOS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "common/defs.h"

enum nagios { /* also the exit codes */
	NAGIOS_OK,
	NAGIOS_WARNING,
	NAGIOS_CRITICAL,
	NAGIOS_UNKNOWN
};
const char *nagios_name(enum nagios state); /* "WARNING" */
/* OK < UNKNOWN < WARNING < CRITICAL, as the plugins' guidelines have it. */
enum nagios nagios_worse(enum nagios a, enum nagios b);

/*
 * A threshold: "10" alerts below 0 and above 10, "10:" below 10, "~:10" above
 * 10, "10:20" outside, "@10:20" inside, ends included.
 */
#define RANGE_BYTES 40u
struct nagios_range {
	bool given;
	bool inside;
	double low, high; /* infinities for what is left open */
	char text[RANGE_BYTES];
};
/* False: not a threshold. */
bool nagios_range_parse(const char *text, struct nagios_range *range_r);
bool nagios_range_alerts(const struct nagios_range *range, double value);

#define NAGIOS_DATA_MAX    64u
#define NAGIOS_LABEL_BYTES 64u
#define NAGIOS_TEXT_BYTES  400u

struct nagios_datum {
	char label[NAGIOS_LABEL_BYTES];
	double value;
	const char *uom; /* "", "s", "%", "B", "c" */
	struct nagios_range warning, critical;
	bool has_min, has_max;
	double min, max;
};

struct nagios_report {
	const char *probe; /* "bus" */
	enum nagios state;
	char text[NAGIOS_TEXT_BYTES];
	size_t count;
	struct nagios_datum data[NAGIOS_DATA_MAX];
};

/* The state becomes that, unless it is worse.  The text gets the words when
 * they are about something worse than what it tells, or as bad; what is only
 * fine is told by the first. */
void nagios_say(struct nagios_report *report, enum nagios state,
    const char *fmt, ...) MS_PRINTF(3, 4);
/* Adds the number, at least 0; NULL when there are too many.  Its thresholds
 * (NULL: none) are kept, not judged. */
struct nagios_datum *nagios_add(struct nagios_report *report, const char *label,
    double value, const char *uom, const struct nagios_range *warning,
    const struct nagios_range *critical);
enum nagios nagios_judge(const struct nagios_datum *datum);

/* "OK: text | 'a'=1;2;3;0;4\n" */
void nagios_print(const struct nagios_report *report, struct buf *out);
void nagios_print_json(const struct nagios_report *report, struct buf *out);
void nagios_print_prom(const struct nagios_report *report, struct buf *out);

#endif
