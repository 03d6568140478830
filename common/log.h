/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One fact per line on stderr: `level message key=value ...`.  Time and worker
 * name are stamped by whoever collects the line; a process that nobody
 * collects (log_init with stamp) stamps its own.  A value with blanks, quotes
 * or controls is quoted.  Thread-safe: one write(2) per line, at most 4 KiB.
 */
#ifndef COMMON_LOG_H
#define COMMON_LOG_H

#include <stdbool.h>

#include "common/defs.h"

enum log_level {
	LOG_DEBUG,
	LOG_INFO,
	LOG_WARN,
	LOG_ERROR
};

void log_init(const char *program, bool stamp, enum log_level threshold);
void log_set_level(enum log_level threshold);
bool log_parse_level(const char *text, enum log_level *level_r);
/* Redirects to fd (already open, append); the old one is not closed. */
void log_to_fd(int fd);

/*
 * The message says the fact; pairs follow as printf text made of key=value,
 * e.g. log_info("child exited", "name=%s pid=%d", name, pid).  Use LOGQ() for
 * text that may hold blanks: log_warn("bad key", "key=%s", LOGQ(text)).
 * Without pairs fmt is NULL: log_info("ready", NULL).  errno is kept.
 */
void log_at(enum log_level level, const char *message, const char *fmt, ...)
    MS_PRINTF(3, 4);
#define log_debug(...) log_at(LOG_DEBUG, __VA_ARGS__)
#define log_info(...)  log_at(LOG_INFO, __VA_ARGS__)
#define log_warn(...)  log_at(LOG_WARN, __VA_ARGS__)
#define log_error(...) log_at(LOG_ERROR, __VA_ARGS__)

/* Quotes when needed into one of 8 rotating thread-local buffers of 512 B. */
const char *log_quote(const char *text);
#define LOGQ(text) log_quote(text)

/* The world is unfit: last line, then _exit(code).  Only in main and start. */
void log_fatal(int code, const char *message, const char *fmt, ...)
    MS_PRINTF(3, 4) MS_NORETURN;
/* Our bug: last line, then abort().  Always compiled in. */
void log_panic(const char *file, int line, const char *what) MS_NORETURN;
#define ms_assert(cond) \
	((cond) ? (void)0 : log_panic(__FILE__, __LINE__, #cond))

#endif
