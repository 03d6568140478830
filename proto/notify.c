/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Facts a child tells its supervisor, as systemd defined them.  The sender
 * may be anything, so every value is checked by itself and one bad line costs
 * that line only.  As in systemd a datagram that is cut off or has a NUL
 * inside is no message at all.
 */
#include "proto/notify.h"

#include <inttypes.h>

#include "common/utf8.h"

#define ERRNO_MAX       4095 /* the kernel's own bound */
#define EXIT_STATUS_MAX 255

static const struct {
	const char *line;
	unsigned what;
} flags[] = {
	{ "READY=1", NOTIFY_READY },
	{ "RELOADING=1", NOTIFY_RELOADING },
	{ "STOPPING=1", NOTIFY_STOPPING },
	{ "WATCHDOG=1", NOTIFY_WATCHDOG },
	{ "WATCHDOG=trigger", NOTIFY_WATCHDOG_TRIGGER },
	{ "FDSTORE=1", NOTIFY_FDSTORE },
	{ "FDSTOREREMOVE=1", NOTIFY_FDSTOREREMOVE },
	{ "BARRIER=1", NOTIFY_BARRIER },
	{ "X_PREPARED=1", NOTIFY_PREPARED },
	{ "MAINPIDFD=1", NOTIFY_MAINPIDFD },
};

static const struct {
	const char *line;
	enum notify_access access;
} accesses[] = {
	/* first of its value: what is printed */
	{ "NOTIFYACCESS=all", NOTIFY_FROM_ALL },
	{ "NOTIFYACCESS=main", NOTIFY_FROM_MAIN },
	{ "NOTIFYACCESS=none", NOTIFY_FROM_NONE },
	{ "NOTIFYACCESS=exec", NOTIFY_FROM_MAIN },
};

/* ---- text --------------------------------------------------------------- */

static bool
is_control(const unsigned char *p, size_t n)
{
	return *p < 0x20 || *p == 0x7f || (n == 2 && *p == 0xc2 && p[1] < 0xa0);
}

/* Cut between characters; what a terminal would obey or choke on is '?'. */
static void
copy_status(struct slice text, char out[static NOTIFY_STATUS_MAX])
{
	const unsigned char *p = (const unsigned char *)text.ptr;
	const unsigned char *end = p + text.len;
	size_t len = 0;

	while (p < end) {
		size_t n = utf8_sequence(p, end);
		bool plain = n > 0 && !is_control(p, n);
		size_t taken = plain ? n : 1;
		if (len + taken >= NOTIFY_STATUS_MAX)
			break;
		if (plain)
			memcpy(out + len, p, n);
		else
			out[len] = '?';
		len += taken;
		p += n ? n : 1;
	}
	out[len] = '\0';
}

/* systemd's rule: printable ASCII without the separator of LISTEN_FDNAMES */
static bool
is_fdname(struct slice text, size_t room)
{
	if (text.len == 0 || text.len >= room)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		if (c < ' ' || c > '~' || c == ':')
			return false;
	}
	return true;
}

/* ---- parsing ------------------------------------------------------------ */

/* If line is NAME=..., the part behind the '='. */
static bool
value_of(struct slice line, struct slice name, struct slice *value_r)
{
	if (line.len <= name.len || line.ptr[name.len] != '=' ||
	    memcmp(line.ptr, name.ptr, name.len) != 0)
		return false;
	value_r->ptr = line.ptr + name.len + 1;
	value_r->len = line.len - name.len - 1;
	return true;
}

static void
set_number(struct notify *n, unsigned what, uint64_t value)
{
	switch (what) {
	case NOTIFY_WATCHDOG_USEC:
		n->watchdog_usec = value;
		break;
	case NOTIFY_EXTEND:
		n->extend_usec = value;
		break;
	case NOTIFY_MAINPID:
		n->mainpid = (pid_t)value;
		break;
	case NOTIFY_ERRNO:
		n->error = (int)value;
		break;
	case NOTIFY_EXIT_STATUS:
		n->exit_status = (int)value;
		break;
	default:
		n->monotonic_usec = value;
		break;
	}
	n->what |= what;
}

static bool
parse_number(struct slice line, struct notify *n)
{
	static const struct {
		struct slice name;
		unsigned what;
		uint64_t min, max;
	} numbers[] = {
		{ { "WATCHDOG_USEC", 13 }, NOTIFY_WATCHDOG_USEC, 0,
		    UINT64_MAX },
		{ { "EXTEND_TIMEOUT_USEC", 19 }, NOTIFY_EXTEND, 0, UINT64_MAX },
		{ { "MONOTONIC_USEC", 14 }, 0, 0, UINT64_MAX },
		{ { "MAINPID", 7 }, NOTIFY_MAINPID, 1, INT32_MAX },
		{ { "ERRNO", 5 }, NOTIFY_ERRNO, 0, ERRNO_MAX },
		{ { "EXIT_STATUS", 11 }, NOTIFY_EXIT_STATUS, 0,
		    EXIT_STATUS_MAX },
	};
	struct slice text;
	uint64_t value;

	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		if (!value_of(line, numbers[i].name, &text))
			continue;
		if (parse_u64(text, &value) && value >= numbers[i].min &&
		    value <= numbers[i].max)
			set_number(n, numbers[i].what, value);
		else if (numbers[i].what == NOTIFY_MAINPID)
			set_number(n, NOTIFY_MAINPID, 0); /* worth a word */
		return true;
	}
	return false;
}

static bool
parse_flag(struct slice line, struct notify *n)
{
	for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
		if (slice_is(line, flags[i].line)) {
			n->what |= flags[i].what;
			return true;
		}
	}
	return false;
}

static bool
parse_access(struct slice line, struct notify *n)
{
	for (size_t i = 0; i < ARRAY_LEN(accesses); i++) {
		if (slice_is(line, accesses[i].line)) {
			n->what |= NOTIFY_ACCESS;
			n->access = accesses[i].access;
			return true;
		}
	}
	return false;
}

static void
parse_line(struct slice line, struct notify *n)
{
	struct slice value;

	if (parse_flag(line, n) || parse_number(line, n) ||
	    parse_access(line, n))
		return;
	if (value_of(line, SLICE_LIT("STATUS"), &value)) {
		copy_status(value, n->status);
		n->what |= NOTIFY_STATUS;
	} else if (value_of(line, SLICE_LIT("FDNAME"), &value)) {
		if (is_fdname(value, sizeof(n->fdname))) {
			memcpy(n->fdname, value.ptr, value.len);
			n->fdname[value.len] = '\0';
		}
	} else if (slice_is(line, "FDPOLL=0")) {
		n->fdpoll = false;
	}
}

void
notify_parse(struct slice datagram, struct notify *notify_r)
{
	struct slice rest = datagram, line;

	*notify_r = (struct notify){ .fdpoll = true };
	if (rest.len && rest.ptr[rest.len - 1] == '\0')
		rest.len--; /* C programs that send the terminator too */
	if (rest.len > NOTIFY_BYTES_MAX ||
	    (rest.len && memchr(rest.ptr, '\0', rest.len)))
		return;
	while (slice_cut(&rest, '\n', &line)) {
		if (line.len && line.ptr[line.len - 1] == '\r')
			line.len--;
		parse_line(line, notify_r);
	}
}

/* ---- printing ----------------------------------------------------------- */

static void
print_numbers(const struct notify *n, struct buf *out)
{
	if (n->what & NOTIFY_WATCHDOG_USEC)
		buf_printf(out, "WATCHDOG_USEC=%" PRIu64 "\n",
		    n->watchdog_usec);
	if (n->what & NOTIFY_EXTEND)
		buf_printf(out, "EXTEND_TIMEOUT_USEC=%" PRIu64 "\n",
		    n->extend_usec);
	if (n->monotonic_usec)
		buf_printf(out, "MONOTONIC_USEC=%" PRIu64 "\n",
		    n->monotonic_usec);
	if (n->what & NOTIFY_MAINPID)
		buf_printf(out, "MAINPID=%ld\n", (long)n->mainpid);
	if (n->what & NOTIFY_ERRNO)
		buf_printf(out, "ERRNO=%d\n", n->error);
	if (n->what & NOTIFY_EXIT_STATUS)
		buf_printf(out, "EXIT_STATUS=%d\n", n->exit_status);
}

void
notify_print(const struct notify *notify, struct buf *out)
{
	char status[NOTIFY_STATUS_MAX];

	for (size_t i = 0; i < ARRAY_LEN(flags); i++)
		if (notify->what & flags[i].what)
			buf_printf(out, "%s\n", flags[i].line);
	print_numbers(notify, out);
	for (size_t i = 0;
	     (notify->what & NOTIFY_ACCESS) && i < NOTIFY_FROM_NONE + 1; i++)
		if (accesses[i].access == notify->access)
			buf_printf(out, "%s\n", accesses[i].line);
	if (notify->what & NOTIFY_STATUS) {
		copy_status(slice_of(notify->status), status);
		buf_printf(out, "STATUS=%s\n", status);
	}
	if (is_fdname(slice_of(notify->fdname), sizeof(notify->fdname)))
		buf_printf(out, "FDNAME=%s\n", notify->fdname);
	if (notify->what & NOTIFY_FDSTORE && !notify->fdpoll)
		buf_add_str(out, "FDPOLL=0\n");
}
