/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names to addresses without stopping the loop: the system's resolver
 * (getaddrinfo) on the io threads of a workq.  A resolver that hangs holds its
 * thread, not its caller.  All functions are for the loop thread.
 */
#ifndef COMMON_RESOLVE_H
#define COMMON_RESOLVE_H

#include <stdbool.h>
#include <sys/socket.h>

#include "common/err.h"
#include "common/str.h"
#include "common/workq.h"

#define RESOLVE_ADDRS_MAX 16u
#define RESOLVE_NAME_MAX  253u

struct resolve_addrs {
	size_t count;
	struct resolve_addr {
		struct sockaddr_storage addr; /* port 0 */
		socklen_t len;
	} addr[RESOLVE_ADDRS_MAX]; /* the best first */
};

struct resolve; /* one lookup on its way */

/* Once, on the loop, never inside resolve_start().  The lookup is over: its
 * handle is gone.  addrs is borrowed, NULL with an error: MS_ENOTFOUND (no
 * such name), MS_EUNAVAILABLE (nobody to ask), MS_ETIMEOUT, MS_ESHUTDOWN. */
typedef void resolve_fn(void *arg, enum ms_err err, const struct why *why,
    const struct resolve_addrs *addrs);

/* MS_EINVAL: no name and no address.  MS_EBUSY, MS_EUNAVAILABLE,
 * MS_ESHUTDOWN: as workq_submit().  Numeric addresses are taken too. */
enum ms_err resolve_start(struct workq *q, const char *host,
    uint64_t timeout_ms, resolve_fn *fn, void *arg, struct resolve **resolve_r,
    struct why *why);
/* fn will not be called. */
void resolve_cancel(struct resolve **resolve);

/* Letters, digits, '-', '_' and '.', as names of hosts are. */
bool resolve_is_name(struct slice host);
/* Of one address, without port. */
#define RESOLVE_TEXT_BYTES 64u
bool resolve_print(const struct resolve_addr *addr,
    char out[static RESOLVE_TEXT_BYTES]);

#endif
