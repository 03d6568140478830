/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tree as the configuration file asks for it: checked, names resolved,
 * paths absolute, workers in start order.  Never changed once it is in force;
 * a reload loads another one and compares.
 */
#ifndef SUPERVISOR_SPEC_SPEC_H
#define SUPERVISOR_SPEC_SPEC_H

#include "common/conf.h"
#include "proto/conf/msd.h"

struct indexes {
	size_t *at;
	size_t count;
};

struct supervisor_spec {
	const char *name;
	struct supervisor_conf conf;
	/* NULL: root, not written; or settled */
	const struct conf_section *section;
	size_t parent; /* root: itself */
	size_t place;  /* among siblings: smaller starts first */
	size_t depth;
};

/* A worker, or a template: what the workers made from it are. */
struct worker_spec {
	const char *name;
	const char *family; /* name of its section, `instances` share it */
	struct worker_conf conf;
	const struct conf_section *section; /* NULL: settled */
	size_t supervisor;
	size_t place;
	struct indexes requires, wants, after; /* numbers of workers */
	bool collects_logs;                    /* its command is ms-log */
	bool gives_reload_signal;              /* it is no default */
	bool is_template;
	uint32_t intensity; /* of a template: the window of its instances */
	uint64_t period_ms;
};

struct spec {
	unsigned holders;
	struct arena arena;
	struct conf *conf; /* NULL: settled */
	char *text;        /* of a settled one: what conf was, as JSON */
	uint32_t digest;   /* conf_digest() of conf */
	const char *path;  /* of the file, absolute */
	struct msd_conf msd;
	struct supervisor_spec *supervisors; /* [0] is root; parents first */
	size_t supervisor_count;
	struct worker_spec *workers; /* in start order */
	size_t worker_count;
};

/*
 * cwd: what relative paths mean.  Returns NULL when there were errors.
 * The result is held once by the caller.
 */
struct spec *spec_load(const char *path, const char *cwd, char **env,
    struct conf_errors *errors);
/*
 * One [worker NAME] in a text, for `add`.  Its supervisor and dependencies
 * are names still: they are looked up in the running tree (dynamic.c).
 */
struct spec *spec_load_worker(struct slice text, const char *cwd, char **env,
    struct conf_errors *errors);
/* The same two from a configuration that was read before; they take it over. */
struct spec *spec_make(const char *path, const char *cwd, struct conf *conf,
    struct conf_errors *errors);
struct spec *spec_make_worker(const char *cwd, struct conf *conf,
    struct conf_errors *errors);
/* False when the file of `run_if` is not there. */
bool spec_is_wanted(const struct spec *spec);
/*
 * It is accepted, and no message needs the places of its keys any more: what
 * was read shrinks to the text that a re-exec takes along.
 */
void spec_settle(struct spec *spec);
/* The configuration it was made from, as conf_print_json() does. */
void spec_print_conf(const struct spec *spec, struct buf *out);
struct spec *spec_hold(struct spec *spec);
void spec_drop(struct spec **spec);

/* Do the two describe the same process?  (What differs otherwise is policy,
 * taken over by a running worker.) */
bool worker_spec_is_same_process(const struct worker_spec *a,
    const struct worker_spec *b);
bool worker_spec_is_same(const struct worker_spec *a,
    const struct worker_spec *b);

#endif
