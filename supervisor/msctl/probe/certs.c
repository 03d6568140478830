/* SPDX-License-Identifier: Apache-2.0 */
/* How long the certificates below a directory are still good. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/crypto.h"
#include "common/fd.h"
#include "common/mono.h"
#include "supervisor/msctl/probe/probe.h"
#include "supervisor/msctl/verbs.h"

#define CERT_DIR       "/etc/ms/certs"
#define FILE_BYTES_MAX (1u << 20)
#define DEPTH_MAX      4u
#define FILES_MAX      1000u
#define DAY_S          86400.0

struct hunt {
	struct probe *probe;
	const char *root;
	unsigned files, certs;
	double soonest_days;
	char soonest[NAGIOS_LABEL_BYTES];
};

static bool
is_named_so(const char *name)
{
	static const char *const ends[] = { ".pem", ".crt", ".cert" };
	size_t len = strlen(name);

	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		size_t n = strlen(ends[i]);

		if (len > n && strcmp(name + len - n, ends[i]) == 0)
			return true;
	}
	return false;
}

static void
judge(struct hunt *h, const char *label, const struct crypto_cert *cert)
{
	struct nagios_report *r = &h->probe->report;
	double now_s = (double)(wall_ns() / 1000000000);
	double days = ((double)cert->not_after_s - now_s) / DAY_S;
	struct nagios_datum *d;

	if (h->certs++ == 0 || days < h->soonest_days) {
		h->soonest_days = days;
		snprintf(h->soonest, sizeof(h->soonest), "%s", label);
	}
	d = nagios_add(r, label, (double)(int64_t)days, "", &h->probe->warning,
	    &h->probe->critical);
	if (d)
		d->has_min = false;
	if (days < 0)
		nagios_say(r, NAGIOS_CRITICAL, "%s has expired %.0f days ago",
		    label, -days);
	else if ((double)cert->not_before_s > now_s)
		nagios_say(r, NAGIOS_CRITICAL, "%s is not good yet", label);
	else if (d && nagios_judge(d) != NAGIOS_OK)
		nagios_say(r, nagios_judge(d), "%s expires in %.0f days", label,
		    days);
}

/* A file may hold a chain: whoever expires first counts.  Keys lie beside them
 * under the same endings: not our business, unless one is named to us. */
static void
look_file(struct hunt *h, const char *path)
{
	const char *label = path + strlen(h->root);
	struct crypto_cert cert;
	struct buf pem = { 0 };
	struct why why = { "" };
	enum ms_err err = file_read(path, FILE_BYTES_MAX, &pem, &why);

	while (*label == '/')
		label++;
	if (!*label)
		label = path;
	if (!err)
		err = crypto_cert_read(buf_slice(&pem), &cert, &why);
	if (!err)
		judge(h, label, &cert);
	else if (err != MS_ENOTFOUND || path == h->root)
		nagios_say(&h->probe->report, NAGIOS_UNKNOWN, "%s: %s", label,
		    why.text);
	buf_fini(&pem);
}

static void
look_below(struct hunt *h, const char *path, unsigned depth)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	char below[PATH_MAX];
	struct stat st;

	if (!dir)
		nagios_say(&h->probe->report, NAGIOS_UNKNOWN, "%s: %s", path,
		    strerror(errno));
	while (dir && (entry = readdir(dir)) && h->files < FILES_MAX) {
		if (entry->d_name[0] == '.' ||
		    snprintf(below, sizeof(below), "%s/%s", path,
			entry->d_name) >= (int)sizeof(below) ||
		    stat(below, &st) < 0)
			continue;
		if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX) {
			look_below(h, below, depth + 1);
		} else if (S_ISREG(st.st_mode) && is_named_so(entry->d_name)) {
			h->files++;
			look_file(h, below);
		}
	}
	if (dir)
		closedir(dir);
}

static void
look_certs(struct probe *p)
{
	const char *root = p->args->pos_count ? p->args->pos[0] : CERT_DIR;
	struct hunt hunt = { .probe = p, .root = root };
	struct stat st;

	if (stat(root, &st) == 0 && S_ISREG(st.st_mode))
		look_file(&hunt, root);
	else if (p->args->pos_count || errno != ENOENT || stat(root, &st) == 0)
		look_below(&hunt, root, 0);
	if (hunt.certs)
		nagios_say(&p->report, NAGIOS_OK,
		    "%u certificate%s, the first to expire is %s in %.0f days",
		    hunt.certs, hunt.certs == 1 ? "" : "s", hunt.soonest,
		    hunt.soonest_days);
	else
		nagios_say(&p->report, NAGIOS_OK,
		    "no certificates are configured (%s)", root);
}

int
do_probe_certs(struct msctl *ctl, const struct args *args)
{
	return probe_run(ctl, args,
	    &(struct probe_kind){ .name = "certs",
		.warning = "21:",
		.critical = "7:",
		.look = look_certs });
}
