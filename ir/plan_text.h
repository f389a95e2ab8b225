/* The words of a plan's text form, which plan_print.c writes and plan_parse.c reads. */
#ifndef ATMC_IR_PLAN_TEXT_H
#define ATMC_IR_PLAN_TEXT_H

#include "ir/plan.h"

/* By StageKind, PortKind, PortReach and Space; NULL where there is none. */
enum { PLAN_TEXT_STAGES = STAGE_CALL + 1, PLAN_TEXT_PORTS = PORT_WEIGHTS + 1 };
enum { PLAN_TEXT_REACHES = REACH_PAST + 1, PLAN_TEXT_SPACES = SPACE_WEIGHTS + 1 };
extern const char *const plan_text_stages[PLAN_TEXT_STAGES];
extern const char *const plan_text_ports[PLAN_TEXT_PORTS];
extern const char *const plan_text_reaches[PLAN_TEXT_REACHES];
extern const char *const plan_text_spaces[PLAN_TEXT_SPACES];

#endif
