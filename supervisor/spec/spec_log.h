/* SPDX-License-Identifier: Apache-2.0 */
/* No two workers write one file, nor one that rotation gives another's name. */
#ifndef SUPERVISOR_SPEC_SPEC_LOG_H
#define SUPERVISOR_SPEC_SPEC_LOG_H

#include "supervisor/spec/spec.h"

/* Judges the names only, looks at no file; devices may be shared. */
void spec_check_logs(const struct spec *spec, struct conf_errors *errors);
/* Where it writes; relative names are below log_dir.  The caller frees it. */
char *spec_log_path(const char *log_dir, const struct worker_spec *worker);

#endif
