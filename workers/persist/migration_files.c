/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files' side of migrations.  Checksums ignore the difference of CRLF and
 * LF, which tools change behind one's back, and nothing else.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/fd.h"
#include "workers/persist/migration.h"

static bool
is_up_file(const char *name)
{
	size_t len = strlen(name);
	size_t digits = strspn(name, "0123456789");

	return digits > 0 && name[digits] == '_' && len > 4 &&
	    strcmp(name + len - 4, ".sql") == 0 &&
	    !(len > 9 && strcmp(name + len - 9, ".down.sql") == 0);
}

static int
wanted(const struct dirent *entry)
{
	return is_up_file(entry->d_name);
}

static int
by_version(const struct dirent **a, const struct dirent **b)
{
	unsigned long long x = strtoull((*a)->d_name, NULL, 10);
	unsigned long long y = strtoull((*b)->d_name, NULL, 10);

	return x < y ? -1 : x > y;
}

static void
checksum(struct slice text, char out[static SHA256_TEXT_BYTES])
{
	struct buf plain = { 0 };

	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] != '\r' || i + 1 == text.len ||
		    text.ptr[i + 1] != '\n')
			buf_add_u8(&plain, (uint8_t)text.ptr[i]);
	sha256_hex(buf_slice(&plain), out);
	buf_fini(&plain);
}

static enum ms_err
read_into(const char *path, struct arena *arena, struct slice *text_r,
    struct why *why)
{
	struct buf text = { 0 };
	enum ms_err err = file_read(path, MIGRATION_BYTES_MAX, &text, why);

	if (err == MS_OK) {
		text_r->ptr =
		    arena_strndup(arena, (const char *)text.ptr, text.len);
		text_r->len = text.len;
		if (memchr(text.ptr ? (char *)text.ptr : "", '\0', text.len))
			err = why_set(why, MS_ECONFIG, "%s holds a NUL byte",
			    path);
	}
	buf_fini(&text);
	return err;
}

static enum ms_err
read_one(const char *dir, const char *file, struct arena *arena,
    struct migration *m, struct why *why)
{
	size_t digits = strspn(file, "0123456789");
	size_t stem = strlen(file) - 4;
	char *path = arena_printf(arena, "%s/%s", dir, file);
	char *down =
	    arena_printf(arena, "%s/%.*s.down.sql", dir, (int)stem, file);
	enum ms_err err;
	struct why ignored;

	m->version = arena_strndup(arena, file, digits);
	m->description =
	    arena_strndup(arena, file + digits + 1, stem - digits - 1);
	if ((err = read_into(path, arena, &m->up, why)) != MS_OK)
		return err;
	checksum(m->up, m->checksum);
	err = read_into(down, arena, &m->down, &ignored);
	if (err == MS_ECONFIG || err == MS_ETOOBIG)
		return why_set(why, err, "%s", ignored.text);
	return MS_OK;
}

static enum ms_err
read_all(const char *dir, struct dirent **names, int count,
    struct migration_list *list, struct why *why)
{
	enum ms_err err;

	if ((size_t)count > MIGRATIONS_MAX)
		return why_set(why, MS_ETOOBIG, "%s: more than %u migrations",
		    dir, MIGRATIONS_MAX);
	list->items = arena_alloc(&list->arena,
	    sizeof *list->items * ((size_t)count + 1));
	for (int i = 0; i < count; i++) {
		if (i > 0 &&
		    strtoull(names[i]->d_name, NULL, 10) ==
			strtoull(names[i - 1]->d_name, NULL, 10))
			return why_set(why, MS_ECONFIG,
			    "%s: %s and %s have the same version", dir,
			    names[i - 1]->d_name, names[i]->d_name);
		err = read_one(dir, names[i]->d_name, &list->arena,
		    &list->items[list->count], why);
		if (err != MS_OK)
			return err;
		list->count++;
	}
	return MS_OK;
}

enum ms_err
migration_list_read(const char *dir, struct migration_list *list_r,
    struct why *why)
{
	struct dirent **names = NULL;
	int count = scandir(dir, &names, wanted, by_version);
	enum ms_err err;

	*list_r = (struct migration_list){ 0 };
	arena_init(&list_r->arena, 0);
	if (count < 0)
		return why_set(why, errno == ENOENT ? MS_ENOTFOUND : MS_EIO,
		    "migrations %s: %s", dir, strerror(errno));
	err = read_all(dir, names, count, list_r, why);
	for (int i = 0; i < count; i++)
		free(names[i]);
	free(names);
	return err;
}

void
migration_list_fini(struct migration_list *list)
{
	arena_fini(&list->arena);
	*list = (struct migration_list){ 0 };
}
