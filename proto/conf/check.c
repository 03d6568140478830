/* SPDX-License-Identifier: Apache-2.0 */
/* Hosts are numbers or localhost: a name would be asked of the network by the
 * process that must never wait. */
#include "proto/conf/check.h"

#include <arpa/inet.h>

#define UNIX_PATH_MAX 107u

static char *
copy(struct slice text, struct arena *arena)
{
	return arena_printf(arena, "%.*s", (int)text.len, text.ptr);
}

static enum ms_err
parse_exec(struct slice text, struct check_conf *check, struct arena *arena,
    struct why *why)
{
	enum ms_err err;

	check->kind = CHECK_EXEC;
	err = words_split(text, arena, &check->words, why);
	if (err == MS_OK && check->words.count == 0)
		err = why_set(why, MS_EINVAL,
		    "exec: takes a program and its arguments");
	return err;
}

/* A number without brackets, or NULL. */
static const char *
address_of(struct slice host, struct arena *arena)
{
	unsigned char bytes[sizeof(struct in6_addr)];
	const char *text;

	if (slice_is(host, "localhost"))
		return "127.0.0.1";
	if (host.len > 2 && host.ptr[0] == '[' &&
	    host.ptr[host.len - 1] == ']') {
		text =
		    copy((struct slice){ host.ptr + 1, host.len - 2 }, arena);
		return text && inet_pton(AF_INET6, text, bytes) == 1 ? text
								     : NULL;
	}
	text = copy(host, arena);
	return text && inet_pton(AF_INET, text, bytes) == 1 ? text : NULL;
}

static enum ms_err
parse_tcp(struct slice text, struct check_conf *check, struct arena *arena,
    struct why *why)
{
	const char *colon = memrchr(text.ptr, ':', text.len);
	struct slice host, port;
	uint64_t number;

	if (!colon)
		return why_set(why, MS_EINVAL, "tcp: takes HOST:PORT");
	host = (struct slice){ text.ptr, (size_t)(colon - text.ptr) };
	port = (struct slice){ colon + 1, text.len - host.len - 1 };
	if (!parse_u64(port, &number) || number < 1 || number > UINT16_MAX)
		return why_set(why, MS_EINVAL,
		    "'%.*s' is not a port from 1 to 65535",
		    (int)(port.len < 40 ? port.len : 40), port.ptr);
	check->kind = CHECK_TCP;
	check->port = (uint16_t)number;
	check->host = address_of(host, arena);
	if (check->host)
		return MS_OK;
	return why_set(why, MS_EINVAL,
	    "'%.*s' is neither localhost nor an address such as 127.0.0.1 or "
	    "[::1] (names are not looked up)",
	    (int)(host.len < 80 ? host.len : 80), host.ptr);
}

static enum ms_err
parse_unix(struct slice text, struct check_conf *check, struct arena *arena,
    struct why *why)
{
	if (text.len == 0 || (text.len == 1 && text.ptr[0] == '@'))
		return why_set(why, MS_EINVAL,
		    "unix: takes the path of a socket, or @NAME");
	if (text.len > UNIX_PATH_MAX)
		return why_set(why, MS_EINVAL,
		    "the path of a socket has at most %u bytes", UNIX_PATH_MAX);
	check->kind = CHECK_UNIX;
	check->path = copy(text, arena);
	return check->path ? MS_OK : MS_ENOMEM;
}

enum ms_err
check_parse(struct slice text, void *at, struct arena *arena, struct why *why)
{
	struct check_conf *check = arena_alloc(arena, sizeof(*check));
	struct slice rest;
	enum ms_err err;

	if (check)
		check->text = copy(text, arena);
	if (!check || !check->text)
		return MS_ENOMEM;
	if (slice_skip(text, "exec:", &rest))
		err = parse_exec(rest, check, arena, why);
	else if (slice_skip(text, "tcp:", &rest))
		err = parse_tcp(rest, check, arena, why);
	else if (slice_skip(text, "unix:", &rest))
		err = parse_unix(rest, check, arena, why);
	else
		err = why_set(why, MS_EINVAL,
		    "is one of exec:WORDS, tcp:HOST:PORT, unix:PATH");
	if (err == MS_OK)
		*(struct check_conf **)at = check;
	return err;
}

void
check_print(const void *at, struct buf *out)
{
	const struct check_conf *check = *(struct check_conf *const *)at;

	if (check)
		buf_add_str(out, check->text);
}
