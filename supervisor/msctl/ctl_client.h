/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The conversation with msd: one JSON object per line each way.  Everything
 * here waits, with a bound.
 */
#ifndef SUPERVISOR_MSCTL_CTL_CLIENT_H
#define SUPERVISOR_MSCTL_CTL_CLIENT_H

#include "supervisor/msctl/msctl.h"

#define CTL_ANSWER_MS      10000u
#define CTL_WAIT_MS        30000u /* of --wait, without --timeout */
#define CTL_LINE_BYTES_MAX (16u << 20)

struct ctl_client {
	const struct msctl *ctl;
	int fd;
	struct buf in;
	size_t seen; /* of in: lines up to here are consumed */
	unsigned next_id;
};

/* CTL_OK, or after having said why not: CTL_UNREACHABLE, CTL_PERMISSION. */
int ctl_open(const struct msctl *ctl, struct ctl_client *client_r);
/* The same, silent: for verbs that do without msd. */
enum ms_err ctl_open_quiet(const struct msctl *ctl, struct ctl_client *client_r,
    struct why *why);
void ctl_close(struct ctl_client *client);

/* {"v":1,"do":verb,"name":name}; name may be NULL. */
struct json *ctl_request(const char *verb, const char *name);
/* Sends and awaits the answer; request is consumed.  *reply_r is owned by the
 * caller.  A refusal is said by ctl_refused(), not here. */
int ctl_ask(struct ctl_client *client, struct json *request,
    uint64_t timeout_ms, struct json **reply_r);
enum ms_err ctl_ask_quiet(struct ctl_client *client, struct json *request,
    uint64_t timeout_ms, struct json **reply_r);
/* The next line of a stream; timeout DURATION_INFINITY waits for ever.
 * MS_ETIMEOUT, MS_ECLOSED, MS_EPROTO. */
enum ms_err ctl_next(struct ctl_client *client, uint64_t timeout_ms,
    struct json **line_r);

bool ctl_is_ok(const struct json *reply);
/* Says a refusal and gives its exit code. */
int ctl_refused(const struct msctl *ctl, const struct json *reply);
/* The reply without what belongs to the conversation ("id", "ok"). */
void ctl_write_reply(const struct json *reply);

/* Most verbs: open, ask, say a refusal, close.  CTL_OK only with *reply_r. */
int ctl_once(const struct msctl *ctl, struct json *request, uint64_t timeout_ms,
    struct json **reply_r);

/* ctl_once(), then the reply with --json, else what render makes of it. */
int ctl_show(const struct msctl *ctl, struct json *request, uint64_t timeout_ms,
    void (*render)(const struct json *reply, const struct look *look,
	struct buf *out));

/* "timeout_ms" of a request that waits itself; for ever needs none. */
void ctl_put_timeout(struct json *request, uint64_t wait_ms);
/* How long to wait for an answer to a request that waits itself. */
uint64_t ctl_answer_after(uint64_t wait_ms);
/* The reply with --json, else text (NULL: nothing); frees the reply. */
int ctl_say_or_write(const struct msctl *ctl, struct json **reply,
    const char *text);

#endif
