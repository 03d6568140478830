/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that load a spec share; nobody else includes it. */
#ifndef SUPERVISOR_SPEC_SPEC_LOAD_H
#define SUPERVISOR_SPEC_SPEC_LOAD_H

#include "supervisor/spec/spec.h"

#define WORKERS_MAX 20000u

struct spec_load {
	struct spec *spec;
	const char *cwd;
	struct conf_errors *errors;
	struct conf_errors told; /* what sections_check() has said already */
};

char *spec_absolute(struct spec_load *l, char *path);
void spec_check_user(struct spec_load *l, const struct conf_section *section,
    const char *key, const char *name);
void spec_check_group(struct spec_load *l, const struct conf_section *section,
    const char *key, const char *name);
/* The number of the supervisor that `key` names; 0 after an error. */
size_t spec_find_supervisor(struct spec_load *l,
    const struct conf_section *section, const char *key, const char *name);

/* ---- spec_worker.c ------------------------------------------------------- */
/* One section, without looking its supervisor up. */
void spec_read_worker(struct spec_load *l, const struct conf_section *section,
    struct worker_spec *w);
/* All [worker] and [template] sections. */
void spec_load_workers(struct spec_load *l);

#endif
