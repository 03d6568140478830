/* SPDX-License-Identifier: Apache-2.0 */
/* What can be said to the pool manager (service "pool"). */
#ifndef PROTO_MSG_POOL_H
#define PROTO_MSG_POOL_H

#include "proto/msg.h"

/* pool.status: body of the reply = JSON array, one object per pool:
 * {name,kind,size,max_clients,clients_active,clients_waiting,servers_active,
 *  servers_idle,servers_opening,acquired,timeouts,errors,breaker,retry_in_ms,
 *  last_error}; breaker: closed, open, half_open (towards its servers) */
struct pool_status_out {
	uint32_t pools;
};
extern const struct msg_desc msg_pool_status;

#endif
