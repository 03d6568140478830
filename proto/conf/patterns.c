/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/conf/patterns.h"

#include "common/words.h"
#include "proto/subject.h"

void
patterns_check(const struct conf_section *section, const struct words *subjects,
    struct conf_errors *errors)
{
	const struct conf_place *place = section_place(section, "subjects");
	struct why why;

	if (subjects->count == 0 || subjects->count > SECTION_PATTERNS_MAX)
		conf_error(errors, place, "subjects: 1 to %u patterns",
		    SECTION_PATTERNS_MAX);
	for (size_t i = 0; i < subjects->count; i++) {
		if (pattern_check(slice_of(subjects->word[i]), &why))
			conf_error(errors, place, "subjects: '%s': %s",
			    subjects->word[i], why.text);
	}
}

/* Of the text: whether the words are patterns is judged for each section. */
static struct words
subjects_of(const struct conf_section *section, struct arena *arena)
{
	const struct conf_entry *entry = conf_entry_find(section, "subjects");
	struct words words = { NULL, 0 };

	if (entry && words_split(entry->value, arena, &words, NULL))
		words.count = 0;
	return words;
}

static void
check_pair(const struct conf_section *a, const struct conf_section *b,
    struct arena *arena, struct conf_errors *errors)
{
	struct words mine = subjects_of(a, arena);
	struct words theirs = subjects_of(b, arena);

	for (size_t i = 0; i < mine.count; i++) {
		for (size_t k = 0; k < theirs.count; k++) {
			if (strcmp(mine.word[i], theirs.word[k]) == 0)
				conf_error(errors, section_place(b, "subjects"),
				    "subjects: '%s' is in [%s %s] already",
				    theirs.word[k], a->kind, a->name);
		}
	}
}

void
patterns_check_apart(const struct conf *conf, const char *kind, size_t max,
    struct conf_errors *errors)
{
	struct arena arena;
	size_t count = 0;

	arena_init(&arena, CONF_FILE_BYTES_MAX * 2);
	for (size_t i = 0; i < conf->section_count; i++) {
		const struct conf_section *a = &conf->sections[i];

		if (strcmp(a->kind, kind) != 0)
			continue;
		if (++count == max + 1)
			conf_error(errors, &a->place,
			    "[%s %s]: at most %zu sections of this kind", kind,
			    a->name, max);
		for (size_t k = i + 1; count <= max && k < conf->section_count;
		     k++) {
			if (strcmp(conf->sections[k].kind, kind) == 0)
				check_pair(a, &conf->sections[k], &arena,
				    errors);
		}
	}
	arena_fini(&arena);
}
