/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Orders to ms-log:
 *
 *  0 u32 magic 'MSL1'   4 u8 verb   5 u8 format   6 u16 name_bytes
 *  8 u16 file_bytes    10 u16 zero 12 u32 keep   16 u64 size_bytes
 * 24 u64 generation    32 i32 pid  36 u32 rate   40 u64 rate_period_ms
 * 48 u64 age_ms        56 u64 total_bytes        64 name, then file
 *
 * Reports from it:
 *
 *  0 u32 magic 'MSR1'   4 u8 news   5 u8 zero     6 u16 name_bytes
 *  8 u32 errno         12 u32 zero 16 u64 generation
 * 24 u64 lines         32 u64 bytes              40 name
 */
#include "proto/logs.h"

#define MAGIC      UINT32_C(0x314c534d) /* "MSL1" */
#define HEAD_BYTES 64u

#define REPORT_MAGIC      UINT32_C(0x3152534d) /* "MSR1" */
#define REPORT_HEAD_BYTES 40u

_Static_assert(HEAD_BYTES + sizeof(((struct logs_order *)0)->name) +
	    sizeof(((struct logs_order *)0)->file) <=
	LOGS_ORDER_BYTES_MAX,
    "every order fits its datagram");
_Static_assert(REPORT_HEAD_BYTES + LOGS_NAME_BYTES <= LOGS_REPORT_BYTES_MAX,
    "every report fits its datagram");

static size_t
text_bytes(const char *text, size_t room)
{
	return strnlen(text, room - 1);
}

void
logs_encode(const struct logs_order *order, struct buf *out)
{
	size_t name = text_bytes(order->name, sizeof(order->name));
	size_t file = text_bytes(order->file, sizeof(order->file));

	buf_add_u32(out, MAGIC);
	buf_add_u8(out, (uint8_t)order->verb);
	buf_add_u8(out, (uint8_t)order->format);
	buf_add_u16(out, (uint16_t)name);
	buf_add_u16(out, (uint16_t)file);
	buf_add_u16(out, 0);
	buf_add_u32(out, order->keep);
	buf_add_u64(out, order->size_bytes);
	buf_add_u64(out, order->generation);
	buf_add_u32(out, (uint32_t)order->pid);
	buf_add_u32(out, order->rate.count);
	buf_add_u64(out, order->rate.period_ms);
	buf_add_u64(out, order->age_ms);
	buf_add_u64(out, order->total_bytes);
	buf_add(out, order->name, name);
	buf_add(out, order->file, file);
}

static enum ms_err
take_text(struct cursor *c, size_t n, char *out, size_t room, const char *noun,
    struct why *why)
{
	struct slice text = cursor_bytes(c, n);

	if (n >= room)
		return why_set(why, MS_ETOOBIG,
		    "log datagram: a %s of %zu bytes is longer than %zu", noun,
		    n, room - 1);
	if (c->failed)
		return why_set(why, MS_EPROTO, "log datagram: %s cut off",
		    noun);
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.ptr[i] < 0x20 || text.ptr[i] == 0x7f)
			return why_set(why, MS_EPROTO,
			    "log datagram: a control character in the %s",
			    noun);
	if (text.len)
		memcpy(out, text.ptr, text.len);
	out[text.len] = '\0';
	return MS_OK;
}

static enum ms_err
check_order(const struct logs_order *o, bool zeros, struct why *why)
{
	if (o->verb < LOGS_ADD || o->verb > LOGS_FLUSH)
		return why_set(why, MS_EUNSUPPORTED,
		    "log order: unknown verb %d", (int)o->verb);
	if (o->format > LOGS_JSON)
		return why_set(why, MS_EUNSUPPORTED,
		    "log order: unknown format %d", (int)o->format);
	if (!zeros || o->pid < 0)
		return why_set(why, MS_EPROTO, "log order: impossible numbers");
	return MS_OK;
}

static enum ms_err
check_texts(const struct logs_order *o, size_t left, struct why *why)
{
	if (left)
		return why_set(why, MS_EPROTO, "log order: %zu bytes too many",
		    left);
	if (o->verb != LOGS_REOPEN && !o->name[0])
		return why_set(why, MS_EPROTO, "log order: no name");
	if (strchr(o->name, '/'))
		return why_set(why, MS_EPROTO, "log order: '/' in the name");
	if (o->verb == LOGS_ADD && !o->file[0])
		return why_set(why, MS_EPROTO, "log order: no file");
	return MS_OK;
}

enum ms_err
logs_decode(struct slice datagram, struct logs_order *order_r, struct why *why)
{
	struct cursor c = cursor_of(datagram);
	uint32_t magic = cursor_u32(&c);
	struct logs_order *o = order_r;
	size_t name, file;
	bool zeros;
	enum ms_err err;

	*o = (struct logs_order){ .verb = (enum logs_verb)cursor_u8(&c) };
	o->format = (enum logs_format)cursor_u8(&c);
	name = cursor_u16(&c);
	file = cursor_u16(&c);
	zeros = cursor_u16(&c) == 0;
	o->keep = cursor_u32(&c);
	o->size_bytes = cursor_u64(&c);
	o->generation = cursor_u64(&c);
	o->pid = (pid_t)cursor_u32(&c);
	o->rate.count = cursor_u32(&c);
	o->rate.period_ms = cursor_u64(&c);
	o->age_ms = cursor_u64(&c);
	o->total_bytes = cursor_u64(&c);
	if (c.failed || magic != MAGIC)
		return why_set(why, MS_EPROTO, "not a log order");
	err = check_order(o, zeros, why);
	if (err == MS_OK)
		err =
		    take_text(&c, name, o->name, sizeof(o->name), "name", why);
	if (err == MS_OK)
		err =
		    take_text(&c, file, o->file, sizeof(o->file), "file", why);
	return err == MS_OK ? check_texts(o, cursor_left(&c), why) : err;
}

/* ---- reports ------------------------------------------------------------ */

void
logs_report_encode(const struct logs_report *report, struct buf *out)
{
	size_t name = text_bytes(report->name, sizeof(report->name));

	buf_add_u32(out, REPORT_MAGIC);
	buf_add_u8(out, (uint8_t)report->news);
	buf_add_u8(out, 0);
	buf_add_u16(out, (uint16_t)name);
	buf_add_u32(out, (uint32_t)report->error);
	buf_add_u32(out, 0);
	buf_add_u64(out, report->generation);
	buf_add_u64(out, report->lines);
	buf_add_u64(out, report->bytes);
	buf_add(out, report->name, name);
}

enum ms_err
logs_report_decode(struct slice datagram, struct logs_report *report_r,
    struct why *why)
{
	struct cursor c = cursor_of(datagram);
	uint32_t magic = cursor_u32(&c);
	struct logs_report *r = report_r;
	size_t name;
	bool zeros;
	enum ms_err err;

	*r = (struct logs_report){ .news = (enum logs_news)cursor_u8(&c) };
	zeros = cursor_u8(&c) == 0;
	name = cursor_u16(&c);
	r->error = (int)cursor_u32(&c);
	zeros &= cursor_u32(&c) == 0;
	r->generation = cursor_u64(&c);
	r->lines = cursor_u64(&c);
	r->bytes = cursor_u64(&c);
	if (c.failed || magic != REPORT_MAGIC || !zeros)
		return why_set(why, MS_EPROTO, "not a report of the logs");
	if (r->news < LOGS_FLUSHED || r->news > LOGS_DROPPED)
		return why_set(why, MS_EUNSUPPORTED,
		    "log report: unknown news %d", (int)r->news);
	err = take_text(&c, name, r->name, sizeof(r->name), "name", why);
	if (err == MS_OK && cursor_left(&c))
		err = why_set(why, MS_EPROTO, "log report: %zu bytes too many",
		    cursor_left(&c));
	return err;
}
