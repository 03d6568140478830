/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Not a case of OTP's: whatever is asked in whatever order, msd answers with
 * a code of the contract, lives, and leaves nothing behind.  T_SEED repeats
 * a run.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "t/lib/sup.h"

#define ORDERS 250

static unsigned
dice(unsigned *seed, unsigned sides)
{
	return (unsigned)rand_r(seed) % sides;
}

static const char *
pick(unsigned *seed, const char *const *from, size_t n)
{
	return from[dice(seed, (unsigned)n)];
}
#define PICK(seed, list) pick(seed, list, ARRAY_LEN(list))

static const char *const names[] = { "w1", "w2", "w3", "w4", "a1", "a2", "a3",
	"t@1", "t@2", "t@3", "g", "t", "nobody" };

/* Two configurations to go between. */
static void
write_tree(struct sup *s, unsigned kind, unsigned variant)
{
	static const char *const strategies[] = { "one_for_one", "one_for_all",
		"rest_for_one" };
	const char *strict = kind / 3 ? "yes" : "no";

	sup_conf_reset(s);
	sup_conf(s,
	    "[supervisor root]\notp_strict = %s\nintensity = 100000\n"
	    "[supervisor g]\nstrategy = %s\notp_strict = %s\n"
	    "intensity = 100000\nstop_timeout = 2s\n",
	    strict, strategies[kind % 3], strict);
	sup_worker(s, "w1", "", LIFE);
	sup_worker(s, "w2", "restart = transient\n", STAMPED);
	sup_worker(s, "w3", "supervisor = g\n",
	    variant ? "ballast:x " LIFE : LIFE);
	if (!variant)
		sup_worker(s, "w4",
		    "supervisor = g\nrequires = w3\nrestart = temporary\n",
		    LIFE);
	sup_conf(s,
	    "[template t]\ncommand = %s/t/probes/chaos " LIFE
	    "\nready = notify\nintensity = 100000\n" SUP_AT_ONCE "%s",
	    sup_build_dir(), variant ? "restart = transient\n" : "");
	sup_write(s);
}

/* ---- orders ---------------------------------------------------------------- */

static void
expect_answer(struct sup *s)
{
	static const char *const codes[] = { "not_found", "already_started",
		"already_present", "running", "restarting", "invalid_spec",
		"timeout", "bad_request", "failed" };
	const struct json *error = json_get(s->reply, "error");
	const char *code = json_get_str(error, "code", "?");

	if (json_get_bool(s->reply, "ok", false))
		return;
	for (size_t i = 0; i < ARRAY_LEN(codes); i++)
		if (strcmp(code, codes[i]) == 0)
			return;
	ck_abort_msg("answered '%s': %s", code,
	    json_get_str(error, "message", ""));
}

static void
order_verb(struct sup *s, unsigned *seed)
{
	static const char *const verbs[] = { "start", "stop", "restart", "kill",
		"remove", "show", "count", "status", "why", "reload" };

	sup_ask(s, "'do':'%s','name':'%s','wait':%s,'timeout_ms':30",
	    PICK(seed, verbs), PICK(seed, names),
	    dice(seed, 3) ? "false" : "true");
}

/* Several at once, before the first is answered. */
static void
order_burst(struct sup *s, unsigned *seed)
{
	static const char *const verbs[] = { "start", "stop", "restart",
		"kill" };
	int64_t id[6];

	for (size_t i = 0; i < ARRAY_LEN(id); i++)
		id[i] = sup_send(s,
		    "'do':'%s','name':'%s','wait':true,'timeout_ms':200",
		    PICK(seed, verbs), PICK(seed, names));
	for (size_t i = 0; i < ARRAY_LEN(id); i++) {
		sup_take(s, id[i]);
		expect_answer(s);
	}
}

static void
order_add(struct sup *s, unsigned *seed)
{
	static const char *const steps[] = { LIFE, LIFE, LIFE, "exit:1",
		"exit:77", "pause:20 " LIFE, "deaf say:READY=1" };
	static const char *const types[] = { "permanent", "transient",
		"temporary" };
	static const char *const places[] = { "root", "g", "g", "t", "nobody" };
	char keys[160];

	snprintf(keys, sizeof(keys),
	    "restart = %s\nsupervisor = %s\nstop_timeout = %s\n",
	    PICK(seed, types), PICK(seed, places),
	    dice(seed, 2) ? "100ms" : "0");
	sup_try_add(s, pick(seed, names + 4, 3), keys, PICK(seed, steps));
}

static void
order_signal(struct sup *s, unsigned *seed)
{
	static const char *const signals[] = { "KILL", "TERM", "USR1", "USR2",
		"SEGV" };

	sup_ask(s, "'do':'signal','name':'%s','signal':'%s'", PICK(seed, names),
	    PICK(seed, signals));
}

static void
order_template(struct sup *s, unsigned *seed)
{
	if (dice(seed, 2))
		sup_ask(s, "'do':'scale','name':'t','count':%u,'wait':false",
		    dice(seed, 4));
	else
		sup_ask(s, "'do':'spawn','name':'t','args':['%s']",
		    dice(seed, 2) ? "ballast:x" : "exit:3");
}

static void
order_reload(struct sup *s, unsigned *seed, unsigned kind)
{
	write_tree(s, kind, dice(seed, 2));
	sup_ask(s, "'do':'reload','specs_only':%s",
	    dice(seed, 2) ? "true" : "false");
}

static void
order(struct sup *s, unsigned *seed, unsigned kind)
{
	switch (dice(seed, 13)) {
	case 0:
		order_reload(s, seed, kind);
		break;
	case 1:
	case 2:
		order_add(s, seed);
		break;
	case 3:
	case 4:
		order_signal(s, seed);
		break;
	case 5:
		order_template(s, seed);
		break;
	case 6:
		sup_ask(s, "'do':'reexec'");
		break;
	case 7:
		order_burst(s, seed);
		break;
	default:
		order_verb(s, seed);
		break;
	}
	expect_answer(s);
}

START_TEST(any_order)
{
	const char *given = getenv("T_SEED");
	unsigned first = given ? (unsigned)strtoul(given, NULL, 10) : 1;

	for (unsigned kind = 0; kind < 6; kind++) {
		struct sup *s = sup_new();
		unsigned seed = first * 6 + kind;

		write_tree(s, kind, 0);
		sup_boot(s);
		for (int i = 0; i < sup_scaled(ORDERS); i++)
			order(s, &seed, kind);
		sup_end(s);
	}
}
END_TEST

OTP(any_order, any_order)
