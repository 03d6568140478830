/* SPDX-License-Identifier: Apache-2.0 */
/* What another build of msd hands over by a re-exec: read as the rehearsal
 * does, taken or refused, never anything else. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "common/fd.h"
#include "supervisor/child/child.h"
#include "supervisor/ctl/ctl.h"
#include "supervisor/events.h"
#include "supervisor/log/logs.h"
#include "supervisor/msd.h"
#include "supervisor/state/state_tree.h"
#include "supervisor/tree/steps.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

/* Nothing of it is real: no path of it may be touched at the end. */
static void
forget_all(struct msd *msd)
{
	for (size_t i = 0; i < msd->tree.child_count; i++)
		msd->tree.children[i]->cgroup_dirs = 0;
	free(msd->socket_path);
	msd->socket_path = strdup("");
	ctl_close(&msd->ctl);
	tree_fini(&msd->tree);
	spec_drop(&msd->spec);
	msd_free_words(msd);
	logs_free(&msd->logs);
	events_free(&msd->events);
	loop_free(&msd->loop);
	free(msd->socket_path);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct state_in in = { .rehearsal = true };
	struct msd msd = { .cwd = "/", .pid = 1, .dice = 1 };
	struct why why;
	int fd = memfd_create("state", MFD_CLOEXEC);

	if (fd < 0 || fd_write_all(fd, bytes, n, &why) != MS_OK)
		abort();
	msd.loop = loop_new();
	msd.events = events_new();
	msd.logs = logs_new(&msd);
	if (state_in_read(&in, fd)) {
		logs_load(msd.logs, &in);
		tree_load(&msd, &in);
	}
	if (!in.failed)
		msd.ctl = ctl_load(&msd, &in);
	forget_all(&msd);
	state_in_fini(&in);
	fd_close(&fd);
	return 0;
}
