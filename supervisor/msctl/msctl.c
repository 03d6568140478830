/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Failing in one place keeps the exit codes and the JSON of errors the same
 * for every verb.
 */
#include "supervisor/msctl/msctl.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define MESSAGE_BYTES 1024
#define MORE_BYTES    64

static const struct exit_word {
	const char *word;
	int code;
} exit_words[] = {
	{ "not_found", CTL_NOT_FOUND },
	{ "running", CTL_CONFLICT },
	{ "already_started", CTL_CONFLICT },
	{ "already_present", CTL_CONFLICT },
	{ "already_exists", CTL_CONFLICT },
	{ "restarting", CTL_CONFLICT },
	{ "dependency_cycle", CTL_CONFLICT },
	{ "conflict", CTL_CONFLICT },
	{ "invalid_spec", CTL_CONFIG },
	{ "bad_input", CTL_CONFIG },
	{ "permission", CTL_PERMISSION },
	{ "timeout", CTL_TIMEOUT },
	{ "bad_request", CTL_USAGE },
	{ "bad_subject", CTL_USAGE },
	{ "bad_attribute", CTL_USAGE },
	{ "bad_json", CTL_USAGE },
	{ "unreachable", CTL_UNREACHABLE },
	{ "partial", CTL_PARTIAL },
	{ "refused", CTL_REFUSED },
};

int
exit_of_word(const char *word)
{
	for (size_t i = 0; i < ARRAY_LEN(exit_words); i++)
		if (strcmp(exit_words[i].word, word) == 0)
			return exit_words[i].code;
	return CTL_FAILURE;
}

static int
fail(const struct msctl *ctl, const char *word, const char *message,
    const char *more)
{
	struct buf out = { 0 };

	if (!ctl->json) {
		fprintf(stderr, "msctl: %s\n", message);
		return exit_of_word(word);
	}
	buf_add_str(&out, "{\"ok\":false,\"error\":{\"code\":");
	json_quote(&out, slice_of(word));
	buf_add_str(&out, ",\"message\":");
	json_quote(&out, slice_of(message));
	buf_add_str(&out, more);
	buf_add_str(&out, "}}\n");
	ctl_write(&out);
	buf_fini(&out);
	return exit_of_word(word);
}

/* What a program that reads the error has to know: is it worth trying again,
 * and when. */
static const char *
again_json(enum ms_err err, uint32_t retry_after_ms,
    char out[static MORE_BYTES])
{
	int n = snprintf(out, MORE_BYTES, ",\"retryable\":%s",
	    ms_err_is_retryable(err) ? "true" : "false");

	if (retry_after_ms > 0)
		snprintf(out + n, MORE_BYTES - (size_t)n,
		    ",\"retry_after_ms\":%u", retry_after_ms);
	return out;
}

int
ctl_fail(const struct msctl *ctl, const char *word, const char *fmt, ...)
{
	char message[MESSAGE_BYTES];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	return fail(ctl, word, message, "");
}

int
ctl_fail_err(const struct msctl *ctl, enum ms_err err, const char *fmt, ...)
{
	char message[MESSAGE_BYTES], more[MORE_BYTES];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	return fail(ctl, ms_err_name(err), message, again_json(err, 0, more));
}

int
ctl_fail_again(const struct msctl *ctl, enum ms_err err,
    uint32_t retry_after_ms, const char *fmt, ...)
{
	char message[MESSAGE_BYTES], more[MORE_BYTES];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	return fail(ctl, ms_err_name(err), message,
	    again_json(err, retry_after_ms, more));
}

void
ctl_write(struct buf *out)
{
	const unsigned char *p = out->ptr;
	size_t left = out->len;

	if (out->failed) {
		fputs("msctl: out of memory while printing\n", stderr);
		exit(CTL_FAILURE);
	}
	while (left > 0) {
		ssize_t n = write(STDOUT_FILENO, p, left);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EPIPE)
			exit(CTL_OK); /* `| head` has seen enough */
		if (n < 0) {
			fprintf(stderr, "msctl: cannot write: %s\n",
			    strerror(errno));
			exit(CTL_FAILURE);
		}
		p += n;
		left -= (size_t)n;
	}
	buf_reset(out);
}

void
ctl_write_json(const struct json *root)
{
	struct buf out = { 0 };

	if (isatty(STDOUT_FILENO))
		json_print_pretty(root, &out);
	else
		json_print(root, &out);
	buf_add_str(&out, "\n");
	ctl_write(&out);
	buf_fini(&out);
}

bool
ctl_duration(const struct msctl *ctl, const struct args *args,
    const char *option, uint64_t fallback_ms, uint64_t *ms_r)
{
	const char *text = args_get(args, option);

	*ms_r = fallback_ms;
	if (!text || parse_duration(slice_of(text), ms_r))
		return true;
	ctl_fail(ctl, "bad_request",
	    "--%s: '%s' is not a duration (such as 500ms, 5s, 2m)", option,
	    text);
	return false;
}

bool
ctl_number(const struct msctl *ctl, const struct args *args, const char *option,
    uint64_t fallback, uint64_t *value_r)
{
	const char *text = args_get(args, option);

	*value_r = fallback;
	if (!text || parse_u64(slice_of(text), value_r))
		return true;
	ctl_fail(ctl, "bad_request", "%s%s: '%s' is not a whole number",
	    option[1] ? "--" : "-", option, text);
	return false;
}
