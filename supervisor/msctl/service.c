/* SPDX-License-Identifier: Apache-2.0 */
/* Finding a service, asking it, and showing what it says. */
#include "supervisor/msctl/service.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/sock.h"
#include "proto/contract.h"
#include "supervisor/msctl/ctl_client.h"
#include "supervisor/msctl/table.h"

#define ANSWER_BYTES_MAX (64u << 20)
#define KEY_COLUMNS      20
#define UNIX_LISTENS     0x10000u /* __SO_ACCEPTCON of the kernel */

/*
 * Does anybody listen there?  Asked of the kernel's table and not by
 * connecting: a client that connects and goes breaks the listener of NNG
 * 1.5.2 for good (its issue 1518).
 */
bool
service_listens(const char *path)
{
	FILE *table = fopen("/proc/net/unix", "re");
	char line[PATH_MAX + 128];
	bool found = false;

	/* Num RefCount Protocol Flags Type St Inode Path */
	while (table && !found && fgets(line, sizeof(line), table)) {
		unsigned flags;
		int at = 0;
		line[strcspn(line, "\n")] = '\0';
		if (sscanf(line, "%*s %*x %*x %x %*x %*x %*u %n", &flags,
			&at) != 1 ||
		    at == 0)
			continue;
		found = (flags & UNIX_LISTENS) && strcmp(line + at, path) == 0;
	}
	if (table)
		fclose(table);
	return found;
}

static bool
msd_answers(const struct msctl *ctl)
{
	int fd = -1;
	bool answers = sock_dial_unix(ctl->socket, &fd, NULL) == MS_OK;

	fd_close(&fd);
	return answers;
}

int
service_present(const struct msctl *ctl, const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s" SERVICE_SUFFIX, ctl->run_dir,
	    name);
	if (access(path, W_OK) != 0 && errno == EACCES)
		return ctl_fail(ctl, "permission", "not allowed to talk to %s",
		    path);
	if (service_listens(path) || msd_answers(ctl))
		return CTL_OK;
	return ctl_fail(ctl, "unreachable",
	    "neither %s at %s nor msd at %s answers; is the system running "
	    "there?  (-s SOCKET or MS_SOCKET name another place)",
	    name, path, ctl->socket);
}

int
service_open(const struct msctl *ctl, const char *name,
    struct service *service_r)
{
	char address[PATH_MAX];
	int code = service_present(ctl, name);
	enum ms_err err;

	*service_r = (struct service){ .ctl = ctl, .name = name };
	arena_init(&service_r->arena, ANSWER_BYTES_MAX);
	if (code != CTL_OK)
		return code;
	snprintf(address, sizeof(address), "ipc://%s/%s" SERVICE_SUFFIX,
	    ctl->run_dir, name);
	err = link_hub_open(&service_r->hub);
	if (err == MS_OK)
		err = link_open(service_r->hub, address, &service_r->link);
	if (err == MS_OK) /* somebody waits, perhaps for the way out of it */
		link_set_priority(service_r->link, PRIORITY_HIGH);
	return err == MS_OK ? CTL_OK
			    : ctl_fail_err(ctl, err, "cannot reach %s: %s",
				  name, ms_strerr(err));
}

void
service_close(struct service *service)
{
	if (service->link)
		link_close(&service->link);
	if (service->hub)
		link_hub_close(&service->hub);
	arena_fini(&service->arena);
}

int
service_ask(struct service *service, const struct msg_desc *desc,
    const void *in, uint32_t timeout_ms, void *out_r, struct slice *body_r)
{
	struct why why = { "" };
	struct slice ignored;
	enum ms_err err = call_wait(service->link, desc, in,
	    (struct slice){ NULL, 0 }, timeout_ms, &service->arena, out_r,
	    body_r ? body_r : &ignored, &why);

	if (err == MS_OK)
		return CTL_OK;
	return ctl_fail_err(service->ctl, err, "%s",
	    why.text[0] ? why.text : ms_strerr(err));
}

enum ms_err
service_ask_quiet(struct link_hub **hub, const char *run_dir, const char *name,
    const struct msg_desc *desc, uint32_t timeout_ms, struct arena *arena,
    void *out_r, struct slice *body_r)
{
	struct slice nothing = { NULL, 0 };
	char path[PATH_MAX];
	struct link *link = NULL;
	struct stat st;
	enum ms_err err = MS_OK;

	*body_r = nothing;
	snprintf(path, sizeof(path), "ipc://%s/%s" SERVICE_SUFFIX, run_dir,
	    name);
	if (stat(path + strlen("ipc://"), &st) < 0 || !S_ISSOCK(st.st_mode))
		return MS_ENOTFOUND;
	if (!*hub)
		err = link_hub_open(hub);
	if (err == MS_OK)
		err = link_open(*hub, path, &link);
	if (err == MS_OK)
		err = call_wait(link, desc, NULL, nothing, timeout_ms, arena,
		    out_r, body_r, NULL);
	if (link)
		link_close(&link);
	return err;
}

/* ---- answers -------------------------------------------------------------- */

static void
add_value(struct table *table, const struct json *value)
{
	struct buf text = { 0 };

	if (json_text(value))
		buf_add_str(&text, json_text(value));
	else if (value && json_type_of(value) != JSON_NULL)
		json_print(value, &text);
	buf_add_u8(&text, '\0');
	table_add(table, HUE_NONE, text.failed ? "" : (char *)text.ptr);
	buf_fini(&text);
}

void
objects_render(const struct json *array, const struct table_key *keys, size_t n,
    const struct look *look, struct buf *out)
{
	struct column columns[TABLE_COLUMNS_MAX] = { 0 };
	struct table table;

	for (size_t i = 0; i < n && i < TABLE_COLUMNS_MAX; i++)
		columns[i] = (struct column){ keys[i].title, keys[i].flags };
	table_init(&table, columns, n);
	for (const struct json *o = json_first(array); o; o = json_next(o))
		for (size_t i = 0; i < n; i++)
			add_value(&table, json_get(o, keys[i].key));
	if (table.cell_count)
		table_print(&table, look, out);
	table_fini(&table);
}

void
fields_render(const struct field *rows, const void *base, struct buf *out)
{
	for (const struct field *row = rows; row->name; row++) {
		size_t start = out->len;
		buf_printf(out, "%-*s ", KEY_COLUMNS, row->name);
		field_print(row, base, out);
		if (out->len == start + KEY_COLUMNS + 1)
			buf_add_u8(out, '-');
		buf_add_u8(out, '\n');
	}
}

void
fields_write_json(const struct field *rows, const void *base, const char *key,
    struct slice body)
{
	struct json *object = json_object(), *inner = NULL;

	json_put_num(object, "v", 1);
	if (rows)
		fields_to_json(rows, base, object);
	if (body.len && json_parse(body, &inner, NULL) == MS_OK)
		json_put(object, key, inner);
	ctl_write_json(object);
	json_free(&object);
}
