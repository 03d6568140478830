/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor/msctl/doctor/conninfo.h"

#include <string.h>

static const char *
skip_blanks(const char *p)
{
	return p + strspn(p, " \t\n");
}

/* Reads one value; out NULL: only skips it.  NULL: it does not fit. */
static const char *
read_value(const char *p, char *out, size_t bytes)
{
	bool is_quoted = *p == '\'';
	size_t n = 0;

	for (p += is_quoted; *p; p++) {
		if (is_quoted ? *p == '\'' : strchr(" \t\n", *p) != NULL)
			break;
		if (*p == '\\' && p[1])
			p++;
		if (out && n + 1 >= bytes)
			return NULL;
		if (out)
			out[n++] = *p;
	}
	if (out)
		out[n] = '\0';
	return p + (is_quoted && *p == '\'');
}

bool
conninfo_get(const char *p, const char *key, char *value_r, size_t bytes)
{
	bool found = false;

	for (p = skip_blanks(p); *p; p = skip_blanks(p)) {
		size_t n = strcspn(p, "= \t\n");
		bool is_it = n == strlen(key) && memcmp(p, key, n) == 0;

		p = skip_blanks(p + n);
		if (*p != '=')
			return false; /* a URI, or nonsense */
		p = read_value(skip_blanks(p + 1), is_it ? value_r : NULL,
		    bytes);
		if (!p)
			return false;
		found = found || is_it;
	}
	return found;
}
