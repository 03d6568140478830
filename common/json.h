/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON (RFC 8259) in two forms.  A strict scanner that allocates nothing and
 * hands out raw slices, for hot paths and payloads; and trees (cJSON, whose
 * only owner this file is) for control messages.  Trees are parsed only after
 * the scanner has accepted the text, so cJSON's leniency cannot be reached.
 */
#ifndef COMMON_JSON_H
#define COMMON_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/str.h"

#define JSON_DEPTH_MAX 64u

enum json_type {
	JSON_NULL,
	JSON_FALSE,
	JSON_TRUE,
	JSON_NUMBER,
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT
};

/* A validated value inside its text; raw includes the quotes of a string. */
struct json_raw {
	enum json_type type;
	struct slice raw;
};

/* One whole value and nothing but blanks around it, valid UTF-8, no lone
 * surrogate escapes, depth <= JSON_DEPTH_MAX.  MS_EJSON with the offset. */
enum ms_err json_check(struct slice text, struct json_raw *value_r,
    struct why *why);

/* Walks the members of an object (or items of an array, key empty) that
 * json_check() has accepted.  Start with off = 0. */
struct json_walk {
	struct slice rest;
	bool started;
};
struct json_walk json_walk_of(struct json_raw container);
bool json_walk_next(struct json_walk *walk, struct slice *key_r,
    struct json_raw *value_r); /* key_r: raw, quotes stripped, escapes kept */
/* A string's text, escapes resolved; NULL when the arena is full.  Borrows
 * the input when there is nothing to resolve (then not NUL-terminated). */
struct arena;
bool json_string(struct json_raw value, struct arena *arena,
    struct slice *text_r);

/* Appends a quoted, escaped string.  Bytes that are not UTF-8 become U+FFFD. */
void json_quote(struct buf *out, struct slice text);

/* ---- trees ------------------------------------------------------------- */
struct json; /* opaque: a cJSON node.  Roots are owned, inner nodes borrowed */

enum ms_err json_parse(struct slice text, struct json **root_r,
    struct why *why);
void json_free(struct json **root);
struct json *json_object(void);
struct json *json_array(void);
/* Members of an object; NULL / fallback when absent or of another type. */
struct json *json_get(const struct json *object, const char *key);
const char *json_get_str(const struct json *object, const char *key,
    const char *fallback);
double json_get_num(const struct json *object, const char *key,
    double fallback);
bool json_get_bool(const struct json *object, const char *key, bool fallback);
enum json_type json_type_of(const struct json *node);
const char *json_text(const struct json *node); /* of a string, else NULL */
double json_num(const struct json *node);
struct json *json_first(const struct json *container);
struct json *json_next(const struct json *node);
const char *json_key(const struct json *node); /* of a member, else NULL */
size_t json_count(const struct json *container);

/* Building; `node` ends up owned by the container.  key NULL appends to an
 * array.  text NULL adds null. */
void json_put(struct json *container, const char *key, struct json *node);
void json_put_str(struct json *container, const char *key, const char *text);
void json_put_num(struct json *container, const char *key, double value);
void json_put_bool(struct json *container, const char *key, bool value);
void json_put_null(struct json *container, const char *key);
struct json *json_put_object(struct json *container, const char *key);
struct json *json_put_array(struct json *container, const char *key);
/* Compact text, no newline; integers up to 2^53 print exactly. */
void json_print(const struct json *root, struct buf *out);
void json_print_pretty(const struct json *root, struct buf *out);

#endif
