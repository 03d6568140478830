/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "common/alloc.h"
#include "common/fd.h"
#include "supervisor/child/child.h"
#include "supervisor/events.h"
#include "supervisor/log/logs.h"
#include "supervisor/msd.h"
#include "supervisor/state/state_tree.h"
#include "supervisor/tree/steps.h"
#include "t/lib/unit.h"

#define HEAD "{\"what\":\"state\",\"schema\":1}\n"
#define CONF                                                           \
	"[supervisor core]\nstrategy = rest_for_one\n"                 \
	"[worker a]\nsupervisor = core\ncommand = x \"one two\" $$3\n" \
	"env = A=1\nenv = B=2\nwatchdog = phi:8\n"                     \
	"[worker b]\nsupervisor = core\nrequires = a\ncommand = y\n"   \
	"[template t]\ncommand = z\n"

static struct conf *
read_conf(const char *text)
{
	struct conf_errors errors;
	struct conf *conf;

	conf_errors_init(&errors);
	conf = conf_read_text("test", slice_of(text), NULL, &errors);
	ck_assert_uint_eq(errors.count, 0);
	conf_errors_fini(&errors);
	return conf;
}

static struct spec *
make_spec(const char *text, bool worker)
{
	struct conf_errors errors;
	struct spec *spec;

	conf_errors_init(&errors);
	spec = worker ? spec_make_worker("/", read_conf(text), &errors)
		      : spec_make("/ms.conf", "/", read_conf(text), &errors);
	ck_assert_msg(spec, "%s", errors.text[0]);
	conf_errors_fini(&errors);
	return spec;
}

static void
open_msd(struct msd *msd)
{
	*msd = (struct msd){ .cwd = "/", .pid = 1, .dice = 1 };
	msd->loop = loop_new();
	msd->events = events_new();
	msd->logs = logs_new(msd);
}

static void
close_msd(struct msd *msd)
{
	for (size_t i = 0; i < msd->tree.child_count; i++)
		batch_leave(msd->tree.children[i]);
	tree_fini(&msd->tree);
	spec_drop(&msd->spec);
	msd_free_words(msd);
	logs_free(&msd->logs);
	events_free(&msd->events);
	loop_free(&msd->loop);
}

static void
save(const struct msd *msd, struct state_out *out)
{
	state_out_init(out);
	buf_add_str(&out->text, HEAD);
	tree_save(msd, out);
	ck_assert(!out->text.failed);
}

static bool
load(struct msd *msd, const struct state_out *out, struct state_in *in)
{
	int fd = memfd_create("test", MFD_CLOEXEC);

	*in = (struct state_in){ .rehearsal = true };
	ck_assert_int_eq(fd_write_all(fd, out->text.ptr, out->text.len, NULL),
	    MS_OK);
	open_msd(msd);
	if (state_in_read(in, fd))
		tree_load(msd, in);
	fd_close(&fd);
	state_in_fini(in);
	return !in->failed;
}

/* Saved, loaded and saved again it is the same text: then nothing that is
 * written is lost in reading. */
static void
same_after_a_trip(const struct msd *msd)
{
	struct state_out first, second;
	struct state_in in;
	struct msd copy;

	save(msd, &first);
	ck_assert_msg(load(&copy, &first, &in), "%s", in.why.text);
	save(&copy, &second);
	ck_assert_uint_eq(first.text.len, second.text.len);
	ck_assert(slice_eq(buf_slice(&first.text), buf_slice(&second.text)));
	close_msd(&copy);
	state_out_fini(&first);
	state_out_fini(&second);
}

static void
fill(struct child *child, unsigned salt)
{
	child->state = child->rest = CHILD_BACKOFF;
	child->deadline_at = child->due = (struct mono){ 1000 + salt };
	child->must_start = true;
	child->stop_cause = EXIT_BY_SIBLING;
	child->generation = 7 + salt;
	child->started = (struct mono){ 500 };
	child->restarts = salt;
	child->in_a_row = 3;
	child->said_status = -1;
	child->status = xstrdup("fine \"so far\"");
	child->done = "restarted";
	child->exit_count = 40;
	child->exits = xcalloc(CHILD_EXITS_KEPT, sizeof(*child->exits));
	for (unsigned i = 0; i < CHILD_EXITS_KEPT; i++)
		child->exits[i] = (struct exit_reason){ .kind = EXIT_KIND_EXEC,
			.code = -1,
			.error = 2,
			.stage = "exec",
			.at_ns = -5,
			.uptime_ms = i };
	for (uint64_t i = 1; i < 9; i++)
		intensity_charge(&child->node.own, 100, 1000,
		    (struct mono){ i });
}

START_TEST(a_tree_comes_back_as_it_was)
{
	struct spec *extra = make_spec("[worker c]\ncommand = c\n", true);
	struct spec *old = make_spec("[worker gone]\ncommand = g\n", true);
	struct batch *batch;
	struct group *core;
	struct child *child;
	struct msd msd;

	open_msd(&msd);
	msd.spec = make_spec(CONF, false);
	tree_apply(&msd, &msd.tree, msd.spec, false);
	core = node_group(tree_find(&msd.tree, "core"));
	core->held = core->starting = true;
	core->restarts = 4;
	for (uint64_t i = 1; i < 9; i++)
		intensity_charge(&core->window, 100, 1000, (struct mono){ i });
	child = tree_add(&msd, &msd.tree, msd.spec,
	    node_group(tree_find(&msd.tree, "t"))->mold,
	    node_group(tree_find(&msd.tree, "t")), "t@1");
	child->args.word = xcalloc(2, sizeof(char *));
	child->args.word[child->args.count++] = xstrdup("--goal=1");
	child = tree_add(&msd, &msd.tree, extra, extra->workers, msd.tree.root,
	    "c");
	child->want = WANT_DOWN;
	child->spent = true;
	child =
	    tree_add(&msd, &msd.tree, old, old->workers, msd.tree.root, "gone");
	tree_retire(&msd.tree, child);
	for (size_t i = 0; i < msd.tree.child_count; i++)
		fill(msd.tree.children[i], (unsigned)i);
	batch = batch_new();
	batch_join(batch, msd.tree.children[0]);
	batch_join(batch, msd.tree.children[1]);
	batch_drop(&batch);
	same_after_a_trip(&msd);
	close_msd(&msd);
	spec_drop(&extra);
	spec_drop(&old);
}
END_TEST

START_TEST(processes_are_found_by_their_numbers_again)
{
	struct state_out out;
	struct state_in in;
	struct msd msd, copy;
	struct child *child;

	open_msd(&msd);
	msd.spec = make_spec(CONF, false);
	tree_apply(&msd, &msd.tree, msd.spec, false);
	child = tree_find_child(&msd.tree, "a");
	child->state = CHILD_READY;
	tree_set_pid(&msd.tree, child, 4711);
	child = tree_find_child(&msd.tree, "b");
	child->state = CHILD_READY;
	tree_set_pid(&msd.tree, child, 4712);
	tree_release_pid(&msd.tree, child); /* reaped, not handled */
	save(&msd, &out);
	ck_assert_msg(load(&copy, &out, &in), "%s", in.why.text);
	child = tree_find_pid(&copy.tree, 4711);
	ck_assert_ptr_nonnull(child);
	ck_assert_str_eq(child->node.name, "a");
	ck_assert_ptr_null(tree_find_pid(&copy.tree, 4712));
	child = tree_find_child(&copy.tree, "b");
	ck_assert_int_eq(child->pid, 4712);
	ck_assert(child->reaped);
	state_out_fini(&out);
	close_msd(&copy);
	close_msd(&msd);
}
END_TEST

static void
refused(const char *from, const char *to, const char *why)
{
	struct state_out out, bad;
	struct state_in in;
	struct msd msd, copy;
	const char *at;

	open_msd(&msd);
	msd.spec = make_spec(CONF, false);
	tree_apply(&msd, &msd.tree, msd.spec, false);
	msd.tree.children[0]->state = CHILD_BACKOFF;
	save(&msd, &out);
	buf_add_u8(&out.text, '\0');
	at = strstr((const char *)out.text.ptr, from);
	ck_assert_msg(at, "%s", from);
	state_out_init(&bad);
	buf_add(&bad.text, out.text.ptr,
	    (size_t)(at - (const char *)out.text.ptr));
	buf_add_str(&bad.text, to);
	buf_add_str(&bad.text, at + strlen(from));
	ck_assert_msg(!load(&copy, &bad, &in), "accepted: %s", to);
	ck_assert_msg(strstr(in.why.text, why), "%s", in.why.text);
	state_out_fini(&out);
	state_out_fini(&bad);
	close_msd(&copy);
	close_msd(&msd);
}

START_TEST(what_cannot_be_is_refused_by_name)
{
	refused("\"state\":1", "\"state\":99", "a: a state that is none");
	refused("\"state\":1", "\"state\":3", "without a process");
	refused("\"worker\":\"a\"", "\"worker\":\"q\"", "worker a has no spec");
	refused("{\"what\":\"group\",\"name\":\"core\"",
	    "{\"what\":\"group\",\"name\":\"cold\"", "no supervisor cold");
	refused("phi:8", "phi:x", "the configuration in force is refused");
	refused("{\"what\":\"spec\"", "{\"what\":\"sp\"", "no configuration");
}
END_TEST

UNIT(state_tree, a_tree_comes_back_as_it_was,
    processes_are_found_by_their_numbers_again,
    what_cannot_be_is_refused_by_name)
