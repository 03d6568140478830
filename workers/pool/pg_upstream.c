/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Some options are ours, because the connection is taken over after log-in:
 * no GSS (cannot be unwrapped outside libpq), no TLS yet, UTF8.  Names of hosts
 * are looked up beforehand: libpq would block in the resolver.
 */
#include "workers/pool/pg_upstream.h"

#include <arpa/inet.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/resolve.h"

#define OPTIONS_MAX 64u

struct our_option {
	const char *key;
	const char *value;
};

/* Options whose other values would need what we cannot do. */
static enum ms_err
check_option(const PQconninfoOption *o, struct why *why)
{
	if (strcmp(o->keyword, "sslmode") == 0 &&
	    (strcmp(o->val, "require") == 0 ||
		strncmp(o->val, "verify", 6) == 0))
		return why_set(why, MS_ECONFIG,
		    "upstream: sslmode=%s is not supported yet", o->val);
	if (strcmp(o->keyword, "gssencmode") == 0 &&
	    strcmp(o->val, "require") == 0)
		return why_set(why, MS_ECONFIG,
		    "upstream: gssencmode=require is not supported");
	if (strcmp(o->keyword, "replication") == 0)
		return why_set(why, MS_ECONFIG,
		    "upstream: replication is not supported");
	return MS_OK;
}

static bool
is_numeric_address(const char *text, size_t len)
{
	unsigned char bytes[sizeof(struct in6_addr)];
	char copy[INET6_ADDRSTRLEN];

	if (len >= sizeof(copy))
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	return inet_pton(AF_INET, copy, bytes) == 1 ||
	    inet_pton(AF_INET6, copy, bytes) == 1;
}

/* A directory, an abstract socket, an address, or nothing: the default. */
static bool
is_place(struct slice host)
{
	return host.len == 0 || host.ptr[0] == '/' || host.ptr[0] == '@' ||
	    is_numeric_address(host.ptr, host.len);
}

bool
pg_upstream_is_name(struct slice host)
{
	return !is_place(host) && resolve_is_name(host);
}

static size_t
list_len(const char *list)
{
	size_t n = 1;

	for (; *list; list++)
		n += *list == ',';
	return n;
}

/* Lists, separated by commas. */
static enum ms_err
check_hosts(struct pg_upstream *up, struct why *why)
{
	struct slice rest = slice_of(up->host), host;

	while (slice_cut(&rest, ',', &host)) {
		if (!is_place(host) && !resolve_is_name(host))
			return why_set(why, MS_ECONFIG,
			    "upstream: host '%.*s' is neither a directory nor "
			    "an address nor a name",
			    (int)(host.len < 64 ? host.len : 64), host.ptr);
		up->has_names |= pg_upstream_is_name(host);
	}
	if (up->port && list_len(up->port) > 1 &&
	    list_len(up->port) != list_len(up->host))
		return why_set(why, MS_ECONFIG,
		    "upstream: %zu ports for %zu hosts", list_len(up->port),
		    list_len(up->host));
	return MS_OK;
}

/* A socket directory given relative means the working directory, as every
 * relative path of the configuration does; libpq would look up a name. */
static void
make_absolute(const struct pg_upstream *up)
{
	char cwd[PATH_MAX];

	for (PQconninfoOption *o = up->options; o->keyword; o++) {
		if (strcmp(o->keyword, "host") != 0 || !o->val ||
		    strchr("/@", o->val[0]) || !strchr(o->val, '/') ||
		    strchr(o->val, ',') || !getcwd(cwd, sizeof(cwd)))
			continue;
		char *path = xasprintf("%s/%s", cwd, o->val);
		free(o->val); /* libpq's, as PQconninfoFree() does */
		o->val = path;
	}
}

const char *
pg_upstream_option(const struct pg_upstream *up, const char *key)
{
	for (PQconninfoOption *o = up->options; o->keyword; o++)
		if (strcmp(o->keyword, key) == 0 && o->val && *o->val)
			return o->val;
	return NULL;
}

static enum ms_err
check_options(struct pg_upstream *up, struct why *why)
{
	enum ms_err err = MS_OK;

	for (PQconninfoOption *o = up->options; !err && o->keyword; o++)
		if (o->val && *o->val)
			err = check_option(o, why);
	if (!err && pg_upstream_option(up, "service"))
		return why_set(why, MS_ECONFIG,
		    "upstream: service files are not supported");
	if (!err && up->host && !pg_upstream_option(up, "hostaddr"))
		err = check_hosts(up, why);
	return err;
}

enum ms_err
pg_upstream_init(struct pg_upstream *up, const char *conninfo,
    const char *pool_name, struct why *why)
{
	char *text = NULL;
	enum ms_err err;

	*up =
	    (struct pg_upstream){ .options = PQconninfoParse(conninfo, &text) };
	if (!up->options) {
		if (text)
			text[strcspn(text, "\n")] = '\0';
		err = why_set(why, MS_ECONFIG, "upstream: %s",
		    text ? text : "out of memory");
		PQfreemem(text);
		return err;
	}
	make_absolute(up);
	up->host = pg_upstream_option(up, "host");
	up->port = pg_upstream_option(up, "port");
	up->database = pg_upstream_option(up, "dbname");
	up->user = pg_upstream_option(up, "user");
	up->application_name = xasprintf("ms-pool/%s", pool_name);
	return check_options(up, why);
}

void
pg_upstream_fini(struct pg_upstream *up)
{
	PQconninfoFree(up->options);
	free(up->application_name);
	*up = (struct pg_upstream){ 0 };
}

PGconn *
pg_upstream_dial(const struct pg_upstream *up, const struct pg_hosts *hosts,
    const char *database, const char *user)
{
	const struct our_option ours[] = { { "dbname", database },
		{ "user", user }, { "gssencmode", "disable" },
		{ "sslmode", "disable" }, { "client_encoding", "UTF8" },
		{ "fallback_application_name", up->application_name },
		/* without hosts these end the list */
		{ hosts ? "host" : NULL, hosts ? hosts->host : NULL },
		{ "hostaddr", hosts ? hosts->hostaddr : NULL },
		{ "port", hosts ? hosts->port : NULL } };
	const char *keys[OPTIONS_MAX + 1], *values[OPTIONS_MAX + 1];
	size_t n = 0;

	for (PQconninfoOption *o = up->options; o->keyword; o++) {
		if (!o->val || n + ARRAY_LEN(ours) >= OPTIONS_MAX)
			continue;
		keys[n] = o->keyword;
		values[n++] = o->val;
	}
	/* of a key given twice the later counts */
	for (size_t i = 0; i < ARRAY_LEN(ours) && ours[i].key; i++) {
		keys[n] = ours[i].key;
		values[n++] = ours[i].value;
	}
	keys[n] = values[n] = NULL;
	/* 0: a database name is a name here, never another conninfo */
	return PQconnectStartParams(keys, values, 0);
}
