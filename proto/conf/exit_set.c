/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of exits: numbers 0..255 are exit codes, names are signals. */
#include "proto/conf/exit_set.h"

#include <signal.h>
#include <string.h>

#include "common/words.h"

#define WORDS_BYTES_MAX (1u << 20)

bool
exit_set_has_code(const struct exit_set *set, int code)
{
	return set && code >= 0 && code < 256 &&
	    (set->codes[code / 64] >> (code % 64) & 1);
}

bool
exit_set_has_signal(const struct exit_set *set, int signo)
{
	return set && signo >= 1 && signo <= 64 &&
	    (set->signals >> (signo - 1) & 1);
}

static enum ms_err
add_word(struct exit_set *set, const char *word, struct why *why)
{
	struct slice text = slice_of(word);
	uint64_t code;
	int signo;

	if (parse_u64(text, &code)) {
		if (code > 255)
			return why_set(why, MS_EINVAL,
			    "'%s' is not an exit code (0 to 255)", word);
		set->codes[code / 64] |= 1ULL << (code % 64);
		return MS_OK;
	}
	signo = parse_signal(text);
	if (signo < 1 || signo > 64)
		return why_set(why, MS_EINVAL,
		    "'%s' is neither an exit code (0 to 255) nor a signal "
		    "name (TERM)",
		    word);
	set->signals |= 1ULL << (signo - 1);
	return MS_OK;
}

/* The defaults of success_exit and ignore_exit, which most workers have. */
static const struct exit_set usual[] = {
	{ .codes = { 1 },
	    .signals = 1ULL << (SIGTERM - 1) | 1ULL << (SIGINT - 1) |
		1ULL << (SIGHUP - 1) },
	{ .codes = { [77 / 64] = 1ULL << (77 % 64) } },
};

/* NULL: no memory. */
static const struct exit_set *
keep(const struct exit_set *set, struct arena *arena)
{
	struct exit_set *copy;

	for (size_t i = 0; i < ARRAY_LEN(usual); i++)
		if (memcmp(set, &usual[i], sizeof(*set)) == 0)
			return &usual[i];
	copy = arena_alloc(arena, sizeof(*copy));
	if (copy)
		*copy = *set;
	return copy;
}

enum ms_err
exit_set_parse(struct slice text, void *at, struct arena *arena,
    struct why *why)
{
	struct exit_set set = { .signals = 0 };
	const struct exit_set *kept;
	struct arena scratch;
	struct words words;
	enum ms_err err;

	arena_init(&scratch, WORDS_BYTES_MAX);
	err = words_split(text, &scratch, &words, why);
	for (size_t i = 0; err == MS_OK && i < words.count; i++)
		err = add_word(&set, words.word[i], why);
	arena_fini(&scratch);
	if (err != MS_OK)
		return err;
	kept = keep(&set, arena);
	if (!kept)
		return why_set(why, MS_ENOMEM, "no memory for the list");
	*(const struct exit_set **)at = kept;
	return MS_OK;
}

void
exit_set_print(const void *at, struct buf *out)
{
	const struct exit_set *set = *(const struct exit_set *const *)at;
	const char *blank = "";

	for (int code = 0; code < 256; code++) {
		if (!exit_set_has_code(set, code))
			continue;
		buf_printf(out, "%s%d", blank, code);
		blank = " ";
	}
	for (int signo = 1; signo <= 64; signo++) {
		if (!exit_set_has_signal(set, signo))
			continue;
		buf_printf(out, "%s%s", blank, signal_name(signo));
		blank = " ";
	}
}
