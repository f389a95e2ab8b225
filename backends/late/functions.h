/* Between atmc and its code generator, a module that is loaded when it is needed: LLVM takes 70 ms
 * to load, and most commands, and most errors, come without it. */
#ifndef ATMC_BACKENDS_LATE_FUNCTIONS_H
#define ATMC_BACKENDS_LATE_FUNCTIONS_H

#include "backends/backend.h"

typedef struct LateFunctions {
  const char *version; /* of atmc: the module's and the program's are the same */
#define FUNCTION(type, name, parameters, arguments) type(*name) parameters;
#define PROCEDURE(name, parameters, arguments) void(*name) parameters;
#include "backends/late/functions.def"
#undef FUNCTION
#undef PROCEDURE
} LateFunctions;

/* The one symbol that the module exports, and its file's name. */
#define LATE_SYMBOL "atmc_late_functions"
#define LATE_FILE "atmc-llvm.so"

#endif
