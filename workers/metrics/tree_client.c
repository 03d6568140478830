/* SPDX-License-Identifier: Apache-2.0 */
#include "workers/metrics/tree_client.h"

#include "common/log.h"

/* Once for each time that it is away. */
static void
tell(struct tree_client *c, const char *reason)
{
	if (!c->told)
		log_warn("msd does not tell of its workers", "reason=%s",
		    LOGQ(reason));
	c->told = true;
}

static void
on_answer(struct msd_client *msd, struct slice line, const char *reason)
{
	struct tree_client *c = container_of(msd, struct tree_client, msd);
	struct tree_facts facts;
	struct why why = { "" };

	if (!line.ptr || tree_facts_parse(line, &facts, &why) != MS_OK) {
		tell(c, line.ptr ? why.text : reason);
		c->done(c, NULL);
		return;
	}
	if (c->told)
		log_info("msd tells of its workers again", NULL);
	c->told = false;
	c->done(c, &facts);
}

void
tree_client_init(struct tree_client *c, struct loop *loop, const char *socket,
    void (*done)(struct tree_client *c, struct tree_facts *facts))
{
	*c = (struct tree_client){ .done = done };
	msd_client_init(&c->msd, loop, socket, on_answer);
}

void
tree_client_fini(struct tree_client *c)
{
	msd_client_fini(&c->msd);
}

bool
tree_client_ask(struct tree_client *c)
{
	struct why why = { "" };

	if (msd_client_ask(&c->msd, tree_facts_question, &why))
		return true;
	if (why.text[0])
		tell(c, why.text);
	return false;
}
