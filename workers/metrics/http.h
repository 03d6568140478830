/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HTTP listener: libmicrohttpd without threads, its epoll descriptor in our
 * loop.  A port that is in use is asked for again; the rest of the worker goes
 * on.  Where it listens is in run_dir/metrics.http and in the status.
 */
#ifndef WORKERS_METRICS_HTTP_H
#define WORKERS_METRICS_HTTP_H

#include "workers/metrics/module.h"

extern const struct module http_module;

#endif
