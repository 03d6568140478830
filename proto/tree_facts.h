/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What msd says of its workers (the answer to `status`), as structs; for those
 * who count and watch.  Members of another version's answer that are absent
 * are zero.  Pure: what /proc says is added by who can read it.
 */
#ifndef PROTO_TREE_FACTS_H
#define PROTO_TREE_FACTS_H

#include "common/arena.h"
#include "common/err.h"
#include "common/proc_facts.h"

#define TREE_WORKERS_MAX      65536u
#define TREE_ANSWER_BYTES_MAX (64u << 20)

struct tree_worker {
	const char *name;
	const char *supervisor;
	const char *state;       /* "ready"; the nine of the contract */
	const char *status_text; /* "" */
	const char *last_exit;   /* kind of the last one; "" = none */
	bool wanted;             /* want is up */
	bool ready;
	uint32_t pid; /* 0: no process */
	uint64_t generation;
	uint64_t restarts;
	uint64_t uptime_ms;
	uint64_t log_dropped;
	uint64_t fds_stored;
	bool has_proc; /* filled in by the reader of /proc */
	struct proc_facts proc;
};

struct tree_facts {
	struct arena arena;          /* owns everything */
	struct tree_worker *workers; /* as msd lists them */
	size_t count;
	uint64_t restarts; /* of all */
};

/* {"v":1,"do":"status"} in one line, ready to be sent to msd. */
extern const char tree_facts_question[];
/* One line of msd's answer.  MS_EPROTO when it is not one, MS_EUNAVAILABLE with
 * msd's words when it refuses. */
enum ms_err tree_facts_parse(struct slice line, struct tree_facts *facts_r,
    struct why *why);
/* The same of a line that has been parsed. */
struct json;
enum ms_err tree_facts_take(const struct json *reply,
    struct tree_facts *facts_r, struct why *why);
void tree_facts_fini(struct tree_facts *facts);
const struct tree_worker *tree_facts_find(const struct tree_facts *facts,
    const char *name);

#endif
