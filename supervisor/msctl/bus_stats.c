/* SPDX-License-Identifier: Apache-2.0 */
/* `msctl bus stats|consumers|dlq`: how the bus is. */
#include "proto/msg/bus.h"
#include "supervisor/msctl/bus_look.h"
#include "supervisor/msctl/service.h"
#include "supervisor/msctl/verbs.h"

/* Both answers as JSON; NULL after having said why not. */
static struct json *
ask_stats(struct service *bus, int *code)
{
	struct bus_stats_out got = { 0 };
	struct json *stats;

	*code = service_ask(bus, &msg_bus_stats, NULL, SERVICE_ANSWER_MS, &got,
	    NULL);
	if (*code != CTL_OK)
		return NULL;
	stats = json_object();
	json_put_num(stats, "v", 1);
	fields_to_json(msg_bus_stats.out, &got, stats);
	return stats;
}

static struct json *
ask_consumers(struct service *bus, int *code)
{
	struct slice body = { NULL, 0 };
	struct json *list = NULL;

	*code = service_ask(bus, &msg_bus_consumers, NULL, SERVICE_ANSWER_MS,
	    NULL, &body);
	if (*code == CTL_OK && json_parse(body, &list, NULL) != MS_OK)
		*code = ctl_fail(bus->ctl, "malformed",
		    "the bus answered with what is no list");
	return list;
}

int
do_bus_consumers(struct msctl *ctl, const struct args *args MS_UNUSED)
{
	struct json *list = NULL, *root;
	struct buf out = { 0 };
	struct service bus;
	int code = service_open(ctl, "bus", &bus);

	if (code == CTL_OK)
		list = ask_consumers(&bus, &code);
	if (code == CTL_OK && ctl->json) {
		root = json_object();
		json_put_num(root, "v", 1);
		json_put(root, "consumers", list);
		list = NULL;
		ctl_write_json(root);
		json_free(&root);
	} else if (code == CTL_OK) {
		bus_consumers_render(list, &ctl->look, &out);
	}
	ctl_write(&out);
	buf_fini(&out);
	json_free(&list);
	service_close(&bus);
	return code;
}

/* What both verbs are made of. */
static int
with_stats(struct msctl *ctl,
    struct json *(*merge)(struct json *stats, struct json *consumers),
    void (*render)(const struct json *merged, const struct look *look,
	struct buf *out))
{
	struct json *stats = NULL, *consumers = NULL, *merged;
	struct buf out = { 0 };
	struct service bus;
	int code = service_open(ctl, "bus", &bus);

	if (code == CTL_OK)
		stats = ask_stats(&bus, &code);
	if (code == CTL_OK)
		consumers = ask_consumers(&bus, &code);
	service_close(&bus);
	if (code != CTL_OK) {
		json_free(&stats);
		return code;
	}
	merged = merge(stats, consumers);
	if (ctl->json)
		ctl_write_json(merged);
	else
		render(merged, &ctl->look, &out);
	ctl_write(&out);
	buf_fini(&out);
	json_free(&merged);
	return CTL_OK;
}

/* "consumers" is a number of the answer: the list has another name. */
static struct json *
add_list(struct json *stats, struct json *consumers)
{
	json_put(stats, "channels", consumers);
	return stats;
}

static void
render_stats(const struct json *merged, const struct look *look,
    struct buf *out)
{
	bus_stats_render(merged, json_get(merged, "channels"), look, out);
}

int
do_bus_stats(struct msctl *ctl, const struct args *args MS_UNUSED)
{
	return with_stats(ctl, add_list, render_stats);
}

static struct json *
make_dlq(struct json *stats, struct json *consumers)
{
	struct json *dlq = bus_dlq_json(stats, consumers);

	json_free(&stats);
	json_free(&consumers);
	return dlq;
}

int
do_bus_dlq(struct msctl *ctl, const struct args *args MS_UNUSED)
{
	return with_stats(ctl, make_dlq, bus_dlq_render);
}
