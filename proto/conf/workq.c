/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys of [workq]: the threads beside the loop of each of our workers.  The
 * numbers by the CPUs are in common/workq_limits.c.
 */
#include "proto/conf/workq.h"

#include "common/workq_limits.h"

#define WORKQ(member) .off = offsetof(struct workq_conf, member)

const struct field workq_rows[] = {
	{ .name = "compute_threads",
	    .type = FIELD_U32,
	    WORKQ(compute_threads),
	    .def = "0",
	    .max = WORKQ_THREADS_MAX,
	    .help = "Threads for computing, at most; 0 or more than twice the "
		    "CPUs: twice the CPUs." },
	{ .name = "io_threads",
	    .type = FIELD_U32,
	    WORKQ(io_threads),
	    .def = "0",
	    .max = WORKQ_THREADS_MAX,
	    .help = "Threads that wait for others (host names), at most; 0 or "
		    "more than eight times the CPUs: eight times the CPUs." },
	{ .name = "blocking_threads",
	    .type = FIELD_U32,
	    WORKQ(blocking_threads),
	    .def = "0",
	    .max = WORKQ_THREADS_MAX,
	    .help = "Threads that wait for the disk, at most; 0 or more than "
		    "the CPUs: as many as CPUs." },
	{ .name = "compute_queue",
	    .type = FIELD_U32,
	    WORKQ(compute_queue),
	    .def = "10000",
	    .min = 1,
	    .max = WORKQ_CAPACITY_MAX,
	    .help = "Tasks that may wait for a thread that computes; more are "
		    "refused." },
	{ .name = "io_queue",
	    .type = FIELD_U32,
	    WORKQ(io_queue),
	    .def = "50000",
	    .min = 1,
	    .max = WORKQ_CAPACITY_MAX,
	    .help = "The same for threads that wait for others." },
	{ .name = "blocking_queue",
	    .type = FIELD_U32,
	    WORKQ(blocking_queue),
	    .def = "1000",
	    .min = 1,
	    .max = WORKQ_CAPACITY_MAX,
	    .help = "The same for threads that wait for the disk." },
	FIELD_END
};
