/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two writers of one file tear each other's rotation: one renames it, the
 * other goes on in the old one.  And the file NAME.log.1 of one worker would
 * be moved and removed as an old file of NAME.log.
 */
#include "supervisor/spec/spec_log.h"

#include <stdlib.h>
#include <string.h>

#include <uthash.h>

#include "common/alloc.h"

#define MSD_LOG "msd.log" /* of a daemon, in log_dir */

struct owner {
	char *path;
	const struct worker_spec *worker; /* NULL: msd itself */
	UT_hash_handle hh;
};

struct judge {
	const struct spec *spec;
	struct owner *owners;
	struct conf_errors *errors;
};

/* Doubled slashes and dots between them name nothing. */
static void
squeeze(char *path)
{
	char *out = path;

	for (const char *in = path; *in; in++) {
		if (in[0] == '/' && in[1] == '/')
			continue;
		if (in[0] == '/' && in[1] == '.' && in[2] == '/') {
			in++;
			continue;
		}
		*out++ = *in;
	}
	*out = '\0';
}

static char *
path_of(const char *log_dir, const char *file)
{
	char *path =
	    file[0] == '/' ? xstrdup(file) : xasprintf("%s/%s", log_dir, file);

	squeeze(path);
	return path;
}

char *
spec_log_path(const char *log_dir, const struct worker_spec *worker)
{
	const char *log = worker->conf.log;
	char *file, *path;

	if (log && strncmp(log, "file:", 5) == 0)
		return path_of(log_dir, log + 5);
	file = xasprintf("%s.log", worker->name);
	path = path_of(log_dir, file);
	free(file);
	return path;
}

static struct owner *
find_owner(const struct judge *j, const char *path)
{
	struct owner *owner;

	HASH_FIND_STR(j->owners, path, owner);
	return owner;
}

static void
refuse(const struct judge *j, const struct worker_spec *worker,
    const struct owner *other, const char *how)
{
	const struct conf_entry *entry =
	    conf_entry_find(worker->section, "log");

	conf_error(j->errors, entry ? &entry->place : &worker->section->place,
	    "log: worker %s writes %s %s%s%s", worker->name, other->path, how,
	    other->worker ? " of worker " : " of msd",
	    other->worker ? other->worker->name : "");
}

/* Takes path. */
static void
add_owner(struct judge *j, char *path, const struct worker_spec *worker)
{
	struct owner *owner = find_owner(j, path);

	if (owner) {
		refuse(j, worker, owner, "too, the log");
		free(path);
		return;
	}
	owner = xcalloc(1, sizeof(*owner));
	owner->path = path;
	owner->worker = worker;
	HASH_ADD_KEYPTR(hh, j->owners, owner->path, strlen(owner->path), owner);
}

/* PATH.12 of another's PATH. */
static void
check_number(const struct judge *j, const struct owner *owner)
{
	const char *dot = strrchr(owner->path, '.');
	const struct owner *other;
	char *base;

	if (!owner->worker || !dot || dot[1] == '\0' ||
	    dot[1 + strspn(dot + 1, "0123456789")] != '\0')
		return;
	base = xstrndup(owner->path, (size_t)(dot - owner->path));
	other = find_owner(j, base);
	if (other)
		refuse(j, owner->worker, other, "rotated, the log");
	free(base);
}

void
spec_check_logs(const struct spec *spec, struct conf_errors *errors)
{
	struct judge j = { .spec = spec, .errors = errors };
	struct owner *owner, *next;

	add_owner(&j, path_of(spec->msd.log_dir, MSD_LOG), NULL);
	for (size_t i = 0; i < spec->worker_count; i++) {
		char *path =
		    spec_log_path(spec->msd.log_dir, &spec->workers[i]);

		if (strncmp(path, "/dev/", 5) == 0)
			free(path);
		else
			add_owner(&j, path, &spec->workers[i]);
	}
	HASH_ITER(hh, j.owners, owner, next)
		check_number(&j, owner);
	HASH_ITER(hh, j.owners, owner, next) {
		HASH_DEL(j.owners, owner);
		free(owner->path);
		free(owner);
	}
}
