/* SPDX-License-Identifier: Apache-2.0 */
/* What is allowed in a configuration and still probably a mistake.  Pure. */
#ifndef SUPERVISOR_SPEC_SPEC_ADVICE_H
#define SUPERVISOR_SPEC_SPEC_ADVICE_H

#include "supervisor/spec/spec.h"

/* Adds one text each to advice, with its place. */
void spec_advise(const struct spec *spec, struct conf_errors *advice);

#endif
