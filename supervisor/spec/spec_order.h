/* SPDX-License-Identifier: Apache-2.0 */
/* The second half of loading: who comes after whom. */
#ifndef SUPERVISOR_SPEC_SPEC_ORDER_H
#define SUPERVISOR_SPEC_SPEC_ORDER_H

#include "supervisor/spec/spec.h"

/* Refuses cycles of parents; sorts supervisors so that parents come first.
 * Worker specs must not refer to supervisors yet. */
void spec_check_parents(struct spec *spec, struct conf_errors *errors);
/* Resolves dependencies, refuses unknown names and cycles, and sorts
 * spec->workers into start order. */
void spec_order(struct spec *spec, struct conf_errors *errors);

#endif
