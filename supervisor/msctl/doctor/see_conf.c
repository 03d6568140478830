/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration, read as msd would: from its directory and with its
 * environment, where root may see that.
 */
#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/alloc.h"
#include "proto/conf/persist.h"
#include "proto/conf/sections.h"
#include "supervisor/msctl/doctor/sight.h"
#include "supervisor/spec/spec.h"
#include "supervisor/spec/spec_advice.h"

#define USUAL_CONF      "/etc/ms/ms.conf"
#define SECTION_BYTES   (1u << 20) /* the words of one section */
#define ENV_ENTRIES_MAX 4096u

extern char **environ;

/* ---- how msd sees it -------------------------------------------------------- */

static void
cut_env(struct sight *s, const struct buf *text)
{
	size_t n = 0;

	s->env_text = xmalloc(text->len);
	memcpy(s->env_text, text->ptr, text->len);
	s->env = xcalloc(ENV_ENTRIES_MAX + 1, sizeof(*s->env));
	/* proc_read() has put one more NUL behind the last */
	for (char *p = s->env_text;
	     p + 1 < s->env_text + text->len && n < ENV_ENTRIES_MAX;
	     p += strlen(p) + 1)
		s->env[n++] = p;
}

static bool
env_has(char *const *env, const char *name)
{
	size_t n = strlen(name);

	for (; env && *env; env++)
		if (strncmp(*env, name, n) == 0 && (*env)[n] == '=')
			return true;
	return false;
}

static void
see_surroundings(struct sight *s)
{
	struct conf_facts *c = &s->facts.conf;
	char link[64], path[PATH_MAX];
	struct buf text = { 0 };
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/%ld/cwd", s->facts.msd.pid);
	n = readlink(link, path, sizeof(path) - 1);
	if (n > 0) {
		path[n] = '\0';
		s->cwd = xstrdup(path);
	} else {
		s->cwd = getcwd(NULL, 0);
	}
	if (!s->cwd)
		s->cwd = xstrdup("/");
	if (proc_read(s->facts.msd.pid, "environ", &text)) {
		cut_env(s, &text);
		FACT_SET(c->env_from, "msd");
		s->facts.msd.has_manager = env_has(s->env, "NOTIFY_SOCKET") ||
		    env_has(s->env, "INVOCATION_ID");
	} else {
		s->env = environ;
		FACT_SET(c->env_from, "this shell");
	}
	buf_fini(&text);
}

/* ---- errors and advice -------------------------------------------------------- */

static void
see_verdict(struct sight *s)
{
	struct conf_facts *c = &s->facts.conf;
	struct conf_errors advice;

	c->is_good = s->spec != NULL;
	c->error_count = s->errors.count;
	if (s->errors.count)
		FACT_SET(c->first_error, s->errors.text[0]);
	if (!s->spec)
		return;
	conf_errors_init(&advice);
	spec_advise(s->spec, &advice);
	c->advice_count = advice.count;
	if (advice.count)
		FACT_SET(c->first_advice, advice.text[0]);
	conf_errors_fini(&advice);
}

static void
see_digest(struct sight *s)
{
	struct conf_facts *c = &s->facts.conf;
	const char *runs = json_get_str(s->version, "config_digest", NULL);
	char here[16];

	if (!s->spec || !runs || !s->env_text)
		return;
	snprintf(here, sizeof(here), "%08x", s->spec->digest);
	c->digest_known = true;
	c->is_changed = strcmp(runs, here) != 0;
}

/* ---- files and what they hold -------------------------------------------------- */

static void
see_file(struct sight *s, const char *path)
{
	struct facts *f = &s->facts;
	struct file_facts *file;
	struct stat st;

	if (f->file_count == FACT_FILES_MAX)
		return;
	file = &f->files[f->file_count++];
	FACT_SET(file->path, path);
	if (stat(path, &st) < 0) {
		file->error = errno;
		return;
	}
	file->exists = true;
	file->mode = st.st_mode;
	file->uid = st.st_uid;
}

static bool
has_password(const char *value)
{
	const char *at = strchr(value, '@'), *scheme = strstr(value, "://");

	if (strstr(value, "password=") || strstr(value, "PASSWORD=") ||
	    strstr(value, "_SECRET=") || strstr(value, "_TOKEN="))
		return true;
	/* postgres://user:password@host */
	return scheme && at > scheme &&
	    memchr(scheme + 3, ':', (size_t)(at - scheme) - 3);
}

static void
see_secret(struct sight *s, const struct conf_section *section,
    const struct conf_entry *entry)
{
	const struct section_kind *kind = section_kind_find(section->kind);
	const struct field *row =
	    kind ? field_find(kind->rows, slice_of(entry->key)) : NULL;
	char *value = xstrndup(entry->value.ptr ? entry->value.ptr : "",
	    entry->value.len);
	bool is_secret = row &&
	    ((row->flags & FIELD_SECRET) || strcmp(entry->key, "env") == 0) &&
	    has_password(value);

	free(value);
	for (size_t i = 0; is_secret && i < s->facts.file_count; i++) {
		struct file_facts *file = &s->facts.files[i];

		if (entry->place.file &&
		    strcmp(file->path, entry->place.file) == 0)
			snprintf(file->secret, sizeof(file->secret),
			    "%s of [%s%s%.40s]", entry->key, section->kind,
			    section->name[0] ? " " : "", section->name);
	}
}

static void
see_secrets(struct sight *s)
{
	for (size_t i = 0; i < s->conf->section_count; i++) {
		const struct conf_section *section = &s->conf->sections[i];

		for (size_t k = 0; k < section->entry_count; k++)
			for (const struct conf_entry *e = &section->entries[k];
			     e; e = e->again)
				see_secret(s, section, e);
	}
}

/* ---- users --------------------------------------------------------------------- */

static bool
is_number(const char *text)
{
	return text[0] && text[strspn(text, "0123456789")] == '\0';
}

static void
see_user(struct sight *s, const char *owner, const char *name, bool is_group)
{
	struct facts *f = &s->facts;
	struct user_facts *u;

	if (f->user_count == FACT_USERS_MAX || !name[0])
		return;
	u = &f->users[f->user_count++];
	snprintf(u->owner, sizeof(u->owner), "[worker %.48s]", owner);
	FACT_SET(u->name, name);
	u->is_group = is_group;
	u->exists = is_number(name) ||
	    (is_group ? getgrnam(name) != NULL : getpwnam(name) != NULL);
}

static void
see_users(struct sight *s)
{
	for (size_t i = 0; i < s->conf->section_count; i++) {
		const struct conf_section *section = &s->conf->sections[i];

		if (strcmp(section->kind, "worker") != 0 &&
		    strcmp(section->kind, "template") != 0)
			continue;
		for (size_t k = 0; k < section->entry_count; k++) {
			const struct conf_entry *e = &section->entries[k];
			bool is_group = strcmp(e->key, "group") == 0;
			char *name;

			if (!is_group && strcmp(e->key, "user") != 0)
				continue;
			name = xstrndup(e->value.ptr ? e->value.ptr : "",
			    e->value.len);
			see_user(s, section->name, name, is_group);
			free(name);
		}
	}
}

/* ---- posture ------------------------------------------------------------------- */

const char *
conf_program(const struct worker_conf *conf)
{
	const char *command = conf->command.count ? conf->command.word[0] : "";
	const char *slash = strrchr(command, '/');

	return slash ? slash + 1 : command;
}

bool
conf_runs(const struct sight *s, const char *program)
{
	for (size_t i = 0; s->spec && i < s->spec->worker_count; i++)
		if (strcmp(conf_program(&s->spec->workers[i].conf), program) ==
		    0)
			return true;
	return false;
}

static void
see_watchdogs(struct sight *s)
{
	char *names = s->facts.conf.no_watchdog;
	size_t room = sizeof(s->facts.conf.no_watchdog), len = 0;

	for (size_t i = 0; i < s->spec->worker_count; i++) {
		const struct worker_spec *w = &s->spec->workers[i];

		if (strncmp(conf_program(&w->conf), "ms-", 3) != 0 ||
		    w->conf.watchdog.timeout_ms || w->conf.watchdog.phi > 0 ||
		    len + strlen(w->name) + 2 > room)
			continue;
		len += (size_t)snprintf(names + len, room - len, "%s%s",
		    len ? " " : "", w->name);
	}
}

/* The directory of a pattern such as conf.d/?*.conf, when that is fixed. */
static void
see_include(struct sight *s, const char *pattern)
{
	char dir[PATH_MAX];
	const char *conf_dir_end = strrchr(s->spec->path, '/');
	struct stat st;
	char *slash;

	if (pattern[0] == '/')
		snprintf(dir, sizeof(dir), "%s", pattern);
	else
		snprintf(dir, sizeof(dir), "%.*s/%s",
		    (int)(conf_dir_end ? conf_dir_end - s->spec->path : 0),
		    s->spec->path, pattern);
	slash = strrchr(dir, '/');
	if (!slash || slash == dir)
		return;
	*slash = '\0';
	if (strpbrk(dir, "*?[") || (stat(dir, &st) == 0 && S_ISDIR(st.st_mode)))
		return;
	FACT_SET(s->facts.conf.no_include, dir);
}

static void
see_persist(struct sight *s)
{
	struct conf_facts *c = &s->facts.conf;
	struct persist_conf persist = { 0 };
	struct conf_errors errors;
	struct arena arena;

	arena_init(&arena, SECTION_BYTES);
	conf_errors_init(&errors);
	conf_apply(conf_find(s->conf, "persist", ""), persist_rows, &persist,
	    sizeof(persist), &arena, &errors);
	c->auto_migrate = persist.auto_migrate;
	c->is_development = persist.environment == ENVIRONMENT_DEVELOPMENT;
	FACT_SET(c->environment,
	    persist.environment == ENVIRONMENT_STAGING ? "staging"
						       : "production");
	conf_errors_fini(&errors);
	arena_fini(&arena);
}

static void
see_posture(struct sight *s)
{
	const struct words *include = &s->spec->msd.include;

	s->facts.conf.guardian = s->spec->msd.guardian;
	s->facts.conf.has_bus = conf_runs(s, "ms-bus");
	s->facts.conf.has_pool = conf_runs(s, "ms-pool");
	see_persist(s);
	see_watchdogs(s);
	for (size_t i = 0; i < include->count; i++)
		see_include(s, include->word[i]);
}

/* ---- all ----------------------------------------------------------------------- */

static bool
is_there(struct conf_facts *c)
{
	struct stat st;

	c->exists = stat(c->path, &st) == 0;
	if (c->exists && access(c->path, R_OK) != 0)
		c->error = errno;
	else if (!c->exists && errno != ENOENT)
		c->error = errno;
	return c->exists && !c->error;
}

void
see_conf(struct sight *s)
{
	struct conf_facts *c = &s->facts.conf;
	const char *runs = json_get_str(s->version, "config", NULL);
	const char *path = s->conf_given ? s->conf_given
	    : runs                       ? runs
					 : USUAL_CONF;

	see_surroundings(s);
	s->conf_path = s->conf_given ? realpath(path, NULL) : NULL;
	if (!s->conf_path)
		s->conf_path = xstrdup(path);
	FACT_SET(c->path, s->conf_path);
	if (!is_there(c))
		return;
	s->spec = spec_load(s->conf_path, s->cwd, s->env, &s->errors);
	if (s->spec) {
		s->conf = s->spec->conf;
	} else {
		struct conf_errors again;

		conf_errors_init(&again);
		s->conf = conf_read(s->conf_path, s->env, &again);
		conf_errors_fini(&again);
	}
	see_verdict(s);
	see_digest(s);
	for (size_t i = 0; i < s->conf->file_count; i++)
		see_file(s, s->conf->files[i]);
	see_secrets(s);
	see_users(s);
	if (s->spec)
		see_posture(s);
}
