/* SPDX-License-Identifier: Apache-2.0 */
/* What msd keeps open to listen to a process: its notify socket, the pipe of
 * a failed start, the descriptor of ready = fd:N. */
#ifndef SUPERVISOR_CHILD_HEAR_H
#define SUPERVISOR_CHILD_HEAR_H

struct child;

void hear_init(struct child *child); /* once */
/* Of a new process, or of a known one after an exec of msd. */
void hear_start(struct child *child);
/* Takes all it has said so far to its notify socket. */
void hear_out(struct child *child);
/* Takes what the process has said last (a failed exec, READY, STATUS), then
 * closes everything that was only for this generation. */
void hear_end(struct child *child);

#endif
