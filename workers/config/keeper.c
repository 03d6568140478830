/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A candidate is read, checked whole and made into a store beside the one in
 * force; only then do the two change places.  The number and the copy of the
 * last good file are written afterwards: a disk that refuses costs their
 * survival over a restart, not the change.  These two small writes block the
 * loop; a reload is rare and its caller waits for it anyway.
 */
#include "workers/config/keeper.h"

#include <inttypes.h>
#include <stdlib.h>

#include "common/alloc.h"
#include "common/fd.h"
#include "common/json.h"
#include "common/log.h"
#include "common/mono.h"
#include "workers/config/last_good.h"

#define LOGGED_ERRORS_MAX 20u
#define DIR_MODE          0750

/* ---- files -------------------------------------------------------------- */

static char *
path_of(const struct keeper *k, const char *name)
{
	return xasprintf("%s/%s", k->dir, name);
}

static void
read_generation(struct keeper *k)
{
	char *path = path_of(k, "generation");
	struct why why = { "" };

	if (generation_read(path, &k->generation, &why) != MS_OK)
		log_error("generation is unknown, counting from 1", "why=%s",
		    LOGQ(why.text));
	free(path);
}

static void
write_generation(const struct keeper *k)
{
	char *path = path_of(k, "generation");
	struct why why = { "" };

	if (generation_write(path, &k->generation, &why) != MS_OK)
		log_error("generation will not survive a restart",
		    "generation=%" PRIu64 " why=%s", k->generation.number,
		    LOGQ(why.text));
	free(path);
}

static void
write_last_good(const struct keeper *k, const struct conf *conf)
{
	char *path = path_of(k, "last-good.conf");
	struct why why = { "" };

	if (last_good_write(path, conf, &why) != MS_OK)
		log_error("last good configuration is not kept", "why=%s",
		    LOGQ(why.text));
	free(path);
}

/* ---- errors ------------------------------------------------------------- */

static void
forget_errors(struct keeper *k)
{
	free(k->first_error);
	k->first_error = NULL;
	k->error_count = 0;
}

void
keeper_refuse(struct keeper *k, const struct conf_errors *errors)
{
	forget_errors(k);
	k->error_count = errors->count;
	if (errors->count)
		k->first_error = xstrdup(errors->text[0]);
}

static void
log_errors(const struct conf_errors *errors)
{
	size_t shown = errors->count < LOGGED_ERRORS_MAX ? errors->count
							 : LOGGED_ERRORS_MAX;

	for (size_t i = 0; i < shown; i++)
		log_error("configuration refused", "error=%s",
		    LOGQ(errors->text[i]));
	if (errors->count > shown)
		log_error("configuration refused", "more_errors=%zu",
		    errors->count - shown);
}

/* ---- candidates --------------------------------------------------------- */

/* NULL: errors say why. */
static struct store *
make_store(const struct conf *conf, struct conf_errors *errors)
{
	struct why why = { "" };
	struct store *store;

	if (store_new(conf, &store, &why) != MS_OK)
		conf_error(errors, NULL, "%s", why.text);
	return store;
}

/* NULL: refused, logged and remembered. */
static struct store *
read_candidate(struct keeper *k, char **env, struct conf **conf_r)
{
	struct conf_errors errors;
	struct store *store = NULL;

	conf_errors_init(&errors);
	*conf_r = conf_read(k->path, env, &errors);
	sections_check(*conf_r, &errors);
	if (errors.count == 0)
		store = make_store(*conf_r, &errors);
	if (!store) {
		log_errors(&errors);
		keeper_refuse(k, &errors);
	}
	conf_errors_fini(&errors);
	return store;
}

/* Into force; the store before, if any, is the caller's. */
static struct store *
take_over(struct keeper *k, struct store *store, const struct conf *conf)
{
	struct store *before = k->store;
	bool advanced = generation_advance(&k->generation, store);

	k->store = store;
	k->loaded_ns = wall_ns();
	k->digest = conf_digest(conf);
	forget_errors(k);
	if (advanced || !before)
		write_last_good(k, conf);
	if (advanced)
		write_generation(k);
	return before;
}

/* ---- open, reload ------------------------------------------------------- */

static bool
open_last_good(struct keeper *k)
{
	char *path = path_of(k, "last-good.conf");
	struct conf *conf = last_good_read(path);

	if (conf && store_new(conf, &k->store, NULL) == MS_OK) {
		k->loaded_ns = wall_ns();
		k->digest = conf_digest(conf);
		if (k->generation.number == 0)
			k->generation.number = 1;
		log_warn("serving the last good configuration",
		    "generation=%" PRIu64 " file=%s", k->generation.number,
		    LOGQ(path));
	}
	conf_free(&conf);
	free(path);
	return k->store != NULL;
}

enum ms_err
keeper_open(struct keeper *k, const char *path, const char *dir, char **env,
    struct why *why)
{
	enum ms_err err = dir_make(dir, DIR_MODE, why);
	struct store *store;
	struct conf *conf;

	*k = (struct keeper){ .path = path, .dir = xstrdup(dir) };
	if (err)
		return err;
	read_generation(k);
	store = read_candidate(k, env, &conf);
	if (store)
		(void)take_over(k, store, conf);
	else if (!open_last_good(k))
		err = why_set(why, MS_ECONFIG,
		    "%zu errors, the first: %s; and there is no last good "
		    "configuration",
		    k->error_count, k->first_error);
	conf_free(&conf);
	return err;
}

void
keeper_close(struct keeper *k)
{
	store_free(&k->store);
	forget_errors(k);
	free(k->dir);
	k->dir = NULL;
}

static void
print_announcement(uint64_t generation, const struct words *changed,
    struct buf *out)
{
	size_t shown = changed->count < ANNOUNCED_KEYS_MAX ? changed->count
							   : ANNOUNCED_KEYS_MAX;

	buf_printf(out, "{\"generation\":%" PRIu64 ",\"changed\":[",
	    generation);
	for (size_t i = 0; i < shown; i++) {
		if (i)
			buf_add_u8(out, ',');
		json_quote(out, slice_of(changed->word[i]));
	}
	buf_add_u8(out, ']');
	if (shown < changed->count)
		buf_printf(out, ",\"more\":%zu", changed->count - shown);
	buf_add_u8(out, '}');
}

/* MS_ENOMEM cannot happen: this arena has no limit but memory's. */
static void
announce(const struct keeper *k, const struct store *before, struct buf *out)
{
	struct words changed;
	struct arena arena;

	arena_init(&arena, 0);
	if (store_diff(before, k->store, &arena, &changed) == MS_OK &&
	    changed.count) {
		print_announcement(k->generation.number, &changed, out);
		log_info("configuration changed",
		    "generation=%" PRIu64 " keys=%zu first=%s",
		    k->generation.number, changed.count, changed.word[0]);
	}
	arena_fini(&arena);
}

enum ms_err
keeper_reload(struct keeper *k, char **env, struct buf *announcement)
{
	struct conf *conf;
	struct store *store = read_candidate(k, env, &conf), *before;

	if (store) {
		before = take_over(k, store, conf);
		announce(k, before, announcement);
		store_free(&before);
	}
	conf_free(&conf);
	return store ? MS_OK : MS_ECONFIG;
}

static uint32_t
count_changes(const struct keeper *k, const struct store *candidate)
{
	struct words changed = { NULL, 0 };
	struct arena arena;
	uint32_t count;

	arena_init(&arena, 0);
	if (store_diff(k->store, candidate, &arena, &changed) != MS_OK)
		changed.count = 0;
	count = (uint32_t)changed.count;
	arena_fini(&arena);
	return count;
}

void
keeper_check(const struct keeper *k, char **env, struct conf_errors *errors,
    uint32_t *changed_r, uint32_t *files_r)
{
	struct conf *conf = conf_read(k->path, env, errors);
	struct store *candidate = NULL;

	*changed_r = 0;
	*files_r = (uint32_t)conf->file_count;
	sections_check(conf, errors);
	if (errors->count == 0)
		candidate = make_store(conf, errors);
	if (candidate)
		*changed_r = count_changes(k, candidate);
	store_free(&candidate);
	conf_free(&conf);
}
