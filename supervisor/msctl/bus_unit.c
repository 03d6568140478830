/* SPDX-License-Identifier: Apache-2.0 */
/* `msctl bus pub` of events that are stored together or not at all. */
#include <stdio.h>

#include "supervisor/msctl/bus_pub.h"

int
bus_unit_read(struct pub *pub, const struct args *args)
{
	pub->unit.stream = args_get(args, "stream");
	pub->unit.mandatory = args_has(args, "mandatory");
	pub->unit.checks_last = args_has(args, "last-seq");
	pub->unit.checks_subject = args_has(args, "last-subject-seq");
	if (!ctl_number(pub->ctl, args, "last-seq", 0, &pub->unit.last_seq) ||
	    !ctl_number(pub->ctl, args, "last-subject-seq", 0,
		&pub->unit.last_subject_seq) ||
	    !ctl_duration(pub->ctl, args, "ttl", 0, &pub->unit.ttl_ms))
		return CTL_USAGE;
	pub->unit.asked = args_has(args, "unit") || pub->unit.stream ||
	    pub->unit.mandatory || pub->unit.checks_last ||
	    pub->unit.checks_subject || pub->unit.ttl_ms > 0;
	if (pub->unit.asked && pub->rate > 0)
		return ctl_fail(pub->ctl, "bad_request",
		    "--rate: a unit is sent at once");
	if (pub->unit.ttl_ms > UINT32_MAX)
		return ctl_fail(pub->ctl, "bad_request",
		    "--ttl: 49 days at most");
	return CTL_OK;
}

static struct ms_unit_options
options_of(const struct pub *pub)
{
	return (struct ms_unit_options){
		.durability = pub->durability,
		.expected_stream = pub->unit.stream,
		.expected_last_seq =
		    pub->unit.checks_last ? &pub->unit.last_seq : NULL,
		.expected_last_subject_seq = pub->unit.checks_subject
		    ? &pub->unit.last_subject_seq
		    : NULL,
		.mandatory = pub->unit.mandatory,
		.ttl_ms = (uint32_t)pub->unit.ttl_ms,
	};
}

static enum ms_err
add_line(const struct pub *pub, struct ms_unit *unit, struct slice line)
{
	struct ms_event event = { .subject = pub->subject,
		.type = pub->type,
		.data = line.ptr,
		.data_bytes = line.len };

	if (pub->type && bus_event_is_bare(line))
		return ms_unit_add(unit, &event);
	return ms_unit_add_json(unit, line.ptr, line.len, pub->subject);
}

static enum ms_err
add_all(const struct pub *pub, struct ms_unit *unit)
{
	struct event_lines lines = event_lines_of(&pub->file);
	enum ms_err err = MS_OK;
	struct slice line;

	while (err == MS_OK && event_lines_next(&lines, &line))
		err = add_line(pub, unit, line);
	return err;
}

static void
say_json(const struct ms_ack *ack)
{
	struct json *root = json_object();

	json_put_num(root, "v", 1);
	json_put_str(root, "stream", ack->stream);
	json_put_num(root, "first_seq", (double)ack->first_seq);
	json_put_num(root, "last_seq", (double)ack->last_seq);
	json_put_num(root, "published", ack->count);
	json_put_num(root, "duplicates", ack->duplicates);
	json_put_num(root, "discarded", ack->discarded);
	json_put_str(root, "durability", bus_durability_word(ack->durability));
	json_put_num(root, "synced_seq", (double)ack->synced_seq);
	json_put_num(root, "matched_live", ack->matched_live);
	json_put_num(root, "matched_durable", ack->matched_durable);
	ctl_write_json(root);
	json_free(&root);
}

static void
say(const struct pub *pub, const struct ms_ack *ack)
{
	if (pub->ctl->json) {
		say_json(ack);
		return;
	}
	printf("published %u event%s as one unit, %u duplicate%s, %s, stream "
	       "%s, last sequence %llu, for %u consumer%s and %u live "
	       "subscriber%s\n",
	    ack->count, ack->count == 1 ? "" : "s", ack->duplicates,
	    ack->duplicates == 1 ? "" : "s",
	    bus_durability_word(ack->durability), ack->stream,
	    (unsigned long long)ack->last_seq, ack->matched_durable,
	    ack->matched_durable == 1 ? "" : "s", ack->matched_live,
	    ack->matched_live == 1 ? "" : "s");
}

int
bus_unit_publish(const struct pub *pub, struct ms *ms)
{
	struct ms_unit_options options = options_of(pub);
	struct ms_ack ack = { .stream = "" };
	struct ms_unit *unit;
	enum ms_err err = ms_unit_begin(ms, &options, &unit);

	if (!err) {
		err = add_all(pub, unit);
		if (!err)
			err = ms_unit_commit(&unit, &ack);
		ms_unit_drop(&unit);
	}
	if (err)
		return ctl_fail_again(pub->ctl, err, ack.retry_after_ms,
		    "nothing was published: %s",
		    *ms_why(ms) ? ms_why(ms) : ms_strerr(err));
	say(pub, &ack);
	return CTL_OK;
}
