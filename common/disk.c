/* SPDX-License-Identifier: Apache-2.0 */
/* Percent alone cries wolf on large disks, bytes alone on small ones: low is
 * where both are. */
#include "common/disk.h"

#include <errno.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define LOW_BYTES  (UINT64_C(1) << 30)
#define LOW_PCT    10u
#define FULL_BYTES (UINT64_C(16) << 20)
#define FULL_PCT   1u
#define FILES_PCT  5u

enum ms_err
disk_look(const char *path, struct disk *disk_r, struct why *why)
{
	struct statvfs fs;

	*disk_r = (struct disk){ .total_bytes = 0 };
	if (statvfs(path, &fs) < 0)
		return why_set(why, errno == ENOENT ? MS_ENOTFOUND : MS_EIO,
		    "%s: %s", path, strerror(errno));
	disk_r->total_bytes = (uint64_t)fs.f_blocks * fs.f_frsize;
	disk_r->free_bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
	/* what is kept for root is out of reach: df leaves it out as well */
	disk_r->total_bytes -=
	    (uint64_t)(fs.f_bfree - fs.f_bavail) * fs.f_frsize;
	disk_r->total_files = fs.f_files;
	disk_r->free_files = fs.f_favail;
	disk_r->writable = access(path, W_OK) == 0;
	return MS_OK;
}

static bool
is_below(uint64_t part, uint64_t whole, unsigned pct)
{
	return part < whole / 100 * pct;
}

enum disk_room
disk_room(const struct disk *d)
{
	if (d->free_bytes < FULL_BYTES &&
	    is_below(d->free_bytes, d->total_bytes, FULL_PCT))
		return DISK_FULL;
	if (d->total_files && d->free_files == 0)
		return DISK_FULL;
	if (d->free_bytes < LOW_BYTES &&
	    is_below(d->free_bytes, d->total_bytes, LOW_PCT))
		return DISK_LOW;
	if (d->total_files &&
	    is_below(d->free_files, d->total_files, FILES_PCT))
		return DISK_LOW;
	return DISK_ROOMY;
}

unsigned
disk_used_pct(const struct disk *d)
{
	uint64_t used = d->total_bytes - d->free_bytes;

	if (d->total_bytes == 0)
		return 0;
	/* rounded up, as df does */
	return (unsigned)((used * 100 + d->total_bytes - 1) / d->total_bytes);
}
