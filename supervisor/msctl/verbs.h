/* SPDX-License-Identifier: Apache-2.0 */
/* What the table of verbs calls; each returns msctl's exit code. */
#ifndef SUPERVISOR_MSCTL_VERBS_H
#define SUPERVISOR_MSCTL_VERBS_H

#include "supervisor/msctl/msctl.h"

/* the tree: msd alone answers, NNG is never started */
int do_tree(struct msctl *ctl, const struct args *args);
int do_status(struct msctl *ctl, const struct args *args);
/* As an init script answers; prints nothing. */
int lsb_status(const struct msctl *ctl, const char *name);
int do_start(struct msctl *ctl, const struct args *args);
int do_stop(struct msctl *ctl, const struct args *args);
int do_restart(struct msctl *ctl, const struct args *args);
int do_kill(struct msctl *ctl, const struct args *args);
int do_signal(struct msctl *ctl, const struct args *args);
int do_wait(struct msctl *ctl, const struct args *args);
int do_reload(struct msctl *ctl, const struct args *args);
int do_plan(struct msctl *ctl, const struct args *args);
int do_add(struct msctl *ctl, const struct args *args);
int do_remove(struct msctl *ctl, const struct args *args);
int do_scale(struct msctl *ctl, const struct args *args);
int do_spawn(struct msctl *ctl, const struct args *args);
int do_reexec(struct msctl *ctl, const struct args *args);
int do_shutdown(struct msctl *ctl, const struct args *args);
int do_why(struct msctl *ctl, const struct args *args);
int do_events(struct msctl *ctl, const struct args *args);
int do_logs(struct msctl *ctl, const struct args *args);
int do_show(struct msctl *ctl, const struct args *args);
int do_count(struct msctl *ctl, const struct args *args);
int do_check(struct msctl *ctl, const struct args *args);
int do_version(struct msctl *ctl, const struct args *args);
int do_help(struct msctl *ctl, const struct args *args);

/* the services */
int do_doctor(struct msctl *ctl, const struct args *args);
int do_report(struct msctl *ctl, const struct args *args);
int do_top(struct msctl *ctl, const struct args *args);
int do_metrics(struct msctl *ctl, const struct args *args);
int do_health(struct msctl *ctl, const struct args *args);
int do_probe_bus(struct msctl *ctl, const struct args *args);
int do_probe_pool(struct msctl *ctl, const struct args *args);
int do_probe_persist(struct msctl *ctl, const struct args *args);
int do_probe_config(struct msctl *ctl, const struct args *args);
int do_probe_disk(struct msctl *ctl, const struct args *args);
int do_probe_certs(struct msctl *ctl, const struct args *args);
int do_probe_audit(struct msctl *ctl, const struct args *args);
int do_bus_pub(struct msctl *ctl, const struct args *args);
int do_bus_sub(struct msctl *ctl, const struct args *args);
int do_bus_tail(struct msctl *ctl, const struct args *args);
int do_bus_stats(struct msctl *ctl, const struct args *args);
int do_bus_dlq(struct msctl *ctl, const struct args *args);
int do_bus_trace(struct msctl *ctl, const struct args *args);
int do_bus_streams(struct msctl *ctl, const struct args *args);
int do_bus_consumers(struct msctl *ctl, const struct args *args);
int do_config_get(struct msctl *ctl, const struct args *args);
int do_config_list(struct msctl *ctl, const struct args *args);
int do_config_check(struct msctl *ctl, const struct args *args);
int do_config_watchers(struct msctl *ctl, const struct args *args);
int do_config_status(struct msctl *ctl, const struct args *args);
int do_pool_stats(struct msctl *ctl, const struct args *args);
int do_queues(struct msctl *ctl, const struct args *args);
int do_pool_status(struct msctl *ctl, const struct args *args);
int do_db_up(struct msctl *ctl, const struct args *args);
int do_db_status(struct msctl *ctl, const struct args *args);

#endif
