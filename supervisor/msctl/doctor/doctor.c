/* SPDX-License-Identifier: Apache-2.0 */
/* `msctl doctor`: what is wrong here, and what mends it. */
#include "supervisor/msctl/doctor/doctor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/contract.h"
#include "supervisor/msctl/doctor/checks.h"
#include "supervisor/msctl/table.h"
#include "supervisor/msctl/verbs.h"

#define INDENT 4u

struct json *
findings_json(const struct findings *findings)
{
	struct json *list = json_array();

	for (size_t i = 0; i < findings->count; i++) {
		const struct finding *f = &findings->list[i];
		struct json *entry = json_object();

		json_put_str(entry, "check", f->check);
		json_put_str(entry, "severity", severity_name(f->severity));
		json_put_str(entry, "text", f->text);
		json_put_str(entry, "remedy", f->remedy);
		json_put(list, NULL, entry);
	}
	return list;
}

struct json *
findings_counts(const struct findings *findings)
{
	struct json *counts = json_object();

	for (int s = 0; s < SEVERITIES; s++)
		json_put_num(counts, severity_name((enum severity)s),
		    (double)findings->seen[s]);
	return counts;
}

static void
write_json(const struct findings *findings)
{
	struct json *root = json_object();

	json_put_num(root, "v", 1);
	json_put_bool(root, "healthy", findings_bad(findings) == 0);
	json_put(root, "counts", findings_counts(findings));
	json_put(root, "findings", findings_json(findings));
	ctl_write_json(root);
	json_free(&root);
}

/* ---- for people ------------------------------------------------------------------ */

static void
render_finding(const struct finding *f, const struct look *look,
    struct buf *out)
{
	static const enum hue hues[SEVERITIES] = {
		[FINDING_OK] = HUE_GOOD,
		[FINDING_UNSEEN] = HUE_DIM,
		[FINDING_WARNING] = HUE_BUSY,
		[FINDING_ERROR] = HUE_BAD,
	};

	look_hue(look, hues[f->severity], out);
	buf_printf(out, "%-8s", severity_name(f->severity));
	look_plain(look, hues[f->severity], out);
	buf_add_str(out, f->check);
	buf_printf(out, "\n%*s", (int)INDENT, "");
	look_wrap(look, slice_of(f->text), INDENT, out);
	buf_add_u8(out, '\n');
	if (f->remedy[0]) /* never wrapped: it is to be pasted */
		buf_printf(out, "%*s$ %s\n", (int)INDENT, "", f->remedy);
}

/* The worst come last, where the eye is. */
static void
render(const struct findings *findings, const struct look *look, bool all,
    struct buf *out)
{
	for (int s = 0; s < SEVERITIES; s++)
		for (size_t i = 0; i < findings->count; i++) {
			const struct finding *f = &findings->list[i];

			if ((int)f->severity == s &&
			    (all || f->severity != FINDING_OK))
				render_finding(f, look, out);
		}
	buf_printf(out, "%zu error%s, %zu warning%s, %zu unseen, %zu ok%s\n",
	    findings->seen[FINDING_ERROR],
	    findings->seen[FINDING_ERROR] == 1 ? "" : "s",
	    findings->seen[FINDING_WARNING],
	    findings->seen[FINDING_WARNING] == 1 ? "" : "s",
	    findings->seen[FINDING_UNSEEN], findings->seen[FINDING_OK],
	    all ? "" : " (--verbose shows them)");
}

static int
list_checks(const struct msctl *ctl)
{
	static const struct column columns[] = {
		{ "CHECK", 0 },
		{ "LOOKS AT", COLUMN_FLEXIBLE },
	};
	struct buf out = { 0 };
	struct table table;

	table_init(&table, columns, ARRAY_LEN(columns));
	for (const struct check *c = doctor_checks; c->name; c++) {
		table_add(&table, HUE_NONE, c->name);
		table_add(&table, HUE_NONE, c->looks_at);
	}
	table_print(&table, &ctl->look, &out);
	ctl_write(&out);
	table_fini(&table);
	buf_fini(&out);
	return CTL_OK;
}

/* ---- the verb ---------------------------------------------------------------------- */

bool
place_is_given(const struct args *args)
{
	const char *env = getenv(ENV_SOCKET);

	return args_has(args, "socket") || args_has(args, "run-dir") ||
	    (env && env[0]);
}

static bool
names_are_known(const struct msctl *ctl, const struct args *args)
{
	for (size_t i = 0; i < args->pos_count; i++) {
		const struct check *c = doctor_checks;

		while (c->name && !check_is(c, args->pos[i]))
			c++;
		if (c->name)
			continue;
		ctl_fail(ctl, "bad_request",
		    "there is no check '%.60s'; `msctl doctor --list` has them",
		    args->pos[i]);
		return false;
	}
	return true;
}

static bool
read_thresholds(const struct msctl *ctl, const struct args *args,
    struct thresholds *thresholds)
{
	uint64_t pct = 0;

	if (!args_has(args, "min-free"))
		return true;
	if (!ctl_number(ctl, args, "min-free", 0, &pct))
		return false;
	if (pct > 100) {
		ctl_fail(ctl, "bad_request", "--min-free: 0 to 100 %%");
		return false;
	}
	thresholds->warn_free_pct = (double)pct;
	thresholds->error_free_pct = (double)pct / 4;
	return true;
}

int
do_doctor(struct msctl *ctl, const struct args *args)
{
	struct findings findings = { .list = NULL };
	struct sight *sight;
	struct buf out = { 0 };
	int code = CTL_USAGE;

	if (args_has(args, "list"))
		return list_checks(ctl);
	if (!names_are_known(ctl, args))
		return CTL_USAGE;
	sight = sight_new(ctl, args_get(args, "config"), place_is_given(args));
	if (read_thresholds(ctl, args, &sight->facts.thresholds)) {
		findings.conf = sight->conf_path;
		checks_run(&sight->facts, args->pos, args->pos_count,
		    &findings);
		if (ctl->json)
			write_json(&findings);
		else
			render(&findings, &ctl->look, args_has(args, "verbose"),
			    &out);
		code = findings_bad(&findings) ? CTL_FAILURE : CTL_OK;
	}
	ctl_write(&out);
	buf_fini(&out);
	findings_fini(&findings);
	sight_free(&sight);
	return code;
}
