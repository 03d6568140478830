/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `msctl report`: all that is known here as one document, to be attached to a
 * ticket.  No value of the configuration, no output of a worker and no
 * password is in it.
 */
#include <stdio.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "common/mono.h"
#include "supervisor/msctl/doctor/checks.h"
#include "supervisor/msctl/doctor/doctor.h"
#include "supervisor/msctl/doctor/redact.h"
#include "supervisor/msctl/verbs.h"

/* What a service has answered, or null. */
static void
move(struct json *root, const char *key, struct json **part)
{
	if (*part)
		json_put(root, key, *part);
	else
		json_put_null(root, key);
	*part = NULL;
}

static void
put_count(struct json *object, const char *key, bool known, uint64_t value)
{
	if (known && value != UINT64_MAX)
		json_put_num(object, key, (double)value);
	else
		json_put_null(object, key);
}

static void
put_host(struct json *root, const struct facts *f)
{
	struct json *o = json_put_object(root, "host");
	struct utsname name;
	struct sysinfo info;

	if (uname(&name) == 0) {
		json_put_str(o, "name", name.nodename);
		json_put_str(o, "kernel", name.release);
		json_put_str(o, "machine", name.machine);
	}
	json_put_num(o, "cpus", (double)sysconf(_SC_NPROCESSORS_ONLN));
	if (sysinfo(&info) == 0) {
		json_put_num(o, "uptime_s", (double)info.uptime);
		json_put_num(o, "memory_bytes",
		    (double)info.totalram * info.mem_unit);
		json_put_num(o, "memory_free_bytes",
		    (double)info.freeram * info.mem_unit);
		json_put_num(o, "load_1m", (double)info.loads[0] / 65536);
	}
	json_put_bool(o, "root", f->is_root);
	put_count(o, "tasks", f->host.threads > 0, f->host.threads);
	put_count(o, "pid_max", f->host.pid_max > 0, f->host.pid_max);
	json_put_bool(o, "clock_synchronised", f->clock.is_synchronised);
}

static void
put_version(struct json *root, const struct facts *f)
{
	struct json *o = json_put_object(root, "version");

	json_put_str(o, "msctl", f->msd.own_version);
	json_put_str(o, "msd", f->msd.answers ? f->msd.version : NULL);
	put_count(o, "pid", f->msd.answers, (uint64_t)f->msd.pid);
	put_count(o, "guardian", f->msd.guardian > 0,
	    (uint64_t)f->msd.guardian);
	put_count(o, "starts", f->msd.answers, f->msd.starts);
}

static void
put_conf(struct json *root, struct sight *s)
{
	const struct conf_facts *c = &s->facts.conf;
	struct json *o = json_put_object(root, "configuration"), *files;

	json_put_str(o, "path", c->path);
	json_put_bool(o, "good", c->is_good);
	json_put_num(o, "errors", (double)c->error_count);
	if (c->digest_known)
		json_put_bool(o, "loaded", !c->is_changed);
	else
		json_put_null(o, "loaded");
	files = json_put_array(o, "files");
	for (size_t i = 0; i < s->facts.file_count; i++)
		json_put_str(files, NULL, s->facts.files[i].path);
	move(o, "service", &s->config);
}

/* Limits and what is used of them. */
static void
put_processes(struct json *root, const struct facts *f)
{
	struct json *list = json_put_array(root, "processes");

	for (size_t i = 0; i < f->process_count; i++) {
		const struct process_facts *p = &f->processes[i];
		struct json *o = json_put_object(list, NULL);

		json_put_str(o, "name", p->name);
		json_put_num(o, "pid", (double)p->pid);
		json_put_num(o, "uid", p->uid);
		json_put_str(o, "version", p->version[0] ? p->version : NULL);
		put_count(o, "descriptors", p->fds_known, p->fds);
		put_count(o, "descriptors_max", p->limits_known, p->fds_max);
		put_count(o, "tasks_max", p->limits_known, p->nproc_max);
		put_count(o, "memlock_max_bytes", p->limits_known,
		    p->memlock_max);
	}
}

static void
put_disks(struct json *root, const struct facts *f)
{
	struct json *list = json_put_array(root, "disks");

	for (size_t i = 0; i < f->dir_count; i++) {
		const struct dir_facts *d = &f->dirs[i];
		struct json *o = json_put_object(list, NULL);

		json_put_str(o, "role", d->role);
		json_put_str(o, "path", d->path);
		put_count(o, "bytes", d->space_known, d->bytes);
		put_count(o, "bytes_free", d->space_known, d->bytes_free);
		put_count(o, "inodes_free", d->space_known, d->inodes_free);
	}
}

static void
put_doctor(struct json *root, const struct sight *s)
{
	struct findings findings = { .conf = s->conf_path };
	struct json *o = json_put_object(root, "doctor");

	checks_run(&s->facts, NULL, 0, &findings);
	json_put(o, "counts", findings_counts(&findings));
	json_put(o, "findings", findings_json(&findings));
	findings_fini(&findings);
}

static struct json *
report_of(struct sight *s)
{
	struct json *root = json_object();
	char at[RFC3339_BYTES];

	rfc3339_print(wall_ns(), at);
	json_put_num(root, "v", 1);
	json_put_str(root, "at", at);
	put_version(root, &s->facts);
	put_host(root, &s->facts);
	put_doctor(root, s);
	move(root, "tree", &s->status);
	move(root, "deaths", &s->deaths);
	move(root, "health", &s->health);
	put_processes(root, &s->facts);
	put_disks(root, &s->facts);
	put_conf(root, s);
	move(root, "bus", &s->bus);
	move(root, "consumers", &s->consumers);
	move(root, "pools", &s->pools);
	move(root, "persist", &s->persist);
	move(root, "metrics", &s->metrics);
	return root;
}

int
do_report(struct msctl *ctl, const struct args *args)
{
	struct sight *sight =
	    sight_new(ctl, args_get(args, "config"), place_is_given(args));
	struct json *root = report_of(sight);
	struct buf raw = { 0 }, out = { 0 };

	/* it is for a file and for people who open that */
	json_print_pretty(root, &raw);
	redact(buf_slice(&raw), &out);
	buf_add_u8(&out, '\n');
	ctl_write(&out);
	buf_fini(&raw);
	buf_fini(&out);
	json_free(&root);
	sight_free(&sight);
	return CTL_OK;
}
