/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names, files and the sparse index of segments.  An entry per 64 KiB of log
 * keeps a full log of 4 GiB at 1 MiB of index; the walk from an entry to the
 * batch wanted stays inside one read.
 */
#include "workers/bus/segment.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/fd.h"
#include "common/str.h"

#define NAME_DIGITS 20
#define NAME_SUFFIX ".log"

char *
segment_name(uint64_t first_seq, char out[static SEGMENT_NAME_BYTES])
{
	snprintf(out, SEGMENT_NAME_BYTES, "%020" PRIu64 NAME_SUFFIX, first_seq);
	return out;
}

bool
segment_name_parse(const char *name, uint64_t *first_seq_r)
{
	if (strlen(name) != NAME_DIGITS + strlen(NAME_SUFFIX) ||
	    strcmp(name + NAME_DIGITS, NAME_SUFFIX) != 0)
		return false;
	for (int i = 0; i < NAME_DIGITS; i++) {
		if (name[i] < '0' || name[i] > '9')
			return false;
	}
	return parse_u64((struct slice){ name, NAME_DIGITS }, first_seq_r) &&
	    *first_seq_r > 0 && *first_seq_r <= SEQUENCE_MAX;
}

struct segment *
segment_new(uint64_t first_seq)
{
	struct segment *s = xcalloc(1, sizeof(*s));

	s->first_seq = first_seq;
	s->last_seq = first_seq - 1;
	s->fd = -1;
	return s;
}

void
segment_free(struct segment **segment)
{
	struct segment *s = *segment;

	if (!s)
		return;
	*segment = NULL;
	fd_close(&s->fd);
	free(s->index);
	free(s->holes);
	free(s);
}

bool
segment_allocate(int fd, uint64_t bytes)
{
	int err = 0;

	do
		err = fallocate(fd, 0, 0, (off_t)bytes) < 0 ? errno : 0;
	while (err == EINTR);
	errno = err;
	return err != ENOSPC && err != EDQUOT && err != EFBIG;
}

enum ms_err
segment_create(int dir, uint64_t first_seq, uint64_t bytes,
    struct segment **segment_r, struct why *why)
{
	char name[SEGMENT_NAME_BYTES];
	struct segment *s;
	int fd;

	fd = openat(dir, segment_name(first_seq, name),
	    O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
	if (fd < 0)
		return why_set(why, MS_ESTORAGE, "cannot create %s: %s", name,
		    strerror(errno));
	if (!segment_allocate(fd, bytes)) {
		why_set(why, MS_ESTORAGE, "no room for %s: %s", name,
		    strerror(errno));
		fd_close(&fd);
		unlinkat(dir, name, 0);
		return MS_ESTORAGE;
	}
	s = segment_new(first_seq);
	s->fd = fd;
	s->file_bytes = bytes;
	*segment_r = s;
	return MS_OK;
}

bool
segment_is_empty(const struct segment *s)
{
	return s->last_seq < s->first_seq;
}

void
segment_note(struct segment *s, uint64_t offset, const struct batch_head *head,
    bool forced)
{
	const struct index_entry *last =
	    s->index_len ? &s->index[s->index_len - 1] : NULL;

	if (!last || forced || offset - last->offset >= SEGMENT_INDEX_BYTES) {
		if (s->index_len == s->index_cap) {
			s->index_cap = s->index_cap ? s->index_cap * 2 : 16;
			s->index = xreallocarray(s->index, s->index_cap,
			    sizeof(*s->index));
		}
		s->index[s->index_len++] =
		    (struct index_entry){ offset, head->base_seq };
	}
	s->last_seq = head->base_seq + head->count - 1;
	s->last_ts_ns = head->last_ts_ns;
	s->bytes = offset + BATCH_HEADER_BYTES + head->body_bytes;
	if (s->file_bytes < s->bytes)
		s->file_bytes = s->bytes;
}

uint64_t
segment_seek(const struct segment *s, uint64_t seq)
{
	size_t low = 0, high = s->index_len;

	while (high - low > 1) {
		size_t mid = low + (high - low) / 2;

		if (s->index[mid].seq <= seq)
			low = mid;
		else
			high = mid;
	}
	return s->index_len ? s->index[low].offset : 0;
}

void
segment_hole_add(struct segment *s, uint64_t from, uint64_t to)
{
	s->holes =
	    xreallocarray(s->holes, s->hole_count + 1, sizeof(*s->holes));
	s->holes[s->hole_count++] = (struct hole){ from, to };
}

uint64_t
segment_hole_end(const struct segment *s, uint64_t offset)
{
	for (size_t i = 0; i < s->hole_count; i++) {
		if (s->holes[i].from == offset)
			return s->holes[i].to;
	}
	return offset;
}

void
segment_cut(struct segment *s, uint64_t offset, uint64_t last_seq,
    int64_t last_ts_ns)
{
	while (s->index_len > 0 && s->index[s->index_len - 1].offset >= offset)
		s->index_len--;
	while (s->hole_count > 0 && s->holes[s->hole_count - 1].to > offset)
		s->hole_count--;
	s->bytes = offset;
	s->file_bytes = offset;
	s->last_seq = last_seq >= s->first_seq ? last_seq : s->first_seq - 1;
	s->last_ts_ns = last_ts_ns;
}
