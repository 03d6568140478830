/* SPDX-License-Identifier: Apache-2.0 */
/* `msctl bus streams`: the logs of the bus. */
#include "proto/msg/bus.h"
#include "supervisor/msctl/bus_look.h"
#include "supervisor/msctl/service.h"
#include "supervisor/msctl/table.h"
#include "supervisor/msctl/verbs.h"

#define KIB 1024.0

static double
num(const struct json *object, const char *key)
{
	return json_get_num(object, key, 0);
}

static void
add_size(struct table *t, double have, double may)
{
	char a[LOOK_TEXT_BYTES], b[LOOK_TEXT_BYTES];

	table_addf(t, HUE_NONE, "%s of %s", print_kib(have / KIB, a),
	    print_kib(may / KIB, b));
}

void
bus_streams_render(const struct json *streams, const struct look *look,
    struct buf *out)
{
	static const struct column columns[] = {
		{ "STREAM", 0 },
		{ "EVENTS", COLUMN_RIGHT },
		{ "LAST", COLUMN_RIGHT },
		{ "NOT SYNCED", COLUMN_RIGHT },
		{ "SIZE", COLUMN_RIGHT },
		{ "PROMISE", 0 },
		{ "SUBJECTS", COLUMN_FLEXIBLE },
	};
	struct table t;

	table_init(&t, columns, ARRAY_LEN(columns));
	for (const struct json *s = json_first(streams); s; s = json_next(s)) {
		const struct json *subjects = json_get(s, "subjects");

		table_add(&t, HUE_NONE, json_get_str(s, "name", "?"));
		table_addf(&t, HUE_NONE, "%.0f", num(s, "events"));
		table_addf(&t, HUE_NONE, "%.0f", num(s, "last_seq"));
		table_addf(&t, HUE_NONE, "%.0f",
		    num(s, "last_seq") - num(s, "synced_seq"));
		add_size(&t, num(s, "log_bytes"), num(s, "retention_bytes"));
		table_add(&t, HUE_NONE, json_get_str(s, "durability", "?"));
		bus_add_patterns(&t, subjects, "all others");
	}
	table_print(&t, look, out);
	table_fini(&t);
}

int
do_bus_streams(struct msctl *ctl, const struct args *args MS_UNUSED)
{
	struct slice body = { NULL, 0 };
	struct json *list = NULL, *root;
	struct buf out = { 0 };
	struct service bus;
	int code = service_open(ctl, "bus", &bus);

	if (code == CTL_OK)
		code = service_ask(&bus, &msg_bus_streams, NULL,
		    SERVICE_ANSWER_MS, NULL, &body);
	if (code == CTL_OK && json_parse(body, &list, NULL) != MS_OK)
		code = ctl_fail(ctl, "malformed",
		    "the bus answered with what is no list");
	if (code == CTL_OK && ctl->json) {
		root = json_object();
		json_put_num(root, "v", 1);
		json_put(root, "streams", list);
		list = NULL;
		ctl_write_json(root);
		json_free(&root);
	} else if (code == CTL_OK) {
		bus_streams_render(list, &ctl->look, &out);
		ctl_write(&out);
	}
	buf_fini(&out);
	json_free(&list);
	service_close(&bus);
	return code;
}
