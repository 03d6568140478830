/* SPDX-License-Identifier: Apache-2.0 */
/* [workq] */
#ifndef PROTO_CONF_WORKQ_H
#define PROTO_CONF_WORKQ_H

#include "proto/conf/sections.h"

struct workq_conf { /* 0 = by the CPUs of the machine */
	uint32_t compute_threads, io_threads, blocking_threads;
	uint32_t compute_queue, io_queue, blocking_queue;
};
extern const struct field workq_rows[];

#endif
