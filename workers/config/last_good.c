/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values were expanded when they were read, so their dollars are doubled here.
 * `include` is left out: what it included is in the text already.
 */
#include "workers/config/last_good.h"

#include "common/fd.h"
#include "proto/conf/sections.h"

#define FILE_MODE 0600 /* secrets are in it */

static bool
fits_a_line(struct slice value)
{
	size_t backslashes = 0;

	for (size_t i = 0; i < value.len; i++)
		if ((unsigned char)value.ptr[i] < 0x20 && value.ptr[i] != '\t')
			return false;
	while (backslashes < value.len &&
	    value.ptr[value.len - 1 - backslashes] == '\\')
		backslashes++;
	return backslashes % 2 == 0; /* else the line would go on */
}

static enum ms_err
print_entry(const struct conf_entry *entry, struct buf *out, struct why *why)
{
	for (; entry; entry = entry->again) {
		if (!fits_a_line(entry->value))
			return why_set(why, MS_EUNSUPPORTED,
			    "the value of %s cannot stand on one line",
			    entry->key);
		buf_printf(out, "%s = ", entry->key);
		for (size_t i = 0; i < entry->value.len; i++) {
			if (entry->value.ptr[i] == '$')
				buf_add_u8(out, '$');
			buf_add_u8(out, (uint8_t)entry->value.ptr[i]);
		}
		buf_add_u8(out, '\n');
	}
	return MS_OK;
}

static enum ms_err
print_section(const struct conf_section *s, struct buf *out, struct why *why)
{
	bool is_msd = strcmp(s->kind, "msd") == 0;
	enum ms_err err = MS_OK;

	buf_printf(out, "[%s%s%s]\n", s->kind, *s->name ? " " : "", s->name);
	for (size_t i = 0; i < s->entry_count && !err; i++)
		if (!is_msd || strcmp(s->entries[i].key, "include") != 0)
			err = print_entry(&s->entries[i], out, why);
	return err;
}

enum ms_err
last_good_print(const struct conf *conf, struct buf *out, struct why *why)
{
	enum ms_err err = MS_OK;

	for (size_t i = 0; i < conf->section_count && !err; i++)
		err = print_section(&conf->sections[i], out, why);
	if (!err && out->failed)
		err = why_set(why, MS_ETOOBIG,
		    "the configuration as one text is over %u MiB",
		    CONF_FILE_BYTES_MAX >> 20);
	return err;
}

enum ms_err
last_good_write(const char *path, const struct conf *conf, struct why *why)
{
	struct buf text = { .limit_bytes = CONF_FILE_BYTES_MAX };
	enum ms_err err = last_good_print(conf, &text, why);

	if (!err)
		err = file_replace(path, buf_slice(&text), FILE_MODE, why);
	if (text.ptr)
		explicit_bzero(text.ptr, text.cap);
	buf_fini(&text);
	return err;
}

struct conf *
last_good_read(const char *path)
{
	struct buf text = { 0 };
	struct conf_errors errors;
	struct conf *conf = NULL;

	if (file_read(path, CONF_FILE_BYTES_MAX, &text, NULL) == MS_OK) {
		conf_errors_init(&errors);
		conf = conf_read_text(path, buf_slice(&text), NULL, &errors);
		sections_check(conf, &errors);
		if (errors.count)
			conf_free(&conf);
		conf_errors_fini(&errors);
	}
	buf_fini(&text);
	return conf;
}
