/* What `atmc` with --runner and the process that has the model's code say to each other.
 *
 * They share a mapped file with all tensors, weights and workspace, which both address by offsets,
 * and a socket, over which a request goes one way and a reply the other. Both are little-endian and
 * lay structures out alike.
 */
#ifndef ATM_AGENT_AGENT_H
#define ATM_AGENT_AGENT_H

#include <stdint.h>

/* Of the agent: the socket is its standard input. Its arguments are the bytes of the shared memory
 * and its threads. */
enum { AGENT_SOCKET = 0, AGENT_MEMORY = 3 };
enum { AGENT_MOST_OFFSETS = 256, AGENT_MOST_NAME = 256 };

typedef enum agent_kind {
  AGENT_RUN,  /* model_run on the tensors at `offsets`, outputs behind inputs */
  AGENT_STEP, /* all tasks of the kernel `name`, with pointers to `offsets` as its arguments */
  AGENT_SPIN  /* all tasks of the function `name`, with memory of its own */
} agent_kind;

typedef struct agent_request {
  uint32_t kind;  /* agent_kind */
  uint32_t tasks; /* of AGENT_STEP and AGENT_SPIN */
  uint32_t timed; /* the reply is followed by an agent_time for each task */
  uint32_t inputs, outputs;
  uint32_t count; /* of offsets */
  uint64_t weights, workspace, workspace_bytes;
  char name[AGENT_MOST_NAME];
  uint64_t offsets[AGENT_MOST_OFFSETS]; /* 0: NULL */
} agent_request;

typedef struct agent_time { /* seconds of CLOCK_MONOTONIC */
  uint32_t worker;
  double begin, end;
} agent_time;

typedef struct agent_hello { /* the first thing that the agent says */
  uint64_t isa;              /* atm_cpu_isa() */
  int32_t code;              /* ATM_OK, or what is wrong */
} agent_hello;

typedef struct agent_reply {
  int32_t code;
} agent_reply;

#endif
