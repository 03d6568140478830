/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prints what the rows of proto/conf say, for t/rules/options.sh:
 *   print_rows          KIND, KEY, default, later|required|-, help; by tabs
 *   print_rows --conf   KIND, KEY, a line of the sample file; by tabs
 *   print_rows --man    the sections part of ms.conf(5)
 */
#include <stdio.h>
#include <string.h>

#include "common/mono.h"
#include "proto/conf/sections.h"

#define WRAP_COLUMNS 78

static const char *
default_of(const struct field *row)
{
	return row->def ? row->def : "";
}

/* ---- plain -------------------------------------------------------------- */

static void
print_plain(const struct section_kind *kind, const struct field *row)
{
	const char *flag = row->flags & FIELD_LATER ? "later"
	    : row->flags & FIELD_REQUIRED           ? "required"
						    : "-";

	printf("%s\t%s\t%s\t%s\t%s\n", kind->kind, row->name, default_of(row),
	    flag, row->help);
}

/* ---- sample file -------------------------------------------------------- */

static void
print_comment(const char *kind, const char *key, const char *text)
{
	while (*text) {
		size_t n = strlen(text), room = WRAP_COLUMNS - 2;

		if (n > room) {
			for (n = room; n > 1 && text[n] != ' '; n--)
				;
		}
		printf("%s\t%s\t# %.*s\n", kind, key, (int)n, text);
		text += n;
		text += strspn(text, " ");
	}
}

static void
print_sample(const struct section_kind *kind, const struct field *row)
{
	const char *def = default_of(row);

	if (row->flags & FIELD_LATER)
		return; /* a file that gives it would be refused */
	print_comment(kind->kind, row->name, row->help);
	printf("%s\t%s\t#%s =%s%s\n", kind->kind, row->name, row->name,
	    *def ? " " : "", def);
}

/* ---- manual page -------------------------------------------------------- */

static const char *
type_name(enum field_type type)
{
	switch (type) {
	case FIELD_BOOL:
		return "yes|no";
	case FIELD_U32:
	case FIELD_U64:
	case FIELD_I64:
		return "number";
	case FIELD_WORDS:
		return "words";
	case FIELD_DURATION:
		return "duration";
	case FIELD_SIZE:
		return "size";
	case FIELD_SIGNAL:
		return "signal";
	case FIELD_RANGE:
		return "min..max";
	case FIELD_RATE:
		return "N/period";
	case FIELD_STR:
	case FIELD_ENUM:
	case FIELD_ID:
	case FIELD_CUSTOM:
		break;
	}
	return "value";
}

static void
print_type(const struct field *row)
{
	if (row->type != FIELD_ENUM) {
		printf("\\fI%s\\fR", type_name(row->type));
		return;
	}
	for (const struct field_name *n = row->names; n->name; n++)
		printf("%s\\fB%s\\fR", n == row->names ? "" : " | ", n->name);
}

/* Text of troff: a line must not begin with a dot or a quote, and `-` is a
 * minus where people copy it. */
static void
print_troff(const char *text)
{
	if (*text == '.' || *text == '\'')
		printf("\\&");
	for (; *text; text++) {
		if (*text == '\\')
			printf("\\e");
		else if (*text == '-')
			printf("\\-");
		else
			putchar(*text);
	}
}

static const char *
bound_text(const struct field *row, uint64_t value, char out[UNIT_TEXT_BYTES])
{
	if (row->type == FIELD_SIZE)
		return print_size(value, out);
	if (row->type == FIELD_DURATION || row->type == FIELD_RANGE)
		return print_duration(value, out);
	if (row->type == FIELD_I64)
		snprintf(out, UNIT_TEXT_BYTES, "%jd", (intmax_t)value);
	else
		snprintf(out, UNIT_TEXT_BYTES, "%ju", (uintmax_t)value);
	return out;
}

static bool
has_number(const struct field *row)
{
	switch (row->type) {
	case FIELD_U32:
	case FIELD_U64:
	case FIELD_I64:
	case FIELD_SIZE:
	case FIELD_DURATION:
	case FIELD_RANGE:
		return true;
	default:
		return false;
	}
}

static void
print_bounds(const struct field *row)
{
	char min[UNIT_TEXT_BYTES], max[UNIT_TEXT_BYTES];

	if (!has_number(row) || (row->min == 0 && row->max == 0))
		return;
	bound_text(row, row->min, min);
	bound_text(row, row->max, max);
	if (row->max == 0)
		printf("At least %s.\n", min);
	else {
		print_troff(min);
		printf(" to ");
		print_troff(max);
		printf(".\n");
	}
}

static void
print_page_key(const struct field *row)
{
	const char *def = default_of(row);

	printf(".TP\n\\fB%s\\fR = ", row->name);
	print_type(row);
	if (*def) {
		printf(" (");
		print_troff(def);
		putchar(')');
	}
	putchar('\n');
	print_troff(row->help);
	putchar('\n');
	print_bounds(row);
	if (row->flags & FIELD_REQUIRED)
		printf("Required.\n");
	if (row->flags & FIELD_REPEAT)
		printf("May be given more than once.\n");
	if (row->flags & FIELD_SECRET)
		printf("Secret: never shown.\n");
	if (row->flags & FIELD_LATER)
		printf("Not supported yet: refused when given.\n");
}

static void
print_page_kind(const struct section_kind *kind)
{
	printf(".SS [%s%s]\n", kind->kind,
	    kind->naming == SECTION_NAMED ? " NAME" : "");
	print_troff(kind->help);
	printf(".\n");
}

/* A template has the keys of a worker: described once. */
static bool
is_described(const struct section_kind *kind, const struct field *row)
{
	struct slice name = { row->name, strlen(row->name) };

	return strcmp(kind->kind, "template") == 0 &&
	    field_find(section_kind_find("worker")->rows, name);
}

/* ---- main --------------------------------------------------------------- */

int
main(int argc, char **argv)
{
	bool conf = argc == 2 && strcmp(argv[1], "--conf") == 0;
	bool man = argc == 2 && strcmp(argv[1], "--man") == 0;

	if (argc != 1 && !conf && !man) {
		fprintf(stderr, "usage: print_rows [--conf | --man]\n");
		return 2;
	}
	for (const struct section_kind *k = section_kinds; k->kind; k++) {
		if (man)
			print_page_kind(k);
		for (const struct field *row = k->rows; row->name; row++) {
			if ((man || conf) && is_described(k, row))
				continue;
			if (man)
				print_page_key(row);
			else if (conf)
				print_sample(k, row);
			else
				print_plain(k, row);
		}
	}
	return 0;
}
