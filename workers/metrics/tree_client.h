/* SPDX-License-Identifier: Apache-2.0 */
/* Asks msd for its workers, on the loop, with a bound; one question at a time.
 */
#ifndef WORKERS_METRICS_TREE_CLIENT_H
#define WORKERS_METRICS_TREE_CLIENT_H

#include "proto/tree_facts.h"
#include "workers/metrics/msd_client.h"

struct tree_client {
	struct msd_client msd;
	bool told; /* that msd does not answer */
	/* facts are the callee's now; NULL: no answer */
	void (*done)(struct tree_client *client, struct tree_facts *facts);
};

/* socket: copied; NULL = nobody to ask */
void tree_client_init(struct tree_client *client, struct loop *loop,
    const char *socket,
    void (*done)(struct tree_client *client, struct tree_facts *facts));
void tree_client_fini(struct tree_client *client);
/* done() follows, never inside of this call.  False: nobody can be asked, and
 * done() will not be called. */
bool tree_client_ask(struct tree_client *client);

#endif
