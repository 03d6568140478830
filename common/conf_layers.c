/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The layers of a configuration: a file, then what it includes in name order
 * (each with its own includes behind it), then the environment.
 */
#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "common/alloc.h"
#include "common/conf.h"
#include "common/conf_reader.h"
#include "common/fd.h"

/* Bounds what a configuration can make us hold, expansions included. */
#define CONF_ARENA_BYTES_MAX (64u << 20)

/* A file being read, and who included it. */
struct source {
	const char *path;
	const struct source *parent;
	unsigned depth;
	dev_t dev;
	ino_t ino;
};

static void read_source(struct conf_reader *r, const char *path,
    const struct source *parent, const struct conf_place *place);

/* ---- files -------------------------------------------------------------- */

static void
complain(struct conf_reader *r, const struct source *source,
    const struct conf_place *place, const char *what)
{
	conf_error(r->errors, place, "%s%s: %s",
	    source->parent ? "include: " : "", source->path, what);
}

/* "a.conf -> b.conf -> a.conf" */
static void
print_chain(const struct source *source, struct buf *out)
{
	if (source->parent) {
		print_chain(source->parent, out);
		buf_add_str(out, " -> ");
	}
	buf_add_str(out, source->path);
}

static bool
is_cycle(struct conf_reader *r, const struct source *source,
    const struct conf_place *place)
{
	const struct source *s = source->parent;
	struct buf chain = { 0 };

	while (s && (s->dev != source->dev || s->ino != source->ino))
		s = s->parent;
	if (!s)
		return false;
	print_chain(source, &chain);
	conf_error(r->errors, place, "include: files include each other: %.*s",
	    (int)chain.len, (const char *)chain.ptr);
	buf_fini(&chain);
	return true;
}

/* May this file be read now?  Only regular files: a pipe or a device could
 * make us wait for ever. */
static bool
admit(struct conf_reader *r, struct source *source,
    const struct conf_place *place)
{
	struct stat st;

	if (stat(source->path, &st) != 0) {
		complain(r, source, place, strerror(errno));
		return false;
	}
	if (!S_ISREG(st.st_mode)) {
		complain(r, source, place, "not a regular file");
		return false;
	}
	source->dev = st.st_dev;
	source->ino = st.st_ino;
	if (is_cycle(r, source, place))
		return false;
	if (source->depth > CONF_DEPTH_MAX) {
		complain(r, source, place, "nested too deep (4 at most)");
		return false;
	}
	if (r->conf->file_count == CONF_FILES_MAX) {
		conf_error(r->errors, place, "more than %u files",
		    CONF_FILES_MAX);
		r->full = true;
	}
	return !r->full;
}

/* ---- includes ----------------------------------------------------------- */

/* The pattern as glob(3) takes it: relative to the including file, whose own
 * folder is taken literally. */
static void
put_pattern(struct buf *out, const char *includer, const char *pattern)
{
	const char *slash = strrchr(includer, '/');

	if (*pattern != '/' && slash) {
		for (const char *c = includer; c <= slash; c++) {
			if (strchr("*?[]\\", *c))
				buf_add_u8(out, '\\');
			buf_add_u8(out, (uint8_t)*c);
		}
	}
	buf_add_str(out, pattern);
	buf_add_u8(out, '\0');
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void
include_pattern(struct conf_reader *r, const struct source *source,
    const char *pattern, const struct conf_place *place)
{
	struct buf full = { 0 };
	glob_t found = { 0 };
	int result;

	put_pattern(&full, source->path, pattern);
	result = full.failed
	    ? GLOB_NOSPACE
	    : glob((const char *)full.ptr, GLOB_NOSORT, NULL, &found);
	if (result == GLOB_NOMATCH && !strpbrk(pattern, "*?["))
		conf_error(r->errors, place, "include: no such file: %s",
		    pattern);
	else if (result != 0 && result != GLOB_NOMATCH)
		conf_error(r->errors, place, "include: cannot look for %s",
		    pattern);
	if (result == 0) {
		qsort(found.gl_pathv, found.gl_pathc, sizeof(char *), by_name);
		for (size_t i = 0; i < found.gl_pathc && !r->full; i++)
			read_source(r, found.gl_pathv[i], source, place);
	}
	globfree(&found);
	buf_fini(&full);
}

static void
include_all(struct conf_reader *r, const struct source *source,
    const struct conf_include *include)
{
	struct words patterns;
	struct why why = { "" };

	for (; include && !r->full; include = include->next) {
		if (words_split(include->value, &r->conf->arena, &patterns,
			&why) != MS_OK) {
			conf_error(r->errors, &include->place, "include: %s",
			    why.text);
			continue;
		}
		for (size_t i = 0; i < patterns.count && !r->full; i++)
			include_pattern(r, source, patterns.word[i],
			    &include->place);
	}
}

/* place: where it was asked for. */
static void
read_source(struct conf_reader *r, const char *path,
    const struct source *parent, const struct conf_place *place)
{
	struct source source = { .parent = parent,
		.depth = parent ? parent->depth + 1 : 0 };
	struct conf_include *includes;
	struct buf bytes = { 0 };
	struct why why = { "" };

	source.path = arena_strdup(&r->conf->arena, path);
	if (!source.path) {
		r->full = true;
		return;
	}
	if (!admit(r, &source, place))
		return;
	r->conf->files[r->conf->file_count++] = source.path;
	if (file_read(path, CONF_FILE_BYTES_MAX, &bytes, &why) != MS_OK) {
		conf_error(r->errors, place, "%s%s", parent ? "include: " : "",
		    why.text);
		buf_fini(&bytes);
		return;
	}
	conf_parse(r, source.path, buf_slice(&bytes), &includes);
	buf_fini(&bytes);
	include_all(r, &source, includes);
}

/* ---- entry points ------------------------------------------------------- */

static void
reader_init(struct conf_reader *r, char **env, struct conf_errors *errors)
{
	struct conf *conf = xcalloc(1, sizeof(*conf));

	arena_init(&conf->arena, CONF_ARENA_BYTES_MAX);
	conf->files =
	    arena_alloc(&conf->arena, CONF_FILES_MAX * sizeof(*conf->files));
	*r = (struct conf_reader){ .conf = conf,
		.env = env,
		.errors = errors,
		.full = !conf->files };
	r->opened = xcalloc(CONF_SECTIONS_MAX, sizeof(*r->opened));
}

static struct conf *
reader_finish(struct conf_reader *r, const char *name)
{
	struct conf_place place = { name, 0, 0 };

	if (!r->full)
		conf_read_env(r);
	if (r->full)
		conf_error(r->errors, &place,
		    "the configuration is too large; the rest is not read");
	free(r->opened);
	return r->conf;
}

struct conf *
conf_read(const char *path, char **env, struct conf_errors *errors)
{
	struct conf_reader r;

	reader_init(&r, env, errors);
	if (!r.full)
		read_source(&r, path, NULL, NULL);
	return reader_finish(&r, path);
}

struct conf *
conf_read_text(const char *name, struct slice text, char **env,
    struct conf_errors *errors)
{
	struct conf_reader r;
	struct conf_place place = { name, 0, 0 };
	const char *file;

	reader_init(&r, env, errors);
	file = arena_strdup(&r.conf->arena, name);
	if (text.len > CONF_FILE_BYTES_MAX)
		conf_error(errors, &place, "larger than %u bytes",
		    CONF_FILE_BYTES_MAX);
	else if (file && !r.full)
		conf_parse(&r, file, text, NULL);
	return reader_finish(&r, name);
}
