/* The strict check of a JSON text, before any parser sees it. */
#ifndef ATMC_FRONTEND_JSON_SCAN_H
#define ATMC_FRONTEND_JSON_SCAN_H

#include "frontend/json_source.h"

/* Checks the text of `source`, fills in its spots and lines, reports the first mistake. */
MUST_CHECK Status json_scan(JsonSource *source);
/* The position of byte `offset`, and what a message about it begins with ("" or "header byte N: ").
 */
Position json_scan_place(const JsonSource *source, uint32_t offset);
const char *json_scan_prefix(const JsonSource *source, uint32_t offset);

#endif
