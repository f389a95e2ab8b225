/* The code generator as a module: what it exports. */
#include "backends/late/functions.h"

extern const LateFunctions atmc_late_functions;
const LateFunctions atmc_late_functions = {
    .version = ATMC_VERSION,
#define FUNCTION(type, name, parameters, arguments) .name = name,
#define PROCEDURE(name, parameters, arguments) .name = name,
#include "backends/late/functions.def"
};
