/* SPDX-License-Identifier: Apache-2.0 */
/* Configured TCP listeners, and who holds their ports, by the kernel's tables. */
#include <arpa/inet.h>
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/fd.h"
#include "proto/conf/metrics.h"
#include "proto/contract.h"
#include "supervisor/msctl/doctor/sight.h"
#include "supervisor/spec/spec.h"

#define TABLE_BYTES_MAX (16u << 20)
#define SECTION_BYTES   (1u << 20)
#define TCP_LISTENS     0x0au

struct holder {
	uint64_t inode; /* of the socket; 0 = nobody listens */
	long pid;
	bool is_ours;
};

/* Hexadecimal words of a table's address: network order in memory. */
static bool
same_address(const char *hex, const char *address)
{
	unsigned char there[16], here[16] = { 0 };
	size_t n = strlen(hex) / 2;
	bool is_any = true;

	if (n != 4 && n != 16)
		return false;
	for (size_t i = 0; i < n; i += 4) {
		uint32_t word;

		if (sscanf(hex + 2 * i, "%8" SCNx32, &word) != 1)
			return false;
		memcpy(there + i, &word, sizeof(word));
		is_any = is_any && word == 0;
	}
	if (is_any || strcmp(address, "0.0.0.0") == 0 ||
	    strcmp(address, "::") == 0)
		return true; /* one of them takes all addresses */
	return inet_pton(n == 4 ? AF_INET : AF_INET6, address, here) == 1 &&
	    memcmp(here, there, n) == 0;
}

static uint64_t
listening_inode(const char *path, const char *address, unsigned port)
{
	struct buf table = { 0 };
	char *line, *rest, hex[33];
	unsigned state, at;
	uint64_t inode = 0, found = 0;

	if (file_read(path, TABLE_BYTES_MAX, &table, NULL) != MS_OK) {
		buf_fini(&table);
		return 0;
	}
	buf_add_u8(&table, '\0');
	rest = (char *)table.ptr;
	while (!found && (line = strsep(&rest, "\n"))) {
		/* sl local remote st queues timer retrnsmt uid timeout inode */
		if (sscanf(line,
			" %*u: %32[0-9A-Fa-f]:%x %*s %x %*s %*s %*s %*u %*u "
			"%" SCNu64,
			hex, &at, &state, &inode) == 4 &&
		    state == TCP_LISTENS && at == port &&
		    same_address(hex, address))
			found = inode;
	}
	buf_fini(&table);
	return found;
}

static bool
is_ours(const struct sight *s, long pid)
{
	struct buf env = { 0 };
	char *mark = xasprintf(ENV_RUN_DIR "=%s", s->run_dir);
	bool is = false;

	for (size_t i = 0; i < s->facts.process_count; i++)
		is |= s->facts.processes[i].pid == pid;
	if (!is && proc_read(pid, "environ", &env))
		is = memmem(env.ptr, env.len, mark, strlen(mark) + 1) &&
		    memmem(env.ptr, env.len, ENV_NAME "=", sizeof(ENV_NAME));
	buf_fini(&env);
	free(mark);
	return is;
}

static bool
holds(long pid, uint64_t inode)
{
	char path[64], want[48], have[48];
	bool found = false;
	DIR *dir;

	snprintf(want, sizeof(want), "socket:[%" PRIu64 "]", inode);
	snprintf(path, sizeof(path), "/proc/%ld/fd", pid);
	dir = opendir(path);
	for (struct dirent *e; dir && !found && (e = readdir(dir));) {
		ssize_t n =
		    readlinkat(dirfd(dir), e->d_name, have, sizeof(have) - 1);

		have[n > 0 ? n : 0] = '\0';
		found = strcmp(have, want) == 0;
	}
	if (dir)
		closedir(dir);
	return found;
}

/* One of ours when one of ours holds it, too. */
static void
find_holder(const struct sight *s, struct holder *h)
{
	DIR *proc = opendir("/proc");

	for (struct dirent *e; proc && !h->is_ours && (e = readdir(proc));) {
		long pid = strtol(e->d_name, NULL, 10);

		if (pid <= 0 || !holds(pid, h->inode))
			continue;
		h->is_ours = is_ours(s, pid);
		if (!h->pid || h->is_ours) /* the first has opened it */
			h->pid = pid;
	}
	if (proc)
		closedir(proc);
}

static void
judge_holder(const struct sight *s, struct listener_facts *l)
{
	struct holder h = { .inode = listening_inode("/proc/net/tcp",
				l->address, l->port) };
	struct buf comm = { 0 };

	if (!h.inode)
		h.inode =
		    listening_inode("/proc/net/tcp6", l->address, l->port);
	if (!h.inode)
		return; /* LISTENER_FREE */
	find_holder(s, &h);
	l->pid = h.pid;
	l->state = h.is_ours ? LISTENER_OURS
	    : h.pid          ? LISTENER_FOREIGN
			     : LISTENER_SOMEBODY;
	if (proc_read(h.pid, "comm", &comm)) {
		comm.ptr[strcspn((char *)comm.ptr, "\n")] = '\0';
		FACT_SET(l->holder, (const char *)comm.ptr);
	}
	buf_fini(&comm);
}

static bool
is_up(const struct sight *s, const char *worker)
{
	for (size_t i = 0; i < s->facts.worker_count; i++)
		if (strcmp(s->facts.workers[i].name, worker) == 0)
			return s->facts.workers[i].is_ready;
	return false;
}

static void
add_listener(struct sight *s, const char *owner, struct slice address,
    unsigned port, bool is_wanted)
{
	struct facts *f = &s->facts;
	struct listener_facts *l;

	if (f->listener_count == FACT_LISTENERS_MAX)
		return;
	l = &f->listeners[f->listener_count++];
	FACT_SET(l->owner, owner);
	snprintf(l->address, sizeof(l->address), "%.*s",
	    (int)(address.len < 64 ? address.len : 64), address.ptr);
	l->port = port;
	l->is_wanted = is_wanted;
	judge_holder(s, l);
}

static bool
is_program_up(const struct sight *s, const char *program)
{
	for (size_t i = 0; i < s->spec->worker_count; i++)
		if (strcmp(conf_program(&s->spec->workers[i].conf), program) ==
			0 &&
		    is_up(s, s->spec->workers[i].name))
			return true;
	return false;
}

/* Where ms-metrics serves its numbers. */
static void
see_metrics_port(struct sight *s)
{
	struct metrics_conf conf = { 0 };
	struct conf_errors errors;
	struct arena arena;
	struct slice host;
	uint16_t port;
	struct why why;

	arena_init(&arena, SECTION_BYTES);
	conf_errors_init(&errors);
	conf_apply(conf_find(s->conf, "metrics", ""), metrics_rows, &conf,
	    sizeof(conf), &arena, &errors);
	if (errors.count == 0 && !listen_is_none(conf.listen) &&
	    endpoint_split(slice_of(conf.listen), &host, &port, &why) && port)
		add_listener(s, "[metrics]", host, port,
		    is_program_up(s, "ms-metrics"));
	conf_errors_fini(&errors);
	arena_fini(&arena);
}

/* NAME=tcp:ADDR:PORT of a worker */
static void
see_worker_port(struct sight *s, const struct worker_spec *w, const char *word)
{
	const char *where = strstr(word, "=tcp:");
	const char *colon = where ? strrchr(where + 5, ':') : NULL;
	char owner[FACT_NAME_BYTES];

	if (!colon)
		return;
	snprintf(owner, sizeof(owner), "[worker %.48s]", w->name);
	add_listener(s, owner,
	    (struct slice){ where + 5, (size_t)(colon - where) - 5 },
	    (unsigned)strtoul(colon + 1, NULL, 10), is_up(s, w->name));
}

void
see_ports(struct sight *s)
{
	for (size_t i = 0; s->spec && i < s->spec->worker_count; i++) {
		const struct worker_spec *w = &s->spec->workers[i];

		for (size_t k = 0; k < w->conf.listen.count; k++)
			see_worker_port(s, w, w->conf.listen.word[k]);
	}
	if (s->spec && conf_runs(s, "ms-metrics"))
		see_metrics_port(s);
}
