/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One accepted generation of the whole configuration: every key with its value
 * in force and where that comes from, defaults included.  Keys are named
 * "kind.key" ("bus.dir") or "kind.name.key" ("pool.main.size") and sorted.
 * Pure: made from a conf, never changes, keeps nothing of the conf.
 */
#ifndef WORKERS_CONFIG_STORE_H
#define WORKERS_CONFIG_STORE_H

#include "proto/conf/sections.h"

struct store_key {
	const char *key;
	const char *origin; /* "file:line:column", "environment", "default" */
	bool given;
	const struct field *row;
	const void *base; /* the struct that row describes */
};

struct store {
	struct arena arena; /* owns everything below */
	struct store_key *keys;
	size_t count;
	size_t files;
};

/* A key that this version refuses has no value in force. */
bool store_serves(const struct field *row);

/* conf has passed sections_check().  MS_ETOOBIG: more than a store may hold. */
enum ms_err store_new(const struct conf *conf, struct store **store_r,
    struct why *why);
void store_free(struct store **store);

/* NULL: no such key; why says which one may have been meant. */
const struct store_key *store_find(const struct store *store, const char *key,
    struct why *why);
/* The value in force, as a file would say it; a secret is "***", one that is
 * not given is empty. */
void store_print(const struct store_key *key, struct buf *out);
/* Appends a JSON array of {key,value,origin} of all keys that begin with
 * prefix; returns how many. */
size_t store_list(const struct store *store, const char *prefix,
    struct buf *out);
/* Names of the keys whose value differs, or that only one of both has; sorted,
 * borrowed from the stores, in arena.  Secrets are compared, not shown. */
enum ms_err store_diff(const struct store *old, const struct store *new,
    struct arena *arena, struct words *changed_r);
/* The same for all values: equal fingerprints, equal configurations. */
#define STORE_FINGERPRINT_BYTES 65
void store_fingerprint(const struct store *store,
    char out[static STORE_FINGERPRINT_BYTES]);

#endif
