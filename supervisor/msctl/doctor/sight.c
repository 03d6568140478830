/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor/msctl/doctor/sight.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/fd.h"
#include "proto/contract.h"
#include "supervisor/spec/spec.h"

#define PROC_BYTES_MAX    (4u << 20)
#define ANSWERS_BYTES_MAX (64u << 20)

void
fact_set(char *to, size_t bytes, const char *text)
{
	snprintf(to, bytes, "%s", text ? text : "");
}

bool
proc_read(long pid, const char *name, struct buf *text)
{
	char path[64];

	buf_reset(text);
	snprintf(path, sizeof(path), "/proc/%ld/%s", pid, name);
	if (pid <= 0 || file_read(path, PROC_BYTES_MAX, text, NULL) != MS_OK)
		return false;
	buf_add_u8(text, '\0');
	return !text->failed;
}

static void
see_rights(struct sight *s)
{
	s->facts.is_root = geteuid() == 0;
	s->facts.thresholds = (struct thresholds){ 10, 2.5 };
	FACT_SET(s->facts.msd.own_version, MS_VERSION);
}

struct sight *
sight_new(const struct msctl *ctl, const char *conf, bool place_is_given)
{
	struct sight *s = xcalloc(1, sizeof(*s));

	s->ctl = ctl;
	s->conf_given = conf;
	arena_init(&s->arena, ANSWERS_BYTES_MAX);
	conf_errors_init(&s->errors);
	see_rights(s);
	s->run_dir = xstrdup(ctl->run_dir);
	s->socket = xstrdup(ctl->socket);
	see_msd(s);
	see_conf(s);
	if (!place_is_given && conf && s->spec && !s->facts.msd.answers) {
		free(s->run_dir);
		free(s->socket);
		s->run_dir = xstrdup(s->spec->msd.run_dir);
		s->socket = xasprintf("%s/" CONTROL_SOCKET, s->run_dir);
		see_msd(s);
	}
	s->facts.nothing_runs = !s->facts.msd.answers &&
	    !s->facts.msd.is_refused && !s->facts.msd.pid_is_msd;
	see_host(s);
	see_processes(s);
	see_services(s);
	see_dirs(s);
	see_sockets(s);
	see_ports(s);
	see_segments(s);
	return s;
}

void
sight_free(struct sight **sight)
{
	struct sight *s = *sight;

	*sight = NULL;
	if (!s->spec)
		conf_free(&s->conf);
	spec_drop(&s->spec);
	conf_errors_fini(&s->errors);
	json_free(&s->version);
	json_free(&s->status);
	json_free(&s->deaths);
	json_free(&s->metrics);
	json_free(&s->health);
	json_free(&s->config);
	json_free(&s->pools);
	json_free(&s->bus);
	json_free(&s->consumers);
	json_free(&s->persist);
	if (s->hub)
		link_hub_close(&s->hub);
	arena_fini(&s->arena);
	free(s->facts.processes);
	free(s->facts.workers);
	free(s->run_dir);
	free(s->socket);
	free(s->conf_path);
	free(s->cwd);
	if (s->env_text)
		free(s->env);
	free(s->env_text);
	free(s);
}
