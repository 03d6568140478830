/* SPDX-License-Identifier: Apache-2.0 */
/* The system's resolver is played here: what it says, and when. */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "common/resolve.h"
#include "t/lib/unit.h"

static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool hangs;
	int inside, asked;
	int answer;
	int addrs;
} dns = { .lock = PTHREAD_MUTEX_INITIALIZER,
	.changed = PTHREAD_COND_INITIALIZER,
	.addrs = 2 };

static struct addrinfo *
make_list(int count)
{
	struct addrinfo *list = NULL;

	for (int i = count; i > 0; i--) {
		struct addrinfo *info = calloc(1, sizeof(*info));
		struct sockaddr_in *in = calloc(1, sizeof(*in));

		in->sin_family = AF_INET;
		in->sin_addr.s_addr = htonl(0x0a000000u + (unsigned)i);
		info->ai_addr = (struct sockaddr *)in;
		info->ai_addrlen = sizeof(*in);
		info->ai_next = list;
		list = info;
	}
	return list;
}

int
getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
    struct addrinfo **list)
{
	(void)node;
	(void)service;
	(void)hints;
	pthread_mutex_lock(&dns.lock);
	dns.asked++;
	dns.inside++;
	pthread_cond_broadcast(&dns.changed);
	while (dns.hangs)
		pthread_cond_wait(&dns.changed, &dns.lock);
	dns.inside--;
	pthread_cond_broadcast(&dns.changed);
	if (dns.answer == 0)
		*list = make_list(dns.addrs);
	errno = ECONNREFUSED;
	pthread_mutex_unlock(&dns.lock);
	return dns.answer;
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

static void
dns_set(bool hangs, int answer)
{
	pthread_mutex_lock(&dns.lock);
	dns.hangs = hangs;
	dns.answer = answer;
	pthread_cond_broadcast(&dns.changed);
	pthread_mutex_unlock(&dns.lock);
}

static void
dns_await(int inside)
{
	pthread_mutex_lock(&dns.lock);
	while (dns.inside != inside)
		pthread_cond_wait(&dns.changed, &dns.lock);
	pthread_mutex_unlock(&dns.lock);
}

struct asker {
	struct loop *loop;
	struct workq *q;
	struct resolve *resolve;
	int told;
	enum ms_err err;
	struct why why;
	struct resolve_addrs addrs;
};

static void
on_told(void *arg, enum ms_err err, const struct why *why,
    const struct resolve_addrs *addrs)
{
	struct asker *a = arg;

	a->told++;
	a->err = err;
	a->why = *why;
	a->resolve = NULL;
	ck_assert(!addrs == !!err);
	if (addrs)
		a->addrs = *addrs;
}

static struct asker
asker_new(void)
{
	struct workq_limits limits[WORKQ_KINDS];
	struct asker a = { .loop = loop_new() };

	for (size_t i = 0; i < WORKQ_KINDS; i++)
		limits[i] = (struct workq_limits){ .min_threads = 1,
			.max_threads = 1,
			.keep_alive_ms = 60000,
			.capacity = 1,
			.grow_at = 1 };
	a.q = workq_new(a.loop, limits);
	return a;
}

static void
asker_fini(struct asker *a)
{
	workq_free(&a->q, 10000);
	loop_free(&a->loop);
}

static enum ms_err
ask(struct asker *a, const char *host, uint64_t timeout_ms)
{
	return resolve_start(a->q, host, timeout_ms, on_told, a, &a->resolve,
	    &a->why);
}

static void
turn_until_told(struct asker *a)
{
	while (a->told == 0)
		loop_turn(a->loop, true);
	ck_assert_int_eq(a->told, 1);
}

START_TEST(a_name_becomes_its_addresses_best_first)
{
	struct asker a = asker_new();
	char text[RESOLVE_TEXT_BYTES];

	ck_assert_int_eq(ask(&a, "db.example", 10000), MS_OK);
	ck_assert_int_eq(a.told, 0);
	turn_until_told(&a);
	ck_assert_int_eq(a.err, MS_OK);
	ck_assert_uint_eq(a.addrs.count, 2);
	ck_assert(resolve_print(&a.addrs.addr[0], text));
	ck_assert_str_eq(text, "10.0.0.1");
	ck_assert(resolve_print(&a.addrs.addr[1], text));
	ck_assert_str_eq(text, "10.0.0.2");
	asker_fini(&a);
}
END_TEST

START_TEST(of_many_addresses_the_best_are_kept)
{
	struct asker a = asker_new();

	dns.addrs = 100;
	ask(&a, "db.example", 10000);
	turn_until_told(&a);
	ck_assert_uint_eq(a.addrs.count, RESOLVE_ADDRS_MAX);
	asker_fini(&a);
}
END_TEST

static void
expect_refusal(int answer, enum ms_err err, const char *text)
{
	struct asker a = asker_new();

	dns_set(false, answer);
	ask(&a, "db.example", 10000);
	turn_until_told(&a);
	ck_assert_int_eq(a.err, err);
	ck_assert_str_eq(a.why.text, text);
	asker_fini(&a);
}

START_TEST(what_the_resolver_says_is_told)
{
	expect_refusal(EAI_NONAME, MS_ENOTFOUND,
	    "cannot look up 'db.example': Name or service not known");
	expect_refusal(EAI_AGAIN, MS_EUNAVAILABLE,
	    "cannot look up 'db.example': Temporary failure in name "
	    "resolution");
	expect_refusal(EAI_SYSTEM, MS_EUNAVAILABLE,
	    "cannot look up 'db.example': Connection refused");
	dns.addrs = 0;
	expect_refusal(0, MS_ENOTFOUND, "'db.example' has no address");
}
END_TEST

START_TEST(a_resolver_that_hangs_does_not_hold_its_caller)
{
	struct asker a = asker_new();

	dns_set(true, 0);
	ask(&a, "db.example", 20);
	turn_until_told(&a);
	ck_assert_int_eq(a.err, MS_ETIMEOUT);
	ck_assert_str_eq(a.why.text,
	    "looking up 'db.example' took more than 20 ms");
	dns_await(1); /* it is still there, and its end is nobody's news */
	dns_set(false, 0);
	asker_fini(&a);
	ck_assert_int_eq(a.told, 1);
}
END_TEST

START_TEST(a_lookup_that_waits_behind_another_has_its_deadline_too)
{
	struct asker a = asker_new(), b = a;

	dns_set(true, 0);
	ask(&a, "first.example", 60000);
	dns_await(1);
	ck_assert_int_eq(ask(&b, "second.example", 20), MS_OK);
	while (!b.told)
		loop_turn(a.loop, true);
	ck_assert_int_eq(b.err, MS_ETIMEOUT);
	dns_set(false, 0);
	turn_until_told(&a);
	ck_assert_int_eq(a.err, MS_OK);
	ck_assert_int_eq(dns.asked, 1); /* it was taken off the queue */
	asker_fini(&a);
}
END_TEST

START_TEST(who_cancels_is_not_called)
{
	struct asker a = asker_new();

	dns_set(true, 0);
	ask(&a, "db.example", 10000);
	dns_await(1);
	resolve_cancel(&a.resolve);
	ck_assert_ptr_null(a.resolve);
	resolve_cancel(&a.resolve);
	dns_set(false, 0);
	asker_fini(&a);
	ck_assert_int_eq(a.told, 0);
}
END_TEST

START_TEST(too_many_lookups_are_refused)
{
	struct asker a = asker_new(), b = a, c = a;

	dns_set(true, 0);
	ask(&a, "first.example", 60000);
	dns_await(1);
	ask(&b, "second.example", 60000);
	ck_assert_int_eq(ask(&c, "third.example", 60000), MS_EBUSY);
	ck_assert_str_eq(c.why.text,
	    "cannot look up 'third.example': a queue is full, try again "
	    "later");
	ck_assert_ptr_null(c.resolve);
	dns_set(false, 0);
	turn_until_told(&a);
	asker_fini(&a);
	ck_assert_int_eq(b.told, 1);
}
END_TEST

START_TEST(the_end_of_the_process_is_told)
{
	static struct workq *left; /* its memory stays, for its thread */
	struct asker a = asker_new(), b = a;

	dns_set(true, 0);
	ask(&a, "first.example", 60000);
	dns_await(1);
	ask(&b, "second.example", 60000);
	left = a.q;
	ck_assert_uint_eq(workq_free(&a.q, 0), 1); /* the first is left alone */
	ck_assert_ptr_ne(left, a.q);
	ck_assert_int_eq(b.err, MS_ESHUTDOWN);
	ck_assert_int_eq(a.told, 0);
	loop_free(&a.loop);
	dns_set(false, 0);
	dns_await(0);
}
END_TEST

START_TEST(names_and_what_is_none)
{
	char long_name[300];

	memset(long_name, 'a', sizeof(long_name));
	ck_assert(resolve_is_name(SLICE_LIT("localhost")));
	ck_assert(resolve_is_name(SLICE_LIT("db-1.example.com")));
	ck_assert(resolve_is_name(SLICE_LIT("my_db")));
	ck_assert(!resolve_is_name(SLICE_LIT("")));
	ck_assert(!resolve_is_name(SLICE_LIT("-db")));
	ck_assert(!resolve_is_name(SLICE_LIT(".db")));
	ck_assert(!resolve_is_name(SLICE_LIT("my db")));
	ck_assert(!resolve_is_name(SLICE_LIT("/var/run")));
	ck_assert(!resolve_is_name((struct slice){ long_name, 254 }));
	ck_assert(resolve_is_name((struct slice){ long_name, 253 }));
}
END_TEST

START_TEST(no_name_is_refused_at_once)
{
	struct asker a = asker_new();

	ck_assert_int_eq(ask(&a, "", 10), MS_EINVAL);
	ck_assert_int_eq(a.told, 0);
	asker_fini(&a);
}
END_TEST

UNIT(resolve, a_name_becomes_its_addresses_best_first,
    of_many_addresses_the_best_are_kept, what_the_resolver_says_is_told,
    a_resolver_that_hangs_does_not_hold_its_caller,
    a_lookup_that_waits_behind_another_has_its_deadline_too,
    who_cancels_is_not_called, too_many_lookups_are_refused,
    the_end_of_the_process_is_told, names_and_what_is_none,
    no_name_is_refused_at_once)
