/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A line is built on the stack and leaves in one write(2) of at most PIPE_BUF
 * bytes: lines of several threads and processes never mix, no lock is needed,
 * and nothing is allocated, so that even "out of memory" can be said.
 */
#include "common/log.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/mono.h"

#define LINE_BYTES    4096
#define CUT_MARK      " [cut]"
#define QUOTE_BUFFERS 8
#define QUOTE_BYTES   512
_Static_assert(LINE_BYTES <= PIPE_BUF, "a line is written atomically");

static const char *const level_names[] = {
	[LOG_DEBUG] = "debug",
	[LOG_INFO] = "info",
	[LOG_WARN] = "warn",
	[LOG_ERROR] = "error",
};

/* The sink is the process's one mutable global besides signal flags. */
static struct {
	_Atomic int fd;
	_Atomic int threshold;
	atomic_bool stamp;
	_Atomic uint64_t lost; /* lines the sink did not take, not yet told */
	char program[32];
} sink = { .fd = STDERR_FILENO, .threshold = LOG_INFO, .program = "ms" };

void
log_init(const char *program, bool stamp, enum log_level threshold)
{
	snprintf(sink.program, sizeof(sink.program), "%s", program);
	sink.stamp = stamp;
	sink.threshold = threshold;
}

void
log_set_level(enum log_level threshold)
{
	sink.threshold = threshold;
}

bool
log_parse_level(const char *text, enum log_level *level_r)
{
	for (int i = LOG_DEBUG; i <= LOG_ERROR; i++) {
		if (strcmp(text, level_names[i]) == 0) {
			*level_r = (enum log_level)i;
			return true;
		}
	}
	return false;
}

void
log_to_fd(int fd)
{
	sink.fd = fd;
}

/* Text that stops growing at cap and then says so. */
struct text {
	char *ptr;
	size_t len;
	size_t cap;
	bool cut;
};

static void
text_add(struct text *t, const char *bytes, size_t n)
{
	if (t->cut || n > t->cap - t->len) {
		t->cut = true; /* whole characters or nothing */
		return;
	}
	memcpy(t->ptr + t->len, bytes, n);
	t->len += n;
}

static void
text_add_str(struct text *t, const char *text)
{
	text_add(t, text, strlen(text));
}

/* "\n", "\x1b": a control byte must not end the line or steer a terminal. */
static void
text_add_escaped(struct text *t, unsigned char c)
{
	static const char hex[] = "0123456789abcdef";
	char out[4] = { '\\', 'x', hex[c >> 4], hex[c & 15] };
	const char *short_form = c == '\n' ? "\\n"
	    : c == '\r'                    ? "\\r"
	    : c == '\t'                    ? "\\t"
					   : NULL;

	if (short_form)
		text_add(t, short_form, 2);
	else
		text_add(t, out, sizeof(out));
}

static bool
is_control(unsigned char c)
{
	return c < 0x20 || c == 0x7f;
}

static void
text_add_line_safe(struct text *t, const char *text)
{
	for (const char *at = text; *at; at++) {
		if (is_control((unsigned char)*at))
			text_add_escaped(t, (unsigned char)*at);
		else
			text_add(t, at, 1);
	}
}

/* Gives back the bytes of a character whose rest did not fit. */
static void
text_trim_utf8(struct text *t)
{
	size_t back = 0;
	unsigned char lead;

	while (back < t->len && back < 3 &&
	    ((unsigned char)t->ptr[t->len - 1 - back] & 0xc0) == 0x80)
		back++;
	if (back == t->len)
		return;
	lead = (unsigned char)t->ptr[t->len - 1 - back];
	if ((lead >= 0xc0 && back < 1) || (lead >= 0xe0 && back < 2) ||
	    (lead >= 0xf0 && back < 3))
		t->len -= back + 1;
}

static bool
write_line(const char *line, size_t n)
{
	ssize_t done;

	do
		done = write(sink.fd, line, n);
	while (done < 0 && errno == EINTR);
	return done == (ssize_t)n;
}

static void
add_prefix(struct text *t, const char *level)
{
	char now[RFC3339_BYTES];

	if (sink.stamp) {
		rfc3339_print(wall_ns(), now);
		text_add_str(t, now);
		text_add_str(t, " ");
		text_add_str(t, sink.program);
		text_add_str(t, " ");
	}
	text_add_str(t, level);
	text_add_str(t, " ");
}

/* Ends the line, with the mark when something did not fit, and sends it. */
static bool
finish_line(struct text *t)
{
	if (t->cut) {
		text_trim_utf8(t);
		memcpy(t->ptr + t->len, CUT_MARK, sizeof(CUT_MARK) - 1);
		t->len += sizeof(CUT_MARK) - 1;
	}
	t->ptr[t->len++] = '\n';
	return write_line(t->ptr, t->len);
}

static struct text
text_of(char line[static LINE_BYTES])
{
	return (struct text){ .ptr = line,
		.cap = LINE_BYTES - sizeof(CUT_MARK) }; /* its NUL is our \n */
}

static void
tell_lost(void)
{
	char line[LINE_BYTES], number[24];
	struct text t = text_of(line);
	uint64_t lost = atomic_exchange(&sink.lost, 0);

	if (lost == 0)
		return;
	snprintf(number, sizeof(number), "%ju", (uintmax_t)lost);
	add_prefix(&t, level_names[LOG_WARN]);
	text_add_str(&t, "log lines lost count=");
	text_add_str(&t, number);
	if (!finish_line(&t))
		sink.lost += lost;
}

static void
vlog(const char *level, const char *message, const char *fmt, va_list args)
{
	char line[LINE_BYTES], pairs[LINE_BYTES];
	struct text t = text_of(line);
	int saved = errno;

	add_prefix(&t, level);
	text_add_line_safe(&t, message);
	if (fmt && *fmt) {
		int n = vsnprintf(pairs, sizeof(pairs), fmt, args);

		text_add_str(&t, " ");
		if (n >= 0)
			text_add_line_safe(&t, pairs);
		t.cut = t.cut || n >= (int)sizeof(pairs);
	}
	if (sink.lost)
		tell_lost();
	if (!finish_line(&t))
		sink.lost++;
	errno = saved;
}

void
log_at(enum log_level level, const char *message, const char *fmt, ...)
{
	va_list args;

	if ((int)level < sink.threshold)
		return;
	va_start(args, fmt);
	vlog(level_names[level], message, fmt, args);
	va_end(args);
}

static bool
needs_quotes(const char *text)
{
	if (*text == '\0')
		return true;
	for (const char *at = text; *at; at++) {
		if (is_control((unsigned char)*at) || strchr(" \"\\=", *at))
			return true;
	}
	return false;
}

static void
add_quoted(struct text *t, const char *text)
{
	for (const char *at = text; *at; at++) {
		char escaped[2] = { '\\', *at };

		if (is_control((unsigned char)*at))
			text_add_escaped(t, (unsigned char)*at);
		else if (*at == '"' || *at == '\\')
			text_add(t, escaped, 2);
		else
			text_add(t, at, 1);
	}
}

const char *
log_quote(const char *text)
{
	static _Thread_local char rotating[QUOTE_BUFFERS][QUOTE_BYTES];
	static _Thread_local unsigned turn;
	static const char mark[] = "...\"";
	char *out = rotating[turn++ % QUOTE_BUFFERS];
	struct text t = { .ptr = out, .cap = QUOTE_BYTES - sizeof(mark) };

	if (!text)
		return "-";
	if (!needs_quotes(text) && strlen(text) < t.cap)
		return memcpy(out, text, strlen(text) + 1);
	text_add(&t, "\"", 1);
	add_quoted(&t, text);
	if (t.cut)
		text_trim_utf8(&t);
	strcpy(out + t.len, t.cut ? mark : "\"");
	return out;
}

void
log_fatal(int code, const char *message, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vlog("fatal", message, fmt, args);
	va_end(args);
	_exit(code);
}

static void say(const char *level, const char *message, const char *fmt, ...)
    MS_PRINTF(3, 4);

static void
say(const char *level, const char *message, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vlog(level, message, fmt, args);
	va_end(args);
}

void
log_panic(const char *file, int line, const char *what)
{
	say("panic", "this cannot be", "what=%s at=%s:%d", LOGQ(what), file,
	    line);
	abort();
}
