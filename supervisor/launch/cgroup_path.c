/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Three layouts exist: unified at /sys/fs/cgroup, version 1 with a mount per
 * controller, and both (hybrid).  The kernel's own two lists say which, so no
 * path is guessed.  In a container the mount shows only a part of the
 * hierarchy: its root is cut off the path.
 */
#include "supervisor/launch/cgroup_path.h"

#include <stdio.h>

static const char *const names[CGROUP_KINDS] = {
	[CGROUP_V2] = "cgroup2",
	[CGROUP_MEMORY] = "memory",
	[CGROUP_PIDS] = "pids",
	[CGROUP_CPU] = "cpu",
};

const char *
cgroup_kind_name(enum cgroup_kind kind)
{
	return names[kind];
}

bool
cgroup_folder(const char *run_dir, char out[static CGROUP_FOLDER_BYTES])
{
	size_t n = (size_t)snprintf(out, CGROUP_FOLDER_BYTES, "ms");

	for (; *run_dir; run_dir++) {
		bool escape = *run_dir == ':' || *run_dir == '%';

		if (n + 4 > CGROUP_FOLDER_BYTES)
			return false;
		n += (size_t)snprintf(out + n, CGROUP_FOLDER_BYTES - n,
		    escape ? "%%%02X" : "%c",
		    *run_dir == '/' ? ':' : (unsigned char)*run_dir);
	}
	return true;
}

bool
cgroup_lists(struct slice list, char sep, const char *word)
{
	struct slice item;

	while (slice_cut(&list, sep, &item))
		if (slice_is(slice_trim(item), word))
			return true;
	return false;
}

struct slice
cgroup_of(struct slice cgroups, enum cgroup_kind kind)
{
	struct slice line, id, controllers;

	while (slice_cut(&cgroups, '\n', &line)) {
		if (!slice_cut(&line, ':', &id) ||
		    !slice_cut(&line, ':', &controllers))
			continue;
		if (kind == CGROUP_V2
			? slice_is(id, "0")
			: cgroup_lists(controllers, ',', names[kind]))
			return line;
	}
	return (struct slice){ NULL, 0 };
}

struct mount {
	struct slice root, point;
	struct slice type, options;
};

/* "36 35 98:0 /root /point opts [tags] - type source super-options" */
static bool
mount_parse(struct slice line, struct mount *mount_r)
{
	struct slice word;

	*mount_r = (struct mount){ .root = { NULL, 0 } };
	for (int i = 0; slice_cut(&line, ' ', &word); i++) {
		if (i == 3)
			mount_r->root = word;
		if (i == 4)
			mount_r->point = word;
		if (i > 5 && slice_is(word, "-"))
			break;
	}
	if (!slice_cut(&line, ' ', &mount_r->type) ||
	    !slice_cut(&line, ' ', &word))
		return false;
	mount_r->options = line;
	/* blanks are written \040: such places are not for us */
	return !memchr(mount_r->point.ptr, '\\', mount_r->point.len);
}

static bool
is_of_kind(const struct mount *mount, enum cgroup_kind kind)
{
	if (kind == CGROUP_V2)
		return slice_is(mount->type, "cgroup2");
	return slice_is(mount->type, "cgroup") &&
	    cgroup_lists(mount->options, ',', names[kind]);
}

/* What of path lies below root; false when it does not. */
static bool
cut_root(struct slice *path, struct slice root)
{
	if (slice_is(root, "/"))
		return true;
	if (path->len < root.len || memcmp(path->ptr, root.ptr, root.len) != 0)
		return false;
	path->ptr += root.len;
	path->len -= root.len;
	return path->len == 0 || path->ptr[0] == '/';
}

bool
cgroup_find(struct slice cgroups, struct slice mounts, enum cgroup_kind kind,
    char out[static CGROUP_PATH_BYTES])
{
	struct slice line, own = cgroup_of(cgroups, kind);
	struct mount mount;

	/* "/.." is outside of our namespace */
	if (own.len == 0 || own.ptr[0] != '/' ||
	    (own.len >= 3 && memcmp(own.ptr, "/..", 3) == 0))
		return false;
	while (slice_cut(&mounts, '\n', &line)) {
		struct slice path = own;
		int n;

		if (!mount_parse(line, &mount) || !is_of_kind(&mount, kind) ||
		    !cut_root(&path, mount.root))
			continue;
		if (slice_is(path, "/"))
			path.len = 0;
		n = snprintf(out, CGROUP_PATH_BYTES, "%.*s%.*s",
		    (int)mount.point.len, mount.point.ptr, (int)path.len,
		    path.len ? path.ptr : "");
		return n > 0 && n < CGROUP_PATH_BYTES;
	}
	return false;
}

uint64_t
cgroup_count(struct slice text, const char *key)
{
	struct slice line, name;
	uint64_t value = 0;

	while (slice_cut(&text, '\n', &line))
		if (slice_cut(&line, ' ', &name) && slice_is(name, key) &&
		    parse_u64(slice_trim(line), &value))
			return value;
	return 0;
}
