/* SPDX-License-Identifier: Apache-2.0 */
/* All of msd to and from a state (state.h), for reexec.h. */
#ifndef SUPERVISOR_STATE_RESUME_H
#define SUPERVISOR_STATE_RESUME_H

struct msd;
struct process;
struct state_out;

void resume_save(struct msd *msd, struct state_out *out);
/* The descriptor the image before us has left; -1: there was none. */
int resume_take_fd(void);
/* Takes over; there is no way back. */
void resume_load(struct process *process, int fd);
/* A rehearsal of that, in a process that then ends with this code. */
int resume_check(struct process *process, int fd);

#endif
