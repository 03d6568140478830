/* SPDX-License-Identifier: Apache-2.0 */
/* How much room there is where a path lies.  May block: not for a loop. */
#ifndef COMMON_DISK_H
#define COMMON_DISK_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"

struct disk {
	uint64_t total_bytes;
	uint64_t free_bytes; /* for us: what is kept for root is not */
	uint64_t total_files;
	uint64_t free_files; /* both 0: this file system does not count them */
	bool writable;       /* by us */
};

enum disk_room {
	DISK_ROOMY,
	DISK_LOW, /* under 10 % and 1 GiB, or under 5 % of files */
	DISK_FULL /* next to nothing: writes fail, or will within moments */
};

enum ms_err disk_look(const char *path, struct disk *disk_r, struct why *why);
enum disk_room disk_room(const struct disk *disk);
/* Of what could be used at all, as df counts: 0..100. */
unsigned disk_used_pct(const struct disk *disk);

#endif
