/* SPDX-License-Identifier: Apache-2.0 */
/* `msctl why`: how it died, what was done, what comes next, its last words. */
#include <stdio.h>

#include "common/mono.h"
#include "supervisor/msctl/ctl_client.h"
#include "supervisor/msctl/render.h"
#include "supervisor/msctl/verbs.h"

#define KEY_COLUMNS 13u

static void
print_exits(const struct json *exits, const struct look *look, int64_t now_ns,
    struct buf *out)
{
	const char *key = "died";

	if (!json_first(exits)) {
		key_render(look, key, out);
		buf_add_str(out, "never, as long as msd remembers\n");
		return;
	}
	for (const struct json *e = json_first(exits); e; e = json_next(e)) {
		exit_line_render(e, look, key, now_ns, out);
		key = json_first(exits) == e ? "before" : "";
	}
}

static void
print_output(const struct json *lines, const struct look *look, struct buf *out)
{
	const char *key = "output";

	for (const struct json *l = json_first(lines); l; l = json_next(l)) {
		key_render(look, key, out);
		look_text(look, slice_of(json_text(l)),
		    look->columns ? look->columns - KEY_COLUMNS : 0, out);
		buf_add_u8(out, '\n');
		key = "";
	}
}

void
why_render(const struct json *reply, const struct look *look, int64_t now_ns,
    struct buf *out)
{
	const struct json *worker = json_get(reply, "worker");
	const char *done = json_get_str(reply, "done", "");
	double next = json_get_num(reply, "next_start_ms", -1);
	char text[LOOK_TEXT_BYTES];

	title_render(worker, look, out);
	print_exits(json_get(reply, "exits"), look, now_ns, out);
	if (done[0]) {
		key_render(look, "done", out);
		buf_printf(out, "%s\n", done);
	}
	if (next >= 0) {
		key_render(look, "next try", out);
		buf_printf(out, "in %s\n", print_wait(next, text));
	}
	print_output(json_get(reply, "output"), look, out);
}

int
do_why(struct msctl *ctl, const struct args *args)
{
	struct json *reply;
	struct buf out = { 0 };
	int code = ctl_once(ctl, ctl_request("why", args->pos[0]),
	    CTL_ANSWER_MS, &reply);

	if (code != CTL_OK)
		return code;
	if (ctl->json)
		ctl_write_reply(reply);
	else
		why_render(reply, &ctl->look, wall_ns(), &out);
	ctl_write(&out);
	buf_fini(&out);
	json_free(&reply);
	return CTL_OK;
}
