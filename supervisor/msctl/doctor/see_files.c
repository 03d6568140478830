/* SPDX-License-Identifier: Apache-2.0 */
/* The directories msd and its workers live in: rights and room. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "common/alloc.h"
#include "proto/conf/bus.h"
#include "supervisor/msctl/doctor/sight.h"
#include "supervisor/spec/spec.h"

#define SECTION_BYTES (1u << 20)

/* Of a directory that msd has yet to make: of the one it will be made in. */
static void
see_room(struct dir_facts *d)
{
	char path[FACT_PATH_BYTES];
	struct statvfs fs;
	struct statfs kind;
	char *slash;

	FACT_SET(path, d->path);
	while (statvfs(path, &fs) < 0) {
		slash = errno == ENOENT ? strrchr(path, '/') : NULL;
		if (!slash || slash == path)
			return;
		*slash = '\0';
	}
	if (statfs(path, &kind) == 0)
		d->is_tmpfs = kind.f_type == TMPFS_MAGIC;
	d->space_known = true;
	d->bytes = (uint64_t)fs.f_blocks * fs.f_frsize;
	d->bytes_free = (uint64_t)fs.f_bavail * fs.f_frsize;
	d->inodes = fs.f_files;
	d->inodes_free = fs.f_favail;
}

static struct dir_facts *
see_dir(struct facts *f, const char *role, const char *path)
{
	struct dir_facts *d = &f->dirs[f->dir_count++];
	struct stat st;

	d->role = role;
	FACT_SET(d->path, path);
	if (stat(path, &st) < 0) {
		d->error = errno;
		see_room(d);
		return d;
	}
	d->exists = true;
	d->is_dir = S_ISDIR(st.st_mode);
	d->mode = st.st_mode;
	d->is_readable = access(path, R_OK | X_OK) == 0;
	see_room(d);
	return d;
}

/* ---- the bus's log ------------------------------------------------------------- */

static bool
read_bus_conf(const struct sight *s, struct bus_conf *bus, struct arena *arena)
{
	struct conf_errors errors;
	bool is_good;

	conf_errors_init(&errors);
	conf_apply(s->conf ? conf_find(s->conf, "bus", "") : NULL, bus_rows,
	    bus, sizeof(*bus), arena, &errors);
	is_good = errors.count == 0;
	conf_errors_fini(&errors);
	return is_good;
}

char *
bus_dir(const struct sight *s)
{
	struct bus_conf bus = { 0 };
	struct arena arena;
	char *path = NULL;

	arena_init(&arena, SECTION_BYTES);
	if (read_bus_conf(s, &bus, &arena) && bus.dir)
		path = bus.dir[0] == '/' ? xstrdup(bus.dir)
					 : xasprintf("%s/%s", s->cwd, bus.dir);
	else if (s->spec)
		path = xasprintf("%s/bus", s->spec->msd.state_dir);
	arena_fini(&arena);
	return path;
}

static uint64_t
bytes_in(const char *path)
{
	DIR *dir = opendir(path);
	struct stat st;
	uint64_t sum = 0;

	for (struct dirent *e; dir && (e = readdir(dir));)
		if (fstatat(dirfd(dir), e->d_name, &st, AT_SYMLINK_NOFOLLOW) ==
			0 &&
		    S_ISREG(st.st_mode))
			sum += (uint64_t)st.st_blocks * 512;
	if (dir)
		closedir(dir);
	return sum;
}

static uint64_t
files_in(const char *path, const char *below)
{
	char *whole = xasprintf("%s/%s", path, below);
	DIR *dir = opendir(whole);
	uint64_t n = 0;

	for (struct dirent *e; dir && (e = readdir(dir));)
		n += e->d_name[0] != '.' && strcmp(e->d_name, "REPORT") != 0;
	if (dir)
		closedir(dir);
	free(whole);
	return n;
}

static void
see_bus_dir(struct sight *s)
{
	char *path = bus_dir(s);
	struct bus_conf bus = { 0 };
	struct dir_facts *d;
	struct arena arena;

	arena_init(&arena, SECTION_BYTES);
	if (path && conf_runs(s, "ms-bus") && read_bus_conf(s, &bus, &arena)) {
		d = see_dir(&s->facts, "bus.dir", path);
		s->facts.bus.log_bytes = bytes_in(path);
		s->facts.bus.retention_bytes = bus.retention_bytes;
		s->facts.bus.quarantined = files_in(path, "quarantine");
		if (bus.retention_bytes > s->facts.bus.log_bytes)
			d->may_grow_bytes =
			    bus.retention_bytes - s->facts.bus.log_bytes;
	}
	arena_fini(&arena);
	free(path);
}

void
see_dirs(struct sight *s)
{
	see_dir(&s->facts, "run_dir", s->run_dir);
	if (!s->spec)
		return;
	see_dir(&s->facts, "log_dir", s->spec->msd.log_dir);
	see_dir(&s->facts, "state_dir", s->spec->msd.state_dir);
	see_bus_dir(s);
}
