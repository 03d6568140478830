/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last configuration that was accepted, written down whole: a daemon that
 * dies while somebody has broken the file serves this one when it comes back.
 */
#ifndef WORKERS_CONFIG_LAST_GOOD_H
#define WORKERS_CONFIG_LAST_GOOD_H

#include "common/conf.h"

/* As one text that conf_read_text() takes, layers and includes merged.
 * MS_EUNSUPPORTED: a value cannot stand on a line (it came from the
 * environment). */
enum ms_err last_good_print(const struct conf *conf, struct buf *out,
    struct why *why);
enum ms_err last_good_write(const char *path, const struct conf *conf,
    struct why *why);
/* NULL: there is none, or it does not hold a valid configuration. */
struct conf *last_good_read(const char *path);

#endif
