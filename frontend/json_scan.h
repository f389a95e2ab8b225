/* The strict check of a JSON text, before any parser sees it. */
#ifndef ATMC_FRONTEND_JSON_SCAN_H
#define ATMC_FRONTEND_JSON_SCAN_H

#include <stdbool.h>

#include "frontend/json_source.h"

/* What may stand between the tokens of JSON. */
static inline bool json_is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}
/* Checks the text of `source`, fills in its spots and marks, reports the first mistake. */
MUST_CHECK Status json_scan(JsonSource *source);
/* The position of byte `offset` of the text; of an embedded text, its file as a whole. */
Position json_scan_place(const JsonSource *source, uint32_t offset);
/* What a message about byte `offset` begins with: "header byte N: " of an embedded text, or "". */
const char *json_scan_prefix(const JsonSource *source, uint32_t offset);

#endif
