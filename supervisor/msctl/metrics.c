/* SPDX-License-Identifier: Apache-2.0 */
/* `msctl metrics`: the numbers of all workers, as a table or for programs. */
#include <fnmatch.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "supervisor/msctl/numbers.h"
#include "supervisor/msctl/verbs.h"

#define FOLLOW_MS 1000

enum output {
	OUTPUT_TABLE,
	OUTPUT_PROM,
	OUTPUT_OPENMETRICS,
	OUTPUT_JSON
};

struct request {
	const char *pattern; /* NULL: all */
	const char *worker;
	enum output output;
	bool follow;
};

static bool
parse_output(const struct msctl *ctl, const struct args *args,
    enum output *output_r)
{
	static const char *const names[] = { "table", "prom", "openmetrics",
		"json" };
	const char *given = args_get(args, "output");

	*output_r = ctl->json ? OUTPUT_JSON : OUTPUT_TABLE;
	for (size_t i = 0; given && i < ARRAY_LEN(names); i++) {
		if (strcmp(given, names[i]) != 0)
			continue;
		*output_r = (enum output)i;
		return true;
	}
	if (given)
		ctl_fail(ctl, "bad_request",
		    "-o %s: it is table, prom, openmetrics or json", given);
	return !given;
}

/* A pattern without wildcards is looked for anywhere in the name. */
static bool
is_wanted(const char *name, void *arg)
{
	const char *pattern = arg;

	if (strpbrk(pattern, "*?["))
		return fnmatch(pattern, name, 0) == 0;
	return strstr(name, pattern) != NULL;
}

/* ---- printing ----------------------------------------------------------------- */

static void
print_json(const struct numbers *n, struct buf *out)
{
	char at[RFC3339_BYTES];
	bool first = true;

	rfc3339_print(wall_ns(), at);
	buf_printf(out, "{\"v\":1,\"at\":\"%s\",\"msd\":%s,\"metrics\":[", at,
	    n->has_tree ? "true" : "false");
	for (size_t i = 0; i < n->view.family_count; i++) {
		const struct expo_family *f = &n->view.families[i];

		for (size_t j = 0; j < f->count; j++) {
			buf_add_str(out, first ? "" : ",");
			expo_json_point(f, &n->view.points[f->first + j], out);
			first = false;
		}
	}
	buf_add_str(out, "]}\n");
}

static void
print(const struct msctl *ctl, const struct request *r, const struct numbers *n,
    const struct numbers *before)
{
	enum expo_format format =
	    r->output == OUTPUT_PROM ? EXPO_TEXT : EXPO_OPENMETRICS;
	struct expo_cursor at = { 0 };
	struct buf out = { 0 };

	switch (r->output) {
	case OUTPUT_TABLE:
		if (r->follow && ctl->look.columns)
			buf_add_str(&out, "\033[H\033[J");
		numbers_render(n, before, &ctl->look, &out);
		break;
	case OUTPUT_JSON:
		print_json(n, &out);
		break;
	case OUTPUT_PROM:
	case OUTPUT_OPENMETRICS:
		while (expo_print(&n->view, format, 0, 1000, &at, &out))
			;
	}
	ctl_write(&out);
	buf_fini(&out);
}

/* On stderr: what is printed stays what it is. */
static void
tell_what_lacks(const struct numbers *n)
{
	if (!n->has_tree)
		fputs("msctl: msd does not answer: these are the numbers that "
		      "its workers have left\n",
		    stderr);
	for (size_t i = 0; i < n->set.count; i++)
		if (n->set.sources[i].err &&
		    n->set.sources[i].err != MS_ENOTFOUND)
			fprintf(stderr, "msctl: %s: %s\n",
			    n->set.sources[i].name, n->set.sources[i].why.text);
}

/* ---- the verb -------------------------------------------------------------------- */

static int
read_and_choose(const struct msctl *ctl, const struct request *r,
    struct numbers *n)
{
	struct why why = { "" };
	enum ms_err err = numbers_read(ctl, n, &why);

	if (err) {
		numbers_fini(n);
		if (err == MS_EUNAVAILABLE)
			return ctl_fail(ctl, "unreachable", "%s", why.text);
		return ctl_fail_err(ctl, err, "%s", why.text);
	}
	if (r->pattern)
		expo_view_filter(&n->view, is_wanted, (void *)r->pattern);
	if (r->worker)
		expo_view_only(&n->view, r->worker);
	return CTL_OK;
}

static int
nothing_found(const struct msctl *ctl, const struct request *r)
{
	return ctl_fail(ctl, "not_found", "no metric%s%s%s%s",
	    r->pattern ? " is called like " : "", r->pattern ? r->pattern : "",
	    r->worker ? " of worker " : "", r->worker ? r->worker : "");
}

/* Until the reader of a pipe goes, or somebody interrupts. */
static int
follow(const struct msctl *ctl, const struct request *r, struct numbers *last)
{
	struct pollfd out = { .fd = STDOUT_FILENO };

	for (;;) {
		struct numbers n;
		int code;

		if (poll(&out, 1, FOLLOW_MS) > 0)
			return CTL_OK; /* POLLERR: nobody reads any more */
		code = read_and_choose(ctl, r, &n);
		if (code != CTL_OK)
			return code;
		print(ctl, r, &n, last);
		numbers_fini(last);
		*last = n;
	}
}

int
do_metrics(struct msctl *ctl, const struct args *args)
{
	struct request r = { .pattern = args->pos_count ? args->pos[0] : NULL,
		.worker = args_get(args, "worker"),
		.follow = args_has(args, "follow") };
	struct numbers n;
	int code;

	if (!parse_output(ctl, args, &r.output))
		return CTL_USAGE;
	code = read_and_choose(ctl, &r, &n);
	if (code != CTL_OK)
		return code;
	tell_what_lacks(&n);
	if (n.view.family_count == 0)
		code = nothing_found(ctl, &r);
	else
		print(ctl, &r, &n, NULL);
	if (code == CTL_OK && r.follow)
		code = follow(ctl, &r, &n);
	numbers_fini(&n);
	return code;
}
