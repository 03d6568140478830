/* SPDX-License-Identifier: Apache-2.0 */
/* The socket of our own service manager (NOTIFY_SOCKET). */
#ifndef SUPERVISOR_MANAGER_H
#define SUPERVISOR_MANAGER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>

struct notify;

struct manager {
	int fd; /* -1: there is no manager */
	struct sockaddr_un to;
	socklen_t to_len;
};

void manager_open(struct manager *manager);
void manager_close(struct manager *manager);
/* Never blocks; does nothing without a manager.  False: its queue is full, say
 * it again. */
bool manager_say(const struct manager *manager, const struct notify *notify);
/* How often the manager wants a heartbeat of the process `pid`; 0: never. */
uint64_t manager_beat_ms(pid_t pid);

#endif
