/* SPDX-License-Identifier: Apache-2.0 */
/* One line "NUMBER FINGERPRINT" in a file of its own. */
#include "workers/config/generation.h"

#include <inttypes.h>
#include <string.h>

#include "common/fd.h"

#define FILE_BYTES_MAX 256
#define FILE_MODE      0600 /* the fingerprint covers secrets */

static bool
is_fingerprint(struct slice text)
{
	if (text.len != STORE_FINGERPRINT_BYTES - 1)
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (!strchr("0123456789abcdef", text.ptr[i]))
			return false;
	return true;
}

static bool
parse_line(struct slice text, struct generation *g)
{
	struct slice line, number;
	uint64_t value;

	if (!slice_cut(&text, '\n', &line) || text.len ||
	    !slice_cut(&line, ' ', &number) || !parse_u64(number, &value) ||
	    value == 0 || !is_fingerprint(line))
		return false;
	g->number = value;
	memcpy(g->fingerprint, line.ptr, line.len);
	g->fingerprint[line.len] = '\0';
	return true;
}

enum ms_err
generation_read(const char *path, struct generation *generation_r,
    struct why *why)
{
	struct buf bytes = { 0 };
	enum ms_err err;

	*generation_r = (struct generation){ 0 };
	err = file_read(path, FILE_BYTES_MAX, &bytes, why);
	if (err == MS_ENOTFOUND)
		err = MS_OK;
	else if (!err && !parse_line(buf_slice(&bytes), generation_r))
		err = why_set(why, MS_ECORRUPT,
		    "%s does not hold a generation and its fingerprint", path);
	buf_fini(&bytes);
	return err;
}

enum ms_err
generation_write(const char *path, const struct generation *generation,
    struct why *why)
{
	struct buf line = { 0 };
	enum ms_err err;

	buf_printf(&line, "%" PRIu64 " %s\n", generation->number,
	    generation->fingerprint);
	err = line.failed
	    ? MS_ENOMEM
	    : file_replace(path, buf_slice(&line), FILE_MODE, why);
	buf_fini(&line);
	return err;
}

bool
generation_advance(struct generation *generation, const struct store *store)
{
	char fingerprint[STORE_FINGERPRINT_BYTES];

	store_fingerprint(store, fingerprint);
	if (generation->number &&
	    strcmp(fingerprint, generation->fingerprint) == 0)
		return false;
	generation->number++;
	memcpy(generation->fingerprint, fingerprint, sizeof(fingerprint));
	return true;
}
