/* Memory is a file without a name, whose descriptor the agent inherits as the socket. */
#define _GNU_SOURCE
#include "driver/agent.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/atm_runtime.h"
#include "support/panic.h"

enum { MOST_WORDS = 64, CLOSED = -1 };

struct Agent {
  Diag *diag;
  const char *runner;
  char *memory; /* MAP_FAILED until mapped */
  size_t bytes;
  int file, socket; /* CLOSED until open */
  pid_t child;      /* 0 until started */
  uint64_t isa;
};

/* The runner has ended, or is of no use any more and is to end. */
static Status fail(Agent *agent) {
  int state = 0;
  (void)shutdown(agent->socket, SHUT_RDWR); /* it ends by that */
  pid_t ended = waitpid(agent->child, &state, 0);
  agent->child = 0;
  if (ended > 0 && WIFSIGNALED(state)) {
    return diag_io_error(agent->diag, diag_file(NULL), "the runner \"%s\" ended by signal %d",
                         agent->runner, WTERMSIG(state));
  }
  return diag_io_error(agent->diag, diag_file(NULL), "the runner \"%s\" ended with exit code %d",
                       agent->runner, ended > 0 && WIFEXITED(state) ? WEXITSTATUS(state) : 0);
}

static Status send_all(Agent *agent, const void *data, size_t bytes) {
  for (const char *at = data; bytes > 0;) {
    ssize_t put = send(agent->socket, at, bytes, MSG_NOSIGNAL);
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return fail(agent);
    at += put;
    bytes -= (size_t)put;
  }
  return STATUS_OK;
}

static Status receive_all(Agent *agent, void *data, size_t bytes) {
  for (char *at = data; bytes > 0;) {
    ssize_t got = recv(agent->socket, at, bytes, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return fail(agent);
    at += got;
    bytes -= (size_t)got;
  }
  return STATUS_OK;
}

/* Splits `runner` at spaces, and adds what the agent's command line says. False: too many words. */
static bool make_words(Arena *arena, const Agent *agent, const char *program, uint32_t threads,
                       char *words[MOST_WORDS]) {
  uint32_t count = 0;
  for (const char *at = agent->runner + strspn(agent->runner, " "); *at; at += strspn(at, " ")) {
    size_t length = strcspn(at, " ");
    if (count + 4 >= MOST_WORDS) return false;
    words[count++] = arena_strndup(arena, at, length);
    at += length;
  }
  words[count++] = arena_strdup(arena, program);
  words[count++] = arena_printf(arena, "%zu", agent->bytes);
  words[count++] = arena_printf(arena, "%u", threads);
  words[count] = NULL;
  return true;
}

/* Starts it with `socket` and the memory as its descriptors; what it prints goes to the standard
 * error. Returns an errno. */
static int spawn(Agent *agent, char *const *words, int socket) {
  posix_spawn_file_actions_t actions;
  int error = posix_spawn_file_actions_init(&actions);
  if (error) return error;
  error = posix_spawn_file_actions_adddup2(&actions, socket, AGENT_SOCKET);
  if (!error) {
    error = posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
  }
  if (!error) error = posix_spawn_file_actions_adddup2(&actions, agent->file, AGENT_MEMORY);
  if (!error) error = posix_spawnp(&agent->child, words[0], &actions, NULL, words, environ);
  (void)posix_spawn_file_actions_destroy(&actions);
  if (error) agent->child = 0;
  return error;
}

/* A descriptor that is above those of the agent, so that none is in the way of another. */
static int raise_descriptor(int file) {
  if (file < 0) return file;
  int high = fcntl(file, F_DUPFD_CLOEXEC, AGENT_MEMORY + 1);
  (void)close(file);
  return high;
}

/* Memory, socket, process: an errno. */
static int open_all(Agent *agent, char *const *words) {
  agent->file = raise_descriptor(memfd_create("atmc", MFD_CLOEXEC));
  if (agent->file < 0 || ftruncate(agent->file, (off_t)agent->bytes) != 0) return errno;
  agent->memory = mmap(NULL, agent->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, agent->file, 0);
  if (agent->memory == MAP_FAILED) return errno;
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return errno;
  agent->socket = raise_descriptor(ends[0]);
  int theirs = raise_descriptor(ends[1]);
  int error = agent->socket < 0 || theirs < 0 ? EMFILE : spawn(agent, words, theirs);
  if (theirs >= 0) (void)close(theirs);
  return error;
}

Status agent_start(Arena *arena, Diag *diag, const char *runner, const char *program,
                   uint32_t threads, size_t bytes, Agent **agent) {
  Agent *a = ARENA_NEW(arena, Agent);
  *a = (Agent){.diag = diag, .runner = runner, .bytes = bytes, .memory = MAP_FAILED};
  a->file = a->socket = CLOSED;
  *agent = a;
  char *words[MOST_WORDS];
  if (!make_words(arena, a, program, threads, words)) {
    return diag_usage_error(diag, "--runner: a command of at most %d words", MOST_WORDS - 4);
  }
  int error = open_all(a, words);
  if (error) {
    return diag_io_error(diag, diag_file(NULL), "cannot run \"%s\": %s", words[0], strerror(error));
  }
  agent_hello hello;
  RETURN_IF_ERROR(receive_all(a, &hello, sizeof hello));
  a->isa = hello.isa;
  if (hello.code == ATM_OK) return STATUS_OK;
  return diag_io_error(diag, diag_file(NULL), "the runner \"%s\": %s", runner,
                       atm_error_text(hello.code));
}

char *agent_memory(const Agent *agent) {
  return agent->memory;
}

uint64_t agent_isa(const Agent *agent) {
  return agent->isa;
}

Status agent_call(Agent *agent, const agent_request *request, agent_time *times, int *code) {
  agent_reply reply;
  RETURN_IF_ERROR(send_all(agent, request, sizeof *request));
  RETURN_IF_ERROR(receive_all(agent, &reply, sizeof reply));
  *code = reply.code;
  if (!request->timed || reply.code != ATM_OK) return STATUS_OK;
  CHECK(times);
  return receive_all(agent, times, request->tasks * sizeof *times);
}

void agent_stop(Agent *agent) {
  if (!agent) return;
  if (agent->socket != CLOSED) (void)close(agent->socket); /* it ends by that */
  if (agent->child) (void)waitpid(agent->child, &(int){0}, 0);
  if (agent->memory != MAP_FAILED) (void)munmap(agent->memory, agent->bytes);
  if (agent->file != CLOSED) (void)close(agent->file);
  agent->socket = agent->file = CLOSED;
  agent->child = 0;
  agent->memory = MAP_FAILED;
}
