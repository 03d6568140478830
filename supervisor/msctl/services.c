/* SPDX-License-Identifier: Apache-2.0 */
/* Short verbs of the services: config, pool, db; and the health of all. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "proto/contract.h"
#include "proto/msg/config.h"
#include "proto/msg/persist.h"
#include "proto/msg/pool.h"
#include "proto/msg/worker.h"
#include "supervisor/msctl/ctl_client.h"
#include "supervisor/msctl/render.h"
#include "supervisor/msctl/service.h"
#include "supervisor/msctl/table.h"
#include "supervisor/msctl/verbs.h"

#define MIGRATE_MS       600000u
#define HEALTH_ANSWER_MS 500u

/* Prints the array in body as a table; with --json all of the answer. */
static void
print_answer(const struct msctl *ctl, const struct field *rows,
    const void *fields, const char *key, struct slice body,
    const struct table_key *keys, size_t n)
{
	struct json *array = NULL;
	struct buf out = { 0 };

	if (ctl->json) {
		fields_write_json(rows, fields, key, body);
		return;
	}
	if (body.len && json_parse(body, &array, NULL) == MS_OK)
		objects_render(array, keys, n, &ctl->look, &out);
	ctl_write(&out);
	buf_fini(&out);
	json_free(&array);
}

/* ---- config --------------------------------------------------------------- */

static void
print_config(const struct msctl *ctl, const struct config_get_out *got)
{
	if (ctl->json) {
		fields_write_json(msg_config_get.out, got, NULL,
		    (struct slice){ NULL, 0 });
		return;
	}
	printf("%s\n", got->value ? got->value : "");
	fflush(stdout);
	/* for people; a script reads the value alone */
	if (ctl->look.columns)
		fprintf(stderr, "  from %s, generation %llu\n%s%s%s",
		    got->origin ? got->origin : "default",
		    (unsigned long long)got->generation, got->help ? "  " : "",
		    got->help ? got->help : "", got->help ? "\n" : "");
}

int
do_config_get(struct msctl *ctl, const struct args *args)
{
	struct config_get_in in = { .key = (char *)(uintptr_t)args->pos[0] };
	struct config_get_out got = { NULL };
	struct service service;
	int code = service_open(ctl, "config", &service);

	if (code == CTL_OK)
		code = service_ask(&service, &msg_config_get, &in,
		    SERVICE_ANSWER_MS, &got, NULL);
	if (code == CTL_OK)
		print_config(ctl, &got);
	service_close(&service);
	return code;
}

int
do_config_list(struct msctl *ctl, const struct args *args)
{
	static const struct table_key keys[] = {
		{ "key", "KEY", 0 },
		{ "value", "VALUE", COLUMN_FLEXIBLE },
		{ "origin", "FROM", 0 },
	};
	struct config_list_in in = { NULL };
	struct config_list_out got = { 0 };
	struct service service;
	struct slice body = { NULL, 0 };
	int code = service_open(ctl, "config", &service);

	if (args->pos_count)
		in.prefix = (char *)(uintptr_t)args->pos[0];
	if (code == CTL_OK)
		code = service_ask(&service, &msg_config_list, &in,
		    SERVICE_ANSWER_MS, &got, &body);
	if (code == CTL_OK)
		print_answer(ctl, msg_config_list.out, &got, "keys", body, keys,
		    ARRAY_LEN(keys));
	service_close(&service);
	return code;
}

int
do_config_status(struct msctl *ctl, const struct args *args)
{
	struct config_status_out got = { 0 };
	struct service service;
	struct buf out = { 0 };
	int code = service_open(ctl, "config", &service);

	(void)args;
	if (code == CTL_OK)
		code = service_ask(&service, &msg_config_status, NULL,
		    SERVICE_ANSWER_MS, &got, NULL);
	if (code == CTL_OK && ctl->json)
		fields_write_json(msg_config_status.out, &got, NULL,
		    (struct slice){ NULL, 0 });
	else if (code == CTL_OK)
		fields_render(msg_config_status.out, &got, &out);
	ctl_write(&out);
	buf_fini(&out);
	service_close(&service);
	return code;
}

/* ---- pool ----------------------------------------------------------------- */

int
do_pool_status(struct msctl *ctl, const struct args *args)
{
	static const struct table_key keys[] = {
		{ "name", "POOL", 0 },
		{ "kind", "KIND", 0 },
		{ "size", "SIZE", COLUMN_RIGHT },
		{ "clients_active", "CLIENTS", COLUMN_RIGHT },
		{ "clients_waiting", "WAITING", COLUMN_RIGHT },
		{ "servers_active", "BUSY", COLUMN_RIGHT },
		{ "servers_idle", "IDLE", COLUMN_RIGHT },
		{ "acquired", "ACQUIRED", COLUMN_RIGHT },
		{ "errors", "ERRORS", COLUMN_RIGHT },
		{ "last_error", "LAST ERROR", COLUMN_FLEXIBLE },
	};
	struct pool_status_out got = { 0 };
	struct service service;
	struct slice body = { NULL, 0 };
	int code = service_open(ctl, "pool", &service);

	(void)args;
	if (code == CTL_OK)
		code = service_ask(&service, &msg_pool_status, NULL,
		    SERVICE_ANSWER_MS, &got, &body);
	if (code == CTL_OK)
		print_answer(ctl, NULL, NULL, "pools", body, keys,
		    ARRAY_LEN(keys));
	service_close(&service);
	return code;
}

/* ---- db ------------------------------------------------------------------- */

static int
migrate(struct msctl *ctl, const struct msg_desc *desc, uint32_t timeout_ms)
{
	static const struct table_key keys[] = {
		{ "version", "VERSION", 0 },
		{ "state", "STATE", 0 },
		{ "applied_at", "APPLIED", 0 },
		{ "execution_ms", "MS", COLUMN_RIGHT },
		{ "description", "DESCRIPTION", COLUMN_FLEXIBLE },
	};
	struct persist_migrate_out got = { 0 };
	struct service service;
	struct slice body = { NULL, 0 };
	int code = service_open(ctl, "persist", &service);

	if (code == CTL_OK)
		code =
		    service_ask(&service, desc, NULL, timeout_ms, &got, &body);
	if (code == CTL_OK) {
		print_answer(ctl, desc->out, &got, "migrations", body, keys,
		    ARRAY_LEN(keys));
		if (!ctl->json)
			printf(
			    "schema version %s: %u applied now, %u pending\n",
			    got.schema_version ? got.schema_version : "none",
			    got.applied, got.pending);
	}
	service_close(&service);
	return code;
}

int
do_db_up(struct msctl *ctl, const struct args *args)
{
	(void)args;
	return migrate(ctl, &msg_persist_migrate_up, MIGRATE_MS);
}

int
do_db_status(struct msctl *ctl, const struct args *args)
{
	(void)args;
	return migrate(ctl, &msg_persist_migrate_status, SERVICE_ANSWER_MS);
}

/* ---- health --------------------------------------------------------------- */

struct checkup {
	const struct msctl *ctl;
	struct link_hub *hub;
	struct arena arena;
	struct table table;
	struct json *list; /* of --json */
	unsigned bad;
};

static bool
has_service(const struct checkup *c, const char *name)
{
	char path[PATH_MAX];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s" SERVICE_SUFFIX, c->ctl->run_dir,
	    name);
	return stat(path, &st) == 0 && S_ISSOCK(st.st_mode);
}

/* Does it answer?  *out_r is its own view. */
static bool
ask_health(struct checkup *c, const char *name, struct worker_health_out *out_r,
    struct why *why)
{
	char address[PATH_MAX];
	struct link *link = NULL;
	struct slice body;
	bool is_good;

	snprintf(address, sizeof(address), "ipc://%s/%s" SERVICE_SUFFIX,
	    c->ctl->run_dir, name);
	if (!c->hub && link_hub_open(&c->hub) != MS_OK)
		return false;
	if (link_open(c->hub, address, &link) != MS_OK)
		return false;
	is_good =
	    call_wait(link, &msg_worker_health, NULL, (struct slice){ NULL, 0 },
		HEALTH_ANSWER_MS, &c->arena, out_r, &body, why) == MS_OK;
	link_close(&link);
	return is_good;
}

static void
add_verdict(struct checkup *c, const struct json *worker, bool is_asked,
    bool is_good, const struct worker_health_out *health, const struct why *why)
{
	const char *name = json_get_str(worker, "name", "?");
	const char *state = worker_state(worker);
	const char *says = health->status ? health->status
	    : is_asked && !is_good        ? why->text
					  : "";
	struct json *entry;

	if (!is_good)
		c->bad++;
	if (c->ctl->json) {
		entry = json_object();
		json_put_str(entry, "name", name);
		json_put_bool(entry, "healthy", is_good);
		json_put_str(entry, "state", state);
		if (is_asked) {
			json_put_bool(entry, "answers", is_good);
			json_put_num(entry, "requests",
			    (double)health->requests);
		}
		json_put_str(entry, "says", says);
		json_put(c->list, NULL, entry);
		return;
	}
	table_add(&c->table, HUE_NONE, name);
	table_addf(&c->table, is_good ? HUE_GOOD : HUE_BAD, "%s",
	    is_good ? "good" : "BAD");
	table_addf(&c->table, state_hue(state), "%s", state);
	table_add(&c->table, HUE_NONE,
	    is_asked ? (is_good ? "answers" : "silent") : "");
	table_add(&c->table, HUE_DIM, says);
}

static void
examine(struct checkup *c, const struct json *worker)
{
	const char *name = json_get_str(worker, "name", "?");
	struct worker_health_out health = { 0 };
	struct why why = { "" };
	bool is_wanted = strcmp(json_get_str(worker, "want", "up"), "up") == 0;
	bool is_up = json_get_bool(worker, "ready", false);
	bool is_asked = is_up && has_service(c, name);
	bool is_good = is_up || !is_wanted ||
	    strcmp(worker_state(worker), "exited") == 0 ||
	    strcmp(worker_state(worker), "ignored") == 0;

	if (is_asked)
		is_good = ask_health(c, name, &health, &why);
	add_verdict(c, worker, is_asked, is_good, &health, &why);
}

static int
conclude(struct checkup *c)
{
	struct json *root;
	struct buf out = { 0 };

	if (c->ctl->json) {
		root = json_object();
		json_put_num(root, "v", 1);
		json_put_bool(root, "healthy", c->bad == 0);
		json_put(root, "workers", c->list);
		c->list = NULL;
		ctl_write_json(root);
		json_free(&root);
	} else {
		table_print(&c->table, &c->ctl->look, &out);
		ctl_write(&out);
		buf_fini(&out);
	}
	return c->bad ? CTL_FAILURE : CTL_OK;
}

int
do_health(struct msctl *ctl, const struct args *args)
{
	static const struct column columns[] = {
		{ "NAME", 0 },
		{ "HEALTH", 0 },
		{ "STATE", 0 },
		{ "SERVICE", 0 },
		{ "SAYS", COLUMN_FLEXIBLE },
	};
	struct checkup c = { .ctl = ctl };
	struct json *reply;
	int code =
	    ctl_once(ctl, ctl_request("status", NULL), CTL_ANSWER_MS, &reply);

	(void)args;
	if (code != CTL_OK)
		return code;
	arena_init(&c.arena, CTL_LINE_BYTES_MAX);
	table_init(&c.table, columns, ARRAY_LEN(columns));
	c.list = json_array();
	for (const struct json *w = json_first(json_get(reply, "workers")); w;
	     w = json_next(w))
		examine(&c, w);
	code = conclude(&c);
	json_free(&c.list);
	table_fini(&c.table);
	if (c.hub)
		link_hub_close(&c.hub);
	arena_fini(&c.arena);
	json_free(&reply);
	return code;
}
