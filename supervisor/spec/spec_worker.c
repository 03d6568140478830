/* SPDX-License-Identifier: Apache-2.0 */
/* Sections of workers and templates become specs. */
#include <string.h>

#include "supervisor/spec/spec_load.h"

static void
absolute_listen(struct spec_load *l, struct words *listen)
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
absolute_check(struct spec_load *l, struct check_conf *check)
{
	if (!check)
		return;
	if (check->kind == CHECK_UNIX && check->path[0] != '/' &&
	    check->path[0] != '@')
		check->path =
		    arena_printf(&l->spec->arena, "%s/%s", l->cwd, check->path);
	if (check->kind == CHECK_EXEC && strchr(check->words.word[0], '/'))
		check->words.word[0] = spec_absolute(l, check->words.word[0]);
}

static bool
is_log_collector(const char *command)
{
	const char *slash = strrchr(command, '/');

	return strcmp(slash ? slash + 1 : command, "ms-log") == 0;
}

static void
apply_rows(struct spec_load *l, const struct conf_section *section,
    struct worker_spec *w)
{
	struct template_conf conf;

	if (strcmp(section->kind, "template") != 0) {
		conf_apply(section, worker_rows, &w->conf, sizeof(w->conf),
		    &l->spec->arena, &l->told);
		return;
	}
	conf_apply(section, template_rows, &conf, sizeof(conf), &l->spec->arena,
	    &l->told);
	w->is_template = true;
	w->conf = conf.worker;
	w->intensity = conf.intensity;
	w->period_ms = conf.period_ms;
}

void
spec_read_worker(struct spec_load *l, const struct conf_section *section,
    struct worker_spec *w)
{
	struct worker_conf *conf = &w->conf;

	apply_rows(l, section, w);
	w->name = arena_strdup(&l->spec->arena, section->name);
	w->family = w->name;
	w->section = section;
	w->gives_reload_signal = conf_entry_find(section, "reload_signal");
	conf->cwd = spec_absolute(l, conf->cwd);
	conf->env_file = spec_absolute(l, conf->env_file);
	absolute_listen(l, &conf->listen);
	absolute_check(l, conf->check);
	spec_check_user(l, section, "user", conf->user);
	spec_check_group(l, section, "group", conf->group);
	for (size_t i = 0; i < conf->groups.count; i++)
		spec_check_group(l, section, "groups", conf->groups.word[i]);
	if (conf->command.count == 0)
		return;
	if (strchr(conf->command.word[0], '/'))
		conf->command.word[0] = spec_absolute(l, conf->command.word[0]);
	w->collects_logs = is_log_collector(conf->command.word[0]);
}

/* ---- all of the file ---------------------------------------------------- */

/* Workers, templates and supervisors share one name space. */
static void
check_names(struct spec_load *l)
{
	const struct conf *conf = l->spec->conf;

	for (size_t i = 0; i < conf->section_count; i++) {
		const struct conf_section *s = &conf->sections[i];
		bool is_worker = strcmp(s->kind, "worker") == 0;

		if (!is_worker && strcmp(s->kind, "template") != 0)
			continue;
		if (conf_find(conf, "supervisor", s->name) ||
		    strcmp(s->name, "root") == 0)
			conf_error(l->errors, &s->place,
			    "[%s %s]: there is a supervisor of this name",
			    s->kind, s->name);
		if (is_worker && conf_find(conf, "template", s->name))
			conf_error(l->errors, &s->place,
			    "[worker %s]: there is a template of this name",
			    s->name);
	}
}

static bool
makes_workers(const struct conf_section *section)
{
	return strcmp(section->kind, "worker") == 0 ||
	    strcmp(section->kind, "template") == 0;
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

		if (makes_workers(&conf->sections[i]))
			n += instances ? instances : 1;
	}
	return n;
}

/* Returns how many it has made. */
static size_t
load_section(struct spec_load *l, size_t number, struct worker_spec *w)
{
	const struct conf_section *section = &l->spec->conf->sections[number];
	size_t instances = instances_of(section);

	spec_read_worker(l, section, w);
	w->place = number * (WORKERS_MAX + 1);
	if (w->conf.supervisor)
		w->supervisor = spec_find_supervisor(l, section, "supervisor",
		    w->conf.supervisor);
	for (size_t k = instances; k >= 1; k--) {
		w[k - 1] = w[0];
		w[k - 1].place += k;
		w[k - 1].name =
		    arena_printf(&l->spec->arena, "%s@%zu", section->name, k);
	}
	return instances ? instances : 1;
}

void
spec_load_workers(struct spec_load *l)
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
	for (size_t i = 0; i < conf->section_count; i++)
		if (makes_workers(&conf->sections[i]))
			n += load_section(l, i, &spec->workers[n]);
	spec->worker_count = n;
	check_names(l);
}
