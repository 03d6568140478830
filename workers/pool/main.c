/* SPDX-License-Identifier: Apache-2.0 */
/* ms-pool: lets many clients share few connections to PostgreSQL. */
#include <string.h>
#include <sys/resource.h>

#include "common/log.h"
#include "proto/conf/pool.h"
#include "proto/conf/sections.h"
#include "workers/pool/health.h"
#include "workers/pool/pg_socket.h"
#include "workers/pool/poold.h"

/* How long a planned restart waits for sessions; below prepare_timeout's 1s. */
#define PREPARE_MS 500u

/* A descriptor for every client and server there may be. */
static void
raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		log_warn("cannot raise the descriptor limit", NULL);
}

static void
say_status(void *self)
{
	struct poold *d = self;
	struct pg_pool *pool;
	unsigned away = 0, all = 0;

	SLIST_FOREACH(pool, &d->pools, link) {
		all++;
		away += pool->away;
	}
	if (away)
		worker_status(d->w, "upstream of %u of %u pools is away", away,
		    all);
	else
		worker_status(d->w, "%u pool%s", all, all == 1 ? "" : "s");
}

static bool
is_true_of_all(const struct poold *d, bool (*is)(const struct pg_pool *pool))
{
	const struct pg_pool *pool;

	SLIST_FOREACH(pool, &d->pools, link)
		if (!is(pool))
			return false;
	return true;
}

static void
say_drained(void *self)
{
	struct poold *d = self;

	if (is_true_of_all(d, pg_pool_is_drained))
		worker_drained(d->w);
	else if (is_true_of_all(d, pg_pool_is_empty))
		worker_prepared(d->w);
}

/* ---- configuration ---------------------------------------------------------- */

/* The section's struct; its strings live in arena.  False: errors were added. */
static bool
read_section(const struct conf_section *section, struct arena *arena,
    struct pool_conf *pool_r, struct conf_errors *errors)
{
	size_t before = errors->count;
	struct pg_upstream up;
	struct why why;

	conf_apply(section, pool_rows, pool_r, sizeof(*pool_r), arena, errors);
	if (errors->count > before)
		return false;
	pool_check(section, pool_r, errors);
	if (pg_upstream_init(&up, pool_r->upstream, section->name, &why))
		conf_error(errors, section_place(section, "upstream"), "%s",
		    why.text);
	pg_upstream_fini(&up);
	return errors->count == before;
}

static void
check(const struct conf *conf, struct conf_errors *errors)
{
	struct pool_conf pool;
	struct arena arena;

	arena_init(&arena, 0);
	for (size_t i = 0; i < conf->section_count; i++)
		if (strcmp(conf->sections[i].kind, "pool") == 0)
			read_section(&conf->sections[i], &arena, &pool, errors);
	pools_check(conf, errors);
	arena_fini(&arena);
}

/* A section that check() has passed. */
static struct pool_conf
checked_section(const struct conf_section *section, struct arena *arena)
{
	struct conf_errors errors;
	struct pool_conf pool;
	bool good;

	conf_errors_init(&errors);
	good = read_section(section, arena, &pool, &errors);
	conf_errors_fini(&errors);
	ms_assert(good);
	return pool;
}

/* ---- life ------------------------------------------------------------------- */

static enum ms_err
open_pool(struct poold *d, const struct conf_section *section,
    struct arena *arena, struct why *why)
{
	struct pool_conf conf = checked_section(section, arena);
	struct pg_pool *pool;
	enum ms_err err = pg_pool_open(&pool, d->w, section->name, &conf, why);

	if (err)
		pg_pool_close(&pool);
	else
		SLIST_INSERT_HEAD(&d->pools, pool, link);
	return err;
}

static void
on_prepare_timer(struct ev_loop *ev, ev_timer *timer, int events MS_UNUSED)
{
	(void)ev;
	worker_prepared(container_of(timer, struct poold, prepare_timer)->w);
}

static enum ms_err
start(struct worker *w, struct why *why)
{
	struct poold *d = worker_self(w);
	const struct conf *conf = worker_conf(w);
	struct arena arena;
	struct pg_pool *pool;
	enum ms_err err = MS_OK;

	d->w = w;
	ev_init(&d->prepare_timer, on_prepare_timer);
	raise_descriptor_limit();
	arena_init(&arena, 0);
	for (size_t i = 0; !err && i < conf->section_count; i++)
		if (strcmp(conf->sections[i].kind, "pool") == 0)
			err = open_pool(d, &conf->sections[i], &arena, why);
	arena_fini(&arena);
	if (err)
		return err;
	pg_socket_retire_rest(w);
	SLIST_FOREACH(pool, &d->pools, link)
		pg_pool_start(pool, d, say_status, say_drained);
	say_status(d);
	return MS_OK;
}

/* Sizes and times; other changes need a restart, as their rows say. */
static void
reload(struct worker *w, const void *new_conf MS_UNUSED)
{
	struct poold *d = worker_self(w);
	struct arena arena;
	struct pg_pool *pool;

	arena_init(&arena, 0);
	SLIST_FOREACH(pool, &d->pools, link) {
		const struct conf_section *section =
		    conf_find(worker_conf(w), "pool", pool->name);
		struct pool_conf conf;

		if (!section)
			continue;
		conf = checked_section(section, &arena);
		pg_pool_tune(pool, &conf);
	}
	arena_fini(&arena);
}

/* Short sessions end by themselves: they need not notice the restart. */
static void
prepare(struct worker *w)
{
	struct poold *d = worker_self(w);
	struct pg_pool *pool;

	if (!worker_keeps_fds(w))
		return;
	SLIST_FOREACH(pool, &d->pools, link)
		pg_pool_prepare(pool);
	if (is_true_of_all(d, pg_pool_is_empty))
		return;
	worker_defer_prepared(w);
	loop_timer_start(worker_loop(w), &d->prepare_timer, PREPARE_MS);
}

static void
drain(struct worker *w)
{
	struct poold *d = worker_self(w);
	struct pg_pool *pool;

	SLIST_FOREACH(pool, &d->pools, link)
		pg_pool_drain(pool);
	say_drained(d);
}

static void
stop(struct worker *w)
{
	struct poold *d = worker_self(w);
	struct pg_pool *pool;

	if (d->w)
		loop_timer_stop(worker_loop(w), &d->prepare_timer);
	while ((pool = SLIST_FIRST(&d->pools))) {
		SLIST_REMOVE_HEAD(&d->pools, link);
		pg_pool_close(&pool);
	}
}

int
main(int argc, char **argv)
{
	struct poold d = { .pools = SLIST_HEAD_INITIALIZER(d.pools) };

	return worker_main(argc, argv,
	    &(struct worker_desc){ .name = "pool",
		.program = "ms-pool",
		.help = "lets many clients share few connections to PostgreSQL",
		.self = &d,
		.check = check,
		.routes = pool_routes,
		.start = start,
		.reload = reload,
		.prepare = prepare,
		.health = pools_health,
		.drain = drain,
		.stop = stop });
}
