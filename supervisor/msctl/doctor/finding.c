/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor/msctl/doctor/finding.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"

void
findings_fini(struct findings *findings)
{
	free(findings->list);
	*findings = (struct findings){ .list = NULL };
}

void
findings_check(struct findings *findings, const char *check, const char *remedy)
{
	findings->check = check;
	findings->remedy = remedy;
}

static struct finding *
next(struct findings *findings)
{
	if (findings->count == findings->cap) {
		findings->cap = findings->cap ? findings->cap * 2 : 64;
		findings->list = xreallocarray(findings->list, findings->cap,
		    sizeof(*findings->list));
	}
	return &findings->list[findings->count++];
}

void
found(struct findings *findings, enum severity severity, const char *fmt, ...)
{
	struct finding *f;
	va_list ap;

	findings->seen[severity]++;
	if (findings->count == FINDINGS_MAX)
		return;
	f = next(findings);
	*f = (struct finding){ .check = findings->check, .severity = severity };
	va_start(ap, fmt);
	vsnprintf(f->text, sizeof(f->text), fmt, ap);
	va_end(ap);
	if (severity >= FINDING_WARNING && findings->remedy)
		snprintf(f->remedy, sizeof(f->remedy), "%s", findings->remedy);
}

void
found_remedy(struct findings *findings, const char *fmt, ...)
{
	struct finding *f;
	va_list ap;

	if (findings->count == 0)
		return;
	f = &findings->list[findings->count - 1];
	va_start(ap, fmt);
	vsnprintf(f->remedy, sizeof(f->remedy), fmt, ap);
	va_end(ap);
}

void
found_edit(struct findings *findings, const char *then, const char *fmt, ...)
{
	char what[FINDING_REMEDY_BYTES];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	found_remedy(findings, "${EDITOR:-vi} %s && %s  # %s",
	    shell_word(findings->conf ? findings->conf : "FILE").text, then,
	    what);
}

static bool
is_plain(const char *text)
{
	static const char plain[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	    "_./@:+=-";

	return text[0] && text[strspn(text, plain)] == '\0';
}

struct shell_word
shell_word(const char *text)
{
	struct shell_word word;
	size_t n = 0;

	if (is_plain(text)) {
		snprintf(word.text, sizeof(word.text), "%s", text);
		return word;
	}
	word.text[n++] = '\'';
	for (; *text && n < sizeof(word.text) - 6; text++) {
		if (*text != '\'') {
			word.text[n++] = *text;
			continue;
		}
		memcpy(word.text + n, "'\\''", 4);
		n += 4;
	}
	word.text[n++] = '\'';
	word.text[n] = '\0';
	return word;
}

const char *
severity_name(enum severity severity)
{
	static const char *const names[SEVERITIES] = {
		[FINDING_OK] = "ok",
		[FINDING_UNSEEN] = "unseen",
		[FINDING_WARNING] = "warning",
		[FINDING_ERROR] = "error",
	};

	return names[severity];
}

size_t
findings_bad(const struct findings *findings)
{
	return findings->seen[FINDING_WARNING] + findings->seen[FINDING_ERROR];
}
