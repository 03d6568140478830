/* SPDX-License-Identifier: Apache-2.0 */
/* Mapping, cutting into lines, and the first of two passes: judging. */
#include "supervisor/msctl/event_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "proto/cloudevent.h"

#define READ_BYTES       (1u << 20)
#define LINE_ARENA_BYTES (16u << 20)

static const struct envelope_limits limits = {
	.payload_bytes = ENVELOPE_PAYLOAD_CEILING,
	.header_bytes = ENVELOPE_HEADER_BYTES_MAX,
};

/* ---- the bytes ------------------------------------------------------------ */

static enum ms_err
read_all(int fd, struct event_file *file, struct why *why)
{
	ssize_t n;

	file->copy.limit_bytes = EVENT_STDIN_BYTES_MAX + READ_BYTES;
	do
		n = fd_read_some(fd, &file->copy, READ_BYTES);
	while ((n > 0 && file->copy.len <= EVENT_STDIN_BYTES_MAX) ||
	    (n < 0 && errno == EINTR));
	if (file->copy.len > EVENT_STDIN_BYTES_MAX ||
	    (n < 0 && errno == ENOBUFS))
		return why_set(why, MS_ETOOBIG,
		    "%s: more than 64 MiB; put the events into a file and use "
		    "--file",
		    file->name);
	if (n < 0)
		return why_set(why, MS_EIO, "%s: %s", file->name,
		    strerror(errno));
	file->bytes = buf_slice(&file->copy);
	return MS_OK;
}

static enum ms_err
map_all(int fd, size_t bytes, struct event_file *file, struct why *why)
{
	void *map;

	if (bytes == 0)
		return MS_OK;
	map = mmap(NULL, bytes, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		return why_set(why, MS_EIO, "%s: %s", file->name,
		    strerror(errno));
	(void)madvise(map, bytes, MADV_SEQUENTIAL);
	file->map = map;
	file->bytes = (struct slice){ map, bytes };
	return MS_OK;
}

enum ms_err
event_file_open(const char *path, struct event_file *file_r, struct why *why)
{
	bool is_stdin = strcmp(path, "-") == 0;
	int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	enum ms_err err;

	*file_r = (struct event_file){ .name = is_stdin ? "stdin" : path };
	if (fd < 0 || fstat(fd, &st) != 0)
		return why_set(why,
		    errno == ENOENT       ? MS_ENOTFOUND
			: errno == EACCES ? MS_EPERM
					  : MS_EIO,
		    "%s: %s", path, strerror(errno));
	if (S_ISREG(st.st_mode) && !is_stdin)
		err = map_all(fd, (size_t)st.st_size, file_r, why);
	else
		err = read_all(fd, file_r, why);
	if (!is_stdin)
		fd_close(&fd);
	return err;
}

void
event_file_of(const char *name, struct slice bytes, struct event_file *file_r)
{
	*file_r = (struct event_file){ .name = name, .bytes = bytes };
}

void
event_file_close(struct event_file *file)
{
	if (file->map)
		munmap(file->map, file->bytes.len);
	buf_fini(&file->copy);
	*file = (struct event_file){ NULL };
}

/* ---- lines ---------------------------------------------------------------- */

struct event_lines
event_lines_of(const struct event_file *file)
{
	return (struct event_lines){ .rest = file->bytes };
}

bool
event_lines_next(struct event_lines *lines, struct slice *line_r)
{
	while (slice_cut(&lines->rest, '\n', line_r)) {
		lines->number++;
		*line_r = slice_trim(*line_r);
		if (line_r->len)
			return true;
	}
	return false;
}

/* ---- judging -------------------------------------------------------------- */

/* Encoding finds what only the frame's limits forbid. */
static enum ms_err
check_line(struct slice line, const struct envelope *defaults,
    struct arena *arena, struct buf *scratch, struct why *why)
{
	struct envelope event;
	enum ms_err err = cloudevent_parse(line, defaults, arena, &event, why);

	if (err != MS_OK)
		return err;
	if (event.id_text.len == 0)
		event.id.byte[0] |=
		    1; /* the real one is made when it is sent */
	buf_reset(scratch);
	err = envelope_encode(&event, &limits, scratch, why);
	if (err == MS_OK && scratch->failed)
		err = why_set(why, MS_ENOMEM, "out of memory");
	return err;
}

struct event_check
event_file_check(const struct event_file *file, const struct envelope *defaults,
    struct buf *report)
{
	struct event_lines lines = event_lines_of(file);
	struct event_check check = { 0, 0 };
	struct buf scratch = { 0 };
	struct slice line;
	struct arena arena;

	arena_init(&arena, LINE_ARENA_BYTES);
	while (event_lines_next(&lines, &line)) {
		struct why why = { "" };
		enum ms_err err =
		    check_line(line, defaults, &arena, &scratch, &why);
		arena_reset(&arena);
		check.events++;
		if (err == MS_OK)
			continue;
		if (check.bad++ < EVENT_FILE_REPORT_MAX)
			buf_printf(report, "%s:%" PRIu64 ": %s\n", file->name,
			    lines.number,
			    why.text[0] ? why.text : ms_strerr(err));
	}
	arena_fini(&arena);
	buf_fini(&scratch);
	return check;
}
