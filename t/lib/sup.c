/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each test runs in a process of its own; msd is its child and dies with it
 * (PDEATHSIG), so a failed test leaves nothing that the next could meet.
 */
#include "t/lib/sup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/fd.h"
#include "common/mono.h"
#include "common/sock.h"

#define BASE_ENV     "T_SUP_BASE"
#define OUTPUT_BYTES (256u << 10)
#define LINE_BYTES   (32u << 20)

const char *
sup_build_dir(void)
{
	static char path[PATH_MAX];
	const char *b = getenv("B");

	ck_assert_ptr_nonnull(realpath(b ? b : "build/release", path));
	return path;
}

static void
blame(struct sup *s, const char *fmt, ...)
{
	char text[2048];
	const char *output = sup_output(s);
	size_t n = strlen(output);
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	fprintf(stderr, "--- msd said\n%s",
	    n > 3000 ? output + n - 3000 : output);
	ck_abort_msg("%s", text);
}

uint64_t
sup_now_ms(void)
{
	return mono_now().ns / 1000000;
}

int
sup_scaled(int n)
{
	const char *factor = getenv("T_SCALE");

	return factor ? n * atoi(factor) : n;
}

void
sup_pass(uint64_t until_ms)
{
	for (uint64_t now; (now = sup_now_ms()) < until_ms;)
		poll(NULL, 0, (int)(until_ms - now));
}

/* ---- configuration ------------------------------------------------------ */

void
sup_conf_reset(struct sup *s)
{
	buf_reset(&s->conf);
	sup_conf(s,
	    "[msd]\nrun_dir = %s/run\nlog_dir = %s/log\nstate_dir = %s/state\n",
	    s->dir, s->dir, s->dir);
}

struct sup *
sup_new(void)
{
	struct sup *s = xcalloc(1, sizeof(*s));

	s->ctl.fd = s->events.fd = -1;
	snprintf(s->dir, sizeof(s->dir), "%s/XXXXXX", getenv(BASE_ENV));
	ck_assert_ptr_nonnull(mkdtemp(s->dir));
	snprintf(s->file, sizeof(s->file), "%s/ms.conf", s->dir);
	snprintf(s->socket, sizeof(s->socket), "%s/run/msd.sock", s->dir);
	sup_conf_reset(s);
	return s;
}

void
sup_conf(struct sup *s, const char *fmt, ...)
{
	char *text;
	va_list args;

	va_start(args, fmt);
	ck_assert_int_ge(vasprintf(&text, fmt, args), 0);
	va_end(args);
	buf_add_str(&s->conf, text);
	free(text);
}

void
sup_root(struct sup *s, const char *keys)
{
	sup_conf(s, "[supervisor root]\notp_strict = yes\n%s\n", keys);
}

/* $DIR in steps and keys is the test's directory. */
static void
add_words(struct sup *s, struct buf *out, const char *text)
{
	const char *at;

	while ((at = strstr(text, "$DIR"))) {
		buf_add(out, text, (size_t)(at - text));
		buf_add_str(out, s->dir);
		text = at + 4;
	}
	buf_add_str(out, text);
}

static void
add_section(struct sup *s, struct buf *out, const char *name, const char *keys,
    const char *steps)
{
	buf_printf(out, "[worker %s]\ncommand = %s/t/probes/chaos ", name,
	    sup_build_dir());
	add_words(s, out, steps);
	buf_add_str(out, "\n");
	if (!strstr(keys, "backoff ="))
		buf_add_str(out, SUP_AT_ONCE);
	if (!strstr(keys, "ready ="))
		buf_add_str(out, "ready = notify\n");
	add_words(s, out, keys);
	buf_add_str(out, "\n");
}

void
sup_worker(struct sup *s, const char *name, const char *keys, const char *steps)
{
	add_section(s, &s->conf, name, keys, steps);
}

void
sup_write(struct sup *s)
{
	FILE *file = fopen(s->file, "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(s->conf.ptr, 1, s->conf.len, file),
	    s->conf.len);
	ck_assert_int_eq(fclose(file), 0);
}

/* ---- the process -------------------------------------------------------- */

static pid_t
launch(struct sup *s, bool check_only)
{
	char *program = xasprintf("%s/msd", sup_build_dir()), out[160];
	pid_t pid;

	snprintf(out, sizeof(out), "%s/msd.out", s->dir);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		int fd = open(out, O_WRONLY | O_CREAT | O_APPEND, 0644);

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(fd, STDOUT_FILENO);
		dup2(fd, STDERR_FILENO);
		close(fd);
		execl(program, program, "-c", s->file, check_only ? "-t" : NULL,
		    NULL);
		_exit(127);
	}
	free(program);
	return pid;
}

static int
await_exit(struct sup *s, pid_t pid)
{
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0), status;
	struct pollfd ended = { .fd = pidfd, .events = POLLIN };

	ck_assert_int_ge(pidfd, 0);
	if (poll(&ended, 1, SUP_WAIT_MS) != 1)
		blame(s, "msd does not end");
	close(pidfd);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	if (!WIFEXITED(status))
		blame(s, "msd ended by signal %d", WTERMSIG(status));
	return WEXITSTATUS(status);
}

int
sup_check(struct sup *s)
{
	sup_write(s);
	return await_exit(s, launch(s, true));
}

const char *
sup_output(struct sup *s)
{
	static char text[OUTPUT_BYTES];
	char path[160];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/msd.out", s->dir);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);
	text[n > 0 ? n : 0] = '\0';
	if (fd >= 0)
		close(fd);
	return text;
}

/* ---- lines -------------------------------------------------------------- */

/* Of an msd that does not answer as expected, but may answer others. */
static void
show_tree(const struct sup *s)
{
	char *line = xasprintf("{ %1$s/msctl -s %2$s tree; %1$s/msctl -s %2$s "
			       "events | tail -n 30; } >&2",
	    sup_build_dir(), s->socket);

	if (system(line) != 0)
		fprintf(stderr, "(no tree)\n");
	free(line);
}

/* The next line as a tree; NULL at the end of the stream. */
static struct json *
read_line(struct sup *s, struct sup_lines *lines)
{
	struct slice line;
	struct json *json;
	struct why why = { "" };
	size_t off = 0;
	ssize_t n;

	while (!buf_line(&lines->in, &off, &line)) {
		struct pollfd readable = { .fd = lines->fd, .events = POLLIN };

		if (poll(&readable, 1, SUP_WAIT_MS) != 1) {
			show_tree(s);
			blame(s, "waited %d ms for msd, asked last: %s",
			    SUP_WAIT_MS, s->asked);
		}
		n = fd_read_some(lines->fd, &lines->in, 1u << 20);
		if (n == 0 || (n < 0 && errno == ECONNRESET))
			return NULL;
	}
	if (json_parse(line, &json, &why) != MS_OK)
		blame(s, "msd sent %.*s: %s", (int)line.len, line.ptr,
		    why.text);
	buf_drop(&lines->in, off);
	return json;
}

static void
dial(struct sup *s, struct sup_lines *lines)
{
	uint64_t until = sup_now_ms() + SUP_WAIT_MS;
	struct why why = { "" };

	while (sock_dial_unix(s->socket, &lines->fd, &why) != MS_OK) {
		siginfo_t info = { .si_pid = 0 };

		if (s->pid)
			waitid(P_PID, (id_t)s->pid, &info,
			    WEXITED | WNOHANG | WNOWAIT);
		if (info.si_pid)
			blame(s, "msd did not start");
		if (sup_now_ms() > until)
			blame(s, "msd does not answer: %s", why.text);
		poll(NULL, 0, 1); /* a socket's birth is no event */
	}
	lines->in.limit_bytes = LINE_BYTES;
}

/* ---- asking ------------------------------------------------------------- */

static int64_t
send_line(struct sup *s, const char *fmt, va_list args)
{
	char *quoted = xstrdup(fmt), *body;
	struct buf line = { 0 };
	struct why why = { "" };

	for (char *c = quoted; *c; c++)
		if (*c == '\'')
			*c = '"';
	ck_assert_int_ge(vasprintf(&body, quoted, args), 0);
	buf_printf(&line, "{\"v\":1,\"id\":%lld,", (long long)++s->last_id);
	buf_add_str(&line, body);
	buf_add_str(&line, "}\n");
	snprintf(s->asked, sizeof(s->asked), "%s", body);
	fd_set_nonblock(s->ctl.fd, false);
	if (fd_write_all(s->ctl.fd, line.ptr, line.len, &why) != MS_OK)
		blame(s, "cannot ask %s: %s", body, why.text);
	fd_set_nonblock(s->ctl.fd, true);
	buf_fini(&line);
	free(body);
	free(quoted);
	return s->last_id;
}

static struct json *
find_parked(struct sup *s, int64_t id)
{
	for (size_t i = 0; i < ARRAY_LEN(s->parked); i++) {
		struct json *json = s->parked[i];

		if (!json || (int64_t)json_get_num(json, "id", -1) != id)
			continue;
		s->parked[i] = NULL;
		return json;
	}
	return NULL;
}

static void
park(struct sup *s, struct json *json)
{
	for (size_t i = 0; i < ARRAY_LEN(s->parked); i++) {
		if (s->parked[i])
			continue;
		s->parked[i] = json;
		return;
	}
	blame(s, "too many unread answers");
}

struct json *
sup_take(struct sup *s, int64_t id)
{
	struct json *json = find_parked(s, id);

	json_free(&s->reply);
	while (!json) {
		json = read_line(s, &s->ctl);
		if (!json)
			blame(s, "msd hung up");
		if ((int64_t)json_get_num(json, "id", -1) == id)
			break;
		park(s, json);
		json = NULL;
	}
	s->reply = json;
	return json;
}

int64_t
sup_send(struct sup *s, const char *fmt, ...)
{
	va_list args;
	int64_t id;

	va_start(args, fmt);
	id = send_line(s, fmt, args);
	va_end(args);
	return id;
}

struct json *
sup_ask(struct sup *s, const char *fmt, ...)
{
	va_list args;
	int64_t id;

	va_start(args, fmt);
	id = send_line(s, fmt, args);
	va_end(args);
	return sup_take(s, id);
}

static const char *
error_of(const struct json *reply, const char *key)
{
	const struct json *error = json_get(reply, "error");

	return error ? json_get_str(error, key, "?") : "ok";
}

struct json *
sup_do(struct sup *s, const char *fmt, ...)
{
	va_list args;
	struct json *reply;

	va_start(args, fmt);
	reply = sup_take(s, send_line(s, fmt, args));
	va_end(args);
	if (!json_get_bool(reply, "ok", false))
		blame(s, "%s: %s: %s", fmt, error_of(reply, "code"),
		    error_of(reply, "message"));
	return reply;
}

static const char *
expect_refusal(struct sup *s, const char *code, const char *what)
{
	const char *is = error_of(s->reply, "code");

	if (strcmp(is, code) != 0)
		blame(s, "%s is answered '%s' (%s), not '%s'", what, is,
		    error_of(s->reply, "message"), code);
	return error_of(s->reply, "message");
}

const char *
sup_refused(struct sup *s, const char *code, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	sup_take(s, send_line(s, fmt, args));
	va_end(args);
	return expect_refusal(s, code, fmt);
}

void
sup_tell(struct sup *s, const char *verb, const char *name)
{
	sup_do(s, "'do':'%s','name':'%s','wait':true", verb, name);
}

static int64_t
send_add(struct sup *s, const char *name, const char *keys, const char *steps)
{
	struct buf text = { 0 }, quoted = { 0 };
	int64_t id;

	add_section(s, &text, name, keys, steps);
	json_quote(&quoted, buf_slice(&text));
	id = sup_send(s, "'do':'add','text':%.*s", (int)quoted.len,
	    (const char *)quoted.ptr);
	buf_fini(&text);
	buf_fini(&quoted);
	return id;
}

static const struct json *
reply_worker(struct sup *s)
{
	const struct json *worker = json_get(s->reply, "worker");

	if (!worker)
		blame(s, "the reply names no worker: %s: %s",
		    error_of(s->reply, "code"), error_of(s->reply, "message"));
	return worker;
}

pid_t
sup_add(struct sup *s, const char *name, const char *keys, const char *steps)
{
	sup_take(s, send_add(s, name, keys, steps));
	if (!json_get_bool(s->reply, "ok", false))
		blame(s, "add %s: %s: %s", name, error_of(s->reply, "code"),
		    error_of(s->reply, "message"));
	return (pid_t)json_get_num(reply_worker(s), "pid", 0);
}

struct json *
sup_try_add(struct sup *s, const char *name, const char *keys,
    const char *steps)
{
	return sup_take(s, send_add(s, name, keys, steps));
}

const char *
sup_add_refused(struct sup *s, const char *code, const char *name,
    const char *keys, const char *steps)
{
	sup_take(s, send_add(s, name, keys, steps));
	return expect_refusal(s, code, name);
}

pid_t
sup_spawn(struct sup *s, const char *template, const char *arg)
{
	if (arg)
		sup_do(s, "'do':'spawn','name':'%s','args':['%s']", template,
		    arg);
	else
		sup_do(s, "'do':'spawn','name':'%s'", template);
	return (pid_t)json_get_num(reply_worker(s), "pid", 0);
}

const char *
sup_reply_str(struct sup *s, const char *key)
{
	return json_get_str(reply_worker(s), key, "");
}

/* ---- states ------------------------------------------------------------- */

static const struct json *
status_of(struct sup *s, const char *name)
{
	sup_do(s, "'do':'status','name':'%s'", name);
	return json_first(json_get(s->reply, "workers"));
}

bool
sup_lists(struct sup *s, const char *name)
{
	const struct json *w;

	sup_do(s, "'do':'status','all':true");
	w = json_first(json_get(s->reply, "workers"));
	while (w && strcmp(json_get_str(w, "name", ""), name) != 0)
		w = json_next(w);
	return w;
}

pid_t
sup_pid(struct sup *s, const char *name)
{
	return (pid_t)json_get_num(status_of(s, name), "pid", 0);
}

const char *
sup_state(struct sup *s, const char *name)
{
	return json_get_str(status_of(s, name), "state", "?");
}

long
sup_number(struct sup *s, const char *name, const char *key)
{
	return (long)json_get_num(status_of(s, name), key, -1);
}

const char *
sup_spec(struct sup *s, const char *name, const char *key)
{
	sup_do(s, "'do':'show','name':'%s'", name);
	return json_get_str(json_get(s->reply, "spec"), key, "?");
}

void
sup_expect_state(struct sup *s, const char *name, const char *state)
{
	ck_assert_str_eq(sup_state(s, name), state);
}

void
sup_await_state(struct sup *s, const char *name, const char *state)
{
	sup_do(s, "'do':'wait','name':'%s','state':'%s','timeout_ms':15000",
	    name, state);
}

void
sup_expect_count(struct sup *s, const char *group, long specs, long active,
    long supervisors, long workers)
{
	const struct json *r =
	    sup_do(s, "'do':'count','name':'%s'", group ? group : "root");
	char is[96], want[96];

	snprintf(is, sizeof(is), "[%.0f,%.0f,%.0f,%.0f]",
	    json_get_num(r, "specs", -1), json_get_num(r, "active", -1),
	    json_get_num(r, "supervisors", -1), json_get_num(r, "workers", -1));
	snprintf(want, sizeof(want), "[%ld,%ld,%ld,%ld]", specs, active,
	    supervisors, workers);
	ck_assert_str_eq(is, want);
}

/* ---- events ------------------------------------------------------------- */

static void
follow(struct sup *s, uint64_t from)
{
	char line[96];
	struct why why;
	struct json *head;

	fd_close(&s->events.fd);
	buf_reset(&s->events.in);
	dial(s, &s->events);
	snprintf(line, sizeof(line),
	    "{\"v\":1,\"id\":1,\"do\":\"events\",\"from\":%llu}\n",
	    (unsigned long long)from);
	ck_assert_int_eq(fd_write_all(s->events.fd, line, strlen(line), &why),
	    MS_OK);
	head = read_line(s, &s->events);
	json_free(&head);
	s->seen = from - 1;
}

static struct json *
next_event(struct sup *s)
{
	json_free(&s->event);
	s->event = read_line(s, &s->events);
	if (s->event)
		s->seen = (uint64_t)json_get_num(s->event, "seq", 0);
	return s->event;
}

static uint64_t
next_event_number(struct sup *s)
{
	struct json *head =
	    sup_ask(s, "'do':'events','from':9000000000000000,'follow':false");
	uint64_t next = (uint64_t)json_get_num(head, "next", 0);
	struct json *end = read_line(s, &s->ctl);

	json_free(&end);
	return next;
}

void
sup_mark(struct sup *s)
{
	follow(s, next_event_number(s));
}

static bool
is_event(const struct json *event, const char *what, const char *name)
{
	return strcmp(json_get_str(event, "event", ""), what) == 0 &&
	    (!name || strcmp(json_get_str(event, "name", ""), name) == 0);
}

struct json *
sup_await(struct sup *s, const char *event, const char *name)
{
	for (;;) {
		if (!next_event(s))
			blame(s, "no event '%s' of %s before the end", event,
			    name ? name : "anybody");
		if (is_event(s->event, event, name))
			return s->event;
	}
}

int
sup_count_events(struct sup *s, const char *event, const char *name)
{
	uint64_t next = next_event_number(s);
	int n = 0;

	while (s->seen + 1 < next) {
		ck_assert_ptr_nonnull(next_event(s));
		n += is_event(s->event, event, name);
	}
	return n;
}

/* ---- start and end ------------------------------------------------------ */

void
sup_start(struct sup *s)
{
	sup_write(s);
	s->pid = launch(s, false);
	dial(s, &s->ctl);
	follow(s, 1);
}

void
sup_boot(struct sup *s)
{
	sup_start(s);
	sup_await_state(s, "root", "ready");
}

struct sup *
sup_meet(struct sup *s, const char *run_dir)
{
	struct sup *other = xcalloc(1, sizeof(*other));

	other->ctl.fd = other->events.fd = -1;
	snprintf(other->dir, sizeof(other->dir), "%s", s->dir);
	snprintf(other->socket, sizeof(other->socket), "%.100s/%.40s/msd.sock",
	    s->dir, run_dir);
	dial(other, &other->ctl);
	return other;
}

int
sup_run(struct sup *s)
{
	sup_write(s);
	s->pid = launch(s, false);
	return sup_wait_exit(s);
}

/* A process whose environment says that it belongs to this msd; 0: none. */
static pid_t
find_left(const char *dir)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	char mark[192];
	pid_t found = 0;
	size_t n = (size_t)snprintf(mark, sizeof(mark), "MS_RUN_DIR=%s", dir);

	while (!found && (entry = readdir(proc))) {
		struct buf env = { 0 };
		char path[64];
		pid_t pid = (pid_t)atoi(entry->d_name);

		if (pid <= 0)
			continue;
		snprintf(path, sizeof(path), "/proc/%d/environ", (int)pid);
		if (file_read(path, 1u << 20, &env, NULL) == MS_OK &&
		    memmem(env.ptr, env.len, mark, n))
			found = pid;
		buf_fini(&env);
	}
	closedir(proc);
	return found;
}

void
sup_await_nothing_left(struct sup *s)
{
	uint64_t until = sup_now_ms() + 5000;
	pid_t left;

	while ((left = find_left(s->dir))) {
		if (sup_now_ms() > until)
			blame(s, "process %d is left behind", (int)left);
		poll(NULL, 0, 5); /* strangers' deaths are not told to us */
	}
}

int
sup_wait_exit(struct sup *s)
{
	int code = await_exit(s, s->pid);
	pid_t left = find_left(s->dir);

	s->pid = 0;
	if (left)
		blame(s, "process %d is left behind", (int)left);
	return code;
}

void
sup_free(struct sup *s)
{
	fd_close(&s->ctl.fd);
	fd_close(&s->events.fd);
	buf_fini(&s->ctl.in);
	buf_fini(&s->events.in);
	buf_fini(&s->conf);
	json_free(&s->reply);
	json_free(&s->event);
	free(s);
}

void
sup_end(struct sup *s)
{
	int code;

	kill(s->pid, SIGTERM);
	code = sup_wait_exit(s);
	if (code != 0)
		blame(s, "msd ended with %d", code);
	sup_free(s);
}

/* ---- processes ---------------------------------------------------------- */

pid_t
sup_signal(struct sup *s, const char *name, int signo)
{
	pid_t pid = sup_pid(s, name);

	if (pid <= 0)
		blame(s, "%s has no process", name);
	sup_mark(s);
	ck_assert_int_eq(kill(pid, signo), 0);
	return pid;
}

bool
sup_is_alive(pid_t pid)
{
	return kill(pid, 0) == 0;
}

pid_t
sup_signal_back(struct sup *s, const char *name, int signo)
{
	pid_t old = sup_signal(s, name, signo), now;

	sup_await(s, "ready", name);
	now = sup_pid(s, name);
	ck_assert_int_gt(now, 0);
	ck_assert_int_ne(now, old);
	ck_assert_msg(!sup_is_alive(old), "the old process lives");
	return now;
}

void
sup_touch(struct sup *s, const char *name)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", s->dir, name);
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	fclose(file);
}

void
sup_untouch(struct sup *s, const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", s->dir, name);
	unlink(path);
}

const char *
sup_stamps(struct sup *s)
{
	static char text[8192];
	char path[256], name[80], word[16];
	size_t n = 0;
	FILE *file;

	snprintf(path, sizeof(path), "%s/stamps", s->dir);
	file = fopen(path, "r");
	text[0] = '\0';
	while (file && fscanf(file, "%*d %15s %79s %*s %*d", word, name) == 2)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s %s",
		    n ? ", " : "", name, word);
	if (file)
		fclose(file);
	return text;
}

void
sup_clear_stamps(struct sup *s)
{
	sup_untouch(s, "stamps");
}

static long
proc_number(struct sup *s, const char *file, const char *key)
{
	char path[64], line[256];
	long n = -1;
	FILE *proc;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)s->pid, file);
	proc = fopen(path, "r");
	ck_assert_ptr_nonnull(proc);
	while (fgets(line, sizeof(line), proc))
		if (strncmp(line, key, strlen(key)) == 0)
			n = strtol(line + strlen(key), NULL, 10);
	fclose(proc);
	return n;
}

long
sup_dirty_kib(struct sup *s)
{
	return proc_number(s, "smaps_rollup", "Private_Dirty:");
}

long
sup_switches(struct sup *s)
{
	return proc_number(s, "status", "voluntary_ctxt_switches:");
}

/* ---- main --------------------------------------------------------------- */

static int
remove_one(const char *path, const struct stat *st MS_UNUSED,
    int type MS_UNUSED, struct FTW *ftw MS_UNUSED)
{
	return remove(path);
}

int
sup_main(const char *noun, const TTest *const *tests, size_t count)
{
	const char *tmp = getenv("TMPDIR");
	char base[96];
	pid_t left;
	int code;

	snprintf(base, sizeof(base), "%s/ms-otp.XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(base))
		return EXIT_FAILURE;
	setenv(BASE_ENV, base, 1);
	code = unit_main(noun, tests, count);
	while ((left = find_left(base))) /* of a test that failed */
		kill(left, SIGKILL);
	nftw(base, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	return code;
}
