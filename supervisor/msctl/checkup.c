/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor/msctl/checkup.h"

#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#include "proto/client/hub.h"
#include "proto/contract.h"
#include "proto/msg/worker.h"

#define ANSWERS_BYTES_MAX (64u << 20)

static void
take_checks(struct patient *p, struct slice body)
{
	struct checkup *c = p->checkup;

	p->checks =
	    arena_alloc(&c->arena, HEALTH_CHECKS_MAX * sizeof(*p->checks));
	if (p->checks &&
	    health_checks_parse(body, p->checks, HEALTH_CHECKS_MAX,
		&p->check_count, &p->why) != MS_OK)
		p->level = HEALTH_FAILED;
}

static void
on_answer(void *arg, enum ms_err err, const void *out, struct slice body,
    const struct why *why)
{
	struct patient *p = arg;
	const struct worker_health_out *health = out;

	p->done = true;
	p->checkup->open--;
	if (err) {
		p->why = *why;
		p->level = HEALTH_FAILED;
		return;
	}
	p->answers = true;
	(void)health_level_parse(health->health, &p->level);
	p->status = arena_strdup(&p->checkup->arena,
	    health->status ? health->status : "");
	p->version = arena_strdup(&p->checkup->arena,
	    health->version ? health->version : "");
	p->requests = health->requests;
	p->age_ms = health->age_ms;
	if (body.len)
		take_checks(p, body);
}

static bool
has_socket(const struct msctl *ctl, const char *name)
{
	char path[PATH_MAX];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s" SERVICE_SUFFIX, ctl->run_dir,
	    name);
	return stat(path, &st) == 0 && S_ISSOCK(st.st_mode);
}

static void
ask(struct checkup *c, struct patient *p, bool deep, uint32_t timeout_ms)
{
	const struct worker_health_in in = { .deep = deep };
	const struct call_options options = { .timeout_ms = timeout_ms };
	char address[PATH_MAX + 16];

	p->checkup = c;
	if (!has_socket(c->ctl, p->name))
		return;
	snprintf(address, sizeof(address), "ipc://%s/%s" SERVICE_SUFFIX,
	    c->ctl->run_dir, p->name);
	if (link_open(c->hub, address, &p->link) != MS_OK ||
	    call_start(p->link, &msg_worker_health, &in,
		(struct slice){ NULL, 0 }, &options, on_answer, p) != MS_OK)
		return;
	p->asked = true;
	c->open++;
}

void
checkup_init(struct checkup *c, const struct msctl *ctl)
{
	*c = (struct checkup){ .ctl = ctl };
	arena_init(&c->arena, ANSWERS_BYTES_MAX);
}

void
checkup_ask(struct checkup *c, struct patient *patients, size_t count,
    bool deep, uint32_t timeout_ms)
{
	if (!c->hub && link_hub_open(&c->hub) != MS_OK)
		return;
	for (size_t i = 0; i < count; i++)
		ask(c, &patients[i], deep, timeout_ms);
	while (c->open) { /* every call ends, at its timeout at the latest */
		link_hub_wait(c->hub, -1);
		link_hub_dispatch(c->hub, 0);
	}
	for (size_t i = 0; i < count; i++)
		if (patients[i].link)
			link_close(&patients[i].link);
}

void
checkup_fini(struct checkup *c)
{
	if (c->hub)
		link_hub_close(&c->hub);
	arena_fini(&c->arena);
}
