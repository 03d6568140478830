/* SPDX-License-Identifier: Apache-2.0 */
/* ms-config: serves the configuration in force, one generation at a time. */
#include <inttypes.h>
#include <stdlib.h>

#include "common/alloc.h"
#include "common/json.h"
#include "common/log.h"
#include "common/mono.h"
#include "proto/conf/workers.h"
#include "proto/msg/config.h"
#include "workers/config/figures.h"
#include "workers/config/health.h"
#include "workers/config/keeper.h"
#include "workers/worker.h"

extern char **environ;

struct configd {
	struct config_conf conf;
	struct keeper keeper;
	struct config_figures figures;
};

/* ---- requests ----------------------------------------------------------- */

static void
do_get(void *self, struct call *call)
{
	const struct keeper *k = &((struct configd *)self)->keeper;
	const struct config_get_in *in = call_in(call);
	struct config_get_out out = { .generation = k->generation.number };
	const struct store_key *key;
	struct why why = { "" };
	struct buf value = { 0 };

	key = store_find(k->store, in->key ? in->key : "", &why);
	if (!key) {
		call_fail(call, MS_ENOTFOUND, "%s", why.text);
		return;
	}
	store_print(key, &value);
	out.value = arena_strndup(call_arena(call),
	    value.ptr ? (const char *)value.ptr : "", value.len);
	buf_fini(&value);
	out.origin = (char *)key->origin;
	out.help = (char *)key->row->help;
	out.given = key->given;
	call_reply(call, &out, (struct slice){ 0 });
}

static void
do_list(void *self, struct call *call)
{
	const struct keeper *k = &((struct configd *)self)->keeper;
	const struct config_list_in *in = call_in(call);
	struct config_list_out out = { .generation = k->generation.number };
	struct buf body = { .limit_bytes = MSG_BODY_BYTES_MAX };

	out.count = (uint32_t)store_list(k->store, in->prefix, &body);
	if (body.failed)
		call_fail(call, MS_ETOOBIG,
		    "the list is over %u MiB: ask with a longer prefix",
		    MSG_BODY_BYTES_MAX >> 20);
	else
		call_reply(call, &out, buf_slice(&body));
	buf_fini(&body);
}

static void
do_status(void *self, struct call *call)
{
	const struct keeper *k = &((struct configd *)self)->keeper;
	char loaded_at[RFC3339_BYTES];
	struct config_status_out out = {
		.generation = k->generation.number,
		.loaded_at = loaded_at,
		.files = (uint32_t)k->store->files,
		.errors = (uint32_t)k->error_count,
		.error = k->first_error,
		.digest = k->digest,
		.subscribers = worker_subscribers(call_worker(call)),
	};

	rfc3339_print(k->loaded_ns, loaded_at);
	call_reply(call, &out, (struct slice){ 0 });
}

static void
do_check(void *self, struct call *call)
{
	const struct keeper *k = &((struct configd *)self)->keeper;
	struct config_check_out out = { .generation = k->generation.number,
		.path = (char *)(uintptr_t)k->path };
	struct conf_errors errors;
	struct buf body = { .limit_bytes = MSG_BODY_BYTES_MAX };

	conf_errors_init(&errors);
	keeper_check(k, environ, &errors, &out.changed, &out.files);
	out.errors = (uint32_t)errors.count;
	buf_add_u8(&body, '[');
	for (size_t i = 0; i < errors.count && i < CONF_ERRORS_MAX; i++) {
		buf_add_str(&body, i ? "," : "");
		json_quote(&body, slice_of(errors.text[i]));
	}
	buf_add_u8(&body, ']');
	call_reply(call, &out, buf_slice(&body));
	buf_fini(&body);
	conf_errors_fini(&errors);
}

static const struct route routes[] = {
	{ &msg_config_get, do_get },
	{ &msg_config_list, do_list },
	{ &msg_config_status, do_status },
	{ &msg_config_check, do_check },
	ROUTE_END,
};

/* ---- life --------------------------------------------------------------- */

static void
show_status(struct worker *w)
{
	const struct configd *d = worker_self(w);
	const struct keeper *k = &d->keeper;

	metric_set(d->figures.generation, (int64_t)k->generation.number);
	metric_set(d->figures.keys, (int64_t)k->store->count);
	metric_set(d->figures.errors, (int64_t)k->error_count);

	if (k->error_count)
		worker_status(w,
		    "generation %" PRIu64 ", the file has %zu errors",
		    k->generation.number, k->error_count);
	else
		worker_status(w, "generation %" PRIu64 ", %zu keys",
		    k->generation.number, k->store->count);
}

static enum ms_err
start(struct worker *w, struct why *why)
{
	struct configd *d = worker_self(w);
	char *dir = d->conf.dir ? xstrdup(d->conf.dir)
				: xasprintf("%s/config", worker_state_dir(w));
	enum ms_err err =
	    keeper_open(&d->keeper, worker_conf_path(w), dir, environ, why);

	config_figures_init(&d->figures);
	free(dir);
	if (!err)
		show_status(w);
	return err;
}

static void
count_reload(const struct configd *d, struct mono begun,
    enum reload_result result)
{
	metric_record(d->figures.reload_seconds, mono_now().ns - begun.ns);
	metric_add(d->figures.reloads[result], 1);
}

/* The skeleton has judged our own section; here the whole file is judged. */
static void
reload(struct worker *w, const void *new_conf)
{
	struct configd *d = worker_self(w);
	struct mono begun = mono_now();
	struct buf announcement = { 0 };
	enum ms_err err;

	(void)new_conf; /* `dir` is for the next start */
	err = keeper_reload(&d->keeper, environ, &announcement);
	count_reload(d, begun,
	    err                    ? RELOAD_REFUSED
		: announcement.len ? RELOAD_CHANGED
				   : RELOAD_UNCHANGED);
	show_status(w);
	if (announcement.len &&
	    worker_publish(w, SLICE_LIT("config"), (struct slice){ 0 },
		buf_slice(&announcement)) != MS_OK)
		log_error("change was not announced", "generation=%" PRIu64,
		    d->keeper.generation.number);
	buf_fini(&announcement);
}

static void
refused(struct worker *w, const struct conf_errors *errors)
{
	struct configd *d = worker_self(w);

	keeper_refuse(&d->keeper, errors);
	metric_add(d->figures.reloads[RELOAD_REFUSED], 1);
	show_status(w);
}

static void
health(struct worker *w)
{
	struct configd *d = worker_self(w);

	keeper_health(w, &d->keeper);
}

static void
stop(struct worker *w)
{
	struct configd *d = worker_self(w);

	keeper_close(&d->keeper);
}

int
main(int argc, char **argv)
{
	struct configd d = { 0 };

	return worker_main(argc, argv,
	    &(struct worker_desc){ .name = "config",
		.program = "ms-config",
		.help = "serves the configuration and announces its changes",
		.self = &d,
		.section = "config",
		.rows = config_rows,
		.conf = &d.conf,
		.conf_bytes = sizeof(d.conf),
		.routes = routes,
		.publishes = true,
		.start = start,
		.reload = reload,
		.refused = refused,
		.health = health,
		.stop = stop });
}
