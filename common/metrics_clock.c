/* SPDX-License-Identifier: Apache-2.0 */
#include "common/metrics_clock.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "common/fd.h"

#define CALIBRATION_NS 200000u
#define TRIES          5

struct metrics_clock metrics_clock;
_Thread_local uint64_t metrics_turn_began;

#ifdef __x86_64__

/* The kernel has watched it: constant, and the same on all processors. */
static bool
counter_is_trusted(void)
{
	static const char path[] = "/sys/devices/system/clocksource/"
				   "clocksource0/current_clocksource";
	char name[8] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, name, sizeof(name) - 1);

	fd_close(&fd);
	return n >= 3 && strncmp(name, "tsc\n", 4) == 0;
}

struct moment {
	uint64_t ns;
	uint64_t ticks;
};

/* Both clocks at one time: the tightest of a few tries. */
static struct moment
both_clocks(void)
{
	struct moment best = { 0, 0 };
	uint64_t width = UINT64_MAX;

	for (int i = 0; i < TRIES; i++) {
		uint64_t before = __rdtsc();
		uint64_t ns = mono_now().ns;
		uint64_t after = __rdtsc();

		if (after - before < width) {
			width = after - before;
			best = (struct moment){ ns, before + width / 2 };
		}
	}
	return best;
}

static uint64_t
measure(void)
{
	struct moment from = both_clocks(), to;
	uint64_t ticks;

	do
		to = both_clocks();
	while (to.ns - from.ns < CALIBRATION_NS);
	ticks = to.ticks - from.ticks;
	if (ticks == 0 || to.ticks < from.ticks)
		return 0;
	return (uint64_t)(((unsigned __int128)(to.ns - from.ns) << 32) / ticks);
}

void
metrics_clock_init(void)
{
	if (metrics_clock.mult == 0 && counter_is_trusted())
		metrics_clock.mult = measure();
}

#else

void
metrics_clock_init(void)
{
}

#endif

/* Gaps of 1 to 2N-1, N in the mean: a fixed one could fall in step with what
 * is measured. */
static uint32_t
next_gap(struct metric_sampler *s, uint32_t every)
{
	if (s->dice == 0)
		s->dice = (uint32_t)(uintptr_t)s | 1;
	s->dice ^= s->dice << 13;
	s->dice ^= s->dice >> 17;
	s->dice ^= s->dice << 5;
	return 1 + (uint32_t)((uint64_t)s->dice * (2 * every - 1) >> 32);
}

struct metric_timer
metric_timer_rare(struct metric_sampler *s)
{
	uint32_t every = (s->every ? s->every : 1) * metrics_sampled();

	if (every > 1 && s->left == 0) { /* the first: begin anywhere */
		s->left = next_gap(s, every);
		if (s->left > 1)
			return metric_timer_start(s);
	}
	s->left = every > 1 ? next_gap(s, every) : 0;
	return (struct metric_timer){ metrics_clock_ns(), every };
}
