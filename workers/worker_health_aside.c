/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looks that may block, on a thread that lives as long as they take.  While
 * one hangs no other is started: what hangs is said to hang, and a disk that
 * comes back frees the thread.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/alloc.h"
#include "common/disk.h"
#include "common/log.h"
#include "common/str.h"
#include "workers/worker_health.h"
#include "workers/worker_impl.h"

#define ASIDE_STACK_BYTES (256u << 10)

struct look {
	struct health_ticket ticket;
	health_look_fn *fn;
	char *subject;
	enum health_level level; /* the result */
	char text[HEALTH_TEXT_BYTES];
};

/* The looks of one run, the thread's until it posts. */
struct health_aside {
	struct worker *w;
	struct loop_task task;
	struct mono begun;
	bool going;
	pthread_mutex_t lock; /* guards the flag */
	bool orphaned;        /* the worker is gone: the thread frees it */
	size_t count;
	struct look looks[HEALTH_CHECKS_MAX];
};

static void
aside_free(struct health_aside *aside)
{
	for (size_t i = 0; i < aside->count; i++)
		free(aside->looks[i].subject);
	pthread_mutex_destroy(&aside->lock);
	free(aside);
}

static void
on_looked(struct loop_task *task)
{
	struct health_aside *aside =
	    container_of(task, struct health_aside, task);
	struct worker *w = aside->w;

	w->health_aside = NULL;
	for (size_t i = 0; i < aside->count; i++)
		health_check_end(w, aside->looks[i].ticket,
		    aside->looks[i].level, "%s", aside->looks[i].text);
	aside_free(aside);
}

static void *
look_at_all(void *arg)
{
	struct health_aside *aside = arg;
	bool orphaned;

	for (size_t i = 0; i < aside->count; i++) {
		struct look *look = &aside->looks[i];

		look->level = look->fn(look->subject, look->text);
	}
	pthread_mutex_lock(&aside->lock);
	orphaned = aside->orphaned;
	if (!orphaned)
		loop_post(aside->w->loop, &aside->task);
	pthread_mutex_unlock(&aside->lock);
	if (orphaned)
		aside_free(aside);
	return NULL;
}

static bool
start_thread(struct health_aside *aside)
{
	pthread_attr_t attr;
	pthread_t thread;
	bool ok;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, ASIDE_STACK_BYTES);
	ok = pthread_create(&thread, &attr, look_at_all, aside) == 0;
	pthread_attr_destroy(&attr);
	return ok;
}

/* ---- the loop's side ----------------------------------------------------- */

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
		aside->task.run = on_looked;
		pthread_mutex_init(&aside->lock, NULL);
	}
	if (aside->count < HEALTH_CHECKS_MAX)
		aside->looks[aside->count++] = (struct look){ ticket, look,
			xstrdup(subject), HEALTH_FAILED, "" };
}

void
health_aside_go(struct worker *w)
{
	struct health_aside *aside = w->health_aside;

	if (!aside || aside->going)
		return;
	aside->begun = mono_now();
	aside->going = true;
	if (start_thread(aside))
		return;
	w->health_aside = NULL;
	for (size_t i = 0; i < aside->count; i++)
		health_check_end(w, aside->looks[i].ticket, HEALTH_FAILED,
		    "there is no thread to look with");
	aside_free(aside);
}

void
health_aside_fini(struct worker *w)
{
	struct health_aside *aside = w->health_aside;

	if (!aside)
		return;
	w->health_aside = NULL;
	pthread_mutex_lock(&aside->lock);
	aside->orphaned = true;
	pthread_mutex_unlock(&aside->lock);
}

/* ---- looks --------------------------------------------------------------- */

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
	    print_size(disk.free_bytes >> 20 << 20, room),
	    disk_used_pct(&disk));
	return levels[disk_room(&disk)];
}
