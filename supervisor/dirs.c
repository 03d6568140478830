/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor/dirs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/fd.h"
#include "supervisor/launch/launch_user.h"

#define DIR_MODE   0755 /* users of the sockets must get there */
#define PATH_BYTES 4096

static bool
make_dir(const struct msd_conf *conf, const char *path, struct why *why)
{
	uid_t uid = (uid_t)-1;
	gid_t gid = (gid_t)-1;

	if (dir_make(path, DIR_MODE, why) != MS_OK)
		return false;
	if (conf->user)
		user_find(conf->user, &uid);
	if (conf->group)
		group_find(conf->group, &gid);
	if ((conf->user || conf->group) && chown(path, uid, gid) < 0) {
		why_set(why, MS_EIO, "cannot give %s away: %s", path,
		    strerror(errno));
		return false;
	}
	return true;
}

bool
dirs_make(const struct msd_conf *conf, struct why *why)
{
	return make_dir(conf, conf->run_dir, why) &&
	    make_dir(conf, conf->log_dir, why) &&
	    make_dir(conf, conf->state_dir, why);
}

static char *
running_program(void)
{
	char path[PATH_BYTES];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (n <= 0)
		return NULL;
	path[n] = '\0';
	return xstrdup(path);
}

char *
dirs_self(const char *argv0, const char *cwd)
{
	char *path = NULL;

	if (argv0 && strchr(argv0, '/'))
		path = argv0[0] == '/' ? xstrdup(argv0)
				       : xasprintf("%s/%s", cwd, argv0);
	if (path && access(path, X_OK) == 0)
		return path;
	free(path);
	return running_program();
}

char *
dirs_lib(const struct msd_conf *conf)
{
	char *path;

	if (conf->lib_dir)
		return xstrdup(conf->lib_dir);
	path = running_program();
	if (path)
		*strrchr(path, '/') = '\0';
	return path;
}
