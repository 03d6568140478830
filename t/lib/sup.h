/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A private msd in a test's hands: it writes the configuration, speaks to the
 * control socket, follows the events and waits for facts, never for time.
 * Whatever is waited for fails the test after SUP_WAIT_MS.  Requests are
 * written with ' for ", so that they can be read.
 */
#ifndef T_LIB_SUP_H
#define T_LIB_SUP_H

#include <signal.h>
#include <stdarg.h>
#include <sys/types.h>

#include "common/json.h"
#include "t/lib/unit.h"

#define SUP_WAIT_MS 20000
/* Steps of t/probes/chaos.  USR1 is its normal end, USR2 a failure. */
#define LIFE "on:USR1:exit:0 on:USR2:exit:1 say:READY=1"
/* "up" before it is ready, "down" when TERM ends it. */
#define STAMP_UP   "stamp:$DIR/stamps:up "
#define STAMP_DOWN "on:TERM:stamp:$DIR/stamps:down on:TERM:exit:0 "
#define STAMPED    STAMP_UP STAMP_DOWN "say:READY=1"

/* Restarted without delay, as in OTP. */
#define SUP_AT_ONCE "backoff = 0ms..0ms\nstable_after = 0s\n"

struct sup_lines { /* one connection, read line by line */
	int fd;
	struct buf in;
};

struct sup {
	char dir[128];
	char file[160]; /* the configuration */
	char socket[160];
	struct buf conf; /* its text so far */
	pid_t pid;       /* of msd; 0: not running */
	struct sup_lines ctl, events;
	int64_t last_id;
	char asked[512];    /* the last request */
	struct json *reply; /* the last one */
	struct json *event; /* the last one waited for */
	uint64_t seen;      /* number of the last event read */
	struct json *parked[16];
};

/* ---- the life of msd ----------------------------------------------------- */

/* A fresh directory and an empty configuration. */
struct sup *sup_new(void);
/* More text of the configuration; [msd] is open at first. */
void sup_conf(struct sup *s, const char *fmt, ...) MS_PRINTF(2, 3);
/* [supervisor root] with otp_strict and `keys`. */
void sup_root(struct sup *s, const char *keys);
/* [worker name]: chaos with `steps`, restarted without delay. */
void sup_worker(struct sup *s, const char *name, const char *keys,
    const char *steps);
/* Starts anew with an empty text; the next sup_write() replaces the file. */
void sup_conf_reset(struct sup *s);
void sup_write(struct sup *s);
/* Starts msd and waits until all of it is ready. */
void sup_boot(struct sup *s);
/* Starts msd and waits until it answers. */
void sup_start(struct sup *s);
/* Starts msd and waits for its end: its exit code. */
int sup_run(struct sup *s);
/* `msd -t` on what has been written: its exit code. */
int sup_check(struct sup *s);
/* Waits for its end: the exit code.  Nothing of it may be left. */
int sup_wait_exit(struct sup *s);
/* TERM, which ends msd with 0 and leaves nothing; the last call of a test. */
void sup_end(struct sup *s);
/* For an msd that has ended. */
void sup_free(struct sup *s);
/* Another msd of this test, already running in dir/RUN_DIR. */
struct sup *sup_meet(struct sup *s, const char *run_dir);
/* After a KILL of msd, who cannot wait for the rest. */
void sup_await_nothing_left(struct sup *s);
/* What msd has printed, in a static buffer. */
const char *sup_output(struct sup *s);

/* ---- asking -------------------------------------------------------------- */

/* The reply, good or bad; valid until the next request. */
struct json *sup_ask(struct sup *s, const char *fmt, ...) MS_PRINTF(2, 3);
/* A request whose answer is taken later. */
int64_t sup_send(struct sup *s, const char *fmt, ...) MS_PRINTF(2, 3);
struct json *sup_take(struct sup *s, int64_t id);
/* Must be answered with ok. */
struct json *sup_do(struct sup *s, const char *fmt, ...) MS_PRINTF(2, 3);
/* Must be answered with this error code; returns the message. */
const char *sup_refused(struct sup *s, const char *code, const char *fmt, ...)
    MS_PRINTF(3, 4);
/* `verb` of `name`, with wait. */
void sup_tell(struct sup *s, const char *verb, const char *name);
/* add: waits for the start; the pid. */
pid_t sup_add(struct sup *s, const char *name, const char *keys,
    const char *steps);
/* The same with any answer. */
struct json *sup_try_add(struct sup *s, const char *name, const char *keys,
    const char *steps);
const char *sup_add_refused(struct sup *s, const char *code, const char *name,
    const char *keys, const char *steps);
/* spawn of a template; the instance's pid, its name is in s->reply. */
pid_t sup_spawn(struct sup *s, const char *template, const char *arg);

/* A member of "worker" in the last reply. */
const char *sup_reply_str(struct sup *s, const char *key);

bool sup_lists(struct sup *s, const char *name);
pid_t sup_pid(struct sup *s, const char *name); /* 0: none */
const char *sup_state(struct sup *s, const char *name);
long sup_number(struct sup *s, const char *name, const char *key);
const char *sup_spec(struct sup *s, const char *name, const char *key);
void sup_expect_state(struct sup *s, const char *name, const char *state);
void sup_await_state(struct sup *s, const char *name, const char *state);
/* group NULL: root. */
void sup_expect_count(struct sup *s, const char *group, long specs, long active,
    long supervisors, long workers);

/* ---- events -------------------------------------------------------------- */

/* From here on: older events are not looked at any more. */
void sup_mark(struct sup *s);
/* The next such event; name NULL: of anybody. */
struct json *sup_await(struct sup *s, const char *event, const char *name);
/* Reads what has happened up to now: how many such events. */
int sup_count_events(struct sup *s, const char *event, const char *name);

/* ---- processes ----------------------------------------------------------- */

/* Marks, sends the signal to the worker's process; its pid. */
pid_t sup_signal(struct sup *s, const char *name, int signo);
/* The same, and waits for the replacement: the new pid. */
pid_t sup_signal_back(struct sup *s, const char *name, int signo);
bool sup_is_alive(pid_t pid);
/* Makes or removes dir/NAME. */
void sup_touch(struct sup *s, const char *name);
void sup_untouch(struct sup *s, const char *name);
/* "w1 up, w2 up, w2 down" of the stamps in dir/stamps, static buffer. */
const char *sup_stamps(struct sup *s);
void sup_clear_stamps(struct sup *s);
long sup_dirty_kib(struct sup *s); /* private dirty memory of msd */
long sup_switches(struct sup *s);  /* its voluntary context switches */
uint64_t sup_now_ms(void);
/* n, or T_SCALE times as many (make check-slow). */
int sup_scaled(int n);
/* Lets time pass: for tests whose subject is time. */
void sup_pass(uint64_t until_ms);
/* Absolute path of build/MODE. */
const char *sup_build_dir(void);

int sup_main(const char *noun, const TTest *const *tests, size_t count);

/* One test per case of OTP's supervisor_SUITE, by its name. */
#define OTP(noun, ...)                                                         \
	int main(void)                                                         \
	{                                                                      \
		const TTest *const cases[] = { __VA_ARGS__ };                  \
		return sup_main(#noun, cases, sizeof(cases) / sizeof(*cases)); \
	}

#endif
