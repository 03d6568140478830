/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trees for control messages, on cJSON.  What cJSON gets wrong is kept from
 * it: the strict scanner goes first, duplicate keys, NUL inside strings and
 * numbers it would cut or turn into infinity are refused, and the printer is
 * ours (exact integers, valid UTF-8, no locale).
 */
#include "common/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include <cjson/cJSON.h>

#include "common/log.h"

/* cJSON copies a number into 64 bytes and silently drops the rest */
#define NUMBER_BYTES_MAX 63u
#define EXACT_INTEGER    9007199254740992.0 /* 2^53 */

static cJSON *
node_of(const struct json *json)
{
	return (cJSON *)(void *)(uintptr_t)json;
}

static struct json *
json_of(const cJSON *node)
{
	return (struct json *)(void *)(uintptr_t)node;
}

/* ---- parsing ------------------------------------------------------------ */

/* Accepted text that a tree of C strings and doubles cannot carry. */
static enum ms_err
check_fits(struct slice text, struct why *why)
{
	bool in_string = false;
	size_t digits = 0;

	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		if (in_string && c == '\\') {
			if (text.len - i > 5 &&
			    memcmp(text.ptr + i, "\\u0000", 6) == 0)
				return why_set(why, MS_EJSON,
				    "byte %zu: \\u0000 is not supported", i);
			i++;
		} else if (c == '"') {
			in_string = !in_string;
		}
		digits = !in_string && c && strchr("0123456789+-.eE", c)
		    ? digits + 1
		    : 0;
		if (digits > NUMBER_BYTES_MAX)
			return why_set(why, MS_EJSON,
			    "byte %zu: a number of more than %u characters", i,
			    NUMBER_BYTES_MAX);
	}
	return MS_OK;
}

static int
by_key(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static enum ms_err
check_keys(const cJSON *object, struct why *why)
{
	size_t count = 0, n = 0;
	const char **key;
	const char *again = NULL;

	for (const cJSON *c = object->child; c; c = c->next)
		count++;
	if (count < 2)
		return MS_OK;
	key = malloc(count * sizeof(*key));
	if (!key)
		return MS_ENOMEM;
	for (const cJSON *c = object->child; c; c = c->next)
		key[n++] = c->string;
	qsort(key, n, sizeof(*key), by_key);
	for (size_t i = 1; i < n && !again; i++)
		if (strcmp(key[i - 1], key[i]) == 0)
			again = key[i];
	free(key);
	return again
	    ? why_set(why, MS_EJSON, "key \"%.100s\" is given twice", again)
	    : MS_OK;
}

/* Depth is bounded by the scanner. */
static enum ms_err
check_tree(const cJSON *node, struct why *why)
{
	enum ms_err err = MS_OK;

	if (cJSON_IsNumber(node) && !isfinite(node->valuedouble))
		return why_set(why, MS_EJSON, "number out of range%s%.100s",
		    node->string ? ": " : "", node->string ? node->string : "");
	if (cJSON_IsObject(node))
		err = check_keys(node, why);
	for (const cJSON *c = node->child; c && err == MS_OK; c = c->next)
		err = check_tree(c, why);
	return err;
}

enum ms_err
json_parse(struct slice text, struct json **root_r, struct why *why)
{
	struct json_raw value;
	cJSON *root;
	enum ms_err err = json_check(text, &value, why);

	*root_r = NULL;
	if (err == MS_OK)
		err = check_fits(value.raw, why);
	if (err != MS_OK)
		return err;
	root = cJSON_ParseWithLength(value.raw.ptr, value.raw.len);
	if (!root) /* the text is good, so it can only be this */
		return why_set(why, MS_ENOMEM, "no memory for the JSON tree");
	err = check_tree(root, why);
	if (err == MS_OK)
		*root_r = json_of(root);
	else
		cJSON_Delete(root);
	return err;
}

void
json_free(struct json **root)
{
	cJSON_Delete(node_of(*root));
	*root = NULL;
}

/* ---- reading ------------------------------------------------------------ */

struct json *
json_get(const struct json *object, const char *key)
{
	const cJSON *node = node_of(object);

	return cJSON_IsObject(node)
	    ? json_of(cJSON_GetObjectItemCaseSensitive(node, key))
	    : NULL;
}

const char *
json_get_str(const struct json *object, const char *key, const char *fallback)
{
	const char *text = json_text(json_get(object, key));

	return text ? text : fallback;
}

double
json_get_num(const struct json *object, const char *key, double fallback)
{
	const cJSON *node = node_of(json_get(object, key));

	return cJSON_IsNumber(node) ? node->valuedouble : fallback;
}

bool
json_get_bool(const struct json *object, const char *key, bool fallback)
{
	const cJSON *node = node_of(json_get(object, key));

	return cJSON_IsBool(node) ? cJSON_IsTrue(node) : fallback;
}

enum json_type
json_type_of(const struct json *node)
{
	const cJSON *n = node_of(node);

	if (cJSON_IsObject(n))
		return JSON_OBJECT;
	if (cJSON_IsArray(n))
		return JSON_ARRAY;
	if (cJSON_IsString(n))
		return JSON_STRING;
	if (cJSON_IsNumber(n))
		return JSON_NUMBER;
	if (cJSON_IsTrue(n))
		return JSON_TRUE;
	return cJSON_IsFalse(n) ? JSON_FALSE : JSON_NULL;
}

const char *
json_text(const struct json *node)
{
	return cJSON_IsString(node_of(node)) ? node_of(node)->valuestring
					     : NULL;
}

double
json_num(const struct json *node)
{
	return cJSON_IsNumber(node_of(node)) ? node_of(node)->valuedouble : 0;
}

struct json *
json_first(const struct json *container)
{
	return container ? json_of(node_of(container)->child) : NULL;
}

struct json *
json_next(const struct json *node)
{
	return node ? json_of(node_of(node)->next) : NULL;
}

const char *
json_key(const struct json *node)
{
	return node ? node_of(node)->string : NULL;
}

size_t
json_count(const struct json *container)
{
	size_t count = 0;

	for (const struct json *n = json_first(container); n; n = json_next(n))
		count++;
	return count;
}

/* ---- building ----------------------------------------------------------- */

static cJSON *
must(cJSON *node)
{
	if (!node)
		log_fatal(EX_OSERR, "out of memory", "what=json");
	return node;
}

struct json *
json_object(void)
{
	return json_of(must(cJSON_CreateObject()));
}

struct json *
json_array(void)
{
	return json_of(must(cJSON_CreateArray()));
}

void
json_put(struct json *container, const char *key, struct json *node)
{
	cJSON *into = node_of(container);
	cJSON_bool added = key ? cJSON_AddItemToObject(into, key, node_of(node))
			       : cJSON_AddItemToArray(into, node_of(node));

	ms_assert(cJSON_IsObject(into) ? key != NULL : cJSON_IsArray(into));
	ms_assert(added);
}

void
json_put_str(struct json *container, const char *key, const char *text)
{
	cJSON *node = text ? cJSON_CreateString(text) : cJSON_CreateNull();

	json_put(container, key, json_of(must(node)));
}

void
json_put_num(struct json *container, const char *key, double value)
{
	json_put(container, key, json_of(must(cJSON_CreateNumber(value))));
}

void
json_put_bool(struct json *container, const char *key, bool value)
{
	json_put(container, key, json_of(must(cJSON_CreateBool(value))));
}

void
json_put_null(struct json *container, const char *key)
{
	json_put(container, key, json_of(must(cJSON_CreateNull())));
}

struct json *
json_put_object(struct json *container, const char *key)
{
	struct json *node = json_object();

	json_put(container, key, node);
	return node;
}

struct json *
json_put_array(struct json *container, const char *key)
{
	struct json *node = json_array();

	json_put(container, key, node);
	return node;
}

/* ---- printing ----------------------------------------------------------- */

static void
print_number(double value, struct buf *out)
{
	char text[40];

	if (!isfinite(value)) {
		buf_add_str(out, "null");
		return;
	}
	if (fabs(value) <= EXACT_INTEGER && value == trunc(value)) {
		buf_printf(out, "%lld", (long long)value);
		return;
	}
	snprintf(text, sizeof(text), "%.15g", value);
	if (strtod(text, NULL) != value)
		snprintf(text, sizeof(text), "%.17g", value);
	/* a client's program may have a locale with another decimal point */
	char *comma = strchr(text, ',');
	if (comma)
		*comma = '.';
	buf_add_str(out, text);
}

static void
new_line(struct buf *out, int indent)
{
	buf_add_u8(out, '\n');
	for (int i = 0; i < indent; i++)
		buf_add_str(out, "  ");
}

/* indent < 0: compact */
static void print_node(const cJSON *node, int indent, struct buf *out);

static void
print_members(const cJSON *container, int indent, struct buf *out)
{
	int inner = indent < 0 ? indent : indent + 1;

	for (const cJSON *c = container->child; c; c = c->next) {
		if (c != container->child)
			buf_add_u8(out, ',');
		if (indent >= 0)
			new_line(out, inner);
		if (cJSON_IsObject(container)) {
			json_quote(out, slice_of(c->string));
			buf_add_str(out, indent < 0 ? ":" : ": ");
		}
		print_node(c, inner, out);
	}
	if (indent >= 0 && container->child)
		new_line(out, indent);
}

static void
print_node(const cJSON *node, int indent, struct buf *out)
{
	switch (json_type_of(json_of(node))) {
	case JSON_OBJECT:
		buf_add_u8(out, '{');
		print_members(node, indent, out);
		buf_add_u8(out, '}');
		break;
	case JSON_ARRAY:
		buf_add_u8(out, '[');
		print_members(node, indent, out);
		buf_add_u8(out, ']');
		break;
	case JSON_STRING:
		json_quote(out, slice_of(node->valuestring));
		break;
	case JSON_NUMBER:
		print_number(node->valuedouble, out);
		break;
	case JSON_TRUE:
		buf_add_str(out, "true");
		break;
	case JSON_FALSE:
		buf_add_str(out, "false");
		break;
	case JSON_NULL:
		buf_add_str(out, "null");
		break;
	}
}

void
json_print(const struct json *root, struct buf *out)
{
	print_node(node_of(root), -1, out);
}

void
json_print_pretty(const struct json *root, struct buf *out)
{
	print_node(node_of(root), 0, out);
}
