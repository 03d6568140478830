/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of [worker NAME] and [template NAME], and the rules between them. */
#include "proto/conf/worker.h"

#include <string.h>

#include "common/words.h"
#include "proto/conf/check.h"
#include "proto/conf/exit_set.h"
#include "proto/contract.h"
#include "proto/logs.h"

#define LOG_TOTAL_MIN 8192u /* below, nothing of a log would stay */

#define AT(member) .off = offsetof(struct worker_conf, member)
#define POLICY     .flags = FIELD_RELOAD
#define LIMIT(key, index, text)                                          \
	{                                                                \
		.name = key, .type = FIELD_CUSTOM, AT(limit[index]),     \
		.parse = limit_parse, .print = limit_print, .help = text \
	}

static const struct field_name log_format_names[] = { { "text", LOGS_TEXT },
	{ "json", LOGS_JSON }, { NULL, 0 } };

static const struct field_name cgroup_names[] = { { "auto", CGROUP_AUTO },
	{ "required", CGROUP_REQUIRED }, { "no", CGROUP_OFF }, { NULL, 0 } };

/* clang-format off */
const struct field worker_rows[] = {
#include "proto/conf/worker_keys.inc"
	FIELD_END
};

const struct field template_rows[] = {
#include "proto/conf/worker_keys.inc"
	{ .name = "intensity", .type = FIELD_U32,
	    .off = offsetof(struct template_conf, intensity), POLICY,
	    .def = "5", .max = 1000000,
	    .help = "More restarts of instances than this within `period` and "
		    "the template gives up." },
	{ .name = "period", .type = FIELD_DURATION,
	    .off = offsetof(struct template_conf, period_ms), POLICY,
	    .def = "10s", .min = 1, .max = 86400000ULL * 366,
	    .help = "The sliding window of `intensity`." },
	FIELD_END
};
/* clang-format on */

_Static_assert(offsetof(struct template_conf, worker) == 0,
    "the common rows are offsets into struct worker_conf");

/* ---- rules between keys ------------------------------------------------- */

struct judge {
	const struct conf_section *section;
	const struct worker_conf *conf;
	struct conf_errors *errors;
};

static void
judge(const struct judge *j, const char *key, const char *what)
{
	conf_error(j->errors, section_place(j->section, key), "%s: %s", key,
	    what);
}

static void
check_env(const struct judge *j)
{
	char text[192];

	for (size_t i = 0; i < j->conf->env.count; i++) {
		const char *word = j->conf->env.word[i];
		const char *sign = strchr(word, '=');

		if (sign && sign != word)
			continue;
		snprintf(text, sizeof(text), "'%.100s' is not NAME=VALUE",
		    word);
		judge(j, "env", text);
	}
}

static bool
listen_is_valid(const char *word)
{
	const char *sign = strchr(word, '=');
	const char *where = sign ? sign + 1 : "";
	uint64_t port;
	const char *colon;

	if (!sign || sign == word || memchr(word, ':', (size_t)(sign - word)))
		return false;
	if (strncmp(where, "unix:", 5) == 0)
		return where[5] != '\0';
	colon = strrchr(where, ':');
	return strncmp(where, "tcp:", 4) == 0 && colon > where + 4 &&
	    parse_u64(slice_of(colon + 1), &port) && port >= 1 && port <= 65535;
}

static void
check_listen(const struct judge *j)
{
	char text[192];

	for (size_t i = 0; i < j->conf->listen.count; i++) {
		if (listen_is_valid(j->conf->listen.word[i]))
			continue;
		snprintf(text, sizeof(text),
		    "'%.100s' is not NAME=unix:PATH or NAME=tcp:ADDR:PORT",
		    j->conf->listen.word[i]);
		judge(j, "listen", text);
	}
}

static void
check_log(const struct judge *j)
{
	const char *log = j->conf->log;

	if (j->conf->log_total_bytes > 0 &&
	    j->conf->log_total_bytes < LOG_TOTAL_MIN)
		judge(j, "log_total", "is 0 or at least 8K");
	if (!log)
		return;
	if (strncmp(log, "file:", 5) != 0 || log[5] == '\0' ||
	    log[strlen(log) - 1] == '/')
		judge(j, "log", "is file:NAME.log");
	else if (strlen(log + 5) > 255 || strstr(log, ".."))
		judge(j, "log", "the file name is too long or leaves log_dir");
	else if (j->conf->instances)
		judge(j, "log",
		    "cannot be given with instances: each has its own file");
}

/* They are passed from 3 on. */
static void
check_passed(const struct judge *j)
{
	size_t count = j->conf->listen.count + j->conf->fd_store_max;
	char text[96];

	if (count > PASSED_FDS_MAX) {
		snprintf(text, sizeof(text),
		    "%zu sockets with fd_store_max are too many: at most %u",
		    count, PASSED_FDS_MAX);
		judge(j, "listen", text);
	} else if (j->conf->ready.kind == READY_FD &&
	    (size_t)j->conf->ready.fd < LISTEN_FD_START + count) {
		snprintf(text, sizeof(text),
		    "fd:%d belongs to what listen and fd_store_max pass, 3 to "
		    "%zu",
		    j->conf->ready.fd, LISTEN_FD_START + count - 1);
		judge(j, "ready", text);
	}
}

void
worker_check(const struct conf_section *section, const void *base,
    struct conf_errors *errors)
{
	const struct judge j = { section, base, errors };
	const char *access = j.conf->notify_access;

	if (j.conf->significant && j.conf->restart == RESTART_PERMANENT)
		judge(&j, "significant",
		    "a permanent worker cannot be significant: it never ends");
	if (j.conf->escalate_after.count &&
	    j.conf->strategy != STRATEGY_ESCALATE)
		judge(&j, "escalate_after",
		    "has a meaning only with strategy = escalate");
	if (access && strcmp(access, "all") != 0 && strcmp(access, "main") != 0)
		judge(&j, "notify_access", "is all or main");
	if (j.conf->ready.kind == READY_CHECK && !j.conf->check)
		judge(&j, "ready", "check needs the key `check`");
	if (j.conf->stop_signal == 0)
		judge(&j, "stop_signal", "cannot be none");
	check_env(&j);
	check_listen(&j);
	check_passed(&j);
	check_log(&j);
}

void
template_check(const struct conf_section *section, const void *base,
    struct conf_errors *errors)
{
	const struct template_conf *conf = base;
	const struct judge j = { section, &conf->worker, errors };

	if (conf->worker.significant)
		judge(&j, "significant",
		    "an instance of a template cannot be significant");
	if (conf->worker.instances)
		judge(&j, "instances",
		    "a template starts with none: msctl scale makes them");
	if (conf->worker.log)
		judge(&j, "log",
		    "cannot be given with a template: each instance has its "
		    "own file");
	worker_check(section, &conf->worker, errors);
}
