/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One question to one service.  Only verbs that need a service come here, so
 * that the others never start NNG.
 */
#ifndef SUPERVISOR_MSCTL_SERVICE_H
#define SUPERVISOR_MSCTL_SERVICE_H

#include "proto/client/call.h"
#include "supervisor/msctl/msctl.h"

#define SERVICE_ANSWER_MS 5000u

struct service {
	const struct msctl *ctl;
	const char *name;
	struct link_hub *hub;
	struct link *link;
	struct arena arena; /* of the answers */
};

/*
 * CTL_OK when the service listens, or when it does not but msd is there to
 * start it again: then it is worth waiting.  Otherwise says why not.
 */
int service_present(const struct msctl *ctl, const char *name);
/* Does anybody listen on this Unix socket? */
bool service_listens(const char *path);
int service_open(const struct msctl *ctl, const char *name,
    struct service *service_r);
void service_close(struct service *service);
/* As call_wait(); says a failure and gives its exit code. */
int service_ask(struct service *service, const struct msg_desc *desc,
    const void *in, uint32_t timeout_ms, void *out_r, struct slice *body_r);

/*
 * The same of any service below run_dir, silent: for verbs that look at many
 * and do without those that do not answer.  *hub is opened when it is NULL.
 */
enum ms_err service_ask_quiet(struct link_hub **hub, const char *run_dir,
    const char *name, const struct msg_desc *desc, uint32_t timeout_ms,
    struct arena *arena, void *out_r, struct slice *body_r);

/* A JSON array of objects as a table. */
struct table_key {
	const char *key;
	const char *title;
	unsigned flags; /* column_flag */
};
void objects_render(const struct json *array, const struct table_key *keys,
    size_t n, const struct look *look, struct buf *out);
/* Every field of an answer on a line of its own. */
void fields_render(const struct field *rows, const void *base, struct buf *out);
/* The fields as a JSON object; body (JSON, may be empty) as member `key`. */
void fields_write_json(const struct field *rows, const void *base,
    const char *key, struct slice body);

#endif
