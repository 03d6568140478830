/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor/manager.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/fd.h"
#include "common/log.h"
#include "common/str.h"
#include "proto/notify.h"

static bool
set_address(struct manager *manager, const char *path)
{
	size_t len = path ? strlen(path) : 0;

	if (len < 2 || len >= sizeof(manager->to.sun_path) ||
	    (path[0] != '/' && path[0] != '@'))
		return false;
	manager->to.sun_family = AF_UNIX;
	memcpy(manager->to.sun_path, path, len);
	if (path[0] == '@')
		manager->to.sun_path[0] = '\0';
	manager->to_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
	    len + (path[0] == '/'));
	return true;
}

void
manager_open(struct manager *manager)
{
	*manager = (struct manager){ .fd = -1 };
	if (set_address(manager, getenv("NOTIFY_SOCKET")))
		manager->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

void
manager_close(struct manager *manager)
{
	fd_close(&manager->fd);
}

bool
manager_say(const struct manager *manager, const struct notify *notify)
{
	struct buf text = { .limit_bytes = NOTIFY_BYTES_MAX };
	bool full = false;

	if (manager->fd < 0)
		return true;
	notify_print(notify, &text);
	if (sendto(manager->fd, text.ptr, text.len, MSG_DONTWAIT | MSG_NOSIGNAL,
		(const struct sockaddr *)&manager->to, manager->to_len) < 0) {
		full = errno == EAGAIN || errno == ENOBUFS;
		log_debug("manager does not listen", "errno=%d", errno);
	}
	buf_fini(&text);
	return !full;
}

uint64_t
manager_beat_ms(pid_t pid)
{
	const char *usec = getenv("WATCHDOG_USEC");
	const char *meant = getenv("WATCHDOG_PID");
	uint64_t n;

	if (!usec || !parse_u64(slice_of(usec), &n) || n == 0)
		return 0;
	if (meant && strtol(meant, NULL, 10) != pid)
		return 0;
	return n / 2000 ? n / 2000 : 1;
}
