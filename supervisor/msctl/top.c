/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `msctl top`: one screen about everything, again and again.  It reads the
 * segments and asks msd, so the bus and ms-metrics may be away; --replay shows
 * what ms-metrics has written down.
 */
#include <stdio.h>
#include <stdlib.h>

#include "proto/contract.h"
#include "supervisor/msctl/numbers.h"
#include "supervisor/msctl/replay.h"
#include "supervisor/msctl/screen.h"
#include "supervisor/msctl/top_view.h"
#include "supervisor/msctl/verbs.h"

#define DELAY_MS       2000u
#define REPLAY_MS      1000u /* a step on the screen */
#define DELAY_MS_MIN   100u
#define DELAY_MS_MAX   3600000u
#define FIRST_DELAY_MS 500u /* rates need two looks */

struct top {
	struct msctl *ctl;
	struct top_view view;
	uint64_t delay_ms;
	uint64_t left; /* frames still wanted */
	bool screen;
	bool printed; /* a frame, not on a screen */
};

/* ---- options ------------------------------------------------------------------- */

static bool
parse_view(const struct msctl *ctl, const char *word, enum top_what *what_r)
{
	static const char *const words[] = { [TOP_WORKERS] = "workers",
		[TOP_BUS] = "bus",
		[TOP_POOLS] = "pools" };

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (strcmp(words[i], word) != 0)
			continue;
		*what_r = (enum top_what)i;
		return true;
	}
	ctl_fail(ctl, "bad_request",
	    "'%s' cannot be shown: it is workers, bus or pools", word);
	return false;
}

static bool
parse_sort(const struct msctl *ctl, const char *word, enum top_sort *sort_r)
{
	static const char *const words[] = { [TOP_BY_CPU] = "cpu",
		[TOP_BY_MEMORY] = "memory",
		[TOP_BY_RESTARTS] = "restarts",
		[TOP_BY_NAME] = "name" };

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (strcmp(words[i], word) != 0)
			continue;
		*sort_r = (enum top_sort)i;
		return true;
	}
	ctl_fail(ctl, "bad_request",
	    "--sort %s: it is cpu, memory, restarts or name", word);
	return false;
}

/* "5" is seconds, as everywhere where a screen is refreshed. */
static bool
parse_delay(const struct msctl *ctl, const char *text, uint64_t *ms_r)
{
	uint64_t n;

	if (parse_u64(slice_of(text), &n) && n <= DELAY_MS_MAX / 1000)
		*ms_r = n * 1000;
	else if (!parse_duration(slice_of(text), ms_r))
		*ms_r = 0;
	if (*ms_r >= DELAY_MS_MIN && *ms_r <= DELAY_MS_MAX)
		return true;
	ctl_fail(ctl, "bad_request",
	    "--delay: '%s' is not a time of 100ms to 1h", text);
	return false;
}

static bool
parse(struct top *top, const struct args *args)
{
	const struct msctl *ctl = top->ctl;
	const char *delay = args_get(args, "delay");
	const char *sort = args_get(args, "sort");

	top->delay_ms = args_has(args, "replay") ? REPLAY_MS : DELAY_MS;
	top->screen = screen_possible() && !ctl->json;
	if (args->pos_count && !parse_view(ctl, args->pos[0], &top->view.what))
		return false;
	if (delay && !parse_delay(ctl, delay, &top->delay_ms))
		return false;
	if (sort && !parse_sort(ctl, sort, &top->view.sort))
		return false;
	if (!ctl_number(ctl, args, "count",
		top->screen || args_has(args, "replay") ? UINT64_MAX : 1,
		&top->left))
		return false;
	if (top->left)
		return true;
	ctl_fail(ctl, "bad_request", "--count: 0 looks show nothing");
	return false;
}

/* ---- showing -------------------------------------------------------------------- */

static void
show(struct top *top, const struct top_frame *now,
    const struct top_frame *before)
{
	struct json *root;
	struct buf out = { 0 };

	top->view.rows = top->screen ? screen_rows() : 0;
	top->view.keys = top->screen;
	if (top->ctl->json) {
		root = top_json(now, before);
		ctl_write_json(root);
		json_free(&root);
		return;
	}
	if (top->printed && !top->screen)
		buf_add_u8(&out, '\n');
	top_render(now, before, &top->view, &top->ctl->look, &out);
	if (top->screen)
		screen_paint(buf_slice(&out));
	else
		ctl_write(&out);
	top->printed = true;
	buf_fini(&out);
}

/* True: it is a key of every view, and the picture is another one now. */
static bool
take_key(struct top *top, int key)
{
	switch (key) {
	case 'w':
		top->view.what = TOP_WORKERS;
		return true;
	case 'b':
		top->view.what = TOP_BUS;
		return true;
	case 'p':
		top->view.what = TOP_POOLS;
		return true;
	case 'c':
		top->view.sort = TOP_BY_CPU;
		return true;
	case 'm':
		top->view.sort = TOP_BY_MEMORY;
		return true;
	case 'r':
		top->view.sort = TOP_BY_RESTARTS;
		return true;
	case 'n':
		top->view.sort = TOP_BY_NAME;
		return true;
	default:
		return false;
	}
}

static bool
is_quit(enum screen_event event, int key)
{
	return event == SCREEN_CLOSED ||
	    (event == SCREEN_KEY && (key == 'q' || key == 'Q'));
}

static void
begin_screen(struct top *top)
{
	if (top->screen)
		screen_open();
}

/* ---- live ----------------------------------------------------------------------- */

struct live {
	struct numbers numbers;
	struct top_frame frame;
	bool taken;
};

static void
live_fini(struct live *l)
{
	if (!l->taken)
		return;
	top_frame_fini(&l->frame);
	numbers_fini(&l->numbers);
	l->taken = false;
}

/* msd is silent: is the process that has left the numbers still there? */
static void
find_process(struct top_worker *w, const struct metrics_source *source)
{
	struct proc_facts proc;

	if (!source || !w->pid || !proc_facts_read((pid_t)w->pid, &proc) ||
	    proc.started_ticks != source->snapshot.life.started_ticks) {
		w->pid = 0;
		return;
	}
	w->has_proc = true;
	w->cpu_ns = proc.cpu_ns;
	w->rss_bytes = proc.rss_bytes;
	snprintf(w->state, sizeof(w->state), "running");
}

static enum ms_err
look(const struct top *top, const struct live *before, struct live *l,
    struct why *why)
{
	enum ms_err err = numbers_read(top->ctl, &l->numbers, why);

	if (!err) {
		err = top_frame_take(&l->numbers.set,
		    before->taken ? &before->numbers.set : NULL,
		    l->numbers.has_tree ? &l->numbers.tree : NULL, &l->frame);
		l->taken = true;
	}
	if (err) {
		if (l->taken)
			live_fini(l);
		else
			numbers_fini(&l->numbers);
		return err;
	}
	l->frame.mono_ns = l->numbers.at.ns;
	l->frame.wall_ns = wall_ns();
	for (size_t i = 0; !l->frame.has_tree && i < l->frame.worker_count; i++)
		find_process(&l->frame.workers[i],
		    metrics_set_find(&l->numbers.set,
			l->frame.workers[i].name));
	return MS_OK;
}

/* Until it is time for the next look; false: it was enough. */
static bool
wait_live(struct top *top, uint64_t ms, const struct live *now,
    const struct live *before)
{
	struct mono until = mono_add_ms(mono_now(), ms);

	for (;;) {
		int key = KEY_NONE;
		enum screen_event event =
		    screen_wait((int)mono_ms_left(mono_now(), until), &key);

		if (is_quit(event, key))
			return false;
		if (event == SCREEN_RESIZED)
			top->ctl->look = look_detect();
		if (event == SCREEN_RESIZED ||
		    (event == SCREEN_KEY && take_key(top, key))) {
			if (top->screen && top->printed)
				show(top, &now->frame,
				    before->taken ? &before->frame : NULL);
		}
		if (event == SCREEN_KEY && key == ' ')
			return true; /* now */
		if (mono_reached(mono_now(), until))
			return true;
	}
}

static int
cannot_look(const struct msctl *ctl, enum ms_err err, const struct why *why)
{
	screen_close();
	if (err == MS_EUNAVAILABLE)
		return ctl_fail(ctl, "unreachable", "%s", why->text);
	return ctl_fail_err(ctl, err, "%s", why->text);
}

static int
run_live(struct top *top)
{
	struct live pair[2] = { { .taken = false }, { .taken = false } };
	struct why why = { "" };
	unsigned at = 0;
	uint64_t wait_ms =
	    top->delay_ms < FIRST_DELAY_MS ? top->delay_ms : FIRST_DELAY_MS;
	enum ms_err err = look(top, &pair[1], &pair[0], &why);
	bool go_on = err == MS_OK && top->left > 0;

	if (go_on)
		begin_screen(top);
	if (go_on && top->screen)
		show(top, &pair[0].frame, NULL);
	while (go_on && wait_live(top, wait_ms, &pair[at], &pair[!at])) {
		wait_ms = top->delay_ms;
		live_fini(&pair[!at]);
		err = look(top, &pair[at], &pair[!at], &why);
		if (err)
			break;
		at = !at;
		show(top, &pair[at].frame, &pair[!at].frame);
		go_on = --top->left > 0;
	}
	live_fini(&pair[0]);
	live_fini(&pair[1]);
	screen_close();
	return err ? cannot_look(top->ctl, err, &why) : CTL_OK;
}

/* ---- replay --------------------------------------------------------------------- */

struct player {
	struct top *top;
	struct replay replay;
	size_t at;
	bool paused;
};

static void
show_step(struct player *p)
{
	struct top_frame now, before;
	char text[64];

	snprintf(text, sizeof(text), "%zu of %zu%s", p->at + 1, p->replay.count,
	    p->paused ? ", paused" : "");
	p->top->view.replay = text;
	if (replay_frame(&p->replay, p->at, &now, &before) == MS_OK)
		show(p->top, &now, before.mono_ns ? &before : NULL);
	top_frame_fini(&now);
	top_frame_fini(&before);
	p->top->view.replay = NULL;
}

/* By at most one; the end pauses. */
static void
step(struct player *p, int by)
{
	if (by < 0 && p->at > 0)
		p->at--;
	if (by > 0 && p->at + 1 < p->replay.count)
		p->at++;
	p->paused |= p->at + 1 == p->replay.count;
}

static void
take_replay_key(struct player *p, int key)
{
	switch (key) {
	case ' ':
		p->paused = !p->paused;
		if (!p->paused && p->at + 1 == p->replay.count)
			p->at = 0; /* once more */
		break;
	case KEY_LEFT:
	case KEY_UP:
		p->paused = true;
		step(p, -1);
		break;
	case KEY_RIGHT:
	case KEY_DOWN:
		p->paused = true;
		step(p, 1);
		break;
	case KEY_HOME:
		p->at = 0;
		break;
	case KEY_END:
		p->paused = true;
		p->at = p->replay.count - 1;
		break;
	default:
		take_key(p->top, key);
	}
}

static void
play(struct player *p)
{
	for (;;) {
		int key = KEY_NONE;
		enum screen_event event;

		show_step(p);
		event =
		    screen_wait(p->paused ? -1 : (int)p->top->delay_ms, &key);
		if (is_quit(event, key))
			return;
		if (event == SCREEN_RESIZED)
			p->top->ctl->look = look_detect();
		else if (event == SCREEN_KEY)
			take_replay_key(p, key);
		else
			step(p, 1);
	}
}

/* All of it, or the last `left`, one after the other. */
static void
print_steps(struct player *p)
{
	size_t n = p->replay.count;

	if (p->top->left < n)
		n = (size_t)p->top->left;
	for (p->at = p->replay.count - n; p->at < p->replay.count; p->at++)
		show_step(p);
}

static int
run_replay(struct top *top)
{
	struct player p = { .top = top };
	struct why why = { "" };
	enum ms_err err = replay_open(top->ctl->run_dir, &p.replay, &why);
	int code = CTL_OK;

	if (err) {
		code = ctl_fail_err(top->ctl, err, "%s", why.text);
	} else if (top->screen) {
		p.paused = p.replay.count == 1;
		begin_screen(top);
		play(&p);
		screen_close();
	} else {
		print_steps(&p);
	}
	replay_close(&p.replay);
	return code;
}

int
do_top(struct msctl *ctl, const struct args *args)
{
	struct top top = { .ctl = ctl };

	if (!parse(&top, args))
		return CTL_USAGE;
	return args_has(args, "replay") ? run_replay(&top) : run_live(&top);
}
