/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parts of the HTTP listener share: http.c (the daemon in our loop),
 * http_conn.c (who is connected, and for how long), http_answer.c (what is
 * answered).  For these files only.
 */
#ifndef WORKERS_METRICS_HTTP_IMPL_H
#define WORKERS_METRICS_HTTP_IMPL_H

#include <microhttpd.h>
#include <sys/queue.h>

#include "common/backoff.h"
#include "common/limiter.h"
#include "workers/metrics/page.h"

/* One connection is one request: whoever comes back dials again. */
struct http_conn {
	TAILQ_ENTRY(http_conn) link;
	struct http *http;
	struct MHD_Connection *mhd;
	int fd;
	struct mono deadline;
	bool asked; /* the whole request is there */
	bool cut;
	size_t body_bytes;
	struct page *page; /* being made, then being taken */
	enum expo_format format;
	bool suspended; /* until the page is made */
	struct mono began;
	struct mono made; /* the page; it is being taken */
};
TAILQ_HEAD(http_conns, http_conn);

struct http {
	struct metricsd *d;
	struct loop *loop;
	struct MHD_Daemon *mhd; /* NULL: not listening */
	char *listening;        /* "127.0.0.1:9464" */
	char *file;             /* that says so */
	char *wanted;           /* conf.listen */
	ev_io ready;            /* the daemon's epoll */
	ev_timer turn;          /* it wants to run without an event */
	ev_timer retry;
	struct backoff backoff;
	struct why refused;      /* why it does not listen */
	struct http_conns conns; /* oldest first: deadlines in order */
	size_t conn_count;
	size_t scrapes;
	struct limiter rate; /* of scrapes */
	ev_timer deadline;
};

/* ---- http.c ------------------------------------------------------------------ */
/* Lets the daemon work; at the end of this turn of the loop. */
void http_run_soon(struct http *http);

/* ---- http_conn.c ------------------------------------------------------------- */
void http_conns_init(struct http *http);
/* Of MHD_OPTION_NOTIFY_CONNECTION. */
void http_on_connection(void *arg, struct MHD_Connection *mhd, void **conn,
    enum MHD_ConnectionNotificationCode code);
/* It is shut down; the daemon ends it soon. */
void http_conn_cut(struct http_conn *conn, const char *reason);
/* Before the daemon is stopped: nobody may be suspended then. */
void http_conns_release(struct http *http);

/* ---- http_answer.c ------------------------------------------------------------ */
enum MHD_Result http_on_request(void *arg, struct MHD_Connection *mhd,
    const char *url, const char *method, const char *version,
    const char *upload, size_t *upload_bytes, void **request);
/* The scrape of a connection is over, taken or not. */
void http_drop_page(struct http_conn *conn);

#endif
