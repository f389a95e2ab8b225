/* A process that has a model's code, for a machine that --runner emulates: for run, bench and
 * verify. It shares memory with this one (runtime/agent/agent.h). */
#ifndef ATMC_DRIVER_AGENT_H
#define ATMC_DRIVER_AGENT_H

#include <stddef.h>

#include "runtime/agent/agent.h"
#include "support/arena.h"
#include "support/diag.h"
#include "support/status.h"

typedef struct Agent Agent;

/* Starts `program` by the words of `runner`, with `threads` workers and `bytes` of memory that it
 * shares. To be paired with agent_stop. */
MUST_CHECK Status agent_start(Arena *arena, Diag *diag, const char *runner, const char *program,
                              uint32_t threads, size_t bytes, Agent **agent);
/* The shared memory, aligned to a page and zero at first. */
char *agent_memory(const Agent *agent);
/* Has the request done; *code is what the model or its kernel returned. `times` [request->tasks] is
 * filled in where request->timed is set and the code is ATM_OK. */
MUST_CHECK Status agent_call(Agent *agent, const agent_request *request, agent_time *times,
                             int *code);
/* The instruction sets of the machine that it runs on (atm_cpu_isa). */
uint64_t agent_isa(const Agent *agent);
/* Ends it and unmaps the memory. NULL is allowed. */
void agent_stop(Agent *agent);

#endif
