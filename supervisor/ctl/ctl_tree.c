/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs that change what the tree consists of. */
#include "supervisor/ctl/ctl_verbs.h"
#include "supervisor/msd.h"
#include "supervisor/tree/command.h"
#include "supervisor/tree/dynamic.h"
#include "supervisor/tree/reload.h"

#define ARGS_MAX 256u /* of one spawn */

/* ---- configuration ------------------------------------------------------ */

static void
fail_conf(const struct ctl_request *request, const struct conf_errors *errors)
{
	struct refusal refusal;

	refuse_conf(&refusal, errors);
	ctl_refuse(request, &refusal);
}

/* False after an error has been answered: a flag misread would restart what
 * it should leave alone. */
static bool
read_specs_only(const struct ctl_request *request, bool *specs_only_r)
{
	const struct json *flag = json_get(request->json, "specs_only");

	*specs_only_r = json_get_bool(request->json, "specs_only", false);
	if (!flag ||
	    (json_type_of(flag) == JSON_TRUE ||
		json_type_of(flag) == JSON_FALSE))
		return true;
	ctl_fail(request, "bad_request", "specs_only: is true or false");
	return false;
}

void
do_plan(const struct ctl_request *request)
{
	struct conf_errors errors;
	struct reload *reload;
	bool specs_only;

	if (!read_specs_only(request, &specs_only))
		return;
	conf_errors_init(&errors);
	reload = reload_plan(request->msd, specs_only, &errors);
	if (reload) {
		struct buf *out = ctl_reply(request);

		buf_add_u8(out, ',');
		reload_show(reload, out);
		ctl_reply_end(request);
	} else {
		fail_conf(request, &errors);
	}
	reload_free(&reload);
	conf_errors_fini(&errors);
}

static bool
is_shutting_down(const struct ctl_request *request)
{
	if (request->msd->stopping)
		ctl_fail(request, "shutting_down", "msd is shutting down");
	return request->msd->stopping;
}

/* With a name: that worker's reload_signal.  Without: the whole file. */
void
do_reload(const struct ctl_request *request)
{
	struct conf_errors errors;
	struct buf plan = { 0 };
	bool specs_only;

	if (request->node) {
		ctl_run_command(request, COMMAND_RELOAD, 0);
		return;
	}
	if (is_shutting_down(request) || !read_specs_only(request, &specs_only))
		return;
	conf_errors_init(&errors);
	if (reload_run(request->msd, specs_only, &plan, &errors)) {
		struct buf *out = ctl_reply(request);

		buf_add_u8(out, ',');
		buf_add_slice(out, buf_slice(&plan));
		ctl_reply_end(request);
	} else {
		fail_conf(request, &errors);
	}
	buf_fini(&plan);
	conf_errors_fini(&errors);
}

void
do_check(const struct ctl_request *request)
{
	const char *file = json_get_str(request->json, "file", NULL);
	struct conf_errors errors;
	struct spec *spec;

	if (!file) {
		ctl_fail(request, "bad_request", "\"file\" is missing");
		return;
	}
	conf_errors_init(&errors);
	spec = spec_load(file, request->msd->cwd, request->msd->env, &errors);
	if (spec) {
		struct buf *out = ctl_reply(request);

		buf_printf(out, ",\"workers\":%zu", spec->worker_count);
		ctl_reply_end(request);
	} else {
		fail_conf(request, &errors);
	}
	spec_drop(&spec);
	conf_errors_fini(&errors);
}

/* ---- workers that come and go ------------------------------------------- */

/* Answers when the new worker is up, or with why it is not. */
static void
await_child(const struct ctl_request *request, struct child *child)
{
	struct ctl_request about = *request;
	struct ctl_wait wait = { .what = CTL_WAIT_UP };

	if (!ctl_read_timeout(request, &wait.timeout_ms))
		return;
	wait.generation = child->generation;
	about.name = child->node.name;
	about.node = &child->node;
	about.child = child;
	ctl_await(&about, &wait);
}

void
do_add(const struct ctl_request *request)
{
	const char *text = json_get_str(request->json, "text", NULL);
	struct refusal refusal;
	struct child *child;

	if (is_shutting_down(request))
		return;
	if (!text) {
		ctl_fail(request, "bad_request", "\"text\" is missing");
		return;
	}
	child = dynamic_add(request->msd, slice_of(text), &refusal);
	if (child)
		await_child(request, child);
	else
		ctl_refuse(request, &refusal);
}

void
do_remove(const struct ctl_request *request)
{
	struct refusal refusal;

	if (!request->child)
		ctl_fail(request, "bad_request",
		    "%s is a supervisor or a template: those belong to the "
		    "file",
		    request->name);
	else if (!dynamic_remove(request->msd, request->child, &refusal))
		ctl_refuse(request, &refusal);
	else {
		ctl_reply(request);
		ctl_reply_end(request);
	}
}

/* The template of the request; NULL after an error has been answered. */
static struct group *
find_template(const struct ctl_request *request)
{
	struct group *group = node_group(request->node);

	if (is_shutting_down(request))
		return NULL;
	if (group && group->mold)
		return group;
	ctl_fail(request, "bad_request", "%s is not a template", request->name);
	return NULL;
}

void
do_scale(const struct ctl_request *request)
{
	double count = json_get_num(request->json, "count", -1);
	struct ctl_wait wait = { .what = CTL_WAIT_SCALED };
	struct group *template = find_template(request);
	struct refusal refusal;

	if (!template || !ctl_read_timeout(request, &wait.timeout_ms))
		return;
	if (!(count >= 0 && count <= INSTANCES_MAX) ||
	    count != (double)(uint32_t)count) {
		ctl_fail(request, "bad_request",
		    "count: is a whole number of 0 to %u", INSTANCES_MAX);
		return;
	}
	if (!dynamic_scale(request->msd, template, (uint32_t)count, &refusal))
		ctl_refuse(request, &refusal);
	else if (json_get_bool(request->json, "wait", false))
		ctl_await(request, &wait);
	else {
		buf_printf(ctl_reply(request), ",\"count\":%.0f", count);
		ctl_reply_end(request);
	}
}

/* False after an error has been answered.  The texts are the request's. */
static bool
read_args(const struct ctl_request *request, struct words *args)
{
	const struct json *list = json_get(request->json, "args");
	bool good = !list || json_type_of(list) == JSON_ARRAY;

	for (const struct json *m = good && list ? json_first(list) : NULL;
	     m && good; m = json_next(m)) {
		good = json_text(m) && args->count < ARGS_MAX;
		if (good)
			args->word[args->count++] = (char *)json_text(m);
	}
	if (!good)
		ctl_fail(request, "bad_request",
		    "args: is a list of up to %u texts", ARGS_MAX);
	return good;
}

void
do_spawn(const struct ctl_request *request)
{
	char *word[ARGS_MAX];
	struct words args = { word, 0 };
	struct group *template = find_template(request);
	struct refusal refusal;
	struct child *child;

	if (!template || !read_args(request, &args))
		return;
	child = dynamic_spawn(request->msd, template, &args, &refusal);
	if (child)
		await_child(request, child);
	else
		ctl_refuse(request, &refusal);
}
