/* SPDX-License-Identifier: Apache-2.0 */
#include "workers/bus/policy.h"

#include <string.h>

#include "workers/bus/bus.h"

#define STRINGS_BYTES (1u << 20)

static const struct metric_row class_row = {
	.name = "ms_bus_class_events_total",
	.kind = METRIC_COUNTER,
	.flags = METRIC_EXACT,
	.labels = { "class" },
	.max_series = TOPIC_CLASSES_MAX,
	.help = "Events stored, by the first token of their subject.",
};
static const struct metric_row discarded_row = {
	.name = "ms_bus_discarded_events_total",
	.kind = METRIC_COUNTER,
	.flags = METRIC_EXACT,
	.labels = { "section" },
	.max_series = SUBJECT_SECTIONS_MAX,
	.help = "Events left out under load because their [subject] section "
		"says overflow = discard_new.",
};

/* ---- loading ------------------------------------------------------------- */

static enum flow_mode
flow_of(const struct bus *bus, const struct subject_conf *conf)
{
	switch (conf->flow) {
	case SUBJECT_FLOW_OFF:
		return FLOW_MODE_OFF;
	case SUBJECT_FLOW_WARN:
		return FLOW_MODE_WARN;
	case SUBJECT_FLOW_REJECT:
		return FLOW_MODE_REJECT;
	default:
		return (enum flow_mode)bus->conf.flow;
	}
}

static void
add_policy(struct bus *bus, const struct subject_conf *conf, const char *name)
{
	struct policies *p = &bus->policies;
	struct policy *policy = &p->of[p->count];

	*policy = (struct policy){ .conf = *conf, .flow = flow_of(bus, conf) };
	if (conf->overflow == OVERFLOW_DISCARD_NEW) {
		policy->discarded = metrics_series(&discarded_row, &name);
		p->any_discards = true;
	}
	p->any_flow |= policy->flow != FLOW_MODE_OFF;
	p->any_rejects |= policy->flow == FLOW_MODE_REJECT;
	for (size_t i = 0; i < conf->subjects.count; i++)
		topics_add_policy(p->topics, conf->subjects.word[i],
		    (uint8_t)p->count);
	p->count++;
}

/* The configuration was checked before. */
static void
add_sections(struct bus *bus)
{
	const struct conf *conf = worker_conf(bus->worker);
	struct policies *p = &bus->policies;

	for (size_t i = 0; i < conf->section_count; i++) {
		const struct conf_section *section = &conf->sections[i];
		struct subject_conf own;
		struct conf_errors errors;

		if (strcmp(section->kind, "subject") != 0 ||
		    p->count == ARRAY_LEN(p->of))
			continue;
		conf_errors_init(&errors);
		conf_apply(section, subject_rows, &own, sizeof(own),
		    &p->strings, &errors);
		conf_errors_fini(&errors);
		add_policy(bus, &own, section->name);
	}
}

static void
add_streams(struct bus *bus)
{
	for (size_t i = 1; i < bus->stream_count; i++) {
		const struct words *subjects = &bus->streams[i]->conf.subjects;

		for (size_t k = 0; k < subjects->count; k++)
			topics_add_stream(bus->policies.topics,
			    subjects->word[k], (uint8_t)i);
	}
}

void
policies_load(struct bus *bus)
{
	struct policies *p = &bus->policies;
	struct subject_conf others = { .overflow = OVERFLOW_BLOCK };

	if (!p->topics) {
		p->topics = topics_new();
		arena_init(&p->strings, STRINGS_BYTES);
	}
	topics_reset(p->topics);
	arena_reset(&p->strings);
	p->count = 0;
	p->any_discards = p->any_flow = p->any_rejects = false;
	add_policy(bus, &others, "");
	add_sections(bus);
	add_streams(bus);
}

void
policies_free(struct bus *bus)
{
	if (!bus->policies.topics)
		return;
	topics_free(&bus->policies.topics);
	arena_fini(&bus->policies.strings);
}

/* ---- counting ------------------------------------------------------------ */

void
policies_count(struct policies *p, struct topic topic, uint64_t events)
{
	struct metric *metric = &p->classes[topic.class];

	if (!p->declared[topic.class]) {
		const char *name = topics_class(p->topics, topic.class);

		*metric = metrics_series(&class_row, &name);
		p->declared[topic.class] = true;
	}
	metric_add(*metric, events);
}
