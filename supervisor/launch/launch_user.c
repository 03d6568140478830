/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor/launch/launch_user.h"

#include <grp.h>
#include <pwd.h>
#include <string.h>

#define GROUPS_MAX 1024

bool
user_find(const char *name, uid_t *uid_r)
{
	const struct passwd *pw = getpwnam(name);
	uint64_t number;

	if (pw)
		*uid_r = pw->pw_uid;
	else if (parse_u64(slice_of(name), &number) && number < UINT32_MAX)
		*uid_r = (uid_t)number;
	else
		return false;
	return true;
}

bool
group_find(const char *name, gid_t *gid_r)
{
	const struct group *gr = getgrnam(name);
	uint64_t number;

	if (gr)
		*gid_r = gr->gr_gid;
	else if (parse_u64(slice_of(name), &number) && number < UINT32_MAX)
		*gid_r = (gid_t)number;
	else
		return false;
	return true;
}

bool
user_is_in_group(uid_t uid, gid_t gid)
{
	const struct passwd *pw = getpwuid(uid);
	gid_t groups[GROUPS_MAX];
	int n = GROUPS_MAX;

	if (!pw || getgrouplist(pw->pw_name, pw->pw_gid, groups, &n) < 0)
		return false;
	for (int i = 0; i < n; i++)
		if (groups[i] == gid)
			return true;
	return false;
}

static void
set_home(const struct passwd *pw, struct env_list *env)
{
	env_setf(env, "HOME=%s", pw->pw_dir);
	env_setf(env, "USER=%s", pw->pw_name);
	env_setf(env, "LOGNAME=%s", pw->pw_name);
	env_setf(env, "SHELL=%s", pw->pw_shell);
}

static enum ms_err
groups_of_user(const struct passwd *pw, struct arena *arena,
    struct spawn_plan *plan, struct why *why)
{
	gid_t *groups = arena_alloc(arena, GROUPS_MAX * sizeof(*groups));
	int n = GROUPS_MAX;

	if (!groups)
		return MS_ENOMEM;
	if (getgrouplist(pw->pw_name, plan->gid, groups, &n) < 0)
		return why_set(why, MS_ETOOBIG,
		    "user '%s' is in more than %d groups", pw->pw_name,
		    GROUPS_MAX);
	plan->groups = groups;
	plan->group_count = (size_t)n;
	plan->sets_groups = true;
	return MS_OK;
}

static enum ms_err
named_groups(const struct words *names, struct arena *arena,
    struct spawn_plan *plan, struct why *why)
{
	gid_t *groups =
	    arena_alloc(arena, (names->count + 1) * sizeof(*groups));

	if (!groups)
		return MS_ENOMEM;
	for (size_t i = 0; i < names->count; i++)
		if (!group_find(names->word[i], &groups[i]))
			return why_set(why, MS_ENOTFOUND,
			    "there is no group '%s'", names->word[i]);
	plan->groups = groups;
	plan->group_count = names->count;
	plan->sets_groups = true;
	return MS_OK;
}

enum ms_err
launch_user(const struct worker_conf *conf, struct arena *arena,
    struct spawn_plan *plan, struct env_list *env, struct why *why)
{
	const struct passwd *pw = conf->user ? getpwnam(conf->user) : NULL;

	if (conf->user && !user_find(conf->user, &plan->uid))
		return why_set(why, MS_ENOTFOUND, "there is no user '%s'",
		    conf->user);
	plan->sets_user = conf->user;
	if (pw) {
		plan->gid = pw->pw_gid;
		plan->sets_group = true;
		set_home(pw, env);
	}
	if (conf->group) {
		if (!group_find(conf->group, &plan->gid))
			return why_set(why, MS_ENOTFOUND,
			    "there is no group '%s'", conf->group);
		plan->sets_group = true;
	}
	if (conf->groups.count)
		return named_groups(&conf->groups, arena, plan, why);
	return pw ? groups_of_user(pw, arena, plan, why) : MS_OK;
}
