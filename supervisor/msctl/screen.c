/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor/msctl/screen.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "common/fd.h"

#define ROWS_DEFAULT 24u
#define ROWS_MIN     8u
/* another screen, no cursor, what is too wide is cut; and back */
#define ENTER "\033[?1049h\033[?25l\033[?7l"
#define LEAVE "\033[?7h\033[?25h\033[?1049l"

/* Handlers and atexit() have no argument. */
static struct {
	volatile sig_atomic_t is_open;
	bool has_keys;
	bool prepared;
	struct termios before;
	int signals; /* a signalfd; -1 */
	char unread[16];
	size_t unread_len;
} screen = { .signals = -1 };

bool
screen_possible(void)
{
	const char *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && term && term[0] &&
	    strcmp(term, "dumb") != 0;
}

/* ---- taking it and putting it back ---------------------------------------------- */

/* Async-signal-safe, so it says what it has to in one write. */
static void
put_back(void)
{
	if (!screen.is_open)
		return;
	screen.is_open = 0;
	if (screen.has_keys)
		tcsetattr(STDIN_FILENO, TCSANOW, &screen.before);
	(void)!write(STDOUT_FILENO, LEAVE, sizeof(LEAVE) - 1);
}

static void
on_crash(int signo)
{
	put_back();
	raise(signo); /* SA_RESETHAND: now it ends us */
}

static void
take(void)
{
	struct termios raw;

	screen.has_keys = isatty(STDIN_FILENO) &&
	    tcgetattr(STDIN_FILENO, &screen.before) == 0;
	screen.is_open = 1;
	if (screen.has_keys) {
		raw = screen.before;
		raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
		raw.c_cc[VMIN] = 0;
		raw.c_cc[VTIME] = 0;
		tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	}
	(void)!write(STDOUT_FILENO, ENTER, sizeof(ENTER) - 1);
}

static void
prepare(void)
{
	static const int crashes[] = { SIGSEGV, SIGBUS, SIGABRT, SIGFPE,
		SIGILL };
	struct sigaction action = { .sa_handler = on_crash,
		.sa_flags = SA_RESETHAND };
	sigset_t set;

	if (screen.prepared)
		return;
	screen.prepared = true;
	for (size_t i = 0; i < ARRAY_LEN(crashes); i++)
		sigaction(crashes[i], &action, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGQUIT);
	sigaddset(&set, SIGTSTP);
	sigaddset(&set, SIGWINCH);
	screen.signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (screen.signals >= 0)
		sigprocmask(SIG_BLOCK, &set, NULL);
	atexit(put_back);
}

void
screen_open(void)
{
	prepare();
	take();
}

void
screen_close(void)
{
	put_back();
}

/* ---- signals --------------------------------------------------------------------- */

static void
let_through(int signo)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signo);
	signal(signo, SIG_DFL);
	raise(signo);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static enum screen_event
on_signal(int signo)
{
	bool was_open = screen.is_open;

	if (signo == SIGWINCH)
		return SCREEN_RESIZED;
	put_back();
	if (signo == SIGTSTP)
		raise(SIGSTOP);
	else
		let_through(signo);
	if (was_open)
		take();
	return SCREEN_RESIZED;
}

/* ---- keys ------------------------------------------------------------------------ */

int
screen_key_parse(struct slice bytes, size_t *used_r)
{
	static const struct {
		const char *text;
		int key;
	} sequences[] = {
		{ "\033[A", KEY_UP },
		{ "\033OA", KEY_UP },
		{ "\033[B", KEY_DOWN },
		{ "\033OB", KEY_DOWN },
		{ "\033[C", KEY_RIGHT },
		{ "\033OC", KEY_RIGHT },
		{ "\033[D", KEY_LEFT },
		{ "\033OD", KEY_LEFT },
		{ "\033[H", KEY_HOME },
		{ "\033[1~", KEY_HOME },
		{ "\033[F", KEY_END },
		{ "\033[4~", KEY_END },
	};
	size_t n = 1;

	*used_r = bytes.len ? 1 : 0;
	if (!bytes.len)
		return KEY_NONE;
	if (bytes.ptr[0] != '\033')
		return (unsigned char)bytes.ptr[0];
	for (size_t i = 0; i < ARRAY_LEN(sequences); i++) {
		size_t len = strlen(sequences[i].text);

		if (bytes.len < len ||
		    memcmp(bytes.ptr, sequences[i].text, len) != 0)
			continue;
		*used_r = len;
		return sequences[i].key;
	}
	/* one that we do not know goes as a whole: to its last letter */
	if (bytes.len > 1 && (bytes.ptr[1] == '[' || bytes.ptr[1] == 'O'))
		for (n = 2; n < bytes.len &&
		     (bytes.ptr[n] < '@' || bytes.ptr[n] > '~');
		     n++)
			;
	*used_r = n < bytes.len ? n + 1 : bytes.len;
	return KEY_NONE;
}

static int
next_key(void)
{
	struct slice bytes = { screen.unread, screen.unread_len };
	size_t used;
	int key = screen_key_parse(bytes, &used);

	screen.unread_len -= used;
	memmove(screen.unread, screen.unread + used, screen.unread_len);
	return key;
}

/* False: the terminal is gone. */
static bool
read_keys(void)
{
	ssize_t n = read(STDIN_FILENO, screen.unread + screen.unread_len,
	    sizeof(screen.unread) - screen.unread_len);

	if (n > 0)
		screen.unread_len += (size_t)n;
	return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

/* ---- waiting ----------------------------------------------------------------------- */

enum screen_event
screen_wait(int timeout_ms, int *key_r)
{
	struct pollfd fds[3];
	struct signalfd_siginfo info;

	prepare();
	while (screen.unread_len) {
		*key_r = next_key();
		if (*key_r != KEY_NONE)
			return SCREEN_KEY;
	}
	fds[0] = (struct pollfd){ .fd = screen.signals, .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = STDOUT_FILENO }; /* POLLERR only */
	fds[2] = (struct pollfd){ .fd = STDIN_FILENO, .events = POLLIN };
	if (poll(fds, screen.is_open && screen.has_keys ? 3 : 2, timeout_ms) <=
	    0)
		return SCREEN_TIME;
	if (fds[0].revents &&
	    read(screen.signals, &info, sizeof(info)) == sizeof(info))
		return on_signal((int)info.ssi_signo);
	if (fds[1].revents)
		return SCREEN_CLOSED;
	if (!read_keys())
		return SCREEN_CLOSED;
	*key_r = next_key();
	return SCREEN_KEY;
}

/* ---- painting ------------------------------------------------------------------------ */

unsigned
screen_rows(void)
{
	struct winsize size = { 0 };

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || !size.ws_row)
		return ROWS_DEFAULT;
	return size.ws_row < ROWS_MIN ? ROWS_MIN : size.ws_row;
}

/* Each line erases what was behind it, the last what was below: no flicker. */
void
screen_paint(struct slice text)
{
	struct buf out = { 0 };
	struct why why;

	buf_add_str(&out, "\033[H");
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '\n')
			buf_add_str(&out, "\033[K\r\n");
		else
			buf_add_u8(&out, (uint8_t)text.ptr[i]);
	}
	buf_add_str(&out, "\033[K\033[J");
	if (!out.failed)
		(void)fd_write_all(STDOUT_FILENO, out.ptr, out.len, &why);
	buf_fini(&out);
}
