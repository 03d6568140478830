/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values of [worker NAME] that are more than a number or a word.  What this
 * version cannot do is refused here, where it is read: never taken and then
 * not done.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "common/mono.h"
#include "proto/conf/worker.h"

#define READY_FD_MIN 3
#define READY_FD_MAX 255
#define PHI_MIN      1
#define PHI_MAX      100

/* ---- ready -------------------------------------------------------------- */

static enum ms_err
ready_fd(struct slice number, struct ready_conf *ready, struct why *why)
{
	uint64_t fd;

	if (!parse_u64(number, &fd) || fd < READY_FD_MIN || fd > READY_FD_MAX)
		return why_set(why, MS_EINVAL,
		    "fd:N takes a descriptor number from %d to %d",
		    READY_FD_MIN, READY_FD_MAX);
	*ready = (struct ready_conf){ .kind = READY_FD, .fd = (int)fd };
	return MS_OK;
}

static enum ms_err
ready_delay(struct slice text, struct ready_conf *ready, struct why *why)
{
	uint64_t ms;

	if (!parse_duration(text, &ms) || ms == DURATION_INFINITY)
		return why_set(why, MS_EINVAL,
		    "delay:D takes a duration such as 500ms");
	*ready = (struct ready_conf){ .kind = READY_DELAY, .delay_ms = ms };
	return MS_OK;
}

enum ms_err
ready_parse(struct slice text, void *at, struct arena *arena, struct why *why)
{
	struct ready_conf *ready = at;
	struct slice rest;

	(void)arena;
	if (slice_skip(text, "fd:", &rest))
		return ready_fd(rest, ready, why);
	if (slice_skip(text, "delay:", &rest))
		return ready_delay(rest, ready, why);
	if (slice_is(text, "exec"))
		*ready = (struct ready_conf){ .kind = READY_EXEC };
	else if (slice_is(text, "notify"))
		*ready = (struct ready_conf){ .kind = READY_NOTIFY };
	else if (slice_is(text, "check"))
		*ready = (struct ready_conf){ .kind = READY_CHECK };
	else
		return why_set(why, MS_EINVAL,
		    "is one of exec, notify, fd:N, delay:D, check");
	return MS_OK;
}

void
ready_print(const void *at, struct buf *out)
{
	const struct ready_conf *ready = at;
	char text[UNIT_TEXT_BYTES];

	switch (ready->kind) {
	case READY_EXEC:
		buf_add_str(out, "exec");
		break;
	case READY_NOTIFY:
		buf_add_str(out, "notify");
		break;
	case READY_FD:
		buf_printf(out, "fd:%d", ready->fd);
		break;
	case READY_DELAY:
		buf_printf(out, "delay:%s",
		    print_duration(ready->delay_ms, text));
		break;
	case READY_CHECK:
		buf_add_str(out, "check");
		break;
	}
}

/* ---- watchdog ----------------------------------------------------------- */

/* Digits with at most one point: no signs, exponents or names of strtod(). */
static bool
parse_decimal(struct slice text, double *value_r)
{
	char copy[16];

	if (text.len == 0 || text.len >= sizeof(copy))
		return false;
	memcpy(copy, text.ptr, text.len);
	copy[text.len] = '\0';
	if (copy[strspn(copy, "0123456789.")] != '\0' ||
	    strchr(copy, '.') != strrchr(copy, '.') || strcmp(copy, ".") == 0)
		return false;
	*value_r = strtod(copy, NULL);
	return true;
}

static enum ms_err
watchdog_phi(struct slice text, struct watchdog_conf *watchdog, struct why *why)
{
	double phi;

	if (!parse_decimal(text, &phi) || phi < PHI_MIN || phi > PHI_MAX)
		return why_set(why, MS_EINVAL,
		    "phi:T takes a number from %d to %d such as 8", PHI_MIN,
		    PHI_MAX);
	*watchdog = (struct watchdog_conf){ .phi = phi };
	return MS_OK;
}

enum ms_err
watchdog_parse(struct slice text, void *at, struct arena *arena,
    struct why *why)
{
	struct slice rest;
	uint64_t ms;

	(void)arena;
	if (slice_skip(text, "phi:", &rest))
		return watchdog_phi(rest, at, why);
	if (slice_is(text, "off"))
		ms = 0;
	else if (!parse_duration(text, &ms) || ms == DURATION_INFINITY)
		return why_set(why, MS_EINVAL,
		    "is off, a duration such as 5s, or phi:T");
	*(struct watchdog_conf *)at =
	    (struct watchdog_conf){ .timeout_ms = ms };
	return MS_OK;
}

void
watchdog_print(const void *at, struct buf *out)
{
	const struct watchdog_conf *watchdog = at;
	char text[UNIT_TEXT_BYTES];

	if (watchdog->phi > 0.)
		buf_printf(out, "phi:%g", watchdog->phi);
	else if (watchdog->timeout_ms == 0)
		buf_add_str(out, "off");
	else
		buf_add_str(out, print_duration(watchdog->timeout_ms, text));
}

/* ---- cpu_max, oom_score_adj --------------------------------------------- */

#define CPU_PERIOD_US 100000
#define CPUS_MAX      1024

/* Processors ("1.5") or per cent of one ("150%"), kept as time per 100 ms. */
enum ms_err
cpu_max_parse(struct slice text, void *at, struct arena *arena, struct why *why)
{
	bool percent = text.len > 0 && text.ptr[text.len - 1] == '%';
	double value;

	(void)arena;
	if (percent)
		text.len--;
	if (slice_is(text, "none")) {
		*(uint32_t *)at = 0;
		return MS_OK;
	}
	if (!parse_decimal(text, &value))
		return why_set(why, MS_EINVAL,
		    "takes processors or per cent of one, such as 1.5 or 50%%");
	if (percent)
		value /= 100;
	/* the kernel takes no less than 1 ms of 100 */
	if (value < 0.01 || value > CPUS_MAX)
		return why_set(why, MS_EINVAL,
		    "is from 0.01 (1%%) to %d processors", CPUS_MAX);
	*(uint32_t *)at = (uint32_t)(value * CPU_PERIOD_US + 0.5);
	return MS_OK;
}

void
cpu_max_print(const void *at, struct buf *out)
{
	uint32_t us = *(const uint32_t *)at;

	if (us == 0)
		buf_add_str(out, "none");
	else
		buf_printf(out, "%g%%", us * 100.0 / CPU_PERIOD_US);
}

enum ms_err
oom_score_parse(struct slice text, void *at, struct arena *arena,
    struct why *why)
{
	int64_t score;

	(void)arena;
	if (slice_is(text, "auto")) {
		*(int *)at = OOM_SCORE_AUTO;
		return MS_OK;
	}
	if (!parse_i64(text, &score) || score < -1000 || score > 1000)
		return why_set(why, MS_EINVAL,
		    "is from -1000 to 1000, or auto");
	*(int *)at = (int)score;
	return MS_OK;
}

void
oom_score_print(const void *at, struct buf *out)
{
	int score = *(const int *)at;

	if (score == OOM_SCORE_AUTO)
		buf_add_str(out, "auto");
	else
		buf_printf(out, "%d", score);
}

/* ---- umask, limits ------------------------------------------------------ */

enum ms_err
umask_parse(struct slice text, void *at, struct arena *arena, struct why *why)
{
	uint32_t mask = 0;

	(void)arena;
	if (slice_is(text, "inherit")) {
		*(uint32_t *)at = UINT32_MAX;
		return MS_OK;
	}
	if (text.len == 0 || text.len > 4)
		return why_set(why, MS_EINVAL, "is octal, 0 to 0777");
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] < '0' || text.ptr[i] > '7')
			return why_set(why, MS_EINVAL, "is octal, 0 to 0777");
		mask = mask * 8 + (uint32_t)(text.ptr[i] - '0');
	}
	if (mask > 0777)
		return why_set(why, MS_EINVAL, "is octal, 0 to 0777");
	*(uint32_t *)at = mask;
	return MS_OK;
}

void
umask_print(const void *at, struct buf *out)
{
	uint32_t mask = *(const uint32_t *)at;

	if (mask == UINT32_MAX)
		buf_add_str(out, "inherit");
	else
		buf_printf(out, "0%03" PRIo32, mask);
}

static bool
parse_limit_value(struct slice text, uint64_t *value_r)
{
	if (slice_is(text, "infinity")) {
		*value_r = RLIM_INFINITY;
		return true;
	}
	return parse_size(text, value_r);
}

enum ms_err
limit_parse(struct slice text, void *at, struct arena *arena, struct why *why)
{
	struct limit_conf limit = { 0, 0 }, *kept;
	struct slice rest = text, soft = { NULL, 0 };

	if (!slice_cut(&rest, ':', &soft) ||
	    !parse_limit_value(slice_trim(soft), &limit.soft))
		return why_set(why, MS_EINVAL,
		    "is N, SOFT:HARD or infinity (sizes such as 64M allowed)");
	limit.hard = limit.soft;
	if (soft.len < text.len &&
	    !parse_limit_value(slice_trim(rest), &limit.hard))
		return why_set(why, MS_EINVAL, "HARD is a number or infinity");
	if (limit.soft > limit.hard)
		return why_set(why, MS_EINVAL, "SOFT is above HARD");
	kept = arena_alloc(arena, sizeof(*kept));
	if (!kept)
		return why_set(why, MS_ENOMEM, "no memory for the limit");
	*kept = limit;
	*(const struct limit_conf **)at = kept;
	return MS_OK;
}

static void
print_limit_value(uint64_t value, struct buf *out)
{
	char text[UNIT_TEXT_BYTES];

	if (value == RLIM_INFINITY)
		buf_add_str(out, "infinity");
	else
		buf_add_str(out, print_size(value, text));
}

void
limit_print(const void *at, struct buf *out)
{
	const struct limit_conf *limit = *(const struct limit_conf *const *)at;

	if (!limit)
		return;
	print_limit_value(limit->soft, out);
	if (limit->hard != limit->soft) {
		buf_add_u8(out, ':');
		print_limit_value(limit->hard, out);
	}
}
