/* SPDX-License-Identifier: Apache-2.0 */
/* Workers that come and go while msd runs. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/buf.h"
#include "common/fd.h"
#include "common/mono.h"
#include "supervisor/msctl/ctl_client.h"
#include "supervisor/msctl/render.h"
#include "supervisor/msctl/verbs.h"

#define ADD_BYTES_MAX (32u << 10) /* fits a line of 64 KiB, quoted */

/* The answer of start_child: a worker, by now with a pid. */
static int
say_new(const struct msctl *ctl, struct json **reply)
{
	const struct json *worker = json_get(*reply, "worker");
	const char *name = json_get_str(worker, "name", "?");
	const char *state = json_get_str(worker, "state", "?");
	char text[200];
	long pid;

	if (worker_pid(worker, &pid))
		snprintf(text, sizeof(text), "%s: %s, pid %ld", name, state,
		    pid);
	else
		snprintf(text, sizeof(text), "%s: %s", name, state);
	return ctl_say_or_write(ctl, reply, text);
}

static int
ask_new(struct msctl *ctl, const struct args *args, struct json *request)
{
	struct json *reply;
	uint64_t timeout_ms;
	int code;

	if (!ctl_duration(ctl, args, "timeout", CTL_WAIT_MS, &timeout_ms)) {
		json_free(&request);
		return CTL_USAGE;
	}
	ctl_put_timeout(request, timeout_ms);
	code = ctl_once(ctl, request, ctl_answer_after(timeout_ms), &reply);
	return code == CTL_OK ? say_new(ctl, &reply) : code;
}

int
do_add(struct msctl *ctl, const struct args *args)
{
	const char *file = args->pos[0];
	struct json *request;
	struct buf text = { 0 };
	struct why why;

	if (file_read(strcmp(file, "-") == 0 ? "/dev/stdin" : file,
		ADD_BYTES_MAX, &text, &why) != MS_OK) {
		buf_fini(&text);
		return ctl_fail(ctl, "bad_request", "%s", why.text);
	}
	buf_add_u8(&text, '\0');
	request = ctl_request("add", NULL);
	json_put_str(request, "text", (const char *)text.ptr);
	buf_fini(&text);
	return ask_new(ctl, args, request);
}

int
do_remove(struct msctl *ctl, const struct args *args)
{
	struct json *reply;
	int code = ctl_once(ctl, ctl_request("remove", args->pos[0]),
	    CTL_ANSWER_MS, &reply);

	return code == CTL_OK ? ctl_say_or_write(ctl, &reply, NULL) : code;
}

int
do_scale(struct msctl *ctl, const struct args *args)
{
	struct json *request, *reply;
	uint64_t count, timeout_ms;
	char text[200];
	int code;

	if (!parse_u64(slice_of(args->pos[1]), &count))
		return ctl_fail(ctl, "bad_request", "'%s' is not a number",
		    args->pos[1]);
	if (!ctl_duration(ctl, args, "timeout", CTL_WAIT_MS, &timeout_ms))
		return CTL_USAGE;
	request = ctl_request("scale", args->pos[0]);
	json_put_num(request, "count", (double)count);
	json_put_bool(request, "wait", args_has(args, "wait"));
	ctl_put_timeout(request, timeout_ms);
	code = ctl_once(ctl, request, ctl_answer_after(timeout_ms), &reply);
	snprintf(text, sizeof(text), "%.100s: %s %" PRIu64, args->pos[0],
	    args_has(args, "wait") ? "ready, instances:" : "scaling to", count);
	return code == CTL_OK ? ctl_say_or_write(ctl, &reply, text) : code;
}

int
do_spawn(struct msctl *ctl, const struct args *args)
{
	struct json *request = ctl_request("spawn", args->pos[0]);
	struct json *list = NULL;

	if (args->pos_count > 1)
		list = json_put_array(request, "args");
	for (size_t i = 1; i < args->pos_count; i++)
		json_put_str(list, NULL, args->pos[i]);
	return ask_new(ctl, args, request);
}
