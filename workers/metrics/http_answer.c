/* SPDX-License-Identifier: Apache-2.0 */
/* What is answered: /metrics, /health, /ready, and where they are. */
#include <stdio.h>
#include <stdlib.h>

#include "common/json.h"
#include "workers/metrics/health_monitor.h"
#include "workers/metrics/http_impl.h"

#define BODY_BYTES_MAX (64u << 10) /* of a request: read and forgotten */
#define SLOW_MS        500u        /* to take a page, while others wait */
#define PLAIN          "text/plain; charset=utf-8"
#define JSON           "application/json"

/* ---- answering -------------------------------------------------------------- */

/* Header lines: name, value, ..., NULL. */
static enum MHD_Result
answer(struct http_conn *conn, unsigned status, struct buf *text,
    const char *const *headers)
{
	struct MHD_Response *response;
	enum MHD_Result result;

	response = MHD_create_response_from_buffer(text->len, text->ptr,
	    MHD_RESPMEM_MUST_FREE);
	if (!response) {
		buf_fini(text);
		return MHD_NO;
	}
	MHD_add_response_header(response, "Connection", "close");
	for (; headers[0]; headers += 2)
		MHD_add_response_header(response, headers[0], headers[1]);
	result = MHD_queue_response(conn->mhd, status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result
answer_text(struct http_conn *conn, unsigned status, const char *type,
    const char *text)
{
	struct buf body = { 0 };

	buf_add_str(&body, text);
	return answer(conn, status, &body,
	    (const char *const[]){ "Content-Type", type, NULL });
}

/* ---- /metrics ----------------------------------------------------------------- */

void
http_drop_page(struct http_conn *conn)
{
	if (!conn->page)
		return;
	page_free(&conn->page);
	conn->http->scrapes--;
}

static void
on_page(void *arg)
{
	struct http_conn *conn = arg;
	uint64_t took_ns = mono_now().ns - conn->began.ns;

	metric_record(conn->http->d->own[OWN_SCRAPE_SECONDS], took_ns);
	conn->suspended = false;
	conn->made = mono_now();
	MHD_resume_connection(conn->mhd);
	http_run_soon(conn->http);
}

/* Of too many, the one that is being taken slowest gives way. */
static bool
has_room(struct http *http)
{
	struct mono now = mono_now();
	struct http_conn *conn;

	if (http->scrapes < http->d->conf.max_scrapes)
		return true;
	TAILQ_FOREACH(conn, &http->conns, link) {
		if (!conn->page || conn->suspended ||
		    mono_ms_between(conn->made, now) < SLOW_MS)
			continue;
		http_conn_cut(conn, "taken too slowly, others wait");
		http_drop_page(conn);
		return true;
	}
	return false;
}

static enum MHD_Result
refuse_page(struct http_conn *conn, const char *reason, uint64_t wait_ms)
{
	struct buf body = { 0 };
	char wait_s[24];

	metric_add(conn->http->d->own[OWN_SCRAPES_REFUSED], 1);
	snprintf(wait_s, sizeof(wait_s), "%ju",
	    (uintmax_t)(wait_ms / 1000 + (wait_ms % 1000 != 0)));
	buf_printf(&body, "%s, try again\n", reason);
	return answer(conn, MHD_HTTP_SERVICE_UNAVAILABLE, &body,
	    (const char *const[]){ "Content-Type", PLAIN, "Retry-After", wait_s,
		NULL });
}

static enum MHD_Result
begin_page(struct http_conn *conn)
{
	struct http *http = conn->http;
	struct mono now = mono_now();

	if (!limiter_take(&http->rate, 1, now))
		return refuse_page(conn, "too many scrapes",
		    limiter_wait_ms(&http->rate, 1, now));
	if (!has_room(http))
		return refuse_page(conn, "too many scrapes at once", 1000);
	conn->format = expo_negotiate(MHD_lookup_connection_value(conn->mhd,
	    MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT));
	conn->began = mono_now();
	http->scrapes++;
	conn->page = page_new(http->d, conn->format, on_page, conn);
	conn->suspended = true;
	MHD_suspend_connection(conn->mhd);
	return MHD_YES;
}

/* The page stays counted until the connection has ended. */
static enum MHD_Result
end_page(struct http_conn *conn)
{
	struct buf text = page_take(conn->page);

	if (!text.len)
		return answer_text(conn, MHD_HTTP_INTERNAL_SERVER_ERROR, PLAIN,
		    "no memory\n");
	metric_add(conn->http->d->own[OWN_SCRAPES], 1);
	return answer(conn, MHD_HTTP_OK, &text,
	    (const char *const[]){ "Content-Type",
		expo_content_type(conn->format), "Vary", "Accept", NULL });
}

static enum MHD_Result
do_metrics(struct http_conn *conn)
{
	return conn->page ? end_page(conn) : begin_page(conn);
}

/* ---- /health, /ready ------------------------------------------------------------ */

/* Workers that should be up and are not ready, as far as the last sample knows. */
static size_t
add_not_ready(const struct sample *sample, struct buf *out)
{
	size_t n = 0;

	for (size_t i = 0; i < sample->tree.count; i++) {
		const struct tree_worker *w = &sample->tree.workers[i];

		if (!w->wanted || w->ready ||
		    strcmp(w->state, "ignored") == 0 ||
		    strcmp(w->state, "exited") == 0)
			continue;
		buf_add_str(out, n++ ? "," : "");
		json_quote(out, slice_of(w->name));
	}
	return n;
}

/* What is degraded still does its work: whoever stops sending to what has
 * failed goes on sending. */
static enum MHD_Result
do_health(struct http_conn *conn)
{
	struct buf body = { 0 };
	enum health_level level =
	    health_monitor_print(conn->http->d->health, &body);

	return answer(conn,
	    level == HEALTH_FAILED ? MHD_HTTP_SERVICE_UNAVAILABLE : MHD_HTTP_OK,
	    &body, (const char *const[]){ "Content-Type", JSON, NULL });
}

static enum MHD_Result
do_ready(struct http_conn *conn)
{
	const struct sample *last = sampler_last(conn->http->d->sampler);
	struct buf names = { 0 }, body = { 0 };
	bool msd = last && last->has_tree, ready;

	ready = msd && add_not_ready(last, &names) == 0;
	buf_printf(&body,
	    "{\"ok\":%s,\"msd\":%s,\"age_ms\":%ju,\"workers\":%zu,"
	    "\"not_ready\":[%.*s]}\n",
	    ready ? "true" : "false", msd ? "true" : "false",
	    last ? (uintmax_t)mono_ms_between(last->at, mono_now()) : 0,
	    msd ? last->tree.count : 0, (int)names.len,
	    names.ptr ? (const char *)names.ptr : "");
	buf_fini(&names);
	return answer(conn, ready ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE,
	    &body, (const char *const[]){ "Content-Type", JSON, NULL });
}

static enum MHD_Result
do_index(struct http_conn *conn)
{
	return answer_text(conn, MHD_HTTP_OK, "text/html; charset=utf-8",
	    "<!DOCTYPE html><title>Mister Smith</title>\n"
	    "<h1>Mister Smith</h1>\n<ul>\n"
	    "<li><a href=\"/metrics\">/metrics</a> the numbers of all workers\n"
	    "<li><a href=\"/ready\">/ready</a> is every worker ready?\n"
	    "<li><a href=\"/health\">/health</a> how well are they?\n"
	    "</ul>\n");
}

/* ---- routes ------------------------------------------------------------------------ */

static const struct {
	const char *path;
	enum MHD_Result (*serve)(struct http_conn *conn);
} routes[] = {
	{ "/metrics", do_metrics },
	{ "/health", do_health },
	{ "/ready", do_ready },
	{ "/", do_index },
};

static enum MHD_Result
serve(struct http_conn *conn, const char *url)
{
	for (size_t i = 0; i < ARRAY_LEN(routes); i++)
		if (strcmp(routes[i].path, url) == 0)
			return routes[i].serve(conn);
	return answer_text(conn, MHD_HTTP_NOT_FOUND, PLAIN,
	    "not here: try /metrics, /health or /ready\n");
}

static enum MHD_Result
refuse_method(struct http_conn *conn)
{
	struct buf body = { 0 };

	buf_add_str(&body, "only GET and HEAD\n");
	return answer(conn, MHD_HTTP_METHOD_NOT_ALLOWED, &body,
	    (const char *const[]){ "Content-Type", PLAIN, "Allow", "GET, HEAD",
		NULL });
}

/* Called when the headers are there, for each piece of a body, at the end of the
 * request, and again after a connection was suspended. */
enum MHD_Result
http_on_request(void *arg, struct MHD_Connection *mhd, const char *url,
    const char *method, const char *version, const char *upload,
    size_t *upload_bytes, void **request)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct http_conn *conn = info ? info->socket_context : NULL;

	(void)arg;
	(void)version;
	(void)upload;
	if (!conn)
		return MHD_NO;
	if (!*request) {
		*request = conn;
		return MHD_YES;
	}
	if (*upload_bytes) {
		conn->body_bytes += *upload_bytes;
		*upload_bytes = 0;
		return conn->body_bytes > BODY_BYTES_MAX ? MHD_NO : MHD_YES;
	}
	conn->asked = true;
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 &&
	    strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return refuse_method(conn);
	return serve(conn, url);
}
