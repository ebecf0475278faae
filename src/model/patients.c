/* patients.c - the names of supports and stays, in the order of their enums.
 * SPDX-License-Identifier: MIT */
#include "model/patients.h"

const char *const support_names[SUPPORT_COUNT] = {NAME_VASOPRESSOR, NAME_HYPERLACTATAEMIA,
                                                  NAME_VENTILATION, NAME_RENAL_REPLACEMENT};
const char *const stay_names[STAY_COUNT] = {NAME_ICU_STAY, NAME_HOSPITAL_STAY};
