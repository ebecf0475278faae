/* patients.h - one simulated trial's patients and their illness courses, as columns.
 * SPDX-License-Identifier: MIT
 *
 * Time is continuous, in days since the patient's randomisation. Columns have room for n rounded up
 * to 16 (see scratch_doubles). A zeroed struct owns nothing; memory is the scratch it was drawn
 * into. */
#ifndef MODEL_PATIENTS_H
#define MODEL_PATIENTS_H

#include <stdbool.h>
#include <stdint.h>

/* The names of the parts of the course that others refer to. */
#define NAME_VASOPRESSOR       "vasopressor"
#define NAME_HYPERLACTATAEMIA  "hyperlactataemia"
#define NAME_VENTILATION       "ventilation"
#define NAME_RENAL_REPLACEMENT "renal_replacement"
#define NAME_ICU_STAY          "icu_stay"
#define NAME_HOSPITAL_STAY     "hospital_stay"

enum support {
    SUPPORT_VASOPRESSOR,
    SUPPORT_HYPERLACTATAEMIA,
    SUPPORT_VENTILATION,
    SUPPORT_RENAL_REPLACEMENT,
    SUPPORT_COUNT
};
enum stay { STAY_ICU, STAY_HOSPITAL, STAY_COUNT };
enum { SOFA_DAYS_MAX = 90, SOFA_WORST = 24 };

/* What of a course somebody reads; the rest is not drawn. */
struct course_needs {
    bool death, support[SUPPORT_COUNT], stay[STAY_COUNT], adverse_event;
    int sofa_day;    /* last day a SOFA is read, 0: none */
    bool *marker;    /* [n markers] */
    bool *covariate; /* [n covariates]; NULL: all */
    bool without_arrivals;
};

struct patients {
    int n;
    double *const *covariate; /* [n covariates][n], latent ones included; NULL where not needed */
    int *centre;              /* [n] from 0 */
    double *arrival;          /* [n] days since recruitment opened, rising; NULL if not drawn */
    double *arm;              /* [n] randomised arm */
    int *received;            /* [n] the arm whose effects the patient gets */
    double *excluded;         /* [n] 1: excluded after randomisation, from every analysis */
    double *lost;             /* [n] day of loss to follow-up, infinite when never */
    double *followed;         /* [n] day until which the trial observes the patient */
    double *known;            /* [n] see endpoint_known */
};

struct course {
    int n;
    const double *death;                        /* [n] day of death; may lie beyond any horizon */
    const double *support_start[SUPPORT_COUNT]; /* [n] on support in (start, end]; */
    const double *support_end[SUPPORT_COUNT];   /* start = end where never */
    const double *stay_end[STAY_COUNT];         /* [n] day of leaving, alive or dead */
    const double *const *sofa;   /* [day][n] integer 0-24 on days 0 … sofa_day, as if alive */
    bool sofa_in_icu;            /* measured only while in the ICU */
    const double *adverse_event; /* [n] 0 or 1 */
    const double *const *marker; /* [marker][n], NaN when dead before it is taken */
};

extern const char *const support_names[SUPPORT_COUNT];
extern const char *const stay_names[STAY_COUNT];

#endif
