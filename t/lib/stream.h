/* SPDX-License-Identifier: Apache-2.0 */
/* A connection to msd's control socket for programs that measure: any
 * trouble ends the program. */
#ifndef T_LIB_STREAM_H
#define T_LIB_STREAM_H

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "common/fd.h"
#include "common/json.h"
#include "common/log.h"
#include "common/mono.h"
#include "common/sock.h"

#define STREAM_WAIT_MS 60000

struct stream {
	int fd;
	struct buf in;
	size_t off;
};

static inline struct stream
stream_dial(const char *path)
{
	struct stream s = { 0 };
	struct why why;

	if (sock_dial_unix(path, &s.fd, &why) != MS_OK)
		log_fatal(1, "cannot dial", "reason=%s", LOGQ(why.text));
	return s;
}

static inline void
stream_close(struct stream *s)
{
	fd_close(&s->fd);
	buf_fini(&s->in);
}

static inline void
stream_say(struct stream *s, const char *line)
{
	if (fd_write_all(s->fd, line, strlen(line), NULL) != MS_OK)
		log_fatal(1, "cannot ask", "line=%s", LOGQ(line));
}

/* The next line; valid until the next call. */
static inline struct slice
stream_line(struct stream *s)
{
	struct pollfd p = { .fd = s->fd, .events = POLLIN };
	struct slice line;

	while (!buf_line(&s->in, &s->off, &line)) {
		buf_drop(&s->in, s->off);
		s->off = 0;
		if (poll(&p, 1, STREAM_WAIT_MS) != 1)
			log_fatal(1, "no answer", "wait_ms=%d", STREAM_WAIT_MS);
		if (fd_read_some(s->fd, &s->in, 1 << 16) <= 0 &&
		    errno != EAGAIN)
			log_fatal(1, "connection lost", NULL);
	}
	return line;
}

static inline struct json *
stream_hear(struct stream *s)
{
	struct json *answer;

	if (json_parse(stream_line(s), &answer, NULL) != MS_OK)
		log_fatal(1, "bad answer", NULL);
	return answer;
}

#endif
