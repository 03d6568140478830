/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of exits: numbers 0..255 are exit codes, names are signals. */
#include "proto/conf/exit_set.h"

#include "common/words.h"

bool
exit_set_has_code(const struct exit_set *set, int code)
{
	return code >= 0 && code < 256 &&
	    (set->codes[code / 64] >> (code % 64) & 1);
}

bool
exit_set_has_signal(const struct exit_set *set, int signo)
{
	return signo >= 1 && signo <= 64 && (set->signals >> (signo - 1) & 1);
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

enum ms_err
exit_set_parse(struct slice text, void *at, struct arena *arena,
    struct why *why)
{
	struct exit_set set = { .given = true };
	struct words words;
	enum ms_err err = words_split(text, arena, &words, why);

	for (size_t i = 0; err == MS_OK && i < words.count; i++)
		err = add_word(&set, words.word[i], why);
	if (err == MS_OK)
		*(struct exit_set *)at = set;
	return err;
}

void
exit_set_print(const void *at, struct buf *out)
{
	const struct exit_set *set = at;
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
