/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration as a whole, and the end. */
#include <stdio.h>
#include <string.h>

#include "common/mono.h"
#include "supervisor/msctl/ctl_client.h"
#include "supervisor/msctl/render.h"
#include "supervisor/msctl/verbs.h"

#define PLAN_TIMEOUT_MS     30000u
#define REEXEC_MS           20000u
#define SHUTDOWN_DEFAULT_MS 60000u

/* {"add":["a"],"restart":[]} as lines; numbers and texts too. */
static void
plan_render(const struct json *reply, const struct look *look MS_UNUSED,
    struct buf *out)
{
	size_t before = out->len;

	for (const struct json *m = json_first(reply); m; m = json_next(m)) {
		if (json_type_of(m) != JSON_ARRAY || !json_first(m))
			continue;
		buf_printf(out, "%-9s", json_key(m));
		for (const struct json *n = json_first(m); n; n = json_next(n))
			buf_printf(out, " %s",
			    json_text(n) ? json_text(n)
					 : json_get_str(n, "name", "?"));
		buf_add_u8(out, '\n');
	}
	if (out->len == before)
		buf_add_str(out, "nothing to change\n");
}

static int
ask_plan(const struct msctl *ctl, const char *verb, bool specs_only)
{
	struct json *request = ctl_request(verb, NULL);

	if (specs_only)
		json_put_bool(request, "specs_only", true);
	return ctl_show(ctl, request, PLAN_TIMEOUT_MS, plan_render);
}

int
do_reload(struct msctl *ctl, const struct args *args)
{
	return ask_plan(ctl, args_has(args, "dry-run") ? "plan" : "reload",
	    args_has(args, "specs-only"));
}

int
do_plan(struct msctl *ctl, const struct args *args)
{
	return ask_plan(ctl, "plan", args_has(args, "specs-only"));
}

/* msd is gone when the kernel closes its end of the connection. */
static int
await_end(const struct msctl *ctl, struct ctl_client *client,
    uint64_t timeout_ms)
{
	struct mono deadline = mono_add_ms(mono_now(), timeout_ms);
	enum ms_err err = MS_OK;

	while (err == MS_OK) {
		struct json *line;
		err = ctl_next(client,
		    timeout_ms == DURATION_INFINITY
			? timeout_ms
			: mono_ms_left(mono_now(), deadline),
		    &line);
		json_free(&line);
	}
	return err == MS_ETIMEOUT
	    ? ctl_fail(ctl, "timeout", "msd is still shutting down")
	    : CTL_OK;
}

static void
image_render(const struct json *reply, const struct look *look MS_UNUSED,
    struct buf *out)
{
	buf_printf(out, "msd %s goes on as pid %.0f\n",
	    json_get_str(reply, "version", "?"), json_get_num(reply, "pid", 0));
}

/* The answer comes from the image that took over, or from the old one. */
int
do_reexec(struct msctl *ctl, const struct args *args MS_UNUSED)
{
	return ctl_show(ctl, ctl_request("reexec", NULL), REEXEC_MS,
	    image_render);
}

int
do_shutdown(struct msctl *ctl, const struct args *args)
{
	struct ctl_client client;
	struct json *reply = NULL;
	uint64_t timeout_ms;
	int code;

	if (!ctl_duration(ctl, args, "timeout", SHUTDOWN_DEFAULT_MS,
		&timeout_ms))
		return CTL_USAGE;
	code = ctl_open(ctl, &client);
	if (code == CTL_OK)
		code = ctl_ask(&client, ctl_request("shutdown", NULL),
		    CTL_ANSWER_MS, &reply);
	if (code == CTL_OK && !ctl_is_ok(reply))
		code = ctl_refused(ctl, reply);
	if (code == CTL_OK && args_has(args, "wait"))
		code = await_end(ctl, &client, timeout_ms);
	if (code == CTL_OK && ctl->json)
		ctl_write_reply(reply);
	json_free(&reply);
	ctl_close(&client);
	return code;
}
