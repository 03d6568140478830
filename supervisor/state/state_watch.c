/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor/state/state_watch.h"

#include "supervisor/child/phi.h"

static const struct state_row rows[] = {
	STATE_ROW(STATE_MONO, struct heartbeat, last),
	STATE_ROW(STATE_MONO, struct heartbeat, lease),
	STATE_ROW(STATE_U64, struct heartbeat, timeout_ms),
	STATE_ROW(STATE_U32, struct heartbeat, graces),
	STATE_END,
};

static void
save_phi(const struct phi *phi, struct state_out *out)
{
	uint32_t ms[PHI_SAMPLES];
	struct mono last;
	struct buf bytes = { 0 };
	unsigned count = phi_get(phi, ms, &last);

	for (unsigned i = 0; i < count; i++)
		buf_add_u32(&bytes, ms[i]);
	out->text.failed |= bytes.failed;
	state_put_bytes(out, "phi", buf_slice(&bytes));
	state_put_u64(out, "phi_last", last.ns);
	state_put_u64(out, "by_phi", 1);
	buf_fini(&bytes);
}

static void
load_phi(struct phi *phi, struct state_in *in, const struct json *record)
{
	struct mono last = { state_get_u64(in, record, "phi_last") };
	uint32_t ms[PHI_SAMPLES];
	struct buf bytes = { 0 };
	unsigned count = 0;
	struct cursor c;

	state_get_bytes(in, record, "phi", &bytes);
	c = cursor_of(buf_slice(&bytes));
	while (count < PHI_SAMPLES && cursor_left(&c) >= sizeof(uint32_t))
		ms[count++] = cursor_u32(&c);
	phi_put(phi, ms, count, last);
	buf_fini(&bytes);
}

void
watch_save(const struct heartbeat *heartbeat, struct state_out *out)
{
	if (heartbeat->last.ns == 0 && heartbeat->timeout_ms == 0 &&
	    !heartbeat->phi)
		return;
	state_open_list(out, "watch");
	state_open_item(out);
	state_put(out, rows, heartbeat);
	if (heartbeat->phi)
		save_phi(heartbeat->phi, out);
	state_close_item(out);
	state_close_list(out);
}

void
watch_load(struct heartbeat *heartbeat, const struct watchdog_conf *conf,
    struct state_in *in, const struct json *record)
{
	const struct json *item = state_get_list(in, record, "watch");

	if (!item)
		return;
	heartbeat_init(heartbeat, conf);
	/* it may have asked for a fixed deadline since its start */
	if (heartbeat->phi && !state_get_u64(in, item, "by_phi"))
		heartbeat_stop(heartbeat);
	state_get(in, item, rows, heartbeat);
	if (heartbeat->phi)
		load_phi(heartbeat->phi, in, item);
}
