/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NNG 1.5.2 stops listening for good when a client connects and is gone before
 * the first bytes reach it (nanomsg/nng issue 1518, repaired in 1.6): EPIPE
 * becomes NNG_ECLOSED, which its listener takes for its own end.  A client
 * killed at the wrong moment would so take a service away from everybody.
 *
 * NNG sends through sendmsg(2), and what the program defines wins over libc:
 * here EPIPE is told as ECONNRESET, after which the listener goes on.  Nothing
 * else in a worker tells the two apart.  workers/build.mk links this file into
 * every worker (-u); t/fault/hasty_clients.sh shows that it works.
 */
#include <errno.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What the linker is told to look for: a name libasan does not have. */
extern const char worker_sends_by_itself;
const char worker_sends_by_itself = 1;

ssize_t
sendmsg(int fd, const struct msghdr *message, int flags)
{
	ssize_t n = syscall(SYS_sendmsg, fd, message, flags);

	if (n < 0 && errno == EPIPE)
		errno = ECONNRESET;
	return n;
}
