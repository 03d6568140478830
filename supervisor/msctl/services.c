/* SPDX-License-Identifier: Apache-2.0 */
/* Short verbs of the services: config, pool, db. */
#include <stdio.h>

#include "proto/msg/config.h"
#include "proto/msg/persist.h"
#include "proto/msg/pool.h"
#include "supervisor/msctl/service.h"
#include "supervisor/msctl/table.h"
#include "supervisor/msctl/verbs.h"

#define MIGRATE_MS 600000u

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
