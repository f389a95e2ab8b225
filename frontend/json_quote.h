/* Texts written as JSON. */
#ifndef ATMC_FRONTEND_JSON_QUOTE_H
#define ATMC_FRONTEND_JSON_QUOTE_H

#include "support/string_builder.h"

/* Appends `text`, which is UTF-8, as a JSON string. */
void json_quote(StringBuilder *out, const char *text);

#endif
