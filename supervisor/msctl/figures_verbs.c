/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `msctl queues`, `msctl pool stats`: read from the workers' segments, so they
 * answer while the workers are busy, stopped or dead.
 */
#include <stdio.h>
#include <stdlib.h>

#include "common/alloc.h"
#include "proto/contract.h"
#include "supervisor/msctl/figures.h"
#include "supervisor/msctl/verbs.h"

static int
show(struct msctl *ctl, const char *key, const char *nothing,
    struct json *(*collect)(const struct metrics_set *set),
    void (*render)(const struct json *list, const struct look *look,
	struct buf *out))
{
	char *dir = xasprintf("%s/" METRICS_DIR, ctl->run_dir);
	struct json *root = json_object(), *list;
	struct metrics_set set = { NULL };
	struct why why = { "" };
	struct buf out = { 0 };
	enum ms_err err = metrics_set_read(&set, dir, &why);
	int code = CTL_OK;

	list = collect(&set);
	if (err == MS_ENOTFOUND) {
		code = ctl_fail(ctl, "unreachable",
		    "there are no numbers at %s; is the system running there? "
		    "(-s SOCKET or MS_SOCKET name another place)",
		    dir);
	} else if (err != MS_OK) {
		code = ctl_fail_err(ctl, err, "%s", why.text);
	} else if (ctl->json) {
		json_put_num(root, "v", 1);
		json_put(root, key, list);
		list = NULL;
		ctl_write_json(root);
	} else if (json_first(list)) {
		render(list, &ctl->look, &out);
	} else {
		buf_printf(&out, "%s\n", nothing);
	}
	ctl_write(&out);
	buf_fini(&out);
	json_free(&list);
	json_free(&root);
	metrics_set_fini(&set);
	free(dir);
	return code;
}

int
do_queues(struct msctl *ctl, const struct args *args MS_UNUSED)
{
	return show(ctl, "queues", "no worker has used a work queue yet",
	    queue_figures_json, queue_figures_render);
}

int
do_pool_stats(struct msctl *ctl, const struct args *args MS_UNUSED)
{
	return show(ctl, "pools", "no pool has numbers yet", pool_figures_json,
	    pool_figures_render);
}
