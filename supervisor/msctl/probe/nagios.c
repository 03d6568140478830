/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor/msctl/probe/nagios.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"

static const struct {
	const char *name;
	unsigned badness;
} states[] = {
	[NAGIOS_OK] = { "OK", 0 },
	[NAGIOS_WARNING] = { "WARNING", 2 },
	[NAGIOS_CRITICAL] = { "CRITICAL", 3 },
	[NAGIOS_UNKNOWN] = { "UNKNOWN", 1 },
};

const char *
nagios_name(enum nagios state)
{
	return states[state].name;
}

enum nagios
nagios_worse(enum nagios a, enum nagios b)
{
	return states[a].badness >= states[b].badness ? a : b;
}

/* ---- thresholds ---------------------------------------------------------- */

/* Digits with a point: no hexadecimals, exponents or words. */
static bool
parse_number(const char *text, size_t len, double *value_r)
{
	char copy[RANGE_BYTES];
	char *end;

	if (len == 0 || len >= sizeof(copy) ||
	    strspn(text, "+-.0123456789") < len)
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	*value_r = strtod(copy, &end);
	return *end == '\0' && isfinite(*value_r);
}

bool
nagios_range_parse(const char *text, struct nagios_range *r)
{
	const char *from = text, *colon;

	*r = (struct nagios_range){ .given = true, .low = 0, .high = INFINITY };
	if (strlen(text) >= sizeof(r->text))
		return false;
	snprintf(r->text, sizeof(r->text), "%s", text);
	if (*from == '@') {
		r->inside = true;
		from++;
	}
	colon = strchr(from, ':');
	if (!colon)
		return parse_number(from, strlen(from), &r->high) &&
		    r->high >= r->low;
	if (colon - from == 1 && *from == '~')
		r->low = -INFINITY;
	else if (!parse_number(from, (size_t)(colon - from), &r->low))
		return false;
	if (colon[1] && !parse_number(colon + 1, strlen(colon + 1), &r->high))
		return false;
	return r->low <= r->high;
}

bool
nagios_range_alerts(const struct nagios_range *r, double value)
{
	bool is_in = value >= r->low && value <= r->high;

	return r->given && is_in == r->inside;
}

enum nagios
nagios_judge(const struct nagios_datum *d)
{
	if (nagios_range_alerts(&d->critical, d->value))
		return NAGIOS_CRITICAL;
	return nagios_range_alerts(&d->warning, d->value) ? NAGIOS_WARNING
							  : NAGIOS_OK;
}

/* ---- filling ------------------------------------------------------------- */

/* The line ends at a newline and its text at a bar. */
static void
tidy(char *text)
{
	for (; *text; text++) {
		if (*text == '|')
			*text = '/';
		else if ((unsigned char)*text < ' ')
			*text = ' ';
	}
}

void
nagios_say(struct nagios_report *r, enum nagios state, const char *fmt, ...)
{
	char words[NAGIOS_TEXT_BYTES];
	size_t len;
	va_list args;

	va_start(args, fmt);
	vsnprintf(words, sizeof(words), fmt, args);
	va_end(args);
	tidy(words);
	if (states[state].badness > states[r->state].badness || !r->text[0])
		snprintf(r->text, sizeof(r->text), "%s", words);
	else if (state == r->state && state != NAGIOS_OK) {
		len = strlen(r->text);
		snprintf(r->text + len, sizeof(r->text) - len, "; %s", words);
	}
	r->state = nagios_worse(r->state, state);
}

struct nagios_datum *
nagios_add(struct nagios_report *r, const char *label, double value,
    const char *uom, const struct nagios_range *warning,
    const struct nagios_range *critical)
{
	struct nagios_datum *d = &r->data[r->count];

	if (r->count == NAGIOS_DATA_MAX)
		return NULL;
	r->count++;
	*d = (struct nagios_datum){ .value = value,
		.uom = uom,
		.has_min = true };
	snprintf(d->label, sizeof(d->label), "%s", label);
	tidy(d->label);
	if (warning)
		d->warning = *warning;
	if (critical)
		d->critical = *critical;
	return d;
}

/* ---- printing ------------------------------------------------------------ */

/* Without an exponent, which the grammar has not, nor needless zeros. */
static void
print_number(double value, struct buf *out)
{
	char text[352];
	size_t len;

	if (!isfinite(value)) {
		buf_add_u8(out, 'U'); /* "not known" */
		return;
	}
	snprintf(text, sizeof(text), "%.3f", value);
	len = strlen(text);
	while (text[len - 1] == '0')
		len--;
	if (text[len - 1] == '.')
		len--;
	buf_add(out, text, len);
}

/* 'it''s'=...; a label has no equals sign. */
static void
print_label(const char *label, struct buf *out)
{
	buf_add_u8(out, '\'');
	for (; *label; label++) {
		if (*label == '\'')
			buf_add_u8(out, '\'');
		buf_add_u8(out, (uint8_t)(*label == '=' ? '_' : *label));
	}
	buf_add_u8(out, '\'');
}

static void
print_datum(const struct nagios_datum *d, struct buf *out)
{
	size_t end;

	print_label(d->label, out);
	buf_add_u8(out, '=');
	print_number(d->value, out);
	buf_add_str(out, isfinite(d->value) ? d->uom : "");
	end = out->len;
	buf_printf(out, ";%s;%s;", d->warning.text, d->critical.text);
	if (d->has_min)
		print_number(d->min, out);
	buf_add_u8(out, ';');
	if (d->has_max)
		print_number(d->max, out);
	while (out->len > end && out->ptr[out->len - 1] == ';')
		out->len--;
}

void
nagios_print(const struct nagios_report *r, struct buf *out)
{
	buf_printf(out, "%s: %s", nagios_name(r->state), r->text);
	for (size_t i = 0; i < r->count; i++) {
		buf_add_str(out, i ? " " : " | ");
		print_datum(&r->data[i], out);
	}
	buf_add_u8(out, '\n');
}

static void
put_datum(struct json *list, const struct nagios_datum *d)
{
	struct json *o = json_put_object(list, NULL);

	json_put_str(o, "label", d->label);
	if (isfinite(d->value))
		json_put_num(o, "value", d->value);
	else
		json_put_null(o, "value");
	json_put_str(o, "uom", d->uom);
	json_put_str(o, "warn", d->warning.given ? d->warning.text : NULL);
	json_put_str(o, "crit", d->critical.given ? d->critical.text : NULL);
	if (d->has_min)
		json_put_num(o, "min", d->min);
	if (d->has_max)
		json_put_num(o, "max", d->max);
}

void
nagios_print_json(const struct nagios_report *r, struct buf *out)
{
	struct json *root = json_object(), *list;

	json_put_num(root, "v", 1);
	json_put_str(root, "probe", r->probe);
	json_put_str(root, "status", nagios_name(r->state));
	json_put_num(root, "code", r->state);
	json_put_str(root, "text", r->text);
	list = json_put_array(root, "perfdata");
	for (size_t i = 0; i < r->count; i++)
		put_datum(list, &r->data[i]);
	json_print(root, out);
	buf_add_u8(out, '\n');
	json_free(&root);
}

/* As Prometheus wants a label's value. */
static void
print_escaped(const char *text, struct buf *out)
{
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			buf_add_u8(out, '\\');
		buf_add_u8(out, (uint8_t)*text);
	}
}

void
nagios_print_prom(const struct nagios_report *r, struct buf *out)
{
	buf_printf(out,
	    "# HELP ms_probe_status Result of a probe: 0 OK, 1 WARNING, 2 "
	    "CRITICAL, 3 UNKNOWN.\n"
	    "# TYPE ms_probe_status gauge\n"
	    "ms_probe_status{probe=\"%s\"} %d\n",
	    r->probe, (int)r->state);
	if (r->count)
		buf_add_str(out,
		    "# HELP ms_probe_value Numbers of a probe, in the unit "
		    "of its label uom.\n"
		    "# TYPE ms_probe_value gauge\n");
	for (size_t i = 0; i < r->count; i++) {
		const struct nagios_datum *d = &r->data[i];

		if (!isfinite(d->value))
			continue;
		buf_printf(out, "ms_probe_value{probe=\"%s\",label=\"",
		    r->probe);
		print_escaped(d->label, out);
		buf_printf(out, "\",uom=\"%s\"} ", d->uom);
		print_number(d->value, out);
		buf_add_u8(out, '\n');
	}
}
