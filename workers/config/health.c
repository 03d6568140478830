/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files are read beside the loop, and read whole: only then is it known
 * whether a reload would change anything or be refused.
 */
#include "workers/config/health.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"

#define FILE_BUDGET_MS 500u

extern char **environ;

/* "WORD REST": two words of a look's subject. */
static const char *
cut_word(const char *subject, char *word, size_t size)
{
	size_t len = strcspn(subject, " ");

	snprintf(word, size, "%.*s", (int)len, subject);
	return subject[len] ? subject + len + 1 : subject + len;
}

/* ---- the file --------------------------------------------------------------- */

static enum health_level
compare_file(const struct conf *conf, const char *fingerprint,
    struct conf_errors *errors, char *text)
{
	char on_disk[STORE_FINGERPRINT_BYTES] = "";
	struct store *store = NULL;

	if (errors->count == 0 && store_new(conf, &store, NULL) == MS_OK)
		store_fingerprint(store, on_disk);
	store_free(&store);
	if (errors->count)
		snprintf(text, HEALTH_TEXT_BYTES,
		    "the file has %zu error%s, the first: %.130s",
		    errors->count, errors->count == 1 ? "" : "s",
		    errors->text[0]);
	else if (strcmp(on_disk, fingerprint) != 0)
		snprintf(text, HEALTH_TEXT_BYTES,
		    "the file says something else than what is in force; "
		    "msctl reload");
	else {
		snprintf(text, HEALTH_TEXT_BYTES,
		    "the file is what is in "
		    "force");
		return HEALTH_OK;
	}
	return HEALTH_DEGRADED;
}

/* subject: "FINGERPRINT PATH" */
static enum health_level
look_file(const char *subject, char text[static HEALTH_TEXT_BYTES])
{
	char fingerprint[STORE_FINGERPRINT_BYTES];
	const char *path = cut_word(subject, fingerprint, sizeof(fingerprint));
	struct conf_errors errors;
	enum health_level level;
	struct conf *conf;

	conf_errors_init(&errors);
	conf = conf_read(path, environ, &errors);
	sections_check(conf, &errors);
	level = compare_file(conf, fingerprint, &errors, text);
	conf_free(&conf);
	conf_errors_fini(&errors);
	return level;
}

/* ---- the generation ----------------------------------------------------------- */

/* subject: "NUMBER PATH" */
static enum health_level
look_generation(const char *subject, char text[static HEALTH_TEXT_BYTES])
{
	char number[24];
	const char *path = cut_word(subject, number, sizeof(number));
	struct generation kept;
	struct why why = { "" };

	if (generation_read(path, &kept, &why) != MS_OK) {
		snprintf(text, HEALTH_TEXT_BYTES, "%.190s", why.text);
		return HEALTH_FAILED;
	}
	if (kept.number != strtoull(number, NULL, 10)) {
		snprintf(text, HEALTH_TEXT_BYTES,
		    "%s is in force, %" PRIu64 " would be after a restart",
		    number, kept.number);
		return HEALTH_DEGRADED;
	}
	snprintf(text, HEALTH_TEXT_BYTES, "generation %s is in force and kept",
	    number);
	return HEALTH_OK;
}

void
keeper_health(struct worker *w, const struct keeper *k)
{
	char *generation = xasprintf("%" PRIu64 " %s/generation",
	    k->generation.number, k->dir);
	char *file = xasprintf("%s %s", k->generation.fingerprint, k->path);

	health_check_aside(w, "generation", k->dir, HEALTH_BUDGET_MS,
	    look_generation, generation);
	health_check_aside(w, "directory", k->dir, HEALTH_BUDGET_MS,
	    health_look_dir, k->dir);
	health_check_aside(w, "file", k->path, FILE_BUDGET_MS, look_file, file);
	free(generation);
	free(file);
}
