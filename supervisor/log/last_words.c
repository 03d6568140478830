/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deaths are answered in the order they came, so the one looked for is nearly
 * always the first, and the first is also the first to be given up.
 */
#include "supervisor/log/last_words.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "common/alloc.h"
#include "common/log.h"
#include "supervisor/events.h"
#include "supervisor/msd.h"

struct held {
	TAILQ_ENTRY(held) entry;
	char *name;
	uint64_t generation;
	uint64_t seq;
	struct mono until;
};
TAILQ_HEAD(helds, held);

struct last_words {
	struct msd *msd;
	struct helds helds; /* the oldest first */
	ev_timer patience;  /* of the first; stopped when there is none */
};

static void
let_go(struct last_words *words, struct held *held)
{
	TAILQ_REMOVE(&words->helds, held, entry);
	events_show(words->msd->events, held->seq);
	free(held->name);
	free(held);
}

static void
wait_for_first(struct last_words *words)
{
	struct loop *loop = words->msd->loop;
	const struct held *first = TAILQ_FIRST(&words->helds);

	loop_timer_stop(loop, &words->patience);
	if (first)
		loop_timer_start(loop, &words->patience,
		    mono_ms_left(mono_now(), first->until));
}

static void
on_patience(struct ev_loop *ev, ev_timer *timer, int events MS_UNUSED)
{
	struct last_words *words =
	    container_of(timer, struct last_words, patience);
	struct held *first;

	(void)ev;
	while ((first = TAILQ_FIRST(&words->helds)) &&
	    mono_reached(mono_now(), first->until)) {
		log_debug("last words not confirmed", "name=%s", first->name);
		let_go(words, first);
	}
	wait_for_first(words);
}

struct last_words *
last_words_new(struct msd *msd)
{
	struct last_words *words = xcalloc(1, sizeof(*words));

	words->msd = msd;
	TAILQ_INIT(&words->helds);
	ev_timer_init(&words->patience, on_patience, 0., 0.);
	return words;
}

void
last_words_free(struct last_words **words_ptr)
{
	struct last_words *words = *words_ptr;

	if (!words)
		return;
	*words_ptr = NULL;
	while (!TAILQ_EMPTY(&words->helds))
		let_go(words, TAILQ_FIRST(&words->helds));
	loop_timer_stop(words->msd->loop, &words->patience);
	free(words);
}

void
last_words_await(struct last_words *words, const char *name,
    uint64_t generation, uint64_t seq)
{
	struct held *held = xcalloc(1, sizeof(*held));

	events_hold(words->msd->events, seq);
	*held = (struct held){ .name = xstrdup(name),
		.generation = generation,
		.seq = seq,
		.until = mono_add_ms(mono_now(), LAST_WORDS_MS) };
	TAILQ_INSERT_TAIL(&words->helds, held, entry);
	if (!ev_is_active(&words->patience))
		wait_for_first(words);
}

void
last_words_heard(struct last_words *words, const char *name,
    uint64_t generation)
{
	struct held *held, *next;

	for (held = TAILQ_FIRST(&words->helds); held; held = next) {
		bool is_it = held->generation == generation;

		next = TAILQ_NEXT(held, entry);
		if (held->generation > generation ||
		    strcmp(held->name, name) != 0)
			continue;
		let_go(words, held);
		if (is_it)
			break;
	}
	if (TAILQ_EMPTY(&words->helds))
		wait_for_first(words);
}
