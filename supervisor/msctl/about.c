/* SPDX-License-Identifier: Apache-2.0 */
/* Verbs that only tell: show, count, check, version, help. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/alloc.h"
#include "proto/conf/sections.h"
#include "supervisor/msctl/ctl_client.h"
#include "supervisor/msctl/verbs.h"
#include "supervisor/spec/spec_advice.h"

#define VERSION_WAIT_MS 500u
#define CHECK_BYTES_MAX (1u << 20) /* the words of one section */

/* ---- show, count ---------------------------------------------------------- */

static void
print_members(const struct json *object, struct buf *out)
{
	for (const struct json *m = json_first(object); m; m = json_next(m)) {
		const char *text = json_text(m);
		if (strcmp(json_key(m), "id") == 0 ||
		    strcmp(json_key(m), "ok") == 0 ||
		    strcmp(json_key(m), "v") == 0)
			continue;
		if (json_type_of(m) == JSON_OBJECT) {
			print_members(m, out);
			continue;
		}
		if (text && !text[0]) { /* not given: no blanks at the end */
			buf_printf(out, "%s\n", json_key(m));
			continue;
		}
		buf_printf(out, "%-20s ", json_key(m));
		if (text)
			buf_add_str(out, text);
		else
			json_print(m, out);
		buf_add_u8(out, '\n');
	}
}

static void
members_render(const struct json *reply, const struct look *look MS_UNUSED,
    struct buf *out)
{
	print_members(reply, out);
}

int
do_show(struct msctl *ctl, const struct args *args)
{
	return ctl_show(ctl, ctl_request("show", args->pos[0]), CTL_ANSWER_MS,
	    members_render);
}

int
do_count(struct msctl *ctl, const struct args *args)
{
	struct json *request =
	    ctl_request("count", args->pos_count ? args->pos[0] : NULL);

	if (args_has(args, "all"))
		json_put_bool(request, "all", true);
	return ctl_show(ctl, request, CTL_ANSWER_MS, members_render);
}

/* ---- check ---------------------------------------------------------------- */

/* msd.run_dir, pool.main.size: the value that holds, defaults included.  What
 * is wrong with the file is said elsewhere. */
static enum ms_err
print_value(const struct conf *conf, const char *key, struct buf *out)
{
	const char *first = strchr(key, '.'), *last = strrchr(key, '.');
	struct arena arena;
	const struct section_kind *kind;
	const struct field *row;
	struct conf_errors errors;
	char *kind_name, *name;
	void *base;

	if (!first)
		return MS_ENOTFOUND;
	kind_name = xstrndup(key, (size_t)(first - key));
	name = last > first ? xstrndup(first + 1, (size_t)(last - first - 1))
			    : xstrdup("");
	kind = section_kind_find(kind_name);
	row = kind ? field_find(kind->rows, slice_of(last + 1)) : NULL;
	if (row) {
		conf_errors_init(&errors);
		arena_init(&arena, CHECK_BYTES_MAX);
		base = xcalloc(1, kind->bytes);
		conf_apply(conf_find(conf, kind_name, name), kind->rows, base,
		    kind->bytes, &arena, &errors);
		field_print(row, base, out);
		free(base);
		arena_fini(&arena);
		conf_errors_fini(&errors);
	}
	free(name);
	free(kind_name);
	return row ? MS_OK : MS_ENOTFOUND;
}

static int
show_value(const struct msctl *ctl, const struct conf *conf, const char *key)
{
	struct buf value = { 0 };
	struct json *root;
	int code = CTL_OK;

	if (print_value(conf, key, &value) != MS_OK) {
		code =
		    ctl_fail(ctl, "not_found", "there is no key '%.80s'", key);
	} else if (ctl->json) {
		buf_add_u8(&value, '\0');
		root = json_object();
		json_put_num(root, "v", 1);
		json_put_str(root, key, (const char *)value.ptr);
		ctl_write_json(root);
		json_free(&root);
	} else {
		buf_add_u8(&value, '\n');
		ctl_write(&value);
	}
	buf_fini(&value);
	return code;
}

static void
print_errors_json(const struct conf_errors *errors)
{
	struct json *root = json_object(), *error, *list;

	json_put_bool(root, "ok", false);
	error = json_put_object(root, "error");
	json_put_str(error, "code", "invalid_spec");
	json_put_str(error, "message", "the configuration is wrong");
	list = json_put_array(error, "errors");
	for (size_t i = 0; i < errors->count && i < CONF_ERRORS_MAX; i++)
		json_put_str(list, NULL, errors->text[i]);
	ctl_write_json(root);
	json_free(&root);
}

static void
print_good_json(const struct conf *conf, const struct conf_errors *advice)
{
	struct json *root = json_object(), *files;

	json_put_num(root, "v", 1);
	files = json_put_array(root, "files");
	for (size_t i = 0; i < conf->file_count; i++)
		json_put_str(files, NULL, conf->files[i]);
	json_put_num(root, "sections", (double)conf->section_count);
	files = json_put_array(root, "warnings");
	for (size_t i = 0; i < advice->count && i < CONF_ERRORS_MAX; i++)
		json_put_str(files, NULL, advice->text[i]);
	ctl_write_json(root);
	json_free(&root);
}

static void
say_good(const struct msctl *ctl, const struct spec *spec)
{
	const struct conf *conf = spec->conf;
	struct conf_errors advice;

	conf_errors_init(&advice);
	spec_advise(spec, &advice);
	if (ctl->json)
		print_good_json(conf, &advice);
	else
		printf("%s is good: %zu section%s in %zu file%s\n", spec->path,
		    conf->section_count, conf->section_count == 1 ? "" : "s",
		    conf->file_count, conf->file_count == 1 ? "" : "s");
	for (size_t i = 0; !ctl->json && i < advice.count; i++)
		if (i < CONF_ERRORS_MAX)
			fprintf(stderr, "warning: %s\n", advice.text[i]);
	conf_errors_fini(&advice);
}

static int
check_file(const struct msctl *ctl, const char *path)
{
	char *cwd = getcwd(NULL, 0);
	struct conf_errors errors;
	struct spec *spec;
	int code = CTL_OK;

	conf_errors_init(&errors);
	spec = spec_load(path, cwd ? cwd : "/", environ, &errors);
	if (spec) {
		say_good(ctl, spec);
	} else {
		code = CTL_CONFIG;
		if (ctl->json)
			print_errors_json(&errors);
		else
			conf_errors_print(&errors, stderr);
	}
	spec_drop(&spec);
	conf_errors_fini(&errors);
	free(cwd);
	return code;
}

/* A file that has become wrong still says where its sockets are. */
static int
check_key(const struct msctl *ctl, const char *path, const char *key)
{
	struct conf_errors errors;
	struct conf *conf;
	int code;

	conf_errors_init(&errors);
	conf = conf_read(path, environ, &errors);
	sections_check(conf, &errors);
	if (errors.count && ctl->json)
		print_errors_json(&errors);
	else if (errors.count)
		conf_errors_print(&errors, stderr);
	code =
	    errors.count && ctl->json ? CTL_CONFIG : show_value(ctl, conf, key);
	if (code == CTL_OK && errors.count)
		code = CTL_CONFIG;
	conf_free(&conf);
	conf_errors_fini(&errors);
	return code;
}

int
do_check(struct msctl *ctl, const struct args *args)
{
	const char *key = args_get(args, "get");

	return key ? check_key(ctl, args->pos[0], key)
		   : check_file(ctl, args->pos[0]);
}

/* ---- version -------------------------------------------------------------- */

static const char *const version_numbers[] = { "pid", "guardian", "starts" };

static void
print_version_json(const struct json *reply, const char *msd)
{
	struct json *root = json_object();

	json_put_num(root, "v", 1);
	json_put_str(root, "msctl", MS_VERSION);
	json_put_str(root, "msd", msd);
	for (size_t i = 0; i < ARRAY_LEN(version_numbers); i++) {
		double n = json_get_num(reply, version_numbers[i], -1);

		if (n >= 0)
			json_put_num(root, version_numbers[i], n);
		else
			json_put_null(root, version_numbers[i]);
	}
	ctl_write_json(root);
	json_free(&root);
}

static void
print_version(const struct json *reply, const char *msd)
{
	printf("msctl %s\n", MS_VERSION);
	if (!msd) {
		printf("msd is not reachable\n");
		return;
	}
	printf("msd %s, pid %.0f", msd, json_get_num(reply, "pid", 0));
	if (json_get(reply, "guardian"))
		printf(", start %.0f below the guardian %.0f",
		    json_get_num(reply, "starts", 0),
		    json_get_num(reply, "guardian", 0));
	printf("\n");
}

int
do_version(struct msctl *ctl, const struct args *args)
{
	struct json *reply = NULL;
	struct ctl_client client;
	const char *msd = NULL;

	(void)args;
	/* a missing msd is no failure: its version is then not known */
	if (ctl_open_quiet(ctl, &client, NULL) == MS_OK &&
	    ctl_ask(&client, ctl_request("version", NULL), VERSION_WAIT_MS,
		&reply) == CTL_OK &&
	    ctl_is_ok(reply))
		msd = json_get_str(reply, "version", NULL);
	ctl_close(&client);
	if (ctl->json)
		print_version_json(reply, msd);
	else
		print_version(reply, msd);
	json_free(&reply);
	return CTL_OK;
}
