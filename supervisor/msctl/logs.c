/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `msctl logs`: msd says which file, the file is read here, so a worker's
 * words can be read while anything else is broken.  inotify on the directories
 * says that lines came or that a file was rotated.
 */
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/fd.h"
#include "supervisor/msctl/ctl_client.h"
#include "supervisor/msctl/log_file.h"
#include "supervisor/msctl/verbs.h"

#define LINES_DEFAULT 20u

struct logs {
	struct msctl *ctl;
	const struct args *args;
	struct json **replies; /* own the paths */
	struct log_file *files;
	size_t count;
	uint64_t lines;
	bool follow;
	int notify; /* inotify */
};

/* ---- following ------------------------------------------------------------ */

static bool
watch_directory(int notify, const char *path)
{
	char *copy = xstrdup(path);
	int watch = inotify_add_watch(notify, dirname(copy),
	    IN_MODIFY | IN_CREATE | IN_MOVED_TO);

	free(copy);
	return watch >= 0;
}

static int
watch_directories(struct logs *logs)
{
	logs->notify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	for (size_t i = 0; i < logs->count; i++)
		if (logs->notify < 0 ||
		    !watch_directory(logs->notify, logs->files[i].path))
			return ctl_fail(logs->ctl, "io", "cannot watch %s: %s",
			    logs->files[i].path, strerror(errno));
	return CTL_OK;
}

static int
follow(struct logs *logs)
{
	char events[16 * (sizeof(struct inotify_event) + NAME_MAX + 1)]
	    __attribute__((aligned(__alignof__(struct inotify_event))));
	int code = watch_directories(logs);

	if (code != CTL_OK)
		return code;
	for (;;) {
		struct pollfd p[] = {
			{ .fd = logs->notify, .events = POLLIN },
			{ .fd = STDOUT_FILENO, .events = 0 },
		};
		for (size_t i = 0; i < logs->count; i++)
			log_file_catch_up(&logs->files[i], ctl_write);
		if (poll(p, 2, -1) < 0 && errno != EINTR)
			return ctl_fail(logs->ctl, "io", "cannot wait: %s",
			    strerror(errno));
		if (p[1].revents & POLLERR)
			return CTL_OK; /* nobody reads our pipe any more */
		while (read(logs->notify, events, sizeof(events)) > 0)
			continue;
	}
}

/* ---- the files ------------------------------------------------------------ */

static int
print_file(struct logs *logs, size_t i, const char *path)
{
	int error;

	if (!path)
		return ctl_fail(logs->ctl, "not_found", "%s writes no log file",
		    logs->args->pos[i]);
	if (log_file_open(&logs->files[i], path, logs->lines, ctl_write))
		return CTL_OK;
	error = errno;
	if (error == ENOENT && logs->follow)
		return CTL_OK;
	return ctl_fail(logs->ctl,
	    error == EACCES       ? "permission"
		: error == ENOENT ? "not_found"
				  : "io",
	    "cannot read %s: %s", path,
	    error == ENOENT ? "it has not written anything yet"
			    : strerror(error));
}

static int
print_one(struct logs *logs, size_t i)
{
	int code = ctl_once(logs->ctl, ctl_request("logs", logs->args->pos[i]),
	    CTL_ANSWER_MS, &logs->replies[i]);

	if (code != CTL_OK)
		return code;
	if (!logs->ctl->json)
		return print_file(logs, i,
		    json_get_str(logs->replies[i], "path", NULL));
	ctl_write_reply(logs->replies[i]);
	return CTL_OK;
}

int
do_logs(struct msctl *ctl, const struct args *args)
{
	struct logs logs = { .ctl = ctl,
		.args = args,
		.count = args->pos_count,
		.follow = args_has(args, "follow"),
		.notify = -1 };
	int code = CTL_OK;

	if (!ctl_number(ctl, args, "lines", LINES_DEFAULT, &logs.lines))
		return CTL_USAGE;
	logs.replies = xcalloc(logs.count, sizeof(struct json *));
	logs.files = xcalloc(logs.count, sizeof(*logs.files));
	for (size_t i = 0; i < logs.count; i++)
		logs.files[i].fd = -1;
	for (size_t i = 0; i < logs.count && code == CTL_OK; i++)
		code = print_one(&logs, i);
	if (code == CTL_OK && logs.follow && !ctl->json)
		code = follow(&logs);
	for (size_t i = 0; i < logs.count; i++) {
		log_file_close(&logs.files[i]);
		json_free(&logs.replies[i]);
	}
	fd_close(&logs.notify);
	free(logs.files);
	free(logs.replies);
	return code;
}
