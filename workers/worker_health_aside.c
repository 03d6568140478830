/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looks that may block, beside the loop.  While one hangs no other is started:
 * what hangs is said to hang, and a disk that comes back frees its thread.
 * They wait with those who wait for others, not with what syncs: a disk that
 * hangs must not keep another from being written.
 */
#include <stdio.h>
#include <stdlib.h>

#include "common/alloc.h"
#include "common/disk.h"
#include "common/str.h"
#include "common/workq.h"
#include "workers/worker_health.h"
#include "workers/worker_impl.h"

struct look {
	struct health_ticket ticket;
	health_look_fn *fn;
	char *subject;
	enum health_level level; /* the result */
	char text[HEALTH_TEXT_BYTES];
};

/* The looks of one run. */
struct health_aside {
	struct worker *w; /* NULL: nobody wants to know any more */
	struct workq_task task;
	struct mono begun;
	bool going;
	size_t count;
	struct look looks[HEALTH_CHECKS_MAX];
};

static void
aside_free(struct health_aside *aside)
{
	for (size_t i = 0; i < aside->count; i++)
		free(aside->looks[i].subject);
	free(aside);
}

static void
look_at_all(struct workq_task *task)
{
	struct health_aside *aside =
	    container_of(task, struct health_aside, task);

	for (size_t i = 0; i < aside->count; i++) {
		struct look *look = &aside->looks[i];

		look->level = look->fn(look->subject, look->text);
	}
}

static void
on_looked(struct workq_task *task, enum ms_err err)
{
	struct health_aside *aside =
	    container_of(task, struct health_aside, task);
	struct worker *w = aside->w;

	if (w)
		w->health_aside = NULL;
	for (size_t i = 0; w && i < aside->count; i++) {
		const struct look *look = &aside->looks[i];

		if (err)
			health_check_end(w, look->ticket, HEALTH_FAILED,
			    "there is no thread to look with");
		else
			health_check_end(w, look->ticket, look->level, "%s",
			    look->text);
	}
	aside_free(aside);
}

void
health_check_aside(struct worker *w, const char *name, const char *dependency,
    uint32_t budget_ms, health_look_fn *look, const char *subject)
{
	struct health_ticket ticket =
	    health_check_begin(w, name, dependency, budget_ms);
	struct health_aside *aside = w->health_aside;
	char since[UNIT_TEXT_BYTES];

	if (aside && aside->going) {
		health_check_end(w, ticket, HEALTH_FAILED,
		    "a look that began %s ago has not come back",
		    print_duration(mono_ms_between(aside->begun, mono_now()),
			since));
		return;
	}
	if (!aside) {
		aside = w->health_aside = xcalloc(1, sizeof(*aside));
		aside->w = w;
		aside->task.run = look_at_all;
		aside->task.done = on_looked;
	}
	if (aside->count < HEALTH_CHECKS_MAX)
		aside->looks[aside->count++] = (struct look){ ticket, look,
			xstrdup(subject), HEALTH_FAILED, "" };
}

void
health_aside_go(struct worker *w)
{
	struct health_aside *aside = w->health_aside;
	enum ms_err err;

	if (!aside || aside->going)
		return;
	aside->begun = mono_now();
	aside->going = true;
	err = workq_submit(worker_workq(w), WORKQ_IO, &aside->task);
	if (err)
		on_looked(&aside->task, err);
}

void
health_aside_fini(struct worker *w)
{
	struct health_aside *aside = w->health_aside;

	if (!aside)
		return;
	w->health_aside = NULL;
	aside->w = NULL;
	if (aside->going)
		workq_cancel(worker_workq(w), &aside->task);
	else
		aside_free(aside);
}

/* ---- looks --------------------------------------------------------------- */

static uint64_t
rounded(uint64_t bytes)
{
	unsigned bits = bytes >= UINT64_C(10) << 30 ? 30 : 20;

	return bytes >> bits << bits;
}

enum health_level
health_look_dir(const char *path, char text[static HEALTH_TEXT_BYTES])
{
	static const enum health_level levels[] = {
		[DISK_ROOMY] = HEALTH_OK,
		[DISK_LOW] = HEALTH_DEGRADED,
		[DISK_FULL] = HEALTH_FAILED,
	};
	struct disk disk;
	struct why why = { "" };
	char room[UNIT_TEXT_BYTES];

	if (disk_look(path, &disk, &why) != MS_OK) {
		snprintf(text, HEALTH_TEXT_BYTES, "%.190s", why.text);
		return HEALTH_FAILED;
	}
	if (!disk.writable) {
		snprintf(text, HEALTH_TEXT_BYTES, "%.160s cannot be written to",
		    path);
		return HEALTH_FAILED;
	}
	snprintf(text, HEALTH_TEXT_BYTES, "%s%s free, %u%% used",
	    disk_room(&disk) == DISK_ROOMY ? "" : "little room: ",
	    print_size(rounded(disk.free_bytes), room), disk_used_pct(&disk));
	return levels[disk_room(&disk)];
}
