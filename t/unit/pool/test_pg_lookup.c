/* SPDX-License-Identifier: Apache-2.0 */
/* What libpq is given for a conninfo with names.  The resolver is played. */
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "t/lib/unit.h"
#include "workers/pool/pg_lookup.h"

/* "two" has two addresses, "none" has none, others one. */
int
getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
    struct addrinfo **list)
{
	int count = strcmp(node, "two") == 0 ? 2 : 1;

	(void)service;
	(void)hints;
	*list = NULL;
	if (strcmp(node, "none") == 0)
		return EAI_NONAME;
	while (count > 0) {
		struct addrinfo *info = calloc(1, sizeof(*info));
		struct sockaddr_in *in = calloc(1, sizeof(*in));

		in->sin_family = AF_INET;
		in->sin_addr.s_addr = htonl(0x0a000000u + (unsigned)count--);
		info->ai_addr = (struct sockaddr *)in;
		info->ai_addrlen = sizeof(*in);
		info->ai_next = *list;
		*list = info;
	}
	return 0;
}

void
freeaddrinfo(struct addrinfo *list)
{
	while (list) {
		struct addrinfo *next = list->ai_next;

		free(list->ai_addr);
		free(list);
		list = next;
	}
}

struct told {
	int times;
	char text[500];
};

static void
on_told(void *arg, const struct pg_hosts *hosts, const char *error)
{
	struct told *told = arg;

	told->times++;
	if (hosts)
		snprintf(told->text, sizeof(told->text), "%s %s %s",
		    hosts->host, hosts->hostaddr, hosts->port);
	else
		snprintf(told->text, sizeof(told->text), "%s", error);
}

struct given {
	struct loop *loop;
	struct workq *workq;
	struct pg_upstream up;
};

static struct given
given(const char *conninfo)
{
	struct workq_limits limits[WORKQ_KINDS];
	struct given g = { .loop = loop_new() };
	struct why why;

	workq_limits_here(NULL, limits);
	g.workq = workq_new(g.loop, limits);
	if (pg_upstream_init(&g.up, conninfo, "p", &why))
		ck_abort_msg("%s", why.text);
	return g;
}

static void
given_fini(struct given *g)
{
	pg_upstream_fini(&g->up);
	workq_free(&g->workq, 10000);
	loop_free(&g->loop);
}

static void
expect(const char *conninfo, const char *text)
{
	struct given g = given(conninfo);
	struct told told = { 0 };

	ck_assert(g.up.has_names);
	pg_lookup_start(g.workq, &g.up, 10000, on_told, &told);
	ck_assert_int_eq(told.times, 0);
	while (told.times == 0)
		loop_turn(g.loop, true);
	ck_assert_str_eq(told.text, text);
	given_fini(&g);
}

START_TEST(a_name_gets_its_address)
{
	expect("host=db port=5433", "db 10.0.0.1 5433");
	expect("host=db", "db 10.0.0.1 ");
}
END_TEST

START_TEST(each_address_of_a_name_is_an_entry_with_its_port)
{
	expect("host=two,db port=1,2",
	    "two,two,db 10.0.0.1,10.0.0.2,10.0.0.1 "
	    "1,1,2");
	expect("host=two,db port=7",
	    "two,two,db 10.0.0.1,10.0.0.2,10.0.0.1 "
	    "7,7,7");
}
END_TEST

START_TEST(what_is_no_name_stays_as_it_is)
{
	expect("host=/run/pg,db,127.0.0.1,::1 port=1,2,3,4",
	    "/run/pg,db,127.0.0.1,::1 ,10.0.0.1,, 1,2,3,4");
}
END_TEST

START_TEST(a_name_nobody_knows_is_left_out)
{
	expect("host=none,db port=1,2", "db 10.0.0.1 2");
	expect("host=none", "cannot look up 'none': Name or service not known");
}
END_TEST

START_TEST(who_cancels_is_not_told)
{
	struct given g = given("host=db");
	struct told told = { 0 };
	struct pg_lookup *lookup =
	    pg_lookup_start(g.workq, &g.up, 10000, on_told, &told);

	pg_lookup_cancel(&lookup); /* before its first step */
	loop_turn(g.loop, false);
	lookup = pg_lookup_start(g.workq, &g.up, 10000, on_told, &told);
	loop_turn(g.loop, false); /* it has asked */
	pg_lookup_cancel(&lookup);
	given_fini(&g);
	ck_assert_int_eq(told.times, 0);
}
END_TEST

START_TEST(an_upstream_without_names_needs_no_lookup)
{
	static const char *const conninfos[] = { "host=/run/pg",
		"host=127.0.0.1,::1", "dbname=x", "host=db hostaddr=10.0.0.9" };

	for (size_t i = 0; i < ARRAY_LEN(conninfos); i++) {
		struct given g = given(conninfos[i]);

		ck_assert(!g.up.has_names);
		given_fini(&g);
	}
}
END_TEST

START_TEST(lists_that_do_not_fit_are_refused)
{
	struct pg_upstream up;
	struct why why;

	ck_assert_int_eq(pg_upstream_init(&up, "host=a,b,c port=1,2", "p",
			     &why),
	    MS_ECONFIG);
	ck_assert_str_eq(why.text, "upstream: 2 ports for 3 hosts");
	pg_upstream_fini(&up);
}
END_TEST

UNIT(pg_lookup, a_name_gets_its_address,
    each_address_of_a_name_is_an_entry_with_its_port,
    what_is_no_name_stays_as_it_is, a_name_nobody_knows_is_left_out,
    who_cancels_is_not_told, an_upstream_without_names_needs_no_lookup,
    lists_that_do_not_fit_are_refused)
