/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor/metrics/segments.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/fd.h"
#include "common/log.h"
#include "common/metrics.h"
#include "proto/contract.h"
#include "supervisor/tree/tree.h"

#define DIR_MODE 0755

static void
warn_once(struct segments *segments, const char *what, const char *name)
{
	if (!segments->warned)
		log_warn("workers run without metrics",
		    "cannot=%s path=%s/%s error=%s", what, segments->dir, name,
		    LOGQ(strerror(errno)));
	segments->warned = true;
}

void
segments_open(struct segments *segments, const struct msd_conf *conf)
{
	struct why why = { "" };

	*segments = (struct segments){ .dir_fd = -1,
		.dir = xasprintf("%s/" METRICS_DIR, conf->run_dir),
		/* who may ask msd may read the numbers */
		.mode = conf->control_group ? 0644 : 0640 };
	if (dir_make(segments->dir, DIR_MODE, &why) == MS_OK)
		segments->dir_fd =
		    open(segments->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (segments->dir_fd < 0)
		warn_once(segments, "open", "");
}

void
segments_close(struct segments *segments)
{
	if (!segments->dir)
		return;
	fd_close(&segments->dir_fd);
	free(segments->dir);
	segments->dir = NULL;
}

/* False with errno.  A worker may write in its file, not beside it: what is
 * no plain file was put there by somebody who may do anything. */
static bool
settle(int fd, mode_t mode, uid_t uid, gid_t gid)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return false;
	if (!S_ISREG(st.st_mode)) {
		errno = EEXIST;
		return false;
	}
	if ((st.st_uid != uid || st.st_gid != gid) && fchown(fd, uid, gid) < 0)
		return false;
	if ((st.st_mode & 07777) != mode && fchmod(fd, mode) < 0)
		return false;
	return st.st_size == METRICS_SEGMENT_BYTES ||
	    ftruncate(fd, METRICS_SEGMENT_BYTES) == 0;
}

bool
segments_make(struct segments *segments, const char *name, uid_t uid, gid_t gid)
{
	bool ok;
	int fd;

	if (segments->dir_fd < 0)
		return false;
	fd = openat(segments->dir_fd, name,
	    O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
	    segments->mode);
	ok = fd >= 0 && settle(fd, segments->mode, uid, gid);
	fd_close(&fd);
	if (!ok)
		warn_once(segments, "make", name);
	else
		segments->warned = false;
	return ok;
}

void
segments_remove(struct segments *segments, const char *name)
{
	if (segments->dir_fd >= 0)
		unlinkat(segments->dir_fd, name, 0);
}

void
segments_tidy(struct segments *segments, const struct tree *tree)
{
	DIR *dir = segments->dir_fd < 0 ? NULL : opendir(segments->dir);
	const struct dirent *entry;

	if (!dir)
		return;
	while ((entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.' &&
		    strcmp(entry->d_name, METRICS_MSD) != 0 &&
		    !tree_find_child(tree, entry->d_name))
			segments_remove(segments, entry->d_name);
	closedir(dir);
}
