/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `msctl bus pub`: events from a file, standard input or the command line
 * into the bus.  Judge everything, then send everything; libms batches and
 * sends again what a dying bus did not acknowledge.
 */
#include "supervisor/msctl/bus_pub.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/mono.h"
#include "proto/subject.h"
#include "proto/traceparent.h"
#include "supervisor/msctl/service.h"
#include "supervisor/msctl/verbs.h"

#define FLUSH_MS 60000
#define WINDOW   64u

static const struct durability_word {
	const char *word;
	enum ms_durability durability;
} durability_words[] = {
	{ "accepted", MS_ACCEPTED },
	{ "written", MS_WRITTEN },
	{ "synced", MS_SYNCED },
};

const char *
bus_durability_word(enum ms_durability durability)
{
	for (size_t i = 0; i < ARRAY_LEN(durability_words); i++)
		if (durability_words[i].durability == durability)
			return durability_words[i].word;
	return "sent";
}

/* ---- what was asked ------------------------------------------------------- */

static int
read_durability(struct pub *pub, const struct args *args)
{
	const char *text = args_get(args, "durability");

	pub->durability = MS_WRITTEN;
	for (size_t i = 0; text && i < ARRAY_LEN(durability_words); i++) {
		if (strcmp(durability_words[i].word, text) == 0) {
			pub->durability = durability_words[i].durability;
			return CTL_OK;
		}
	}
	return text ? ctl_fail(pub->ctl, "bad_request",
			  "--durability: '%s' is not one of accepted, "
			  "written, synced",
			  text)
		    : CTL_OK;
}

static int
read_subject(struct pub *pub, const struct args *args)
{
	struct why why = { "" };
	enum ms_err err;

	pub->subject = args->pos_count ? args->pos[0] : NULL;
	pub->type = args_get(args, "type");
	if (!pub->subject)
		return CTL_OK;
	err = subject_check(slice_of(pub->subject), &why);
	return err == MS_OK ? CTL_OK
			    : ctl_fail_err(pub->ctl, err, "'%.80s': %s",
				  pub->subject, why.text);
}

static int
read_trace(struct pub *pub, const struct args *args)
{
	struct traceparent ignored;
	struct why why = { "" };
	enum ms_err err;

	pub->traceparent = args_get(args, "traceparent");
	if (!pub->traceparent)
		return CTL_OK;
	err = traceparent_parse(slice_of(pub->traceparent), &ignored, &why);
	return err == MS_OK
	    ? CTL_OK
	    : ctl_fail_err(pub->ctl, err, "--traceparent: %s", why.text);
}

static int
open_input(struct pub *pub, const struct args *args)
{
	const char *path = args_get(args, "file");
	const char *data = args_get(args, "data");
	struct why why = { "" };
	enum ms_err err;

	if (path && data)
		return ctl_fail(pub->ctl, "bad_request",
		    "--file and --data exclude each other");
	if (data) {
		event_file_of("--data", slice_of(data), &pub->file);
		return CTL_OK;
	}
	if (!path && isatty(STDIN_FILENO))
		fputs("msctl: reading events from the terminal, one JSON value "
		      "a line; Ctrl-D ends\n",
		    stderr);
	err = event_file_open(path ? path : "-", &pub->file, &why);
	if (err == MS_ETOOBIG || err == MS_ENOTFOUND)
		return ctl_fail(pub->ctl, "bad_input", "%s", why.text);
	return err == MS_OK ? CTL_OK
			    : ctl_fail_err(pub->ctl, err, "%s", why.text);
}

/* ---- first pass ----------------------------------------------------------- */

static void
write_bad_json(const struct event_check *check, struct slice report)
{
	struct json *root = json_object(), *error, *list;
	struct slice line;
	char text[64];

	snprintf(text, sizeof(text), "%llu bad line%s, nothing was published",
	    (unsigned long long)check->bad, check->bad == 1 ? "" : "s");
	json_put_bool(root, "ok", false);
	error = json_put_object(root, "error");
	json_put_str(error, "code", "bad_input");
	json_put_str(error, "message", text);
	list = json_put_array(error, "errors");
	while (slice_cut(&report, '\n', &line)) {
		char *copy = strndup(line.ptr, line.len);
		if (copy)
			json_put_str(list, NULL, copy);
		free(copy);
	}
	ctl_write_json(root);
	json_free(&root);
}

static int
say_bad(const struct pub *pub, const struct event_check *check,
    const struct buf *report)
{
	if (pub->ctl->json) {
		write_bad_json(check, buf_slice(report));
		return CTL_CONFIG;
	}
	fwrite(report->ptr, 1, report->len, stderr);
	if (check->bad > EVENT_FILE_REPORT_MAX)
		fprintf(stderr, "... and %llu more\n",
		    (unsigned long long)(check->bad - EVENT_FILE_REPORT_MAX));
	fprintf(stderr,
	    "msctl: %llu bad of %llu line%s, nothing was published\n",
	    (unsigned long long)check->bad, (unsigned long long)check->events,
	    check->events == 1 ? "" : "s");
	return CTL_CONFIG;
}

static int
judge(const struct pub *pub)
{
	struct envelope defaults = {
		.subject = slice_of(pub->subject),
		.type = slice_of(pub->type ? pub->type : pub->subject),
		.source = slice_of(pub->source),
		.time_ns = wall_ns(),
	};
	struct buf report = { 0 };
	struct event_check check =
	    event_file_check(&pub->file, &defaults, &report);
	int code = CTL_OK;

	if (check.bad)
		code = say_bad(pub, &check, &report);
	else if (!check.events)
		code = ctl_fail(pub->ctl, "bad_input",
		    "%s holds no events, nothing was published",
		    pub->file.name);
	buf_fini(&report);
	return code;
}

/* ---- second pass ---------------------------------------------------------- */

/* A CloudEvent has its own type; --type is for bare values. */
bool
bus_event_is_bare(struct slice line)
{
	struct json_walk walk;
	struct json_raw value;
	struct slice key;

	if (json_check(line, &value, NULL) != MS_OK ||
	    value.type != JSON_OBJECT)
		return true;
	walk = json_walk_of(value);
	while (json_walk_next(&walk, &key, &value))
		if (slice_is(key, "specversion"))
			return false;
	return true;
}

static enum ms_err
send_line(const struct pub *pub, struct ms *ms, struct slice line)
{
	struct ms_event event = {
		.subject = pub->subject,
		.type = pub->type,
		.data = line.ptr,
		.data_bytes = line.len,
	};

	if (pub->type && bus_event_is_bare(line))
		return ms_publish(ms, &event, pub->durability);
	return ms_publish_json(ms, line.ptr, line.len, pub->subject,
	    pub->durability);
}

/* Until event number n is due; acknowledgements are taken meanwhile. */
static enum ms_err
keep_pace(const struct pub *pub, struct ms *ms, uint64_t n)
{
	struct mono due = mono_add_ms(pub->started, n * 1000 / pub->rate);
	enum ms_err err = MS_OK;
	uint64_t left;

	while ((err == MS_OK || err == MS_ETIMEOUT) &&
	    (left = mono_ms_left(mono_now(), due)) > 0)
		err = ms_dispatch(ms, left > 1000 ? 1000 : (int)left);
	return err == MS_ETIMEOUT ? MS_OK : err;
}

static enum ms_err
send_all(const struct pub *pub, struct ms *ms)
{
	struct event_lines lines = event_lines_of(&pub->file);
	enum ms_err err = MS_OK;
	struct slice line;

	for (uint64_t n = 0; err == MS_OK && event_lines_next(&lines, &line);
	     n++) {
		if (pub->rate > 0)
			err = keep_pace(pub, ms, n);
		if (err == MS_OK)
			err = send_line(pub, ms, line);
	}
	return err == MS_OK ? ms_flush(ms, FLUSH_MS) : err;
}

static void
say_published(const struct pub *pub, const struct ms_published *done)
{
	double s = (double)(mono_now().ns - pub->started.ns) / 1e9;
	double rate = s > 0 ? (double)done->acked / s : 0;
	const char *word = bus_durability_word(done->durability);
	struct json *root;

	if (!pub->ctl->json) {
		printf("published %llu event%s, %llu duplicate%s, %llu %s, "
		       "%.2f s, %.0f events/s\n",
		    (unsigned long long)done->events,
		    done->events == 1 ? "" : "s",
		    (unsigned long long)done->duplicates,
		    done->duplicates == 1 ? "" : "s",
		    (unsigned long long)done->acked, word, s, rate);
		return;
	}
	root = json_object();
	json_put_num(root, "v", 1);
	json_put_num(root, "published", (double)done->events);
	json_put_num(root, "duplicates", (double)done->duplicates);
	json_put_num(root, "acknowledged", (double)done->acked);
	json_put_num(root, "failed", (double)done->failed);
	json_put_num(root, "discarded", (double)done->discarded);
	json_put_str(root, "durability", word);
	json_put_num(root, "last_seq", (double)done->last_seq);
	json_put_num(root, "seconds", s);
	json_put_num(root, "events_per_s", (double)(uint64_t)rate);
	ctl_write_json(root);
	json_free(&root);
}

static int
publish(const struct pub *pub)
{
	struct ms_options options = { .run_dir = pub->ctl->run_dir,
		.source = pub->source,
		.window = WINDOW };
	struct ms_published done;
	struct ms *ms = NULL;
	enum ms_err err = ms_open(&options, &ms);
	int code = CTL_OK;

	if (err != MS_OK)
		return ctl_fail_err(pub->ctl, err, "cannot reach the bus: %s",
		    ms_strerr(err));
	err = ms_trace_set(ms, pub->traceparent, NULL);
	if (err == MS_OK && pub->unit.asked) {
		code = bus_unit_publish(pub, ms);
		ms_close(&ms);
		return code;
	}
	if (err == MS_OK)
		err = send_all(pub, ms);
	ms_published(ms, &done);
	if (err == MS_OK)
		say_published(pub, &done);
	else
		code = ctl_fail_err(pub->ctl, err,
		    "%s (%llu of %llu events acknowledged)",
		    ms_why(ms)[0] ? ms_why(ms) : ms_strerr(err),
		    (unsigned long long)done.acked,
		    (unsigned long long)done.events);
	ms_close(&ms);
	return code;
}

int
do_bus_pub(struct msctl *ctl, const struct args *args)
{
	struct pub pub = { .ctl = ctl, .started = mono_now() };
	int code = read_durability(&pub, args);

	snprintf(pub.source, sizeof(pub.source), "/msctl/%u",
	    (unsigned)getuid());
	if (code == CTL_OK && !ctl_number(ctl, args, "rate", 0, &pub.rate))
		code = CTL_USAGE;
	if (code == CTL_OK)
		code = read_subject(&pub, args);
	if (code == CTL_OK)
		code = read_trace(&pub, args);
	if (code == CTL_OK)
		code = bus_unit_read(&pub, args);
	if (code == CTL_OK)
		code = open_input(&pub, args);
	if (code == CTL_OK)
		code = judge(&pub);
	if (code == CTL_OK)
		code = service_present(ctl, "bus");
	if (code == CTL_OK)
		code = publish(&pub);
	event_file_close(&pub.file);
	return code;
}
