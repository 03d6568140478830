/* SPDX-License-Identifier: Apache-2.0 */
/* msd, its guardian, and the main process of each worker, through /proc. */
#include <ctype.h>
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/alloc.h"
#include "supervisor/msctl/doctor/sight.h"
#include "supervisor/msctl/render.h"

#define DELETED " (deleted)"

static bool
cut_end(char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	if (n < m || strcmp(text + n - m, end) != 0)
		return false;
	text[n - m] = '\0';
	return true;
}

static const char *
base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* ---- program and libraries ----------------------------------------------------- */

static void
see_program(struct process_facts *p)
{
	char link[64], path[PATH_MAX];
	struct buf comm = { 0 };
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/%ld/exe", p->pid);
	n = readlink(link, path, sizeof(path) - 1);
	p->exe_known = n > 0;
	path[n > 0 ? n : 0] = '\0';
	p->exe_is_gone = cut_end(path, DELETED);
	if (!p->exe_known && proc_read(p->pid, "comm", &comm))
		snprintf(path, sizeof(path), "%s", (const char *)comm.ptr);
	p->is_ours = strncmp(base_of(path), "ms-", 3) == 0 ||
	    strncmp(base_of(path), "msd", 3) == 0;
	buf_fini(&comm);
}

/* One line of /proc/PID/maps: five words, then the file. */
static void
see_mapping(struct process_facts *p, char *line)
{
	char *path = strchr(line, '/');
	const char *name;
	bool is_gone;

	if (!path)
		return;
	is_gone = cut_end(path, DELETED);
	name = base_of(path);
	if (!strstr(name, ".so"))
		return;
	if (is_gone)
		FACT_SET(p->library, name);
	if (strncmp(name, "libnng.so.", 10) == 0)
		FACT_SET(p->nng, name + 10);
}

static void
see_libraries(struct process_facts *p)
{
	struct buf maps = { 0 };
	char *line, *rest;

	if (!proc_read(p->pid, "maps", &maps)) {
		buf_fini(&maps);
		return;
	}
	rest = (char *)maps.ptr;
	while ((line = strsep(&rest, "\n")))
		see_mapping(p, line);
	buf_fini(&maps);
}

/* ---- limits --------------------------------------------------------------------- */

/* "Max open files            1024                 524288               files" */
static uint64_t
limit_of(const char *text, const char *title)
{
	const char *at = strstr(text, title);

	if (!at)
		return UINT64_MAX;
	at += strlen(title);
	while (*at == ' ')
		at++;
	return isdigit((unsigned char)*at) ? strtoull(at, NULL, 10)
					   : UINT64_MAX;
}

static void
see_limits(struct process_facts *p)
{
	struct buf text = { 0 };

	p->limits_known = proc_read(p->pid, "limits", &text);
	if (p->limits_known) {
		const char *limits = (const char *)text.ptr;

		p->fds_max = limit_of(limits, "Max open files");
		p->nproc_max = limit_of(limits, "Max processes");
		p->memlock_max = limit_of(limits, "Max locked memory");
	}
	buf_fini(&text);
}

static void
count_fds(struct process_facts *p)
{
	char path[64];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%ld/fd", p->pid);
	dir = opendir(path);
	if (!dir)
		return;
	p->fds_known = true;
	for (struct dirent *e; (e = readdir(dir));)
		p->fds += e->d_name[0] != '.';
	closedir(dir);
}

static void
see_process(struct process_facts *p)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%ld", p->pid);
	if (stat(path, &st) == 0)
		p->uid = st.st_uid;
	see_program(p);
	see_libraries(p);
	see_limits(p);
	count_fds(p);
}

/* ---- tasks of the users ----------------------------------------------------------- */

static uint64_t
status_number(const char *status, const char *key)
{
	const char *at = strstr(status, key);

	return at ? strtoull(at + strlen(key), NULL, 10) : 0;
}

static bool
has_limit(const struct facts *f)
{
	for (size_t i = 0; i < f->process_count; i++)
		if (f->processes[i].uid != 0 &&
		    f->processes[i].nproc_max != UINT64_MAX)
			return true;
	return false;
}

static void
add_tasks(struct facts *f, uid_t uid, uint64_t threads)
{
	for (size_t i = 0; i < f->process_count; i++)
		if (f->processes[i].uid == uid)
			f->processes[i].user_tasks += threads;
}

/* All of /proc is walked only when somebody has a limit that holds. */
static void
see_tasks(struct facts *f)
{
	struct buf status = { 0 };
	DIR *proc = has_limit(f) ? opendir("/proc") : NULL;

	for (struct dirent *e; proc && (e = readdir(proc));) {
		long pid = strtol(e->d_name, NULL, 10);

		if (pid > 0 && proc_read(pid, "status", &status))
			add_tasks(f,
			    (uid_t)status_number((const char *)status.ptr,
				"\nUid:"),
			    status_number((const char *)status.ptr,
				"\nThreads:"));
	}
	if (proc)
		closedir(proc);
	buf_fini(&status);
}

/* ---- all ------------------------------------------------------------------------- */

static void
add_process(struct facts *f, const char *name, long pid)
{
	struct process_facts *p;

	if (pid <= 0)
		return;
	p = &f->processes[f->process_count++];
	FACT_SET(p->name, name);
	p->pid = pid;
	see_process(p);
}

void
see_processes(struct sight *s)
{
	const struct json *list = json_get(s->status, "workers");
	struct facts *f = &s->facts;

	f->processes = xcalloc(json_count(list) + 2, sizeof(*f->processes));
	if (f->msd.answers) {
		add_process(f, "msd", f->msd.pid);
		add_process(f, "guardian", f->msd.guardian);
	}
	for (const struct json *w = json_first(list); w; w = json_next(w)) {
		long pid = 0;

		if (worker_pid(w, &pid))
			add_process(f, json_get_str(w, "name", "?"), pid);
	}
	see_tasks(f);
}
