/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From sections to specs.  The rows have judged each key by then; here names
 * meet names: parents, dependencies, users.  Everything wrong is collected.
 */
#include "supervisor/spec/spec.h"

#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/conf_json.h"
#include "proto/conf/sections.h"
#include "proto/contract.h"
#include "supervisor/spec/spec_load.h"
#include "supervisor/spec/spec_log.h"
#include "supervisor/spec/spec_order.h"

#define SPEC_BYTES_MAX  (64u << 20)
#define ROOT_NAME       "root"
#define SOCKET_PATH_MAX 107u
#define ADDED_TEXT_NAME "added" /* stands for a file in messages */

static void
wrong(struct spec_load *l, const struct conf_section *section, const char *key,
    const char *what, const char *name)
{
	conf_error(l->errors, section_place(section, key), "%s: %s '%s'", key,
	    what, name);
}

/* ---- paths, users ------------------------------------------------------- */

char *
spec_absolute(struct spec_load *l, char *path)
{
	if (!path || path[0] == '/')
		return path;
	return arena_printf(&l->spec->arena, "%s/%s", l->cwd, path);
}

void
spec_check_user(struct spec_load *l, const struct conf_section *section,
    const char *key, const char *name)
{
	uint64_t number;

	if (name && !parse_u64(slice_of(name), &number) && !getpwnam(name))
		wrong(l, section, key, "there is no user", name);
}

void
spec_check_group(struct spec_load *l, const struct conf_section *section,
    const char *key, const char *name)
{
	uint64_t number;

	if (name && !parse_u64(slice_of(name), &number) && !getgrnam(name))
		wrong(l, section, key, "there is no group", name);
}

/* ---- [msd] -------------------------------------------------------------- */

static void
load_msd(struct spec_load *l)
{
	struct msd_conf *msd = &l->spec->msd;
	const struct conf_section *section =
	    conf_find(l->spec->conf, "msd", "");

	conf_apply(section, msd_rows, msd, sizeof(*msd), &l->spec->arena,
	    &l->told);
	msd->run_dir = spec_absolute(l, msd->run_dir);
	msd->log_dir = spec_absolute(l, msd->log_dir);
	msd->state_dir = spec_absolute(l, msd->state_dir);
	msd->lib_dir = spec_absolute(l, msd->lib_dir);
	msd->run_if = spec_absolute(l, msd->run_if);
	spec_check_user(l, section, "user", msd->user);
	spec_check_group(l, section, "group", msd->group);
	spec_check_group(l, section, "control_group", msd->control_group);
	if (msd->run_dir &&
	    strlen(msd->run_dir) + sizeof("/" CONTROL_SOCKET) - 1 >
		SOCKET_PATH_MAX)
		wrong(l, section, "run_dir",
		    "is too long for a socket path:", msd->run_dir);
}

/* ---- supervisors -------------------------------------------------------- */

static void
load_supervisor(struct spec_load *l, const struct conf_section *section,
    struct supervisor_spec *s)
{
	conf_apply(section, supervisor_rows, &s->conf, sizeof(s->conf),
	    &l->spec->arena, &l->told);
	s->section = section;
	if (section)
		s->name = arena_strdup(&l->spec->arena, section->name);
	if (s->conf.otp_strict && !conf_entry_find(section, "intensity"))
		s->conf.intensity = 1;
	if (s->conf.otp_strict && !conf_entry_find(section, "period"))
		s->conf.period_ms = 5000;
	if (s->conf.significant && s->conf.restart == RESTART_PERMANENT)
		wrong(l, section, "significant",
		    "a permanent supervisor cannot be significant:", s->name);
}

static void
load_supervisors(struct spec_load *l)
{
	const struct conf *conf = l->spec->conf;
	struct spec *spec = l->spec;
	size_t n = 1, max = 1; /* the root need not be written */

	for (size_t i = 0; i < conf->section_count; i++)
		max += strcmp(conf->sections[i].kind, "supervisor") == 0;
	spec->supervisors =
	    arena_alloc(&spec->arena, max * sizeof(*spec->supervisors));
	spec->supervisors[0].name = ROOT_NAME;
	load_supervisor(l, conf_find(conf, "supervisor", ROOT_NAME),
	    spec->supervisors);
	for (size_t i = 0; i < conf->section_count; i++) {
		const struct conf_section *section = &conf->sections[i];
		struct supervisor_spec *s = &spec->supervisors[n];

		if (strcmp(section->kind, "supervisor") != 0 ||
		    strcmp(section->name, ROOT_NAME) == 0)
			continue;
		s->place = i * (WORKERS_MAX + 1);
		load_supervisor(l, section, s);
		n++;
	}
	spec->supervisor_count = n;
}

static void
refuse_supervisor(struct spec_load *l, const struct conf_section *section,
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

size_t
spec_find_supervisor(struct spec_load *l, const struct conf_section *section,
    const char *key, const char *name)
{
	const struct spec *spec = l->spec;

	for (size_t i = 0; i < spec->supervisor_count; i++)
		if (strcmp(spec->supervisors[i].name, name) == 0)
			return i;
	refuse_supervisor(l, section, key, name);
	return 0;
}

static void
resolve_parents(struct spec_load *l)
{
	struct spec *spec = l->spec;

	for (size_t i = 1; i < spec->supervisor_count; i++) {
		struct supervisor_spec *s = &spec->supervisors[i];

		s->parent = spec_find_supervisor(l, s->section, "parent",
		    s->conf.parent);
	}
	spec_check_parents(spec, l->errors);
}

/* As OTP: what can never count must not be asked to. */
static void
check_significant(struct spec_load *l)
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

/* ---- all ---------------------------------------------------------------- */

static struct spec *
spec_new(struct spec_load *l, const char *cwd, struct conf_errors *errors)
{
	struct spec *spec = xcalloc(1, sizeof(*spec));

	*l = (struct spec_load){ .spec = spec, .cwd = cwd, .errors = errors };
	spec->holders = 1;
	arena_init(&spec->arena, SPEC_BYTES_MAX);
	conf_errors_init(&l->told);
	return spec;
}

static struct spec *
spec_loaded(struct spec_load *l)
{
	conf_errors_fini(&l->told);
	if (l->errors->count)
		spec_drop(&l->spec);
	return l->spec;
}

struct spec *
spec_make(const char *path, const char *cwd, struct conf *conf,
    struct conf_errors *errors)
{
	struct spec_load l;
	struct spec *spec = spec_new(&l, cwd, errors);

	spec->conf = conf;
	spec->digest = conf_digest(conf);
	spec->path = arena_strdup(&spec->arena, path);
	sections_check(spec->conf, errors);
	load_msd(&l);
	load_supervisors(&l);
	resolve_parents(&l);
	spec_load_workers(&l);
	check_significant(&l);
	if (errors->count == 0) {
		spec_check_logs(spec, errors);
		spec_order(spec, errors);
	}
	return spec_loaded(&l);
}

struct spec *
spec_make_worker(const char *cwd, struct conf *conf, struct conf_errors *errors)
{
	struct spec_load l;
	struct spec *spec = spec_new(&l, cwd, errors);

	spec->path = ADDED_TEXT_NAME;
	spec->conf = conf;
	sections_check(conf, errors);
	spec->workers = arena_alloc(&spec->arena, sizeof(*spec->workers));
	spec->worker_count = 1;
	if (conf->section_count != 1 ||
	    strcmp(conf->sections[0].kind, "worker") != 0)
		conf_error(errors, NULL, "one [worker NAME] section, please");
	else if (!spec->workers)
		conf_error(errors, NULL, "no memory");
	else
		spec_read_worker(&l, conf->sections, spec->workers);
	if (errors->count == 0 && spec->workers[0].conf.instances)
		conf_error(errors, NULL,
		    "instances: belongs into the file, or use a template");
	return spec_loaded(&l);
}

bool
spec_is_wanted(const struct spec *spec)
{
	return !spec->msd.run_if || access(spec->msd.run_if, F_OK) == 0;
}

struct spec *
spec_load_worker(struct slice text, const char *cwd, char **env,
    struct conf_errors *errors)
{
	return spec_make_worker(cwd,
	    conf_read_text(ADDED_TEXT_NAME, text, env, errors), errors);
}

struct spec *
spec_load(const char *path, const char *cwd, char **env,
    struct conf_errors *errors)
{
	char *absolute =
	    path[0] == '/' ? xstrdup(path) : xasprintf("%s/%s", cwd, path);
	struct spec *spec =
	    spec_make(absolute, cwd, conf_read(absolute, env, errors), errors);

	free(absolute);
	return spec;
}

/* ---- in force ----------------------------------------------------------- */

void
spec_settle(struct spec *spec)
{
	struct buf text = { 0 };

	if (!spec->conf)
		return;
	conf_print_json(spec->conf, &text);
	if (!text.failed)
		spec->text = xstrndup((const char *)text.ptr, text.len);
	buf_fini(&text);
	if (!spec->text)
		return;
	for (size_t i = 0; i < spec->supervisor_count; i++)
		spec->supervisors[i].section = NULL;
	for (size_t i = 0; i < spec->worker_count; i++)
		spec->workers[i].section = NULL;
	conf_free(&spec->conf);
}

void
spec_print_conf(const struct spec *spec, struct buf *out)
{
	if (spec->conf)
		conf_print_json(spec->conf, out);
	else
		buf_add_str(out, spec->text);
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
	free(spec->text);
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
