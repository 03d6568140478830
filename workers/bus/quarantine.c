/* SPDX-License-Identifier: Apache-2.0 */
/* Copies of damaged or cut parts of the log.  Zeros (space allocated ahead)
 * stay holes, so a copy is as small as what was written. */
#include "workers/bus/quarantine.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/log.h"

#define COPY_BYTES 65536u

static bool
is_zero(struct slice bytes)
{
	return bytes.len == 0 ||
	    (bytes.ptr[0] == 0 &&
		memcmp(bytes.ptr, bytes.ptr + 1, bytes.len - 1) == 0);
}

/* Copies [from, end) of the file at their places; zeros stay holes. */
static enum ms_err
copy_bytes(int in, int out, uint64_t from, struct why *why)
{
	char chunk[COPY_BYTES];
	off_t at = (off_t)from;

	while ((at = lseek(in, at, SEEK_DATA)) >= 0) {
		ssize_t n = pread(in, chunk, sizeof(chunk), at);
		struct slice part = { chunk, n > 0 ? (size_t)n : 0 };
		enum ms_err err;

		if (n <= 0)
			break;
		if (!is_zero(part)) {
			err = fd_pwritev_all(out, &part, 1, at - (off_t)from,
			    why);
			if (err)
				return err;
		}
		at += n;
	}
	if (fsync(out) < 0)
		return why_set(why, MS_EIO, "cannot sync the copy: %s",
		    strerror(errno));
	return MS_OK;
}

enum ms_err
quarantine_copy(int dir, const struct segment *s, uint64_t offset,
    uint32_t epoch, const char *kind, struct why *why)
{
	char name[SEGMENT_NAME_BYTES], path[128];
	enum ms_err err;
	int in, out;

	if (mkdirat(dir, QUARANTINE_DIR, 0750) < 0 && errno != EEXIST)
		return why_set(why, MS_EIO,
		    "cannot make " QUARANTINE_DIR ": %s", strerror(errno));
	segment_name(s->first_seq, name);
	snprintf(path, sizeof(path),
	    QUARANTINE_DIR "/%s.%" PRIu64 ".%" PRIu32 ".%s", name, offset,
	    epoch, kind);
	out = openat(dir, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
	if (out < 0 && errno == EEXIST)
		return MS_OK;
	in = openat(dir, name, O_RDONLY | O_CLOEXEC);
	if (in < 0 || out < 0)
		err = why_set(why, MS_EIO, "cannot copy to %s: %s", path,
		    strerror(errno));
	else
		err = copy_bytes(in, out, offset, why);
	fd_close(&in);
	fd_close(&out);
	return err;
}

uint32_t
quarantine_count(int dir)
{
	int fd =
	    openat(dir, QUARANTINE_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *copies = fd >= 0 ? fdopendir(fd) : NULL;
	uint32_t count = 0;

	if (!copies) {
		fd_close(&fd);
		return 0;
	}
	for (struct dirent *e; (e = readdir(copies));)
		count +=
		    e->d_name[0] != '.' && strcmp(e->d_name, "REPORT") != 0;
	closedir(copies);
	return count;
}

void
quarantine_report(const char *path, const struct journal_recovery *report)
{
	struct buf text = { 0 };
	char file[PATH_MAX];
	struct why why;

	for (size_t i = 0; i < report->lost_count; i++)
		buf_printf(&text,
		    "damaged sequences %" PRIu64 "..%" PRIu64 "\n",
		    report->lost[i].first, report->lost[i].last);
	snprintf(file, sizeof(file), "%s/" QUARANTINE_DIR "/REPORT", path);
	if (file_replace(file, buf_slice(&text), 0640, &why))
		log_warn("cannot write the report", "error=%s", LOGQ(why.text));
	buf_fini(&text);
}
