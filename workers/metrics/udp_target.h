/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A place that datagrams are sent to.  Sending never blocks; what cannot be
 * sent is counted by the caller and told of once for each time that the place
 * is away.  That nobody is there is known only from the answer to an earlier
 * datagram, so the place counts as back after two rounds without one.
 */
#ifndef WORKERS_METRICS_UDP_TARGET_H
#define WORKERS_METRICS_UDP_TARGET_H

#include <netinet/in.h>

#include "common/err.h"
#include "common/str.h"

struct udp_target {
	char *name; /* "HOST:PORT", for people */
	int fd;     /* -1: no socket */
	struct sockaddr_storage addr;
	socklen_t addr_len;   /* 0: not known yet */
	bool told;            /* that it is away */
	bool failed;          /* in this round */
	unsigned good_rounds; /* in a row */
};

void udp_target_init(struct udp_target *target, const char *name);
void udp_target_fini(struct udp_target *target);
/* A numeric address; false when it is a name that must be looked up. */
bool udp_target_numeric(struct udp_target *target, const char *host,
    uint16_t port);
void udp_target_set(struct udp_target *target, const struct sockaddr *addr,
    socklen_t len);
void udp_target_begin_round(struct udp_target *target);
bool udp_target_send(struct udp_target *target, struct slice packet);
/* Something else is wrong with it: the name is not found. */
void udp_target_fail(struct udp_target *target, const char *reason);
void udp_target_end_round(struct udp_target *target);

#endif
