/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nodes lie in one array and name each other by index.  Literal children of
 * all nodes are in one hash table, keyed by parent and token; the two wildcard
 * children are members.  A lookup walks at most one literal and one wildcard
 * child per token, so its cost depends on the subject's tokens and on how many
 * patterns overlap, not on how many there are.
 */
#include "proto/trie.h"

#include <stdlib.h>
#include <string.h>

#include "proto/subject.h"

#define NODES_MAX   (1u << 24)
#define BUCKETS_MIN 64u
#define ROOT        0u
#define NO_NODE     0u /* as a child: the root is nobody's */

struct node {
	char *token;     /* literal; NULL: root or wildcard */
	uint32_t parent; /* of a literal one */
	uint32_t next;   /* in its bucket */
	uint32_t star;   /* child for '*' */
	uint32_t hash;
	uint16_t token_len;
	/* of the patterns that end here, and here with '>' behind */
	uint32_t end, end_order;
	uint32_t rest, rest_order;
};

struct trie {
	struct node *nodes;
	uint32_t count, cap;
	uint32_t *buckets; /* first node of each */
	uint32_t bucket_count;
	uint32_t added;
};

/* ---- nodes --------------------------------------------------------------- */

/* FNV-1a over parent and token: tokens are short. */
static uint32_t
hash_of(uint32_t parent, struct slice token)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325) ^ parent;

	h *= UINT64_C(0x100000001b3);
	for (size_t i = 0; i < token.len; i++)
		h = (h ^ (unsigned char)token.ptr[i]) * UINT64_C(0x100000001b3);
	return (uint32_t)(h ^ h >> 32);
}

static uint32_t
find_literal(const struct trie *t, uint32_t parent, struct slice token)
{
	uint32_t hash = hash_of(parent, token);
	uint32_t at = t->buckets[hash & (t->bucket_count - 1)];

	for (; at != NO_NODE; at = t->nodes[at].next) {
		const struct node *n = &t->nodes[at];

		if (n->hash == hash && n->parent == parent &&
		    n->token_len == token.len &&
		    memcmp(n->token, token.ptr, token.len) == 0)
			return at;
	}
	return NO_NODE;
}

static void
put_in_bucket(struct trie *t, uint32_t at)
{
	uint32_t *bucket =
	    &t->buckets[t->nodes[at].hash & (t->bucket_count - 1)];

	t->nodes[at].next = *bucket;
	*bucket = at;
}

static enum ms_err
grow_buckets(struct trie *t)
{
	uint32_t *more = calloc((size_t)t->bucket_count * 2, sizeof(*more));

	if (!more)
		return MS_ENOMEM;
	free(t->buckets);
	t->buckets = more;
	t->bucket_count *= 2;
	for (uint32_t i = 1; i < t->count; i++)
		if (t->nodes[i].token)
			put_in_bucket(t, i);
	return MS_OK;
}

/* A node without token; its index or NO_NODE when out of memory. */
static uint32_t
add_node(struct trie *t)
{
	if (t->count == t->cap) {
		uint32_t cap = t->cap ? t->cap * 2 : 16;
		struct node *more;

		if (cap > NODES_MAX)
			return NO_NODE;
		more = reallocarray(t->nodes, cap, sizeof(*more));
		if (!more)
			return NO_NODE;
		t->nodes = more;
		t->cap = cap;
	}
	t->nodes[t->count] =
	    (struct node){ .end = TRIE_NONE, .rest = TRIE_NONE };
	return t->count++;
}

static uint32_t
add_literal(struct trie *t, uint32_t parent, struct slice token)
{
	char *copy;
	uint32_t at;

	if (t->count >= t->bucket_count && grow_buckets(t))
		return NO_NODE;
	copy = strndup(token.ptr, token.len);
	at = copy ? add_node(t) : NO_NODE;
	if (at == NO_NODE) {
		free(copy);
		return NO_NODE;
	}
	t->nodes[at].token = copy;
	t->nodes[at].token_len = (uint16_t)token.len;
	t->nodes[at].parent = parent;
	t->nodes[at].hash = hash_of(parent, token);
	put_in_bucket(t, at);
	return at;
}

/* The child for this token, made when it is not there. */
static uint32_t
reach(struct trie *t, uint32_t parent, struct slice token)
{
	uint32_t at;

	if (slice_is(token, "*")) {
		at = t->nodes[parent].star;
		if (at == NO_NODE && (at = add_node(t)) != NO_NODE)
			t->nodes[parent].star = at;
		return at;
	}
	at = find_literal(t, parent, token);
	return at != NO_NODE ? at : add_literal(t, parent, token);
}

/* ---- life ---------------------------------------------------------------- */

struct trie *
trie_new(void)
{
	struct trie *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->bucket_count = BUCKETS_MIN;
	t->buckets = calloc(t->bucket_count, sizeof(*t->buckets));
	add_node(t);
	if (!t->buckets || t->count == 0)
		trie_free(&t);
	return t;
}

void
trie_free(struct trie **trie)
{
	struct trie *t = *trie;

	if (!t)
		return;
	*trie = NULL;
	for (uint32_t i = 0; i < t->count; i++)
		free(t->nodes[i].token);
	free(t->nodes);
	free(t->buckets);
	free(t);
}

enum ms_err
trie_add(struct trie *t, struct slice pattern, uint32_t value)
{
	uint32_t at = ROOT;
	uint32_t *slot, *order;
	struct slice token;
	bool rest = false;

	while (slice_cut(&pattern, '.', &token)) {
		if (slice_is(token, ">")) {
			rest = true;
			break;
		}
		at = reach(t, at, token);
		if (at == NO_NODE)
			return MS_ENOMEM;
	}
	slot = rest ? &t->nodes[at].rest : &t->nodes[at].end;
	order = rest ? &t->nodes[at].rest_order : &t->nodes[at].end_order;
	if (*slot != TRIE_NONE)
		return MS_EEXISTS;
	*slot = value;
	*order = t->added++;
	return MS_OK;
}

/* ---- matching ------------------------------------------------------------- */

struct walk {
	const struct trie *trie;
	struct slice token[SUBJECT_TOKENS_MAX];
	unsigned tokens;
	bool is_system; /* the first token begins with '$' */
	void (*visit)(struct walk *walk, uint32_t value, uint32_t order,
	    unsigned literal, unsigned length);
	/* each */
	trie_match_fn *match;
	void *arg;
	/* best */
	uint32_t best, best_order;
	unsigned best_literal, best_length;
};

/* `depth` tokens have led here, `literal` of them by name. */
static void
walk_from(struct walk *w, uint32_t at, unsigned depth, unsigned literal)
{
	const struct node *n = &w->trie->nodes[at];
	bool wild = depth > 0 || !w->is_system;
	uint32_t child;

	if (depth == w->tokens) {
		if (n->end != TRIE_NONE)
			w->visit(w, n->end, n->end_order, literal, depth);
		return;
	}
	if (wild && n->rest != TRIE_NONE)
		w->visit(w, n->rest, n->rest_order, literal, depth);
	child = find_literal(w->trie, at, w->token[depth]);
	if (child != NO_NODE)
		walk_from(w, child, depth + 1, literal + 1);
	if (wild && n->star != NO_NODE)
		walk_from(w, n->star, depth + 1, literal);
}

static void
walk_all(struct walk *w, struct slice subject)
{
	w->is_system = subject.len > 0 && subject.ptr[0] == '$';
	while (w->tokens < SUBJECT_TOKENS_MAX &&
	    slice_cut(&subject, '.', &w->token[w->tokens]))
		w->tokens++;
	walk_from(w, ROOT, 0, 0);
}

static bool
is_better(const struct walk *w, uint32_t order, unsigned literal,
    unsigned length)
{
	if (w->best == TRIE_NONE || literal != w->best_literal)
		return w->best == TRIE_NONE || literal > w->best_literal;
	if (length != w->best_length)
		return length > w->best_length;
	return order < w->best_order;
}

static void
keep_best(struct walk *w, uint32_t value, uint32_t order, unsigned literal,
    unsigned length)
{
	if (!is_better(w, order, literal, length))
		return;
	w->best = value;
	w->best_order = order;
	w->best_literal = literal;
	w->best_length = length;
}

uint32_t
trie_best(const struct trie *t, struct slice subject)
{
	struct walk w = { .trie = t, .visit = keep_best, .best = TRIE_NONE };

	walk_all(&w, subject);
	return w.best;
}

static void
tell(struct walk *w, uint32_t value, uint32_t order MS_UNUSED,
    unsigned literal MS_UNUSED, unsigned length MS_UNUSED)
{
	w->match(w->arg, value);
}

void
trie_each(const struct trie *t, struct slice subject, trie_match_fn *match,
    void *arg)
{
	struct walk w = { .trie = t,
		.visit = tell,
		.match = match,
		.arg = arg };

	walk_all(&w, subject);
}
