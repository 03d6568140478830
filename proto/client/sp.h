/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One connection in NNG's wire format (SP over a Unix socket), that comes back
 * by itself.  For proto/client only.
 *
 * greeting, both ways   00 'S' 'P' 00 | u16 protocol | 00 00
 * message               01 | u64 length | bytes          (big-endian)
 */
#ifndef PROTO_CLIENT_SP_H
#define PROTO_CLIENT_SP_H

#include <sys/queue.h>

#include "common/buf.h"
#include "proto/client/hub.h"

enum sp_protocol {
	SP_PUB = 0x20,
	SP_SUB = 0x21,
	SP_REQ = 0x30,
	SP_REP = 0x31
};
#define SP_PREFIX_BYTES 9u /* before the bytes of a message */

/* Received; from malloc, the receiver frees it. */
struct sp_msg {
	STAILQ_ENTRY(sp_msg) next;
	size_t len;
	char bytes[];
};

struct sp_user {
	enum sp_protocol self, peer;
	/* The next message to write, prefix included; stays where it is until
	 * written, or until sp_take_over().  NULL: never writes. */
	bool (*next)(void *arg, struct slice *bytes_r);
	void (*message)(void *arg, struct sp_msg *msg);
	/* The connection is gone; next() begins anew on the one to come. */
	void (*down)(void *arg);
};

struct sp;
/* address: "ipc:///run/ms/bus.ipc".  MS_EINVAL: not that, or too long.
 * user is borrowed for ever (static const). */
enum ms_err sp_open(struct link_hub *hub, const char *address,
    const struct sp_user *user, void *arg, struct sp **sp_r);
void sp_close(struct sp **sp);
/* Wanted: dials, again and again; otherwise a lost connection stays lost. */
void sp_want(struct sp *sp, bool wanted);
/* There may be something to write. */
void sp_kick(struct sp *sp);
/* Reads no more until called with false. */
void sp_pause(struct sp *sp, bool paused);
/* The caller uses the buffer for something else: when it is half written sp
 * keeps its memory, and bytes is empty afterwards. */
void sp_take_over(struct sp *sp, struct buf *bytes);
void sp_put_prefix(unsigned char at[static SP_PREFIX_BYTES], uint64_t len);

#endif
