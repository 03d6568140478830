/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A log made of any bytes: recovery, reading, writing on, recovery again.
 * The first byte chooses: 1 = go on behind damage, 2 = checksums of the
 * batches are made right first, 4 = MANIFEST is there (its claims in byte 2).
 * Whatever the bytes are, what a start has accepted the next one accepts.
 */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/crc32c.h"
#include "common/fd.h"
#include "common/log.h"
#include "proto/batch.h"
#include "proto/envelope.h"
#include "workers/bus/cursors.h"
#include "workers/bus/journal_read.h"

#define FIRST_SEGMENT "00000000000000000001.log"
#define SEGMENT_BYTES 65536u

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static char dir[PATH_MAX];
static struct loop *loop;
static struct workq *workq;

#define must(cond) must_at(cond, #cond, __LINE__)
static void
must_at(bool holds, const char *text, int line)
{
	if (holds)
		return;
	fprintf(stderr, "line %d does not hold: %s\n", line, text);
	abort();
}

static void
remove_all(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *entry;
	char file[PATH_MAX];

	while (d && (entry = readdir(d))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(file, sizeof(file), "%.2000s/%.255s", path,
		    entry->d_name);
		if (unlink(file) < 0) {
			remove_all(file);
			rmdir(file);
		}
	}
	if (d)
		closedir(d);
}

static void
at_end(void)
{
	remove_all(dir);
	rmdir(dir);
	workq_free(&workq, 1000);
	loop_free(&loop);
}

static void
prepare(void)
{
	struct workq_limits limits[WORKQ_KINDS];

	if (loop)
		return;
	loop = loop_new();
	workq_limits_here(NULL, limits);
	workq = workq_new(loop, limits);
	strcpy(dir,
	    access("/dev/shm", W_OK) == 0 ? "/dev/shm/ms-fuzz.XXXXXX"
					  : "/tmp/ms-fuzz.XXXXXX");
	must(mkdtemp(dir) != NULL);
	log_set_level(LOG_ERROR);
	atexit(at_end);
}

static void
put(const char *name, struct slice bytes)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%.2000s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	must(fd >= 0 && !fd_write_all(fd, bytes.ptr, bytes.len, NULL));
	fd_close(&fd);
}

/* Makes the checksums right, batch by batch, so that lengths, sequences and
 * chains are what is tried. */
static void
seal(unsigned char *at, size_t n)
{
	uint32_t prev = 0;

	while (n >= BATCH_HEADER_BYTES) {
		struct batch_head head = { .body_bytes = get_u32(at + 8) %
			    (uint32_t)(n - BATCH_HEADER_BYTES + 1) / 8 * 8,
			.count = get_u32(at + 12),
			.base_seq = get_u64(at + 16),
			.prev_batch_crc = at[40] ? get_u32(at + 40) : prev,
			.synced_upto = get_u64(at + 48),
			.log_epoch = get_u32(at + 56) };

		head.body_crc =
		    crc32c(0, at + BATCH_HEADER_BYTES, head.body_bytes);
		batch_head_put(at, &head);
		prev = head.header_crc;
		at += BATCH_HEADER_BYTES + head.body_bytes;
		n -= BATCH_HEADER_BYTES + head.body_bytes;
	}
}

static int
no_sync(int fd)
{
	(void)fd;
	return 0;
}

static enum ms_err
open_journal(bool isolate, struct journal **j)
{
	static struct journal_recovery recovery;
	struct journal_options options = { .dir = dir,
		.workq = workq,
		.limits = { .segment_bytes = SEGMENT_BYTES,
		    .sync_interval_ms = 10000,
		    .retention_bytes = UINT64_MAX,
		    .retention_age_ms = DURATION_INFINITY },
		.isolate = isolate,
		.sync = no_sync };
	struct why why;
	enum ms_err err = journal_open(loop, &options, j, &recovery, &why);

	must(err == MS_OK || *why.text);
	must(err != MS_ECORRUPT || recovery.lost_count > 0);
	return err;
}

/* Sequences rise, frames are inside of what was read. */
static uint64_t
walk_all(struct journal *j)
{
	struct journal_walk walk = journal_walk_from(j, 0);
	struct slice frame;
	uint64_t seq, last = 0, count = 0;

	while (journal_walk_next(&walk, &frame, &seq, NULL) == MS_OK) {
		must(seq > last || count == 0);
		must(frame.len > 0);
		last = seq;
		count++;
	}
	return count;
}

static bool
append(struct journal *j)
{
	struct buf frame = { 0 };
	struct why why;
	bool done;

	must(!envelope_encode(&(struct envelope){ .type = SLICE_LIT("t"),
				  .source = SLICE_LIT("/s"),
				  .subject = SLICE_LIT("a.b"),
				  .id_text = SLICE_LIT("i") },
	    &envelope_limits_default, &frame, NULL));
	done = !journal_reserve(j, frame.len + 8, 1, &why);
	if (done) {
		journal_add(j, buf_slice(&frame));
		must(!journal_commit(j, &why));
	}
	buf_fini(&frame);
	return done;
}

static void
try_log(bool isolate)
{
	struct journal *j = NULL;
	uint64_t count;

	if (open_journal(isolate, &j))
		return;
	count = walk_all(j);
	count += append(j);
	must(walk_all(j) == count);
	journal_close(&j);
	must(!open_journal(false, &j));
	must(walk_all(j) == count);
	journal_close(&j);
}

static void
try_cursors(struct slice bytes)
{
	size_t total = 0;
	struct consumer *c = cursor_decode(bytes, &total);

	must(!c || total <= bytes.len);
	consumer_free(&c);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct manifest claims = { 0 };
	struct buf text = { 0 };
	unsigned char *copy;

	if (n < 2)
		return 0;
	prepare();
	remove_all(dir);
	copy = malloc(n - 1);
	memcpy(copy, bytes + 2, n - 2);
	if (bytes[0] & 2)
		seal(copy, n - 2);
	put(FIRST_SEGMENT, (struct slice){ (char *)copy, n - 2 });
	if (bytes[0] & 4) {
		claims.synced_seq = bytes[1] & 15;
		claims.verified_seq = bytes[1] >> 4;
		manifest_print(&claims, &text);
		put("MANIFEST", buf_slice(&text));
		buf_fini(&text);
	}
	try_log(bytes[0] & 1);
	try_cursors((struct slice){ (char *)copy, n - 2 });
	free(copy);
	return 0;
}
