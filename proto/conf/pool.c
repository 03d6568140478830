/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of [pool NAME]: where clients connect, where servers are, how many. */
#include "proto/conf/pool.h"

#include <stdio.h>

#include "common/mono.h"

#define HOUR_MS UINT64_C(3600000)
#define DAY_MS  (24 * HOUR_MS)

#define MODE_DIGITS_MAX 5
#define MODE_MAX        0777u

static const struct field_name pool_kind_names[] = {
	{ "postgres", POOL_POSTGRES },
	{ "redis", POOL_REDIS },
	{ NULL, 0 },
};

static enum ms_err
parse_mode(struct slice text, void *at, struct arena *arena, struct why *why)
{
	uint32_t mode = 0;
	bool good = text.len > 0 && text.len <= MODE_DIGITS_MAX;

	(void)arena;
	for (size_t i = 0; good && i < text.len; i++) {
		good = text.ptr[i] >= '0' && text.ptr[i] <= '7';
		mode = mode * 8 + (uint32_t)(text.ptr[i] - '0');
	}
	if (!good || mode > MODE_MAX)
		return why_set(why, MS_EINVAL,
		    "'%.*s' is not an octal file mode (such as 0660)",
		    (int)(text.len < 64 ? text.len : 64),
		    text.ptr ? text.ptr : "");
	*(uint32_t *)at = mode;
	return MS_OK;
}

static void
print_mode(const void *at, struct buf *out)
{
	buf_printf(out, "0%03o", *(const uint32_t *)at);
}

#define POOL(member) .off = offsetof(struct pool_conf, member)

const struct field pool_rows[] = {
	{ .name = "kind",
	    .type = FIELD_ENUM,
	    POOL(kind),
	    .def = "postgres",
	    .names = pool_kind_names,
	    .help = "What is pooled; redis is not supported yet." },
	{ .name = "listen_dir",
	    .type = FIELD_STR,
	    POOL(listen_dir),
	    .min = 1,
	    .max = 90,
	    .help = "Directory of the socket .s.PGSQL.<listen_port> that "
		    "clients connect to (host= of a conninfo); `pool` below "
		    "run_dir when not given." },
	{ .name = "listen_port",
	    .type = FIELD_U32,
	    POOL(listen_port),
	    .def = "6432",
	    .min = 1,
	    .max = 65535,
	    .help = "Number in the socket's name (port= of a conninfo)." },
	{ .name = "listen_mode",
	    .type = FIELD_CUSTOM,
	    POOL(listen_mode),
	    .def = "0660",
	    .parse = parse_mode,
	    .print = print_mode,
	    .help = "Octal file mode of the socket: who may connect." },
	{ .name = "upstream",
	    .type = FIELD_STR,
	    POOL(upstream),
	    .flags = FIELD_REQUIRED | FIELD_SECRET,
	    .min = 1,
	    .max = 4000,
	    .help = "The server, as a libpq conninfo; a database or user not "
		    "given here is the client's.  Names of hosts are looked "
		    "up for each connection." },
	{ .name = "size",
	    .type = FIELD_U32,
	    POOL(size),
	    .def = "25",
	    .min = 1,
	    .max = 10000,
	    .help = "Server connections at most." },
	{ .name = "min_size",
	    .type = FIELD_U32,
	    POOL(min_size),
	    .def = "0",
	    .max = 10000,
	    .help = "Server connections kept open even when idle." },
	{ .name = "max_clients",
	    .type = FIELD_U32,
	    POOL(max_clients),
	    .def = "10000",
	    .min = 1,
	    .max = 1000000,
	    .help = "Client connections at most; further ones are refused." },
	{ .name = "acquire_timeout",
	    .type = FIELD_DURATION,
	    POOL(acquire_timeout_ms),
	    .def = "30s",
	    .min = 1,
	    .max = DURATION_INFINITY,
	    .help = "A client waits this long for a server connection, then "
		    "it gets an error." },
	{ .name = "fail_fast",
	    .type = FIELD_DURATION,
	    POOL(fail_fast_ms),
	    .def = "10s",
	    .max = DURATION_INFINITY,
	    .help = "When the server has been away for this long, clients are "
		    "refused at once instead of waiting for acquire_timeout, "
		    "but for one that finds out whether it is back." },
	{ .name = "connect_timeout",
	    .type = FIELD_DURATION,
	    POOL(connect_timeout_ms),
	    .def = "10s",
	    .min = 1,
	    .max = HOUR_MS,
	    .help = "Opening a server connection may take this long." },
	{ .name = "idle_timeout",
	    .type = FIELD_DURATION,
	    POOL(idle_timeout_ms),
	    .def = "600s",
	    .min = 1,
	    .max = DURATION_INFINITY,
	    .help = "Server connections above min_size close after being "
		    "idle this long." },
	{ .name = "max_lifetime",
	    .type = FIELD_DURATION,
	    POOL(max_lifetime_ms),
	    .def = "1800s",
	    .min = 1000,
	    .max = DURATION_INFINITY,
	    .help = "Server connections are replaced at this age (10 % more "
		    "or less, so that not all go at once)." },
	{ .name = "mode",
	    .type = FIELD_STR,
	    POOL(mode),
	    .def = "session",
	    .help = "When a server connection is given back: session = when "
		    "the client leaves; others are not supported yet." },
	FIELD_END
};

static void
check_mode(const struct conf_section *section, const struct pool_conf *pool,
    struct conf_errors *errors)
{
	static const char *const modes[] = { "session", "transaction",
		"statement" };
	const struct conf_place *place = section_place(section, "mode");
	const char *near;

	if (strcmp(pool->mode, "session") == 0)
		return;
	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		if (strcmp(pool->mode, modes[i]) == 0) {
			conf_error(errors, place,
			    "mode: '%s' is not supported yet (session is)",
			    pool->mode);
			return;
		}
	}
	near = suggest(slice_of(pool->mode), modes, ARRAY_LEN(modes));
	conf_error(errors, place, "mode: '%s' is not one of session%s%s%s",
	    pool->mode, near ? " (did you mean " : "", near ? near : "",
	    near ? "?)" : "");
}

void
pool_check(const struct conf_section *section, const void *base,
    struct conf_errors *errors)
{
	const struct pool_conf *pool = base;

	if (pool->kind != POOL_POSTGRES)
		conf_error(errors, section_place(section, "kind"),
		    "kind: 'redis' is not supported yet (postgres is)");
	check_mode(section, pool, errors);
	if (pool->min_size > pool->size)
		conf_error(errors, section_place(section, "min_size"),
		    "min_size: %u is above size (%u)", pool->min_size,
		    pool->size);
}

static struct slice
written(const struct conf_section *section, const char *key, const char *def)
{
	const struct conf_entry *entry = conf_entry_find(section, key);

	return entry ? entry->value : slice_of(def);
}

static bool
same_socket(const struct conf_section *a, const struct conf_section *b)
{
	return slice_eq(written(a, "listen_dir", ""),
		   written(b, "listen_dir", "")) &&
	    slice_eq(written(a, "listen_port", "6432"),
		written(b, "listen_port", "6432"));
}

static const struct conf_section *
socket_owner(const struct conf *conf, size_t before)
{
	for (size_t i = 0; i < before; i++)
		if (strcmp(conf->sections[i].kind, "pool") == 0 &&
		    same_socket(&conf->sections[i], &conf->sections[before]))
			return &conf->sections[i];
	return NULL;
}

void
pools_check(const struct conf *conf, struct conf_errors *errors)
{
	for (size_t i = 0; i < conf->section_count; i++) {
		const struct conf_section *pool = &conf->sections[i], *owner;
		if (strcmp(pool->kind, "pool") != 0)
			continue;
		owner = socket_owner(conf, i);
		if (owner)
			conf_error(errors, section_place(pool, "listen_port"),
			    "listen_port: the same socket as [pool %s]; "
			    "give each pool its own listen_port",
			    owner->name);
	}
}
