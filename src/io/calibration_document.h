/* calibration_document.h - what a calibration says to people.  SPDX-License-Identifier: MIT */
#ifndef IO_CALIBRATION_DOCUMENT_H
#define IO_CALIBRATION_DOCUMENT_H

#include "engine/calibrate.h"
#include "io/report_document.h"

/* Targets before and after, parameters, and a statement for everything that is not as it should be.
 * document_free. */
void calibration_document(struct document *d, const char *path, const struct targets *t,
                          const struct calibration *c);

#endif
