/* The two halves of plan_parse: the plan, and one kernel of it. */
#ifndef ATMC_IR_PLAN_PARSE_H
#define ATMC_IR_PLAN_PARSE_H

#include "ir/plan_text.h"
#include "ir/text_read.h"
#include "support/name_table.h"

typedef struct PlanParser {
  TextReader in;
  RecipeTable *recipes;
  Plan plan;
  PlanTensor *inputs, *outputs;
  PlanKernel *kernels;
  NameTable kernel_names; /* their indices */
  Step *steps;
  const Recipe **weights;
  uint32_t input_capacity, output_capacity, kernel_capacity, step_capacity, weight_capacity;
  const char **kernel_at, **step_at; /* where they begin in the text, for messages */
  uint32_t kernel_at_count, step_at_count, kernel_at_capacity, step_at_capacity;
} PlanParser;

/* A number that is no index or size of a buffer. */
MUST_CHECK Status plan_parse_u32(PlanParser *p, uint32_t *value);
/* One of bytes or multiply-adds. */
MUST_CHECK Status plan_parse_u64(PlanParser *p, uint64_t *value);
/* `word` and a number. */
MUST_CHECK Status plan_parse_word_u32(PlanParser *p, const char *word, uint32_t *value);
/* The same, of bytes or multiply-adds. */
MUST_CHECK Status plan_parse_word_u64(PlanParser *p, const char *word, uint64_t *value);
/* +N */
MUST_CHECK Status plan_parse_offset(PlanParser *p, uint64_t *offset);
/* One of `words` (NULL ones aside), by its index; `what` they are, for the message. */
MUST_CHECK Status plan_parse_choice(PlanParser *p, const char *what, const char *const *words,
                                    uint32_t count, uint32_t *index);

/* What is behind the word "kernel", which stands at `at`: another of p->kernels. */
MUST_CHECK Status plan_parse_kernel(PlanParser *p, const char *at);

#endif
