/* SPDX-License-Identifier: Apache-2.0 */
/* The value of `check`: exec:WORDS, tcp:HOST:PORT or unix:PATH (FIELD_CUSTOM
 * that holds a struct check_conf *). */
#ifndef PROTO_CONF_CHECK_H
#define PROTO_CONF_CHECK_H

#include "proto/conf/msd.h"

enum ms_err check_parse(struct slice text, void *at, struct arena *arena,
    struct why *why);
void check_print(const void *at, struct buf *out);

#endif
