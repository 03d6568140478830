/* SPDX-License-Identifier: Apache-2.0 */
/* Which file is executed, and with which words. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "supervisor/launch/launch_impl.h"
#include "supervisor/msd.h"

static const char *
look_up(struct launch *l, const char *dir, size_t dir_len, const char *name)
{
	const char *path =
	    arena_printf(&l->arena, "%.*s/%s", (int)dir_len, dir, name);

	return path && access(path, X_OK) == 0 ? path : NULL;
}

/* A bare name: lib_dir, then PATH of msd. */
static const char *
find_program(struct launch *l)
{
	const char *name = l->command->word[0];
	const char *lib = l->child->msd->lib_dir, *path = getenv("PATH");
	const char *found;

	if (strchr(name, '/'))
		return name;
	found = lib ? look_up(l, lib, strlen(lib), name) : NULL;
	for (path = path ? path : DEFAULT_PATH; !found && *path;) {
		size_t len = strcspn(path, ":");

		if (len)
			found = look_up(l, path, len, name);
		path += len + (path[len] == ':');
	}
	return found;
}

/* The command, and what spawn gave this instance behind it. */
static char **
plan_argv(struct launch *l)
{
	const struct words *command = l->command;
	const struct words *more = &l->child->args;
	char **argv;

	if (more->count == 0 || l->is_probe)
		return command->word;
	argv = arena_alloc(&l->arena,
	    (command->count + more->count + 1) * sizeof(char *));
	for (size_t i = 0; argv && i < command->count; i++)
		argv[i] = command->word[i];
	for (size_t i = 0; argv && i < more->count; i++)
		argv[command->count + i] = more->word[i];
	return argv;
}

bool
launch_program(struct launch *l)
{
	l->stage = SPAWN_EXEC;
	l->plan.path = find_program(l);
	l->plan.argv = plan_argv(l);
	if (!l->plan.argv) {
		errno = E2BIG;
		return false;
	}
	if (l->plan.path)
		return true;
	errno = ENOENT;
	why_set(&l->why, MS_ENOTFOUND, "'%s' is neither in lib_dir nor in PATH",
	    l->command->word[0]);
	return false;
}

bool
launch_lacks_interpreter(struct child *child, const struct spawn_error *failed,
    struct why *why)
{
	struct launch l = { .child = child,
		.conf = &child->spec->conf,
		.command = &child->spec->conf.command };
	const char *path;
	bool lacks;

	if (failed->stage != SPAWN_EXEC || failed->error != ENOENT)
		return false;
	arena_init(&l.arena, PLAN_BYTES_MAX);
	path = find_program(&l);
	lacks = path && access(path, F_OK) == 0;
	if (lacks)
		why_set(why, MS_ENOTFOUND, "the interpreter of %s is missing",
		    path);
	arena_fini(&l.arena);
	return lacks;
}
