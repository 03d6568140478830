/* SPDX-License-Identifier: Apache-2.0 */
/* Later assignments win; our own contract is set last, so nothing a user
 * writes can lie to a worker about who it is. */
#include "supervisor/launch/spawn_env.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/fd.h"
#include "proto/contract.h"

#define ENV_FILE_BYTES_MAX (1u << 20)

void
env_init(struct env_list *env, struct arena *arena)
{
	*env = (struct env_list){ .arena = arena };
	env->var = arena_alloc(arena, (ENV_VARS_MAX + 1) * sizeof(char *));
	env->failed = !env->var;
}

char *
env_set(struct env_list *env, const char *assignment)
{
	const char *sign = strchr(assignment, '=');
	size_t name_len, i;
	char *text;

	if (env->failed || !sign)
		return NULL;
	name_len = (size_t)(sign - assignment) + 1;
	for (i = 0; i < env->count; i++)
		if (strncmp(env->var[i], assignment, name_len) == 0)
			break;
	text = arena_strdup(env->arena, assignment);
	if (!text || i == ENV_VARS_MAX) {
		env->failed = true;
		return NULL;
	}
	env->var[i] = text;
	if (i == env->count)
		env->count++;
	return text;
}

char *
env_setf(struct env_list *env, const char *fmt, ...)
{
	char text[8192];
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (n < 0 || n >= (int)sizeof(text)) {
		env->failed = true;
		return NULL;
	}
	return env_set(env, text);
}

static bool
is_private(const char *var)
{
	static const char *const names[] = { "NOTIFY_SOCKET=", "WATCHDOG_",
		"LISTEN_", "FDSTORE=", "MAINPID=", ENV_NAME "=",
		ENV_GENERATION "=", ENV_CONFIG "=", ENV_RUN_DIR "=",
		ENV_STATE_DIR "=", ENV_LOG_DIR "=", ENV_SOCKET "=",
		ENV_LOG_FD "=" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strncmp(var, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

void
env_inherit(struct env_list *env, char **from)
{
	for (char **var = from; *var; var++)
		if (!is_private(*var))
			env_set(env, *var);
}

static enum ms_err
set_line(struct env_list *env, const char *path, unsigned number,
    struct slice line, struct why *why)
{
	const char *sign;

	line = slice_trim(line);
	if (line.len == 0 || line.ptr[0] == '#')
		return MS_OK;
	sign = memchr(line.ptr, '=', line.len);
	if (!sign || sign == line.ptr || memchr(line.ptr, '\0', line.len))
		return why_set(why, MS_EINVAL, "%s:%u: is not NAME=VALUE", path,
		    number);
	env_setf(env, "%.*s", (int)line.len, line.ptr);
	return MS_OK;
}

enum ms_err
env_read_file(struct env_list *env, const char *path, struct why *why)
{
	struct buf text = { 0 };
	enum ms_err err = file_read(path, ENV_FILE_BYTES_MAX, &text, why);
	struct slice rest = buf_slice(&text), line;

	for (unsigned n = 1; err == MS_OK && slice_cut(&rest, '\n', &line); n++)
		err = set_line(env, path, n, line, why);
	buf_fini(&text);
	return err;
}
