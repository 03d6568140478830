/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kin RUN_DIR: the processes of a tree, those that left it included: whoever
 * has MS_RUN_DIR=RUN_DIR and MS_NAME in its environment.  Per line:
 *
 *   pid parent state name generation waits_in
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/fd.h"

#define FILE_BYTES_MAX (1u << 20)

static bool
read_of(const char *pid, const char *file, struct buf *text)
{
	char path[300];
	bool ok;

	snprintf(path, sizeof(path), "/proc/%s/%s", pid, file);
	ok = file_read(path, FILE_BYTES_MAX, text, NULL) == MS_OK;
	buf_add_u8(text, '\0');
	return ok;
}

static const char *
variable(const struct buf *env, const char *name)
{
	const char *at = (const char *)env->ptr, *end = at + env->len;
	size_t len = strlen(name);

	for (; at < end; at += strlen(at) + 1)
		if (strncmp(at, name, len) == 0 && at[len] == '=')
			return at + len + 1;
	return NULL;
}

static void
print(const char *pid, const struct buf *env)
{
	struct buf stat = { 0 }, where = { 0 };
	const char *generation = variable(env, "MS_GENERATION"), *end;
	char state;
	int parent;

	read_of(pid, "wchan", &where);
	if (read_of(pid, "stat", &stat) &&
	    (end = strrchr((const char *)stat.ptr, ')')) &&
	    sscanf(end + 1, " %c %d", &state, &parent) == 2)
		printf("%s %d %c %s %s %s\n", pid, parent, state,
		    variable(env, "MS_NAME"), generation ? generation : "-",
		    where.ptr[0] ? (const char *)where.ptr : "-");
	buf_fini(&stat);
	buf_fini(&where);
}

int
main(int argc, char **argv)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;

	if (argc != 2 || !proc)
		return 2;
	while ((entry = readdir(proc))) {
		struct buf env = { 0 };
		const char *dir;

		if (entry->d_name[0] < '1' || entry->d_name[0] > '9')
			continue;
		if (read_of(entry->d_name, "environ", &env) &&
		    (dir = variable(&env, "MS_RUN_DIR")) &&
		    strcmp(dir, argv[1]) == 0 && variable(&env, "MS_NAME"))
			print(entry->d_name, &env);
		buf_fini(&env);
	}
	closedir(proc);
	return 0;
}
