/* SPDX-License-Identifier: Apache-2.0 */
/* Who runs with which configuration.  Pure. */
#ifndef SUPERVISOR_MSCTL_CONFIG_LOOK_H
#define SUPERVISOR_MSCTL_CONFIG_LOOK_H

#include "common/json.h"
#include "supervisor/msctl/look.h"

/* workers: [{"name","digest","errors","silent"}].  {"generation","subscribers",
 * "current","watchers":[{"name","state","generation","errors"}]}; a generation
 * of null is another one: an older, or one that ms-config has refused. */
struct json *config_watchers_json(uint64_t generation, uint32_t digest,
    uint32_t subscribers, const struct json *workers);
void config_watchers_render(const struct json *root, const struct look *look,
    struct buf *out);

#endif
