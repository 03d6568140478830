/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of type FIELD_CUSTOM that hold a const struct exit_set *. */
#ifndef PROTO_CONF_EXIT_SET_H
#define PROTO_CONF_EXIT_SET_H

#include "proto/conf/msd.h"

enum ms_err exit_set_parse(struct slice text, void *at, struct arena *arena,
    struct why *why);
void exit_set_print(const void *at, struct buf *out);

#endif
