/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From sections to specs.  The rows have judged each key by then; here names
 * meet names: parents, dependencies, users.  Everything wrong is collected.
 */
#include "supervisor/spec.h"

#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "proto/conf/sections.h"
#include "proto/contract.h"
#include "supervisor/spec_log.h"
#include "supervisor/spec_order.h"

#define SPEC_BYTES_MAX  (64u << 20)
#define WORKERS_MAX     20000u
#define ROOT_NAME       "root"
#define SOCKET_PATH_MAX 107u

struct load {
	struct spec *spec;
	const char *cwd;
	struct conf_errors *errors;
	struct conf_errors told; /* what sections_check() has said already */
};

static void
wrong(struct load *l, const struct conf_section *section, const char *key,
    const char *what, const char *name)
{
	conf_error(l->errors, section_place(section, key), "%s: %s '%s'", key,
	    what, name);
}

/* ---- paths, users ------------------------------------------------------- */

static char *
absolute(struct load *l, char *path)
{
	if (!path || path[0] == '/')
		return path;
	return arena_printf(&l->spec->arena, "%s/%s", l->cwd, path);
}

static void
check_user(struct load *l, const struct conf_section *section, const char *key,
    const char *name)
{
	uint64_t number;

	if (name && !parse_u64(slice_of(name), &number) && !getpwnam(name))
		wrong(l, section, key, "there is no user", name);
}

static void
check_group(struct load *l, const struct conf_section *section, const char *key,
    const char *name)
{
	uint64_t number;

	if (name && !parse_u64(slice_of(name), &number) && !getgrnam(name))
		wrong(l, section, key, "there is no group", name);
}

/* ---- [msd] -------------------------------------------------------------- */

static void
load_msd(struct load *l)
{
	struct msd_conf *msd = &l->spec->msd;
	const struct conf_section *section =
	    conf_find(l->spec->conf, "msd", "");

	conf_apply(section, msd_rows, msd, sizeof(*msd), &l->spec->arena,
	    &l->told);
	msd->run_dir = absolute(l, msd->run_dir);
	msd->log_dir = absolute(l, msd->log_dir);
	msd->state_dir = absolute(l, msd->state_dir);
	msd->lib_dir = absolute(l, msd->lib_dir);
	msd->run_if = absolute(l, msd->run_if);
	check_user(l, section, "user", msd->user);
	check_group(l, section, "group", msd->group);
	check_group(l, section, "control_group", msd->control_group);
	if (msd->run_dir &&
	    strlen(msd->run_dir) + sizeof("/" CONTROL_SOCKET) - 1 >
		SOCKET_PATH_MAX)
		wrong(l, section, "run_dir",
		    "is too long for a socket path:", msd->run_dir);
}

/* ---- supervisors -------------------------------------------------------- */

static size_t
find_supervisor(const struct spec *spec, const char *name)
{
	for (size_t i = 0; i < spec->supervisor_count; i++)
		if (strcmp(spec->supervisors[i].name, name) == 0)
			return i;
	return SIZE_MAX;
}

static void
load_supervisor(struct load *l, const struct conf_section *section,
    struct supervisor_spec *s)
{
	conf_apply(section, supervisor_rows, &s->conf, sizeof(s->conf),
	    &l->spec->arena, &l->told);
	s->section = section;
	if (s->conf.otp_strict && !conf_entry_find(section, "intensity"))
		s->conf.intensity = 1;
	if (s->conf.otp_strict && !conf_entry_find(section, "period"))
		s->conf.period_ms = 5000;
	if (s->conf.significant && s->conf.restart == RESTART_PERMANENT)
		wrong(l, section, "significant",
		    "a permanent supervisor cannot be significant:", s->name);
}

static void
load_supervisors(struct load *l)
{
	const struct conf *conf = l->spec->conf;
	struct spec *spec = l->spec;
	size_t n = 1;

	spec->supervisors = arena_alloc(&spec->arena,
	    (conf->section_count + 1) * sizeof(*spec->supervisors));
	spec->supervisors[0].name = ROOT_NAME;
	load_supervisor(l, conf_find(conf, "supervisor", ROOT_NAME),
	    spec->supervisors);
	for (size_t i = 0; i < conf->section_count; i++) {
		const struct conf_section *section = &conf->sections[i];
		struct supervisor_spec *s = &spec->supervisors[n];

		if (strcmp(section->kind, "supervisor") != 0 ||
		    strcmp(section->name, ROOT_NAME) == 0)
			continue;
		s->name = section->name;
		s->place = i * (WORKERS_MAX + 1);
		load_supervisor(l, section, s);
		n++;
	}
	spec->supervisor_count = n;
}

static void
refuse_supervisor(struct load *l, const struct conf_section *section,
    const char *key, const char *name)
{
	const char **names = xcalloc(l->spec->supervisor_count, sizeof(*names));
	const char *near;

	for (size_t i = 0; i < l->spec->supervisor_count; i++)
		names[i] = l->spec->supervisors[i].name;
	near = suggest(slice_of(name), names, l->spec->supervisor_count);
	conf_error(l->errors, section_place(section, key),
	    "%s: there is no supervisor '%s'%s%s%s", key, name,
	    near ? " (did you mean " : "", near ? near : "", near ? "?)" : "");
	free(names);
}

static void
resolve_parents(struct load *l)
{
	struct spec *spec = l->spec;

	for (size_t i = 1; i < spec->supervisor_count; i++) {
		struct supervisor_spec *s = &spec->supervisors[i];

		s->parent = find_supervisor(spec, s->conf.parent);
		if (s->parent == SIZE_MAX) {
			refuse_supervisor(l, s->section, "parent",
			    s->conf.parent);
			s->parent = 0;
		}
	}
	spec_check_parents(spec, l->errors);
}

/* ---- workers ------------------------------------------------------------ */

static void
absolute_listen(struct load *l, struct words *listen)
{
	for (size_t i = 0; i < listen->count; i++) {
		char *word = listen->word[i];
		char *path = strstr(word, "=unix:");

		if (!path || path[6] == '/' || path[6] == '@' || !path[6])
			continue;
		listen->word[i] =
		    arena_printf(&l->spec->arena, "%.*s=unix:%s/%s",
			(int)(path - word), word, l->cwd, path + 6);
	}
}

static void
absolute_check(struct load *l, struct check_conf *check)
{
	if (check->kind == CHECK_UNIX && check->path[0] != '/' &&
	    check->path[0] != '@')
		check->path =
		    arena_printf(&l->spec->arena, "%s/%s", l->cwd, check->path);
	if (check->kind == CHECK_EXEC && strchr(check->words.word[0], '/'))
		check->words.word[0] = absolute(l, check->words.word[0]);
}

static bool
is_log_collector(const char *command)
{
	const char *slash = strrchr(command, '/');

	return strcmp(slash ? slash + 1 : command, "ms-log") == 0;
}

static void
load_worker(struct load *l, const struct conf_section *section,
    struct worker_spec *w)
{
	struct worker_conf *conf = &w->conf;

	conf_apply(section, worker_rows, conf, sizeof(*conf), &l->spec->arena,
	    &l->told);
	w->name = section->name;
	w->section = section;
	conf->cwd = absolute(l, conf->cwd);
	conf->env_file = absolute(l, conf->env_file);
	absolute_listen(l, &conf->listen);
	absolute_check(l, &conf->check);
	check_user(l, section, "user", conf->user);
	check_group(l, section, "group", conf->group);
	for (size_t i = 0; i < conf->groups.count; i++)
		check_group(l, section, "groups", conf->groups.word[i]);
	if (conf->command.count == 0)
		return;
	if (strchr(conf->command.word[0], '/'))
		conf->command.word[0] = absolute(l, conf->command.word[0]);
	w->collects_logs = is_log_collector(conf->command.word[0]);
	w->supervisor = find_supervisor(l->spec, conf->supervisor);
	if (w->supervisor == SIZE_MAX) {
		refuse_supervisor(l, section, "supervisor", conf->supervisor);
		w->supervisor = 0;
	}
	if (find_supervisor(l->spec, w->name) != SIZE_MAX)
		conf_error(l->errors, &section->place,
		    "[worker %s]: there is a supervisor of this name", w->name);
}

/* As OTP: what can never count must not be asked to. */
static void
check_significant(struct load *l)
{
	const struct spec *spec = l->spec;
	const char *no = "has no meaning, its end is never counted: "
			 "auto_shutdown = never in supervisor";

	for (size_t i = 1; i < spec->supervisor_count; i++) {
		const struct supervisor_spec *s = &spec->supervisors[i];
		const struct supervisor_spec *parent =
		    &spec->supervisors[s->parent];

		if (s->conf.significant &&
		    parent->conf.auto_shutdown == AUTO_SHUTDOWN_NEVER)
			wrong(l, s->section, "significant", no, parent->name);
	}
	for (size_t i = 0; i < spec->worker_count; i++) {
		const struct worker_spec *w = &spec->workers[i];
		const struct supervisor_spec *parent =
		    &spec->supervisors[w->supervisor];

		if (w->conf.significant &&
		    parent->conf.auto_shutdown == AUTO_SHUTDOWN_NEVER)
			wrong(l, w->section, "significant", no, parent->name);
	}
}

static size_t
instances_of(const struct conf_section *section)
{
	const struct conf_entry *entry = conf_entry_find(section, "instances");
	uint64_t n = 0;

	if (!entry || !parse_u64(entry->value, &n) || n > WORKERS_MAX)
		return 0;
	return (size_t)n;
}

static size_t
count_workers(const struct conf *conf)
{
	size_t n = 0;

	for (size_t i = 0; i < conf->section_count; i++) {
		size_t instances = instances_of(&conf->sections[i]);

		if (strcmp(conf->sections[i].kind, "worker") == 0)
			n += instances ? instances : 1;
	}
	return n;
}

static void
load_workers(struct load *l)
{
	const struct conf *conf = l->spec->conf;
	struct spec *spec = l->spec;
	size_t max = count_workers(conf), n = 0;

	if (max > WORKERS_MAX) {
		conf_error(l->errors, NULL, "more than %u workers in one tree",
		    WORKERS_MAX);
		return;
	}
	spec->workers =
	    arena_alloc(&spec->arena, (max + 1) * sizeof(*spec->workers));
	if (!spec->workers) {
		conf_error(l->errors, NULL, "no memory for %zu workers", max);
		return;
	}
	for (size_t i = 0; i < conf->section_count; i++) {
		const struct conf_section *section = &conf->sections[i];
		size_t instances = instances_of(section);

		if (strcmp(section->kind, "worker") != 0)
			continue;
		load_worker(l, section, &spec->workers[n]);
		spec->workers[n].place = i * (WORKERS_MAX + 1);
		for (size_t k = 1; k <= instances; k++) {
			struct worker_spec *w = &spec->workers[n + k - 1];

			*w = spec->workers[n];
			w->place = i * (WORKERS_MAX + 1) + k;
			w->name = arena_printf(&spec->arena, "%s@%zu",
			    section->name, k);
		}
		n += instances ? instances : 1;
	}
	spec->worker_count = n;
}

/* ---- all ---------------------------------------------------------------- */

struct spec *
spec_load(const char *path, const char *cwd, char **env,
    struct conf_errors *errors)
{
	struct spec *spec = xcalloc(1, sizeof(*spec));
	struct load l = { .spec = spec, .cwd = cwd, .errors = errors };

	spec->holders = 1;
	arena_init(&spec->arena, SPEC_BYTES_MAX);
	spec->path = path[0] == '/'
	    ? arena_strdup(&spec->arena, path)
	    : arena_printf(&spec->arena, "%s/%s", cwd, path);
	spec->conf = conf_read(spec->path, env, errors);
	sections_check(spec->conf, errors);
	conf_errors_init(&l.told);
	load_msd(&l);
	load_supervisors(&l);
	resolve_parents(&l);
	load_workers(&l);
	check_significant(&l);
	if (errors->count == 0) {
		spec_check_logs(spec, errors);
		spec_order(spec, errors);
	}
	conf_errors_fini(&l.told);
	if (errors->count)
		spec_drop(&spec);
	return spec;
}

struct spec *
spec_hold(struct spec *spec)
{
	spec->holders++;
	return spec;
}

void
spec_drop(struct spec **spec_ptr)
{
	struct spec *spec = *spec_ptr;

	if (!spec)
		return;
	*spec_ptr = NULL;
	if (--spec->holders > 0)
		return;
	conf_free(&spec->conf);
	arena_fini(&spec->arena);
	free(spec);
}

static bool
same_rows(const struct worker_spec *a, const struct worker_spec *b,
    bool policy_too)
{
	for (const struct field *row = worker_rows; row->name; row++) {
		if ((row->flags & FIELD_RELOAD) && !policy_too)
			continue;
		if (!field_same(row, &a->conf, &b->conf))
			return false;
	}
	return true;
}

bool
worker_spec_is_same_process(const struct worker_spec *a,
    const struct worker_spec *b)
{
	return same_rows(a, b, false);
}

bool
worker_spec_is_same(const struct worker_spec *a, const struct worker_spec *b)
{
	return same_rows(a, b, true);
}
