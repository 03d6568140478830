/* SPDX-License-Identifier: Apache-2.0 */
/* Appends all numbers to a file every interval, a JSON object a line. */
#ifndef WORKERS_METRICS_JSON_FILE_H
#define WORKERS_METRICS_JSON_FILE_H

#include "workers/metrics/module.h"

extern const struct module json_file_module;

/* Appends text whole or not at all; opened for this one time, so the file may
 * be moved away whenever somebody likes.  Never blocks on a pipe. */
enum ms_err json_file_append(const char *path, struct slice text,
    struct why *why);

#endif
