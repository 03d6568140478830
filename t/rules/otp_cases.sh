#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every case of Erlang/OTP's supervisor_SUITE (27.3.4.1, 91 of them) is a test
# of its name in t/integration/otp/, and is run by its program.
#
# Not applicable: get_callback_module asks which Erlang module a supervisor
# was started with, for the release handler; a configuration file has none.
cases='
sup_start_normal sup_start_ignore_init sup_start_ignore_child
sup_start_ignore_temporary_child sup_start_ignore_temporary_child_start_child
sup_start_ignore_temporary_child_start_child_simple
sup_start_ignore_permanent_child_start_child_simple
sup_start_error_return sup_start_fail sup_start_child_returns_error
sup_start_restart_child_returns_error sup_start_child_returns_error_simple
sup_start_map sup_start_map_simple sup_start_map_faulty_specs
sup_stop_infinity sup_stop_timeout sup_stop_timeout_dynamic
sup_stop_brutal_kill sup_stop_brutal_kill_dynamic sup_stop_race
sup_stop_non_shutdown_exit_dynamic
child_adm child_adm_simple child_specs child_specs_map extra_return sup_flags
multiple_restarts
one_for_one one_for_one_escalation one_for_all one_for_all_escalation
one_for_all_other_child_fails_restart
simple_one_for_one simple_one_for_one_shutdown simple_one_for_one_extra
simple_one_for_one_escalation simple_one_for_one_corruption
simple_one_for_one_restart_ignore
rest_for_one rest_for_one_escalation rest_for_one_other_child_fails_restart
external_start_no_progress_log
permanent_normal transient_normal temporary_normal
permanent_shutdown transient_shutdown temporary_shutdown
faulty_application_shutdown
permanent_abnormal transient_abnormal temporary_abnormal
child_unlink tree
nonsignificant_temporary nonsignificant_transient significant_temporary
significant_transient significant_simple significant_bystander
significant_escalation
significant_upgrade_never_any significant_upgrade_any_never
significant_upgrade_never_all significant_upgrade_all_never
significant_upgrade_any_all significant_upgrade_all_any
significant_upgrade_child
count_children count_children_supervisor count_restarting_children
get_callback_module
do_not_save_start_parameters_for_temporary_children
do_not_save_child_specs_for_temporary_children
simple_one_for_one_scale_many_temporary_children temporary_bystander
simple_global_supervisor
hanging_restart_loop hanging_restart_loop_rest_for_one
hanging_restart_loop_simple
code_change code_change_map code_change_simple code_change_simple_map
order_of_children scale_start_stop_many_children format_log_1 format_log_2
already_started_outside_supervisor'
dir=$(dirname "$0")/../integration/otp
n=0 bad=0
for case in $cases; do
	n=$((n + 1))
	[ "$case" != get_callback_module ] || continue
	grep -q "^START_TEST($case)\$" "$dir"/test_*.c &&
	    sed -n '/^OTP(/,/)$/p' "$dir"/test_*.c | grep -qw "$case" ||
	    { echo "no test $case"; bad=1; }
done
[ "$n" -eq 91 ] || { echo "$n names, not 91"; bad=1; }
exit $bad
