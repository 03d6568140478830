/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which Unix sockets are listened on, read from the kernel's table: nobody is
 * connected to, because a client that comes and goes is not harmless to every
 * listener.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/alloc.h"
#include "common/fd.h"
#include "proto/conf/pool.h"
#include "proto/contract.h"
#include "supervisor/msctl/doctor/conninfo.h"
#include "supervisor/msctl/doctor/sight.h"

#define TABLE_BYTES_MAX (16u << 20)
#define SECTION_BYTES   (1u << 20)
#define UNIX_LISTENS    0x10000u /* __SO_ACCEPTCON of the kernel */

/* ---- Unix sockets --------------------------------------------------------------- */

static enum socket_state
state_of_unix(const char *table, const char *path)
{
	struct stat st;

	/* Num RefCount Protocol Flags Type St Inode Path */
	for (const char *line = table; line && *line;
	     line = strchr(line, '\n'), line = line ? line + 1 : NULL) {
		size_t len = strcspn(line, "\n"), n = strlen(path);
		unsigned flags;

		if (len > n && line[len - n - 1] == ' ' &&
		    memcmp(line + len - n, path, n) == 0 &&
		    sscanf(line, "%*s %*x %*x %x", &flags) == 1 &&
		    (flags & UNIX_LISTENS))
			return SOCKET_LISTENS;
	}
	if (stat(path, &st) == 0)
		return SOCKET_STALE;
	return errno == EACCES ? SOCKET_HIDDEN : SOCKET_ABSENT;
}

static void
add_socket(struct sight *s, const char *table, const char *role,
    const char *path, bool is_wanted)
{
	struct facts *f = &s->facts;
	struct socket_facts *fact;
	struct stat st;

	if (f->socket_count == FACT_SOCKETS_MAX)
		return;
	fact = &f->sockets[f->socket_count++];
	FACT_SET(fact->role, role);
	FACT_SET(fact->path, path);
	fact->is_wanted = is_wanted;
	fact->state = state_of_unix(table, path);
	if (stat(path, &st) == 0)
		fact->mode = st.st_mode;
}

static bool
ends_in(const char *name, const char *end)
{
	size_t n = strlen(name), m = strlen(end);

	return n > m && strcmp(name + n - m, end) == 0;
}

/* Sockets that are there; a worker that has none is no fault. */
static void
see_services_of(struct sight *s, const char *table)
{
	DIR *dir = opendir(s->run_dir);

	for (struct dirent *e; dir && (e = readdir(dir));) {
		char *path;

		if (!ends_in(e->d_name, SERVICE_SUFFIX))
			continue;
		path = xasprintf("%s/%s", s->run_dir, e->d_name);
		*strchr(e->d_name, '.') = '\0';
		add_socket(s, table, e->d_name, path, false);
		free(path);
	}
	if (dir)
		closedir(dir);
}

/* PostgreSQL's own, when it is reached by one. */
static void
see_database_socket(struct sight *s, const char *table, const char *pool,
    const char *upstream)
{
	char host[FACT_PATH_BYTES], port[16], role[FACT_NAME_BYTES], *path;
	bool is_up = false;

	if (!upstream || !conninfo_get(upstream, "host", host, sizeof(host)) ||
	    !strchr(host, '/'))
		return;
	if (!conninfo_get(upstream, "port", port, sizeof(port)))
		snprintf(port, sizeof(port), "5432");
	for (size_t i = 0; i < s->facts.process_count; i++)
		is_up |= strcmp(s->facts.processes[i].name, "pool") == 0;
	path = xasprintf("%s%s%s/.s.PGSQL.%s", host[0] == '/' ? "" : s->cwd,
	    host[0] == '/' ? "" : "/", host, port);
	snprintf(role, sizeof(role), "database of pool %.40s", pool);
	add_socket(s, table, role, path, is_up);
	if (s->facts.socket_count)
		s->facts.sockets[s->facts.socket_count - 1].is_database = true;
	free(path);
}

static void
see_pool_socket(struct sight *s, const char *table,
    const struct conf_section *section)
{
	struct pool_conf pool = { 0 };
	struct conf_errors errors;
	struct arena arena;
	char *path;

	conf_errors_init(&errors);
	arena_init(&arena, SECTION_BYTES);
	conf_apply(section, pool_rows, &pool, sizeof(pool), &arena, &errors);
	path = pool.listen_dir
	    ? xasprintf("%s/.s.PGSQL.%u", pool.listen_dir, pool.listen_port)
	    : xasprintf("%s/pool/.s.PGSQL.%u", s->run_dir, pool.listen_port);
	if (errors.count == 0) {
		add_socket(s, table, "pool", path, false);
		see_database_socket(s, table, section->name, pool.upstream);
	}
	free(path);
	arena_fini(&arena);
	conf_errors_fini(&errors);
}

void
see_sockets(struct sight *s)
{
	struct buf table = { 0 };
	const char *text;

	if (file_read("/proc/net/unix", TABLE_BYTES_MAX, &table, NULL) != MS_OK)
		buf_reset(&table);
	buf_add_u8(&table, '\0');
	text = table.failed ? "" : (const char *)table.ptr;
	add_socket(s, text, "msd", s->socket, s->facts.msd.answers);
	see_services_of(s, text);
	for (size_t i = 0;
	     s->conf && conf_runs(s, "ms-pool") && i < s->conf->section_count;
	     i++)
		if (strcmp(s->conf->sections[i].kind, "pool") == 0)
			see_pool_socket(s, text, &s->conf->sections[i]);
	buf_fini(&table);
}
