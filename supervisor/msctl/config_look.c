/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor/msctl/config_look.h"

#include <string.h>

#include "supervisor/msctl/table.h"

static void
put_watcher(struct json *list, const struct json *worker, uint64_t generation,
    uint32_t digest, bool *is_current)
{
	struct json *o = json_put_object(list, NULL);
	double errors = json_get_num(worker, "errors", 0);
	bool is_same = json_get_num(worker, "digest", 0) == digest;

	json_put_str(o, "name", json_get_str(worker, "name", "?"));
	json_put_str(o, "state",
	    json_get_bool(worker, "silent", false) ? "silent"
		: errors > 0                       ? "refused"
		: is_same                          ? "current"
						   : "differs");
	if (is_same)
		json_put_num(o, "generation", (double)generation);
	else
		json_put_null(o, "generation");
	json_put_num(o, "errors", errors);
	*is_current = *is_current && is_same && errors == 0;
}

struct json *
config_watchers_json(uint64_t generation, uint32_t digest, uint32_t subscribers,
    const struct json *workers)
{
	struct json *root = json_object(), *list = json_array();
	bool is_current = true;

	for (const struct json *w = json_first(workers); w; w = json_next(w))
		put_watcher(list, w, generation, digest, &is_current);
	json_put_num(root, "v", 1);
	json_put_num(root, "generation", (double)generation);
	json_put_num(root, "subscribers", subscribers);
	json_put_bool(root, "current", is_current);
	json_put(root, "watchers", list);
	return root;
}

void
config_watchers_render(const struct json *root, const struct look *look,
    struct buf *out)
{
	static const struct column columns[] = {
		{ "NAME", COLUMN_FLEXIBLE },
		{ "STATE", 0 },
		{ "GENERATION", COLUMN_RIGHT },
		{ "ERRORS", COLUMN_RIGHT },
	};
	double subscribers = json_get_num(root, "subscribers", 0);
	struct table t;

	table_init(&t, columns, ARRAY_LEN(columns));
	for (const struct json *w = json_first(json_get(root, "watchers")); w;
	     w = json_next(w)) {
		const char *state = json_get_str(w, "state", "?");
		double generation = json_get_num(w, "generation", 0);

		table_add(&t, HUE_NONE, json_get_str(w, "name", "?"));
		table_add(&t,
		    strcmp(state, "current") == 0 ? HUE_GOOD : HUE_BAD, state);
		if (generation > 0)
			table_addf(&t, HUE_NONE, "%.0f", generation);
		else
			table_add(&t, HUE_NONE, "-");
		table_addf(&t, HUE_NONE, "%.0f", json_get_num(w, "errors", 0));
	}
	if (t.cell_count)
		table_print(&t, look, out);
	table_fini(&t);
	buf_printf(out,
	    "generation %.0f is in force, %.0f program%s told of changes\n",
	    json_get_num(root, "generation", 0), subscribers,
	    subscribers == 1 ? " is" : "s are");
}
