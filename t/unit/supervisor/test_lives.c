/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/metrics.h"
#include "supervisor/metrics/lives.h"
#include "t/lib/unit.h"

#define BEGUN_NS 12345

static struct segments segments;
static struct lives lives;
static char dir[] = "/tmp/ms-lives-XXXXXX";

static void
path_of(const char *name, char path[static 64])
{
	snprintf(path, 64, "%s/%s", dir, name);
}

static void
make_file(const char *name)
{
	char path[64];
	int fd;

	path_of(name, path);
	fd = open(path, O_RDWR | O_CREAT, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, METRICS_SEGMENT_BYTES), 0);
	close(fd);
}

/* This process counts in the file. */
static void
live_in(const char *name)
{
	char path[64];

	path_of(name, path);
	make_file(name);
	metrics_detach();
	ck_assert_int_eq(metrics_attach(path, NULL), MS_OK);
	metrics_life_begin(1, BEGUN_NS);
	metrics_life_phase(LIFE_READY);
}

static bool
sees(const char *name, pid_t pid)
{
	struct metrics_life life;

	return lives_read(&lives, &segments, name, pid, &life) &&
	    life.started_ns == BEGUN_NS && life.phase == LIFE_READY;
}

static void
begin(void)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
	segments = (struct segments){ .dir = dir,
		.dir_fd = open(dir, O_RDONLY | O_DIRECTORY) };
	ck_assert_int_ge(segments.dir_fd, 0);
}

static void
end(const char *name)
{
	char path[64];

	lives_close(&lives);
	metrics_detach();
	path_of(name, path);
	unlink(path);
	rmdir(dir);
	close(segments.dir_fd);
}

START_TEST(a_life_is_read_again_and_again)
{
	begin();
	live_in("w");
	for (unsigned i = 0; i < 3; i++)
		ck_assert(sees("w", getpid()));
	end("w");
}
END_TEST

START_TEST(another_process_s_life_is_not_taken_for_ours)
{
	begin();
	live_in("w");
	ck_assert(!sees("w", getpid() + 1));
	ck_assert(sees("w", getpid()));
	ck_assert(!sees("w", getpid() + 1));
	end("w");
}
END_TEST

START_TEST(a_file_that_was_made_anew_is_opened_anew)
{
	char path[64];

	begin();
	live_in("w");
	ck_assert(sees("w", getpid()));
	path_of("w", path);
	ck_assert_int_eq(unlink(path), 0);
	/* the old file still says so: a removed worker is to be forgotten */
	lives_forget(&lives, "w");
	ck_assert(!sees("w", getpid()));
	live_in("w");
	ck_assert(sees("w", getpid()));
	end("w");
}
END_TEST

START_TEST(who_says_nothing_has_no_life)
{
	begin();
	ck_assert(!sees("w", getpid())); /* no file */
	make_file("w");
	ck_assert(!sees("w", getpid())); /* nobody has written */
	segments.dir_fd = -1;
	ck_assert(!sees("w", getpid()));
	segments.dir_fd = open(dir, O_RDONLY | O_DIRECTORY);
	end("w");
}
END_TEST

UNIT(lives, a_life_is_read_again_and_again,
    another_process_s_life_is_not_taken_for_ours,
    a_file_that_was_made_anew_is_opened_anew, who_says_nothing_has_no_life)
