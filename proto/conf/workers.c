/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of [log] and [config]. */
#include "proto/conf/workers.h"

const struct field log_rows[] = {
	{ .name = "line_size",
	    .type = FIELD_SIZE,
	    .off = offsetof(struct log_conf, line_bytes),
	    .def = "16K",
	    .min = 256,
	    .max = 1u << 20,
	    .help = "Longer lines of a worker are split; a piece that goes on "
		    "ends in a backslash, in JSON it has \"more\":true." },
	{ .name = "flush",
	    .type = FIELD_DURATION,
	    .flags = FIELD_LATER,
	    .off = offsetof(struct log_conf, flush_ms),
	    .def = "0",
	    .max = 10000,
	    .help = "Lines may wait this long to be written together; 0 = "
		    "written at once." },
	FIELD_END
};

const struct field config_rows[] = {
	{ .name = "dir",
	    .type = FIELD_STR,
	    .off = offsetof(struct config_conf, dir),
	    .min = 1,
	    .max = 4000,
	    .help = "Where versions of the configuration are kept; `config` "
		    "below state_dir when not given." },
	FIELD_END
};
