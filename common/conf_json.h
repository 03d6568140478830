/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A configuration as it was read -- layers applied, variables expanded, places
 * kept -- as one JSON object, and back.  Values that a higher layer has
 * overridden are not part of it.
 */
#ifndef COMMON_CONF_JSON_H
#define COMMON_CONF_JSON_H

#include "common/conf.h"
#include "common/json.h"

void conf_print_json(const struct conf *conf, struct buf *out);
/* NULL, with why filled, when the object is not what was printed above. */
struct conf *conf_from_json(const struct json *object, struct why *why);

#endif
