/* SPDX-License-Identifier: Apache-2.0 */
/* `msctl bus sub|tail`: events as lines. */
#include "proto/msg/bus.h"

#include <stdio.h>
#include <stdlib.h>

#include "proto/batch.h"
#include "proto/client/ms.h"
#include "proto/cloudevent.h"
#include "proto/subject.h"
#include "supervisor/msctl/service.h"
#include "supervisor/msctl/verbs.h"

#define TAIL_DEFAULT      20u
#define TAIL_BATCH_EVENTS 1000u
#define TAIL_BATCH_BYTES  (4u << 20)
#define TAIL_WAIT_MS      10000u
#define OUT_BYTES         (64u << 10)
#define FRAME_ARENA_BYTES (1u << 20)

static const struct envelope_limits limits = {
	.payload_bytes = ENVELOPE_PAYLOAD_CEILING,
	.header_bytes = ENVELOPE_HEADER_BYTES_MAX,
};

/* ---- events as lines ------------------------------------------------------ */

struct printer {
	struct buf out;
	struct arena arena;
	bool only_data;
	uint64_t left; /* events still wanted */
	uint64_t damaged;
};

static void
printer_init(struct printer *p, bool only_data, uint64_t count)
{
	*p = (struct printer){ .only_data = only_data, .left = count };
	arena_init(&p->arena, FRAME_ARENA_BYTES);
}

static void
printer_fini(struct printer *p)
{
	ctl_write(&p->out);
	buf_fini(&p->out);
	arena_fini(&p->arena);
}

static void
print_frame(struct printer *p, struct slice frame)
{
	struct why why = { "" };
	struct envelope event;

	arena_reset(&p->arena);
	if (envelope_decode(frame, &limits, &p->arena, &event, &why) != MS_OK) {
		p->damaged++;
		fprintf(stderr, "msctl: a damaged event is left out: %s\n",
		    why.text);
		return;
	}
	if (p->only_data)
		buf_add_slice(&p->out, event.payload);
	else
		cloudevent_print(&event, &p->out);
	buf_add_u8(&p->out, '\n');
	p->left--;
	if (p->out.len >= OUT_BYTES)
		ctl_write(&p->out);
}

/* ---- sub ------------------------------------------------------------------ */

static void
on_event(void *arg, const struct ms_event *event)
{
	struct printer *p = arg;

	if (p->left)
		print_frame(p,
		    (struct slice){ event->frame, event->frame_bytes });
}

static void
on_gap(void *arg, uint64_t from, uint64_t to)
{
	(void)arg;
	fprintf(stderr, "msctl: events %llu to %llu were not received\n",
	    (unsigned long long)from, (unsigned long long)to);
}

static int
subscribe(const struct msctl *ctl, struct ms *ms, const char *pattern,
    struct printer *p)
{
	struct ms_sub *sub = NULL;
	enum ms_err err = ms_subscribe(ms, pattern, on_event, on_gap, p, &sub);

	while (err == MS_OK && p->left) {
		err = ms_dispatch(ms, -1);
		ctl_write(&p->out);
	}
	if (sub)
		ms_unsubscribe(&sub);
	return err == MS_OK ? CTL_OK
			    : ctl_fail_err(ctl, err, "%s: %s", pattern,
				  ms_why(ms)[0] ? ms_why(ms) : ms_strerr(err));
}

int
do_bus_sub(struct msctl *ctl, const struct args *args)
{
	struct ms_options options = { .run_dir = ctl->run_dir };
	struct printer p;
	struct why why = { "" };
	struct ms *ms = NULL;
	uint64_t count;
	enum ms_err err;
	int code;

	if (!ctl_number(ctl, args, "count", UINT64_MAX, &count))
		return CTL_USAGE;
	err = pattern_check(slice_of(args->pos[0]), &why);
	if (err != MS_OK)
		return ctl_fail_err(ctl, err, "%s: %s", args->pos[0], why.text);
	code = service_present(ctl, "bus");
	if (code != CTL_OK)
		return code;
	err = ms_open(&options, &ms);
	if (err != MS_OK)
		return ctl_fail_err(ctl, err, "cannot reach the bus: %s",
		    ms_strerr(err));
	printer_init(&p, args_has(args, "data"), count);
	code = subscribe(ctl, ms, args->pos[0], &p);
	printer_fini(&p);
	ms_close(&ms);
	return code;
}

/* ---- tail ----------------------------------------------------------------- */

/* False when the answer breaks the format. */
static bool
print_batch(struct printer *p, struct slice bytes)
{
	struct batch_reader reader;
	struct batch_head head;
	struct slice frame;
	size_t total;
	bool end = false;

	if (bytes.len == 0)
		return true;
	if (batch_check(bytes, &head, &total, NULL) != MS_OK)
		return false;
	reader = batch_read((struct slice){ bytes.ptr + BATCH_HEADER_BYTES,
				head.body_bytes },
	    head.count);
	while (p->left) {
		enum ms_err err = batch_next(&reader, &frame, &end);
		if (end)
			return true;
		if (err == MS_EPROTO)
			return false;
		if (err == MS_OK)
			print_frame(p, frame);
		else
			p->damaged++;
	}
	return true;
}

static int
read_on(struct service *bus, struct bus_read_in *in, struct printer *p,
    bool follow)
{
	for (;;) {
		struct bus_read_out got = { 0 };
		struct slice body = { NULL, 0 };
		int code = service_ask(bus, &msg_bus_read, in,
		    SERVICE_ANSWER_MS + (uint32_t)in->wait_ms, &got, &body);
		if (code != CTL_OK)
			return code;
		if (!print_batch(p, body))
			return ctl_fail(bus->ctl, "malformed",
			    "the bus answered with a damaged batch");
		ctl_write(&p->out);
		arena_reset(&bus->arena);
		if (!p->left || (!follow && got.next_seq > got.last_stored_seq))
			return CTL_OK;
		in->last = 0;
		in->from_seq = got.next_seq;
		in->wait_ms = follow ? TAIL_WAIT_MS : 0;
	}
}

int
do_bus_tail(struct msctl *ctl, const struct args *args)
{
	struct bus_read_in in = { .max_events = TAIL_BATCH_EVENTS,
		.max_bytes = TAIL_BATCH_BYTES };
	bool follow = args_has(args, "follow");
	struct service bus;
	struct printer p;
	struct why why = { "" };
	uint64_t count, from;
	int code;

	if (!ctl_number(ctl, args, "count", TAIL_DEFAULT, &count) ||
	    !ctl_number(ctl, args, "from", 0, &from))
		return CTL_USAGE;
	if (args->pos_count) {
		in.filter = (char *)(uintptr_t)args->pos[0];
		if (pattern_check(slice_of(in.filter), &why) != MS_OK)
			return ctl_fail(ctl, "bad_subject", "%s: %s", in.filter,
			    why.text);
	}
	in.stream = (char *)(uintptr_t)args_get(args, "stream");
	in.from_seq = from;
	if (!from)
		in.last = count > UINT32_MAX ? UINT32_MAX : (uint32_t)count;
	code = service_open(ctl, "bus", &bus);
	printer_init(&p, args_has(args, "data"),
	    follow || (from && !args_has(args, "count")) ? UINT64_MAX : count);
	if (code == CTL_OK)
		code = read_on(&bus, &in, &p, follow);
	printer_fini(&p);
	service_close(&bus);
	return code;
}
