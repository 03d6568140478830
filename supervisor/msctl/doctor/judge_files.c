/* SPDX-License-Identifier: Apache-2.0 */
/* Directories, sockets, configuration files, users: rights and room. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/str.h"
#include "supervisor/msctl/doctor/checks.h"

#define INODES_MIN 1000u

/* ---- directories ------------------------------------------------------------ */

/* Anybody may put files there, and take ours away. */
static bool
is_open_to_all(mode_t mode)
{
	return (mode & S_IWOTH) && !(mode & S_ISVTX);
}

static void
judge_dir(const struct facts *facts, const struct dir_facts *d,
    struct findings *out)
{
	if (d->error && d->error != ENOENT) {
		found(out, FINDING_ERROR, "%s %s cannot be looked at: %s",
		    d->role, d->path, strerror(d->error));
		found_remedy(out, "namei -l %s", shell_word(d->path).text);
	} else if (!d->exists) {
		found(out, facts->msd.answers ? FINDING_ERROR : FINDING_OK,
		    "%s %s does not exist%s", d->role, d->path,
		    facts->msd.answers ? " any more" : " yet; msd makes it");
		if (facts->msd.answers)
			found_remedy(out, "mkdir -p -m 755 %s",
			    shell_word(d->path).text);
	} else if (!d->is_dir) {
		found(out, FINDING_ERROR, "%s %s is not a directory", d->role,
		    d->path);
		found_remedy(out, "mv -n -t /var/tmp %s",
		    shell_word(d->path).text);
	} else if (!d->is_readable) {
		found(out, FINDING_ERROR, "%s %s cannot be read (mode %03o)",
		    d->role, d->path, d->mode & 0777);
		found_remedy(out, "chmod u+rwx,go+rx %s",
		    shell_word(d->path).text);
	} else if (is_open_to_all(d->mode)) {
		found(out, FINDING_ERROR,
		    "%s %s may be written by anybody (mode %03o)", d->role,
		    d->path, d->mode & 0777);
		found_remedy(out, "chmod o-w %s", shell_word(d->path).text);
	} else if (!(d->mode & S_IRUSR) || !(d->mode & S_IXUSR)) {
		/* root gets in, the workers' users may not */
		found(out, FINDING_ERROR,
		    "%s %s is closed to its own user (mode %03o)", d->role,
		    d->path, d->mode & 0777);
		found_remedy(out, "chmod u+rwx,go+rx %s",
		    shell_word(d->path).text);
	} else {
		found(out, FINDING_OK, "%s %s (mode %03o)", d->role, d->path,
		    d->mode & 0777);
	}
}

void
judge_dirs(const struct facts *facts, struct findings *out)
{
	for (size_t i = 0; i < facts->dir_count; i++)
		judge_dir(facts, &facts->dirs[i], out);
	if (facts->dir_count == 0)
		found(out, FINDING_UNSEEN,
		    "without a configuration no directory is known");
}

/* ---- sockets ---------------------------------------------------------------- */

static void
remedy_of_socket(const struct facts *facts, const struct socket_facts *s,
    struct findings *out)
{
	if (s->is_database)
		found_remedy(out, "service postgresql start");
	else if (facts->msd.answers)
		found_remedy(out, "msctl restart %s --wait", s->role);
	else
		found_remedy(out, "rm -f %s", shell_word(s->path).text);
}

static void
judge_socket(const struct facts *facts, const struct socket_facts *s,
    struct findings *out)
{
	bool is_missed = s->is_wanted || !s->is_database;

	switch (s->state) {
	case SOCKET_LISTENS:
		found(out, FINDING_OK, "%s listens on %s", s->role, s->path);
		break;
	case SOCKET_HIDDEN:
		found(out, FINDING_UNSEEN, "%s: not allowed to look at %s",
		    s->role, s->path);
		break;
	case SOCKET_ABSENT:
		found(out, s->is_wanted ? FINDING_ERROR : FINDING_OK,
		    "%s: there is no socket %s", s->role, s->path);
		if (s->is_wanted)
			remedy_of_socket(facts, s, out);
		break;
	case SOCKET_STALE:
		found(out, is_missed ? FINDING_WARNING : FINDING_OK,
		    "%s: nobody listens on %s, which a dead process has left",
		    s->role, s->path);
		if (is_missed)
			remedy_of_socket(facts, s, out);
		break;
	}
}

void
judge_sockets(const struct facts *facts, struct findings *out)
{
	for (size_t i = 0; i < facts->socket_count; i++)
		judge_socket(facts, &facts->sockets[i], out);
	if (facts->socket_count == 0)
		found(out, FINDING_UNSEEN, "no socket is known");
}

/* ---- configuration files ---------------------------------------------------- */

void
judge_conf_files(const struct facts *facts, struct findings *out)
{
	size_t bad = 0;

	for (size_t i = 0; i < facts->file_count; i++) {
		const struct file_facts *f = &facts->files[i];

		if (f->error) {
			found(out, FINDING_UNSEEN, "%s cannot be looked at: %s",
			    f->path, strerror(f->error));
			bad++;
		} else if (f->mode & (S_IWOTH | S_IWGRP)) {
			/* whoever writes it has msd run what he likes */
			found(out,
			    f->mode & S_IWOTH ? FINDING_ERROR : FINDING_WARNING,
			    "%s may be written by %s (mode %03o): msd runs "
			    "what it says",
			    f->path,
			    f->mode & S_IWOTH ? "anybody" : "its group",
			    f->mode & 0777);
			found_remedy(out, "chmod go-w %s",
			    shell_word(f->path).text);
			bad++;
		}
	}
	if (facts->file_count == 0)
		found(out, FINDING_UNSEEN, "no configuration file was read");
	else if (bad == 0)
		found(out, FINDING_OK,
		    "only the owner may write the configuration (%zu files)",
		    facts->file_count);
}

void
judge_users(const struct facts *facts, struct findings *out)
{
	size_t bad = 0;

	for (size_t i = 0; i < facts->user_count; i++) {
		const struct user_facts *u = &facts->users[i];

		if (u->exists)
			continue;
		found(out, FINDING_ERROR, "%s: there is no %s %s", u->owner,
		    u->is_group ? "group" : "user", u->name);
		found_remedy(out, "%s --system %s",
		    u->is_group ? "groupadd" : "useradd", u->name);
		bad++;
	}
	if (bad == 0)
		found(out, FINDING_OK, "%zu users and groups of workers exist",
		    facts->user_count);
}

/* ---- room ------------------------------------------------------------------- */

static double
pct_of(uint64_t part, uint64_t whole)
{
	return whole ? 100.0 * (double)part / (double)whole : 100.0;
}

static enum severity
scarcity(const struct thresholds *t, double free_pct)
{
	if (free_pct < t->error_free_pct)
		return FINDING_ERROR;
	return free_pct < t->warn_free_pct ? FINDING_WARNING : FINDING_OK;
}

static const char *
size_text(uint64_t bytes, char out[static UNIT_TEXT_BYTES])
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	double value = (double)bytes;
	size_t unit = 0;

	while (value >= 1024 && unit + 1 < ARRAY_LEN(units)) {
		value /= 1024;
		unit++;
	}
	snprintf(out, UNIT_TEXT_BYTES, unit ? "%.1f %s" : "%.0f %s", value,
	    units[unit]);
	return out;
}

static void
judge_room(const struct facts *facts, const struct dir_facts *d,
    struct findings *out)
{
	char left[UNIT_TEXT_BYTES], more[UNIT_TEXT_BYTES];
	double pct = pct_of(d->bytes_free, d->bytes);
	enum severity severity = scarcity(&facts->thresholds, pct);

	size_text(d->bytes_free, left);
	if (severity == FINDING_OK && d->may_grow_bytes > d->bytes_free) {
		found(out, FINDING_WARNING,
		    "%s %s may grow by %s, and %s are free", d->role, d->path,
		    size_text(d->may_grow_bytes, more), left);
		found_edit(out, "msctl reload", "[bus] retention_size = %s",
		    print_size(d->bytes_free / 2 & ~UINT64_C(0xfffff), left));
		return;
	}
	found(out, severity, "%s %s: %s free, %.0f %%", d->role, d->path, left,
	    pct);
	if (severity != FINDING_OK)
		found_remedy(out, "du -xh --max-depth=2 %s | sort -h | tail",
		    shell_word(d->path).text);
}

void
judge_space(const struct facts *facts, struct findings *out)
{
	size_t seen = 0;

	for (size_t i = 0; i < facts->dir_count; i++) {
		const struct dir_facts *d = &facts->dirs[i];

		if (!d->space_known)
			continue;
		judge_room(facts, d, out);
		seen++;
	}
	if (seen == 0)
		found(out, FINDING_UNSEEN, "no directory to measure");
}

void
judge_inodes(const struct facts *facts, struct findings *out)
{
	size_t bad = 0, seen = 0;

	for (size_t i = 0; i < facts->dir_count; i++) {
		const struct dir_facts *d = &facts->dirs[i];
		enum severity severity;

		if (!d->space_known)
			continue;
		seen++;
		if (d->inodes == 0)
			continue;
		severity = scarcity(&facts->thresholds,
		    pct_of(d->inodes_free, d->inodes));
		if (severity == FINDING_OK && d->inodes_free < INODES_MIN)
			severity = FINDING_WARNING;
		if (severity == FINDING_OK)
			continue;
		found(out, severity,
		    "%s %s: %" PRIu64 " of %" PRIu64 " inodes are free",
		    d->role, d->path, d->inodes_free, d->inodes);
		found_remedy(out,
		    "du -x --inodes --max-depth=2 %s | sort -n | "
		    "tail",
		    shell_word(d->path).text);
		bad++;
	}
	if (bad == 0)
		found(out, seen ? FINDING_OK : FINDING_UNSEEN,
		    seen ? "inodes are left everywhere"
			 : "no directory to measure");
}
