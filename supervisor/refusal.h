/* SPDX-License-Identifier: Apache-2.0 */
/* Why a request of the control socket is not carried out: a word that scripts
 * rely on (not_found, running, invalid_spec, ...) and a sentence. */
#ifndef SUPERVISOR_REFUSAL_H
#define SUPERVISOR_REFUSAL_H

#include <stdbool.h>

#include "common/conf.h"

struct refusal {
	const char *code;
	struct why why;
};

/* Always false. */
bool refuse(struct refusal *refusal, const char *code, const char *fmt, ...)
    MS_PRINTF(3, 4);
/* invalid_spec, with the first errors. */
bool refuse_conf(struct refusal *refusal, const struct conf_errors *errors);

#endif
