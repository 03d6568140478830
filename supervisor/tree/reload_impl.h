/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the reload share; nobody else includes it. */
#ifndef SUPERVISOR_TREE_RELOAD_IMPL_H
#define SUPERVISOR_TREE_RELOAD_IMPL_H

#include "supervisor/spec/spec.h"
#include "supervisor/tree/reload.h"

/* What happens to one worker. */
struct step {
	const char *name;
	const struct worker_spec *w;
	enum reload_action action;
	bool new_sockets;
};

struct reload {
	struct msd *msd;
	struct spec *spec;
	bool specs_only;
	bool ignored;       /* run_if: it is not meant for here */
	struct step *steps; /* in start order, those that stop last */
	size_t count;
};

/* Adds to errors what the new spec may not do to the tree. */
void reload_refuse(const struct reload *reload, struct conf_errors *errors);
/* Has spec a supervisor or template of this name? */
bool reload_has_group(const struct spec *spec, const char *name);

#endif
