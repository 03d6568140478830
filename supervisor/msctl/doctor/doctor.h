/* SPDX-License-Identifier: Apache-2.0 */
/* What `doctor` and `report` share. */
#ifndef SUPERVISOR_MSCTL_DOCTOR_DOCTOR_H
#define SUPERVISOR_MSCTL_DOCTOR_DOCTOR_H

#include "supervisor/msctl/doctor/finding.h"
#include "supervisor/msctl/doctor/sight.h"

/* [{"check","severity","text","remedy"}], {"ok":N,...} */
struct json *findings_json(const struct findings *findings);
struct json *findings_counts(const struct findings *findings);
/* Did the caller say which msd is meant? */
bool place_is_given(const struct args *args);

#endif
