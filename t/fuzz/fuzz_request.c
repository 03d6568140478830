/* SPDX-License-Identifier: Apache-2.0 */
/* What clients send to the control socket: every line is answered or hung up
 * on.  The loop is not run, so an order marks the tree and starts nothing. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "supervisor/child/child.h"
#include "supervisor/ctl/ctl_impl.h"
#include "supervisor/events.h"
#include "supervisor/log/logs.h"
#include "supervisor/msd.h"
#include "supervisor/tree/steps.h"
#include "supervisor/upstream.h"

#define CONF                                                           \
	"[msd]\nrun_dir = /nowhere\nlog_dir = /nowhere\n"              \
	"[supervisor s]\nstrategy = one_for_all\n"                     \
	"[worker a]\ncommand = x\n"                                    \
	"[worker b]\nsupervisor = s\nrequires = a\ncommand = y\n"      \
	"[template t]\nsupervisor = s\nwants = b\ncommand = z\n"       \
	"[worker c]\ncommand = x\nrestart = temporary\n"               \
	"[supervisor o]\nauto_shutdown = any_significant\n"            \
	"[worker d]\nsupervisor = o\ncommand = x\nsignificant = yes\n" \
	"restart = transient\n"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static struct spec *
make_spec(void)
{
	struct conf_errors errors;
	struct spec *spec;

	conf_errors_init(&errors);
	spec = spec_make("/nowhere/ms.conf", "/",
	    conf_read_text("fuzz", slice_of(CONF), NULL, &errors), &errors);
	conf_errors_fini(&errors);
	return spec;
}

static void
on_advance(struct loop_task *task)
{
	(void)task; /* here it ends */
}

static void
open_msd(struct msd *msd)
{
	*msd = (struct msd){ .cwd = "/", .pid = 1, .dice = 1, .booted = true };
	msd->loop = loop_new();
	msd->advance.run = on_advance;
	msd->events = events_new();
	msd->logs = logs_new(msd);
	msd->upstream = upstream_new(msd);
	msd->spec = make_spec();
	msd->socket_path = strdup("");
	tree_apply(msd, &msd->tree, msd->spec, false);
	msd->ctl = ctl_new(msd, socket(AF_UNIX, SOCK_STREAM, 0));
}

static void
close_msd(struct msd *msd)
{
	ctl_close(&msd->ctl);
	tree_fini(&msd->tree);
	spec_drop(&msd->spec);
	msd_free_words(msd);
	upstream_free(&msd->upstream);
	logs_free(&msd->logs);
	events_free(&msd->events);
	loop_free(&msd->loop);
	free(msd->socket_path);
}

/* These do something at once. */
static bool
is_real(struct slice line)
{
	return memmem(line.ptr, line.len, "reexec", 6) ||
	    memmem(line.ptr, line.len, "shutdown", 8) ||
	    memmem(line.ptr, line.len, "check", 5) ||
	    memmem(line.ptr, line.len, "\\u", 2);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct slice rest = { (const char *)bytes, n }, line;
	struct ctl_client *client;
	struct msd msd;
	int ends[2];

	open_msd(&msd);
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0)
		abort();
	client = ctl_client_new(msd.ctl, ends[0], true);
	while (slice_cut(&rest, '\n', &line) && !client->dead) {
		size_t before = client->out.len;

		if (is_real(line) || slice_trim(line).len == 0)
			continue;
		ctl_run_line(client, line);
		if (!client->dead && client->waits == 0 &&
		    client->out.len == before && !client->out.failed)
			abort(); /* no answer */
	}
	close_msd(&msd);
	close(ends[1]);
	return 0;
}
