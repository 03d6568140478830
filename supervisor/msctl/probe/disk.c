/* SPDX-License-Identifier: Apache-2.0 */
/* The directories of msd and its workers, or those that are named: room. */
#include "common/disk.h"

#include <stdio.h>
#include <string.h>

#include "supervisor/msctl/probe/probe.h"
#include "supervisor/msctl/verbs.h"

static void
look_dir(struct probe *p, const char *label, const char *path)
{
	struct nagios_datum *d;
	struct disk disk;
	struct why why = { "" };
	double free_bytes;

	if (disk_look(path, &disk, &why) != MS_OK) {
		nagios_say(&p->report, NAGIOS_CRITICAL, "%s", why.text);
		return;
	}
	probe_judge(p, label, disk_used_pct(&disk), "%");
	d = &p->report.data[p->report.count - 1];
	d->has_max = true;
	d->max = 100;
	free_bytes = (double)disk.free_bytes;
	if (disk_room(&disk) == DISK_FULL)
		nagios_say(&p->report, NAGIOS_CRITICAL,
		    "%s is full: %.0f MiB and %ju files are left", path,
		    free_bytes / (1 << 20), (uintmax_t)disk.free_files);
	else if (disk.total_files &&
	    disk.free_files < disk.total_files / 100 * 5)
		nagios_say(&p->report, NAGIOS_WARNING,
		    "%s has room for %ju more files only", path,
		    (uintmax_t)disk.free_files);
	else
		nagios_say(&p->report, NAGIOS_OK, "%.0f GiB free at %s",
		    free_bytes / (1 << 30), path);
}

/* Only root may write there: of others, msd is the judge of rights. */
static void
look_disk(struct probe *p)
{
	static const char *const keys[] = { "state_dir", "log_dir", "run_dir" };
	bool any = false;

	for (size_t i = 0; i < p->args->pos_count; i++)
		look_dir(p, p->args->pos[i], p->args->pos[i]);
	for (size_t i = 0; p->args->pos_count == 0 && i < ARRAY_LEN(keys);
	     i++) {
		const char *path = probe_dir(p, keys[i]);

		any |= path != NULL;
		if (path)
			look_dir(p, keys[i], path);
	}
	if (p->args->pos_count == 0 && !any)
		nagios_say(&p->report, NAGIOS_UNKNOWN,
		    "msd does not say where its directories are; name them");
}

int
do_probe_disk(struct msctl *ctl, const struct args *args)
{
	return probe_run(ctl, args,
	    &(struct probe_kind){ .name = "disk",
		.warning = "90",
		.critical = "95",
		.look = look_disk });
}
