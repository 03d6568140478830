/* SPDX-License-Identifier: Apache-2.0 */
/* `msctl config check|watchers`: is the file good, and who runs with it? */
#include <stdio.h>
#include <string.h>

#include "proto/msg/config.h"
#include "proto/msg/worker.h"
#include "supervisor/msctl/config_look.h"
#include "supervisor/msctl/ctl_client.h"
#include "supervisor/msctl/render.h"
#include "supervisor/msctl/service.h"
#include "supervisor/msctl/verbs.h"

#define HEALTH_MS 500u /* a worker that says nothing costs no more */

/* ---- check ------------------------------------------------------------------ */

static void
say_check(const struct config_check_out *got, struct slice body)
{
	struct json *list = NULL;

	if (body.len && json_parse(body, &list, NULL) != MS_OK)
		list = NULL;
	for (const struct json *e = json_first(list); e; e = json_next(e))
		fprintf(stderr, "%s\n", json_text(e) ? json_text(e) : "?");
	json_free(&list);
	if (got->errors)
		printf("%u error%s; generation %llu stays in force\n",
		    got->errors, got->errors == 1 ? "" : "s",
		    (unsigned long long)got->generation);
	else if (got->changed)
		printf("%s is good; a reload would change %u key%s\n",
		    got->path ? got->path : "the file", got->changed,
		    got->changed == 1 ? "" : "s");
	else
		printf("%s is good, and what generation %llu says\n",
		    got->path ? got->path : "the file",
		    (unsigned long long)got->generation);
}

int
do_config_check(struct msctl *ctl, const struct args *args MS_UNUSED)
{
	struct config_check_out got = { 0 };
	struct slice body = { NULL, 0 };
	struct service service;
	int code = service_open(ctl, "config", &service);

	if (code == CTL_OK)
		code = service_ask(&service, &msg_config_check, NULL,
		    SERVICE_ANSWER_MS, &got, &body);
	if (code == CTL_OK) {
		if (ctl->json)
			fields_write_json(msg_config_check.out, &got, "list",
			    body);
		else
			say_check(&got, body);
		code = got.errors ? CTL_CONFIG : CTL_OK;
	}
	service_close(&service);
	return code;
}

/* ---- watchers ----------------------------------------------------------------- */

/* Every worker that answers for itself; ms-config is whom they are compared
 * with. */
static struct json *
ask_workers(struct service *config, const struct json *workers)
{
	struct json *list = json_array();

	for (const struct json *w = json_first(workers); w; w = json_next(w)) {
		const char *name = json_get_str(w, "name", "?");
		struct worker_health_out health = { 0 };
		struct slice body;
		struct json *o;
		enum ms_err err;

		if (!json_get_bool(w, "ready", false) ||
		    strcmp(name, config->name) == 0)
			continue;
		err = service_ask_quiet(&config->hub, config->ctl->run_dir,
		    name, &msg_worker_health, HEALTH_MS, &config->arena,
		    &health, &body);
		if (err == MS_ENOTFOUND)
			continue; /* it has no service */
		o = json_put_object(list, NULL);
		json_put_str(o, "name", name);
		json_put_num(o, "digest", health.conf_digest);
		json_put_num(o, "errors", health.conf_errors);
		json_put_bool(o, "silent", err != MS_OK);
	}
	return list;
}

static int
show(const struct msctl *ctl, const struct json *root)
{
	struct buf out = { 0 };

	if (ctl->json)
		ctl_write_json(root);
	else
		config_watchers_render(root, &ctl->look, &out);
	ctl_write(&out);
	buf_fini(&out);
	return json_get_bool(root, "current", false) ? CTL_OK : CTL_FAILURE;
}

int
do_config_watchers(struct msctl *ctl, const struct args *args MS_UNUSED)
{
	struct config_status_out status = { 0 };
	struct json *reply = NULL, *root = NULL, *workers;
	struct service service;
	int code = service_open(ctl, "config", &service);

	if (code == CTL_OK)
		code = service_ask(&service, &msg_config_status, NULL,
		    SERVICE_ANSWER_MS, &status, NULL);
	if (code == CTL_OK)
		code = ctl_once(ctl, ctl_request("status", NULL), CTL_ANSWER_MS,
		    &reply);
	if (code == CTL_OK) {
		workers = ask_workers(&service, json_get(reply, "workers"));
		root = config_watchers_json(status.generation, status.digest,
		    status.subscribers, workers);
		code = show(ctl, root);
		json_free(&workers);
	}
	json_free(&root);
	json_free(&reply);
	service_close(&service);
	return code;
}
