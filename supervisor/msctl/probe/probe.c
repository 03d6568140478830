/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An alarm ends a probe that hangs, even in the kernel's hands: plugins that
 * do not return are what monitoring systems suffer from most.
 */
#include "supervisor/msctl/probe/probe.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "proto/contract.h"
#include "supervisor/msctl/ctl_client.h"
#include "supervisor/msctl/service.h"

#define TIMEOUT_MS     10000u /* what monitoring systems expect */
#define TIMEOUT_MS_MAX 600000u
#define MARGIN_MS      200u /* questions end before the alarm */

enum format {
	FORMAT_NAGIOS,
	FORMAT_JSON,
	FORMAT_PROM
};

static void
print_report(const struct nagios_report *r, enum format format, struct buf *out)
{
	if (format == FORMAT_JSON)
		nagios_print_json(r, out);
	else if (format == FORMAT_PROM)
		nagios_print_prom(r, out);
	else
		nagios_print(r, out);
}

/* ---- the alarm ------------------------------------------------------------- */

static char last_words[2048];
static size_t last_words_len;

static void
on_alarm(int signo)
{
	ssize_t n = write(STDOUT_FILENO, last_words, last_words_len);

	(void)signo;
	(void)n;
	_exit(NAGIOS_CRITICAL);
}

static void
arm(const struct probe *p, enum format format, uint64_t timeout_ms)
{
	struct itimerval timer = {
		.it_value = { (time_t)(timeout_ms / 1000),
		    (suseconds_t)(timeout_ms % 1000 * 1000) }
	};
	struct nagios_report late = { .probe = p->report.probe };
	struct buf out = { 0 };

	nagios_say(&late, NAGIOS_CRITICAL, "no result within %ju ms",
	    (uintmax_t)timeout_ms);
	print_report(&late, format, &out);
	last_words_len =
	    out.len < sizeof(last_words) ? out.len : sizeof(last_words);
	memcpy(last_words, out.ptr, last_words_len);
	buf_fini(&out);
	signal(SIGALRM, on_alarm);
	setitimer(ITIMER_REAL, &timer, NULL);
}

/* ---- options --------------------------------------------------------------- */

static bool
read_range(struct probe *p, const char *option, const char *usual,
    struct nagios_range *range)
{
	const char *text = args_get(p->args, option);

	if (!text)
		text = usual;
	*range = (struct nagios_range){ .given = false };
	if (!text || nagios_range_parse(text, range))
		return true;
	*range = (struct nagios_range){ .given = false };
	nagios_say(&p->report, NAGIOS_UNKNOWN,
	    "--%s: '%.60s' is no threshold (10, 10:, ~:10, 10:20, @10:20)",
	    option, text);
	return false;
}

/* "10" are seconds, as plugins have it; "500ms" and "2m" as we have it. */
static bool
read_timeout(struct probe *p, uint64_t *ms_r)
{
	const char *text = args_get(p->args, "timeout");
	uint64_t seconds;

	*ms_r = TIMEOUT_MS;
	if (!text)
		return true;
	if (parse_u64(slice_of(text), &seconds) &&
	    seconds <= TIMEOUT_MS_MAX / 1000)
		*ms_r = seconds * 1000;
	else if (!parse_duration(slice_of(text), ms_r))
		*ms_r = 0;
	if (*ms_r > 0 && *ms_r <= TIMEOUT_MS_MAX)
		return true;
	nagios_say(&p->report, NAGIOS_UNKNOWN,
	    "--timeout: '%.60s' is not within 1ms..10m", text);
	*ms_r = TIMEOUT_MS;
	return false;
}

static bool
read_format(struct probe *p, enum format *format_r)
{
	const char *text = args_get(p->args, "output");

	*format_r = p->ctl->json ? FORMAT_JSON : FORMAT_NAGIOS;
	if (!text || strcmp(text, "nagios") == 0)
		return true;
	if (strcmp(text, "json") == 0)
		*format_r = FORMAT_JSON;
	else if (strcmp(text, "prom") == 0)
		*format_r = FORMAT_PROM;
	else {
		nagios_say(&p->report, NAGIOS_UNKNOWN,
		    "--output: '%.40s' is none of nagios, json, prom", text);
		return false;
	}
	return true;
}

int
probe_run(struct msctl *ctl, const struct args *args,
    const struct probe_kind *kind)
{
	struct probe *p = calloc(1, sizeof(*p));
	struct buf out = { 0 };
	enum format format;
	uint64_t timeout_ms;
	int code;
	bool ok;

	if (!p)
		return NAGIOS_UNKNOWN;
	p->ctl = ctl;
	p->args = args;
	p->report.probe = kind->name;
	checkup_init(&p->checkup, ctl);
	ok = read_format(p, &format);
	ok &= read_timeout(p, &timeout_ms);
	ok &= read_range(p, "warning", kind->warning, &p->warning);
	ok &= read_range(p, "critical", kind->critical, &p->critical);
	p->deadline = mono_add_ms(mono_now(),
	    timeout_ms > 2 * MARGIN_MS ? timeout_ms - MARGIN_MS
				       : (timeout_ms + 1) / 2);
	if (ok) {
		arm(p, format, timeout_ms);
		kind->look(p);
	}
	print_report(&p->report, format, &out);
	ctl_write(&out);
	buf_fini(&out);
	code = p->report.state;
	json_free(&p->msd);
	checkup_fini(&p->checkup);
	free(p);
	return code;
}

/* ---- asking ---------------------------------------------------------------- */

static uint32_t
time_left(const struct probe *p)
{
	uint64_t ms = mono_ms_left(mono_now(), p->deadline);

	return ms ? (uint32_t)ms : 1;
}

/* Nobody there is said at once; waiting would not help. */
static bool
is_there(struct probe *p, const char *service)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s" SERVICE_SUFFIX, p->ctl->run_dir,
	    service);
	if (access(path, W_OK) != 0 && errno == EACCES) {
		nagios_say(&p->report, NAGIOS_UNKNOWN,
		    "not allowed to talk to %s", path);
		return false;
	}
	if (service_listens(path))
		return true;
	nagios_say(&p->report, NAGIOS_CRITICAL,
	    "%s is not there: nobody listens at %s", service, path);
	return false;
}

static void
say_check(struct probe *p, const struct health_check *c)
{
	static const enum nagios states[] = {
		[HEALTH_OK] = NAGIOS_OK,
		[HEALTH_DEGRADED] = NAGIOS_WARNING,
		[HEALTH_FAILED] = NAGIOS_CRITICAL,
	};

	nagios_say(&p->report, states[c->level], "%s: %s", c->name, c->text);
}

bool
probe_health(struct probe *p, const char *service)
{
	struct patient patient = { .name = service };

	if (!is_there(p, service))
		return false;
	checkup_ask(&p->checkup, &patient, 1, true, time_left(p));
	if (!patient.answers) {
		nagios_say(&p->report, NAGIOS_CRITICAL, "%s",
		    patient.why.text[0] ? patient.why.text
					: "it cannot be asked");
		return false;
	}
	for (size_t i = 0; i < patient.check_count; i++)
		if (patient.checks[i].level != HEALTH_OK)
			say_check(p, &patient.checks[i]);
	return true;
}

bool
probe_ask(struct probe *p, const char *service, const struct msg_desc *desc,
    const void *in, void *out_r, struct slice *body_r)
{
	struct link *link = NULL;
	struct why why = { "" };
	struct slice ignored;
	char address[PATH_MAX];
	enum ms_err err = MS_OK;

	if (!is_there(p, service))
		return false;
	snprintf(address, sizeof(address), "ipc://%s/%s" SERVICE_SUFFIX,
	    p->ctl->run_dir, service);
	if (!p->checkup.hub)
		err = link_hub_open(&p->checkup.hub);
	if (!err)
		err = link_open(p->checkup.hub, address, &link);
	if (!err)
		err = call_wait(link, desc, in, (struct slice){ NULL, 0 },
		    time_left(p), &p->checkup.arena, out_r,
		    body_r ? body_r : &ignored, &why);
	if (link)
		link_close(&link);
	if (err)
		nagios_say(&p->report, NAGIOS_CRITICAL, "%s",
		    why.text[0] ? why.text : ms_strerr(err));
	return !err;
}

/* ---- numbers --------------------------------------------------------------- */

void
probe_judge(struct probe *p, const char *label, double value, const char *uom)
{
	const struct nagios_datum *d = nagios_add(&p->report, label, value, uom,
	    &p->warning, &p->critical);
	enum nagios state = d ? nagios_judge(d) : NAGIOS_OK;

	if (state != NAGIOS_OK)
		nagios_say(&p->report, state, "%s is %.10g%s", label, value,
		    strcmp(uom, "c") == 0 ? "" : uom);
}

void
probe_show(struct probe *p, const char *label, double value, const char *uom)
{
	nagios_add(&p->report, label, value, uom, NULL, NULL);
}

/* ---- msd ------------------------------------------------------------------- */

const char *
probe_dir(struct probe *p, const char *key)
{
	struct ctl_client client;

	if (!p->msd && ctl_open_quiet(p->ctl, &client, NULL) == MS_OK) {
		(void)!ctl_ask_quiet(&client, ctl_request("version", NULL),
		    time_left(p), &p->msd);
		ctl_close(&client);
	}
	return json_get_str(p->msd, key, NULL);
}
