/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One name after the other, in the order given, because libpq tries them so.
 * Of a host with several addresses each becomes an entry with the host's port.
 */
#include "workers/pool/pg_lookup.h"

#include <stdlib.h>

#include "common/alloc.h"
#include "common/buf.h"
#include "common/resolve.h"

struct pg_lookup {
	struct workq *workq;
	uint64_t share_ms;
	pg_lookup_fn *fn; /* NULL: cancelled, freed by its next step */
	void *arg;
	struct loop_task step; /* so that the first is not inside of start */
	struct resolve *resolve;
	struct slice hosts, ports; /* still to come */
	struct slice host, port;   /* at hand */
	size_t count;
	struct buf host_list, addr_list, port_list;
	struct why why; /* of the last that failed */
};

static void
lookup_free(struct pg_lookup *l)
{
	buf_fini(&l->host_list);
	buf_fini(&l->addr_list);
	buf_fini(&l->port_list);
	free(l);
}

static void
add(struct pg_lookup *l, const char *address)
{
	const char *comma = l->count++ > 0 ? "," : "";

	buf_printf(&l->host_list, "%s%.*s", comma, (int)l->host.len,
	    l->host.ptr);
	buf_printf(&l->addr_list, "%s%s", comma, address);
	buf_printf(&l->port_list, "%s%.*s", comma, (int)l->port.len,
	    l->port.len ? l->port.ptr : "");
}

static void
finish(struct pg_lookup *l)
{
	struct pg_hosts hosts;

	buf_add_u8(&l->host_list, '\0');
	buf_add_u8(&l->addr_list, '\0');
	buf_add_u8(&l->port_list, '\0');
	hosts = (struct pg_hosts){ (char *)l->host_list.ptr,
		(char *)l->addr_list.ptr, (char *)l->port_list.ptr };
	if (l->count > 0)
		l->fn(l->arg, &hosts, NULL);
	else
		l->fn(l->arg, NULL, l->why.text);
	lookup_free(l);
}

static void go_on(struct pg_lookup *l);

static void
on_resolved(void *arg, enum ms_err err, const struct why *why,
    const struct resolve_addrs *addrs)
{
	struct pg_lookup *l = arg;
	char address[RESOLVE_TEXT_BYTES];

	l->resolve = NULL;
	if (err)
		l->why = *why;
	for (size_t i = 0; !err && i < addrs->count; i++)
		if (resolve_print(&addrs->addr[i], address))
			add(l, address);
	go_on(l);
}

/* One port is every host's. */
static bool
next_host(struct pg_lookup *l)
{
	if (!slice_cut(&l->hosts, ',', &l->host))
		return false;
	if (l->ports.len > 0)
		slice_cut(&l->ports, ',', &l->port);
	return true;
}

static void
go_on(struct pg_lookup *l)
{
	char name[RESOLVE_NAME_MAX + 1];

	while (next_host(l)) {
		if (!pg_upstream_is_name(l->host)) {
			add(l, "");
			continue;
		}
		memcpy(name, l->host.ptr, l->host.len);
		name[l->host.len] = '\0';
		if (resolve_start(l->workq, name, l->share_ms, on_resolved, l,
			&l->resolve, &l->why) == MS_OK)
			return;
	}
	finish(l);
}

static void
on_step(struct loop_task *step)
{
	struct pg_lookup *l = container_of(step, struct pg_lookup, step);

	if (l->fn)
		go_on(l);
	else
		lookup_free(l);
}

struct pg_lookup *
pg_lookup_start(struct workq *workq, const struct pg_upstream *up,
    uint64_t timeout_ms, pg_lookup_fn *fn, void *arg)
{
	struct pg_lookup *l = xcalloc(1, sizeof(*l));
	struct slice rest = slice_of(up->host), host;
	uint64_t shares = 1;

	while (slice_cut(&rest, ',', &host))
		shares++;
	l->workq = workq;
	l->share_ms = timeout_ms / shares;
	l->fn = fn;
	l->arg = arg;
	l->step.run = on_step;
	l->hosts = slice_of(up->host);
	l->ports = slice_of(up->port);
	loop_later(workq_loop(workq), &l->step);
	return l;
}

void
pg_lookup_cancel(struct pg_lookup **lookup)
{
	struct pg_lookup *l = *lookup;

	if (!l)
		return;
	*lookup = NULL;
	l->fn = NULL;
	resolve_cancel(&l->resolve);
	if (!l->step.queued)
		lookup_free(l);
}
