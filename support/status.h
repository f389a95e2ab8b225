/* What a fallible function returns. The values are the exit codes of the command line. */
#ifndef ATMC_SUPPORT_STATUS_H
#define ATMC_SUPPORT_STATUS_H

typedef enum Status {
  STATUS_OK = 0,
  STATUS_BAD_INPUT = 1, /* a model, weights or IR file is wrong; a diagnostic was given */
  STATUS_USAGE = 2,     /* the command line is wrong */
  STATUS_IO = 3,        /* the operating system or a tool that we call failed */
  STATUS_MISMATCH = 4,  /* `verify` found a difference */
} Status;

#define MUST_CHECK __attribute__((warn_unused_result))

/* Returns from the calling function when `expression` is not STATUS_OK. */
#define RETURN_IF_ERROR(expression)                          \
  do {                                                       \
    Status status_of_expression_ = (expression);             \
    if (status_of_expression_) return status_of_expression_; \
  } while (0)

/* Of functions that return NULL, or a text that says what is wrong: returns the text from the
 * calling function, where `expression` gives one. */
#define RETURN_IF_FAULT(expression)                        \
  do {                                                     \
    const char *fault_of_expression_ = (expression);       \
    if (fault_of_expression_) return fault_of_expression_; \
  } while (0)

#endif
