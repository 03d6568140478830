/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The terminal as a screen: one picture over the other, keys, its size.  A few
 * escape sequences that every terminal since the VT100 knows; no library, so
 * that starting msctl stays cheap.  The terminal is put back on every way out:
 * at exit, by signals, when msctl crashes, while it is stopped (^Z).
 */
#ifndef SUPERVISOR_MSCTL_SCREEN_H
#define SUPERVISOR_MSCTL_SCREEN_H

#include <stdbool.h>

#include "common/buf.h"

enum screen_key {
	KEY_NONE = 0, /* else a character, or: */
	KEY_UP = 256,
	KEY_DOWN,
	KEY_LEFT,
	KEY_RIGHT,
	KEY_HOME,
	KEY_END
};

enum screen_event {
	SCREEN_TIME, /* timeout_ms are over */
	SCREEN_KEY,
	SCREEN_RESIZED, /* or it was put back and taken again */
	SCREEN_CLOSED   /* nobody reads what is printed */
};

/* Is stdout a terminal that can do it? */
bool screen_possible(void);
/* One at a time in a process. */
void screen_open(void);
void screen_close(void); /* harmless when it is not open */
unsigned screen_rows(void);
/* Replaces what was there; text has at most as many lines as the screen. */
void screen_paint(struct slice text);
/* INT, TERM, HUP and QUIT end the process here, the terminal put back.  Works
 * without screen_open() too: there are no keys then. */
enum screen_event screen_wait(int timeout_ms, int *key_r);

/* The first key of what a terminal sends; *used_r of it are taken.  Pure. */
int screen_key_parse(struct slice bytes, size_t *used_r);

#endif
