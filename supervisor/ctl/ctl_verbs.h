/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of verbs share; nobody else includes it. */
#ifndef SUPERVISOR_CTL_CTL_VERBS_H
#define SUPERVISOR_CTL_CTL_VERBS_H

#include "supervisor/ctl/ctl.h"
#include "supervisor/refusal.h"
#include "supervisor/tree/command.h"

void ctl_refuse(const struct ctl_request *request,
    const struct refusal *refusal);
/* "timeout_ms"; false after an error has been answered. */
bool ctl_read_timeout(const struct ctl_request *request, uint64_t *ms_r);
/* To request->node, and the answer, at once or when it is done. */
void ctl_run_command(const struct ctl_request *request, enum command command,
    int signo);

void do_tree(const struct ctl_request *request);
void do_status(const struct ctl_request *request);
void do_events(const struct ctl_request *request);
void do_why(const struct ctl_request *request);
void do_logs(const struct ctl_request *request);
void do_show(const struct ctl_request *request);
void do_count(const struct ctl_request *request);
void do_health(const struct ctl_request *request);
void do_version(const struct ctl_request *request);
void do_wait(const struct ctl_request *request);
void do_start(const struct ctl_request *request);
void do_stop(const struct ctl_request *request);
void do_restart(const struct ctl_request *request);
void do_kill(const struct ctl_request *request);
void do_signal(const struct ctl_request *request);
void do_reload(const struct ctl_request *request);
void do_plan(const struct ctl_request *request);
void do_check(const struct ctl_request *request);
void do_shutdown(const struct ctl_request *request);
void do_add(const struct ctl_request *request);
void do_remove(const struct ctl_request *request);
void do_scale(const struct ctl_request *request);
void do_spawn(const struct ctl_request *request);

#endif
