/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ms_request(): any verb of any service, JSON in and out through the rows
 * that describe the verb's messages.
 */
#include <stdlib.h>

#include "common/json.h"
#include "proto/client/ms_impl.h"

#define REQUEST_ARENA_BYTES (64u << 20)
#define SERVICES_MAX        64u

static enum ms_err
find_link(struct ms *ms, const char *service, struct link **link_r)
{
	struct service_link *s;
	size_t len = strlen(service), n = 0;
	enum ms_err err;

	SLIST_FOREACH(s, &ms->services, next) {
		n++;
		if (strcmp(s->name, service) == 0) {
			*link_r = s->link;
			return MS_OK;
		}
	}
	if (n >= SERVICES_MAX)
		return why_set(&ms->why, MS_EBUSY, "%u services at most",
		    SERVICES_MAX);
	s = calloc(1, sizeof(*s) + len + 1);
	if (!s)
		return why_set(&ms->why, MS_ENOMEM, "out of memory");
	memcpy(s->name, service, len + 1);
	err = handle_link(ms, service, ms->hub, &s->link);
	if (err) {
		free(s);
		return err;
	}
	SLIST_INSERT_HEAD(&ms->services, s, next);
	*link_r = s->link;
	return MS_OK;
}

static enum ms_err
parse_fields(struct ms *ms, const struct msg_desc *desc, const char *json,
    struct arena *arena, void **in_r)
{
	struct json *object = NULL;
	enum ms_err err;

	err = json_parse(slice_of(json ? json : "{}"), &object, &ms->why);
	if (err)
		return err;
	*in_r = arena_alloc(arena, desc->in_bytes + 1);
	if (!*in_r)
		err = why_set(&ms->why, MS_ENOMEM, "out of memory");
	else if (json_type_of(object) != JSON_OBJECT)
		err = why_set(&ms->why, MS_EINVAL, "%s: a JSON object, please",
		    desc->verb);
	else if (desc->in)
		err =
		    fields_from_json(desc->in, object, *in_r, arena, &ms->why);
	else if (json_count(object) > 0)
		err = why_set(&ms->why, MS_EINVAL, "%s takes no fields",
		    desc->verb);
	json_free(&object);
	return err;
}

/* The body goes in as its own text, so its numbers stay exact. */
static void
add_body(struct buf *out, struct slice body)
{
	struct json_raw ignored;

	if (body.len == 0 || json_check(body, &ignored, NULL) != MS_OK)
		return;
	out->len--; /* the closing brace */
	if (out->ptr[out->len - 1] != '{')
		buf_add_u8(out, ',');
	buf_add_str(out, "\"body\":");
	buf_add_slice(out, body);
	buf_add_u8(out, '}');
}

static enum ms_err
print_reply(struct ms *ms, const struct msg_desc *desc, const void *fields,
    struct slice body, char **reply_r)
{
	struct json *object = json_object();
	struct buf out = { 0 };

	if (desc->out)
		fields_to_json(desc->out, fields, object);
	json_print(object, &out);
	json_free(&object);
	if (!out.failed && out.len >= 2)
		add_body(&out, body);
	buf_add_u8(&out, '\0');
	if (out.failed) {
		buf_fini(&out);
		return why_set(&ms->why, MS_ENOMEM, "out of memory");
	}
	*reply_r = (char *)out.ptr;
	return MS_OK;
}

static enum ms_err
ask(struct ms *ms, struct link *link, const struct msg_desc *desc,
    const char *json, uint32_t timeout_ms, struct arena *arena, char **reply_r)
{
	struct slice body = { NULL, 0 };
	void *in, *out = arena_alloc(arena, desc->out_bytes + 1);
	enum ms_err err = parse_fields(ms, desc, json, arena, &in);

	if (err)
		return err;
	if (!out)
		return why_set(&ms->why, MS_ENOMEM, "out of memory");
	err = call_wait(link, desc, in, (struct slice){ NULL, 0 }, timeout_ms,
	    arena, out, &body, &ms->why);
	return err ? err : print_reply(ms, desc, out, body, reply_r);
}

static void
say_trace(const struct ms *ms, struct link *link)
{
	struct traceparent trace;
	bool has = traceparent_parse(slice_of(ms->context.traceparent), &trace,
		       NULL) == MS_OK;

	link_set_trace(link, has ? &trace : NULL);
}

enum ms_err
ms_request(struct ms *ms, const char *service, const char *verb,
    const char *json, int timeout_ms, char **reply_r)
{
	const struct msg_desc *desc = msg_find(slice_of(verb));
	struct arena arena;
	struct link *link = NULL;
	enum ms_err err;

	if (!desc)
		return why_set(&ms->why, MS_ENOTFOUND,
		    "no service has a verb '%.64s'", verb);
	err = find_link(ms, service, &link);
	if (err)
		return err;
	say_trace(ms, link);
	arena_init(&arena, REQUEST_ARENA_BYTES);
	/* 0 stands for the default below; a caller's 0 is "at once" */
	err = ask(ms, link, desc, json,
	    timeout_ms < 0 ? UINT32_MAX
			   : (uint32_t)(timeout_ms ? timeout_ms : 1),
	    &arena, reply_r);
	arena_fini(&arena);
	return err;
}
