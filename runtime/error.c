/* The error codes in English. */
#include "atm_runtime.h"

const char *atm_error_text(int code) {
  switch (code) {
    case ATM_OK: return "no error";
    case ATM_E_ARGUMENT: return "an input or output is missing or misaligned";
    case ATM_E_WORKSPACE: return "the workspace is missing, too small or not 64-byte aligned";
    case ATM_E_UNSUPPORTED_CPU: return "this CPU lacks the instructions that the model needs";
    case ATM_E_WEIGHTS: return "the weights are missing, misaligned or not this model's";
    case ATM_E_ENV: return "the environment's size or number of threads is out of range";
    case ATM_E_PARALLEL: return "parallel_for failed";
    case ATM_E_NO_MEMORY: return "out of memory";
    case ATM_E_SYSTEM: return "the system refused a thread";
    case ATM_E_SELFTEST: return "the model does not compute what was recorded when it was compiled";
    default: return "unknown error code";
  }
}
