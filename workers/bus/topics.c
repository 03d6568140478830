/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cache has one place for each hash and compares whole subjects, so a
 * wrong answer is impossible and its memory is bounded; long subjects, which
 * are rare, take the way through the tries.
 */
#include "workers/bus/topics.h"

#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/buf.h"
#include "common/log.h"
#include "proto/contract.h"
#include "proto/subject.h"
#include "proto/trie.h"

#define PLACES        2048u
#define SUBJECT_BYTES 60u /* with the rest a place is a cache line */

struct place {
	struct topic topic;
	uint8_t len; /* 0: empty */
	char subject[SUBJECT_BYTES];
};
_Static_assert(sizeof(struct place) == 64, "a cache line");

struct topics {
	struct trie *streams, *policies;
	struct place *places; /* made when there is a first subject */
	char *classes[TOPIC_CLASSES_MAX];
};

/* As xmalloc(): a bus without its patterns is of no use. */
static void
no_memory(void)
{
	log_fatal(MS_EXIT_TEMPFAIL, "out of memory", "for=patterns");
}

static struct trie *
new_trie(void)
{
	struct trie *trie = trie_new();

	if (!trie)
		no_memory();
	return trie;
}

struct topics *
topics_new(void)
{
	struct topics *t = xcalloc(1, sizeof(*t));

	t->streams = new_trie();
	t->policies = new_trie();
	return t;
}

void
topics_free(struct topics **topics)
{
	struct topics *t = *topics;

	if (!t)
		return;
	*topics = NULL;
	trie_free(&t->streams);
	trie_free(&t->policies);
	for (size_t i = 0; i < ARRAY_LEN(t->classes); i++)
		free(t->classes[i]);
	free(t->places);
	free(t);
}

void
topics_reset(struct topics *t)
{
	trie_free(&t->streams);
	trie_free(&t->policies);
	t->streams = new_trie();
	t->policies = new_trie();
	free(t->places);
	t->places = NULL;
}

static void
add(struct trie *trie, const char *pattern, uint8_t value)
{
	if (trie_add(trie, slice_of(pattern), value) == MS_ENOMEM)
		no_memory();
}

void
topics_add_stream(struct topics *t, const char *pattern, uint8_t stream)
{
	add(t->streams, pattern, stream);
}

void
topics_add_policy(struct topics *t, const char *pattern, uint8_t policy)
{
	add(t->policies, pattern, policy);
}

/* ---- looking ------------------------------------------------------------- */

static uint8_t
class_of(struct topics *t, struct slice subject)
{
	struct slice name = subject_class(subject);
	uint8_t i = 0;

	for (; i < TOPIC_CLASS_OTHER && t->classes[i]; i++) {
		if (slice_is(name, t->classes[i]))
			return i;
	}
	if (i < TOPIC_CLASS_OTHER)
		t->classes[i] = xstrndup(name.ptr, name.len);
	return i;
}

static uint8_t
value_of(const struct trie *trie, struct slice subject)
{
	uint32_t value = trie_best(trie, subject);

	return value == TRIE_NONE ? 0 : (uint8_t)value;
}

static struct topic
look(struct topics *t, struct slice subject)
{
	return (struct topic){ .stream = value_of(t->streams, subject),
		.policy = value_of(t->policies, subject),
		.class = class_of(t, subject) };
}

static uint64_t
hash_of(struct slice s)
{
	uint64_t h = s.len;
	size_t i = 0;

	for (; i + 8 <= s.len; i += 8)
		h = (h ^ get_u64(s.ptr + i)) * UINT64_C(0x9e3779b97f4a7c15);
	for (; i < s.len; i++)
		h = (h ^ (unsigned char)s.ptr[i]) *
		    UINT64_C(0x9e3779b97f4a7c15);
	return h ^ h >> 29;
}

static struct place *
place_of(struct topics *t, struct slice subject)
{
	if (!t->places)
		t->places = xcalloc(PLACES, sizeof(*t->places));
	return &t->places[(hash_of(subject) >> 20) % PLACES];
}

struct topic
topics_find(struct topics *t, struct slice subject)
{
	struct place *place;

	if (subject.len > SUBJECT_BYTES || subject.len == 0)
		return look(t, subject);
	place = place_of(t, subject);
	if (place->len == subject.len &&
	    memcmp(place->subject, subject.ptr, subject.len) == 0)
		return place->topic;
	place->topic = look(t, subject);
	place->len = (uint8_t)subject.len;
	memcpy(place->subject, subject.ptr, subject.len);
	return place->topic;
}

const char *
topics_class(const struct topics *t, uint8_t class)
{
	return class == TOPIC_CLASS_OTHER ? "other" : t->classes[class];
}
