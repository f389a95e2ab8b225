/* Preloaded before atmc: counts the calls of one kind that come from where the kind says, and fails
 * those that the fault asks for (fault.h), in a process of its own for each trial. From whom a call
 * comes is told by its return address. What atmc starts is left alone.
 *
 * Not failed: standard streams beyond fflush, locks, and the removal of files while all other calls
 * fail, since what cannot be removed stays.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fault.h"

extern void *__libc_malloc(size_t bytes);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *memory, size_t bytes);
extern void *__libc_memalign(size_t alignment, size_t bytes);

static Fault *fault; /* NULL: nothing fails */
typedef struct Code {
  uintptr_t begin, end;
} Code;
static Code own[2]; /* the program's, and that of the module that makes code, if it is there */

/* For dl_iterate_phdr, which has the program first, by no name. */
static int find_own(struct dl_phdr_info *info, size_t bytes, void *context) {
  (void)bytes, (void)context;
  const char *slash = strrchr(info->dlpi_name, '/');
  bool program = !own[0].end, module = slash && !strcmp(slash, "/atmc-llvm.so");
  for (int i = 0; (program || module) && i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr) *header = &info->dlpi_phdr[i];
    if (header->p_type != PT_LOAD || !(header->p_flags & PF_X)) continue;
    uintptr_t begin = info->dlpi_addr + header->p_vaddr;
    own[module] = (Code){begin, begin + header->p_memsz};
  }
  return 0;
}

static bool is_own(uintptr_t address) {
  for (size_t i = 0; i < sizeof own / sizeof *own; ++i) {
    if (address >= own[i].begin && address < own[i].end) return true;
  }
  return false;
}

/* A stream of one trial alone. */
static bool open_stream(const char *path, int as) {
  int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  return file >= 0 && dup2(file, as) == as && close(file) == 0;
}

/* Returns in a child for each trial that is asked for, and else never. */
static void begin_trials(void) {
  char asked;
  while (read(FAULT_TRIALS, &asked, 1) == 1) {
    pid_t child = fork();
    if (child == 0) {
      (void)close(FAULT_TRIALS);
      (void)close(FAULT_ENDS);
      bool opened = open_stream("stdout", STDOUT_FILENO) && open_stream("stderr", STDERR_FILENO);
      if (!opened) _exit(126);
      return;
    }
    int state;
    if (child < 0 || waitpid(child, &state, 0) < 0) break;
    if (write(FAULT_ENDS, &state, sizeof state) != sizeof state) break;
  }
  _exit(125);
}

__attribute__((constructor)) static void begin(void) {
  const char *path = getenv(FAULT_VARIABLE);
  int file = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
  if (file < 0) return;
  void *shared = mmap(NULL, sizeof *fault, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  (void)close(file);
  unsetenv("LD_PRELOAD");
  unsetenv(FAULT_VARIABLE);
  (void)dl_iterate_phdr(find_own, NULL);
  begin_trials();
  if (shared != MAP_FAILED) fault = shared;
}

/* A byte of the name that no two functions here share. */
static uint8_t function_byte(const char *name) {
  uint32_t sum = 0;
  for (; *name; ++name) sum = 31 * sum + (unsigned char)*name;
  return (uint8_t)(sum % 251);
}

/* Whether the fault, which has begun, fails call `number`, of the function `name`. */
static bool is_in_span(const char *name, uint32_t number) {
  if (number == fault->at) {
    strncpy(fault->name, name, sizeof fault->name - 1);
    return true;
  }
  if (fault->span == FAULT_ONCE) return false;
  if (fault->span == FAULT_SAME) return !strcmp(fault->name, name);
  return strcmp(name, "unlink") != 0 && strcmp(name, "rmdir") != 0;
}

/* Whether the function `name` fails in a call of `kind` that returns to `caller`. */
static bool fails(FaultKind kind, const char *name, const void *caller) {
  if (!fault || is_own((uintptr_t)caller) == (fault->kind == FAULT_LIBRARIES)) return false;
  if (kind != (fault->kind == FAULT_LIBRARIES ? FAULT_MEMORY : fault->kind)) return false;
  uint32_t number = 1 + atomic_fetch_add(&fault->seen, 1);
  if (number <= FAULT_NAMED) fault->functions[number - 1] = function_byte(name);
  if (!fault->at || number < fault->at || !is_in_span(name, number)) return false;
  atomic_fetch_add(&fault->failed, 1);
  return true;
}

#define FAILS(kind, name) fails(FAULT_##kind, name, __builtin_return_address(0))

/* -- memory ------------------------------------------------------------------------------------ */

void *malloc(size_t bytes) {
  if (!FAILS(MEMORY, "malloc")) return __libc_malloc(bytes);
  errno = ENOMEM;
  return NULL;
}

void *calloc(size_t count, size_t size) {
  if (!FAILS(MEMORY, "calloc")) return __libc_calloc(count, size);
  errno = ENOMEM;
  return NULL;
}

void *realloc(void *memory, size_t bytes) {
  if (!FAILS(MEMORY, "realloc")) return __libc_realloc(memory, bytes);
  errno = ENOMEM;
  return NULL;
}

void *aligned_alloc(size_t alignment, size_t bytes) {
  if (!FAILS(MEMORY, "aligned_alloc")) return __libc_memalign(alignment, bytes);
  errno = ENOMEM;
  return NULL;
}

int posix_memalign(void **memory, size_t alignment, size_t bytes) {
  if (FAILS(MEMORY, "posix_memalign")) return ENOMEM;
  void *made = __libc_memalign(alignment, bytes);
  if (made) *memory = made;
  return made ? 0 : ENOMEM;
}

/* -- calls ------------------------------------------------------------------------------------- */

/* The function itself, behind this library. */
static void *behind(const char *name) {
  return dlsym(RTLD_NEXT, name);
}

/* What a function does when it fails: nothing. */
#define NOT_DONE(call) (void)0
/* It does what it does, and says that it failed. */
#define DONE(call) (void)(call)

/* A function that gives `result` and sets errno where it fails. */
#define CALL(type, name, parameters, arguments, result, error, done) \
  type name parameters {                                             \
    type(*real) parameters;                                          \
    *(void **)&real = behind(#name);                                 \
    if (!FAILS(CALLS, #name)) return real arguments;                 \
    done(real arguments);                                            \
    errno = error;                                                   \
    return result;                                                   \
  }

CALL(int, close, (int file), (file), -1, EIO, DONE)
CALL(int, fsync, (int file), (file), -1, EIO, NOT_DONE)
CALL(int, dup, (int file), (file), -1, EMFILE, NOT_DONE)
CALL(int, rename, (const char *from, const char *to), (from, to), -1, EIO, NOT_DONE)
CALL(int, link, (const char *from, const char *to), (from, to), -1, EPERM, NOT_DONE)
CALL(int, unlink, (const char *path), (path), -1, EIO, NOT_DONE)
CALL(int, rmdir, (const char *path), (path), -1, EIO, NOT_DONE)
CALL(char *, mkdtemp, (char *path), (path), NULL, ENOSPC, NOT_DONE)
CALL(int, stat, (const char *path, struct stat *info), (path, info), -1, EACCES, NOT_DONE)
CALL(int, lstat, (const char *path, struct stat *info), (path, info), -1, EACCES, NOT_DONE)
CALL(int, fstat, (int file, struct stat *info), (file, info), -1, EIO, NOT_DONE)
CALL(int, chmod, (const char *path, mode_t mode), (path, mode), -1, EPERM, NOT_DONE)
CALL(int, chown, (const char *path, uid_t user, gid_t group), (path, user, group), -1, EPERM,
     NOT_DONE)
CALL(char *, realpath, (const char *path, char *out), (path, out), NULL, ENOMEM, NOT_DONE)
CALL(ssize_t, readlink, (const char *path, char *out, size_t bytes), (path, out, bytes), -1, EIO,
     NOT_DONE)
CALL(int, madvise, (void *memory, size_t bytes, int advice), (memory, bytes, advice), -1, EINVAL,
     NOT_DONE)
CALL(void *, mmap, (void *at, size_t bytes, int may, int flags, int file, off_t from),
     (at, bytes, may, flags, file, from), MAP_FAILED, ENOMEM, NOT_DONE)
CALL(int, memfd_create, (const char *name, unsigned flags), (name, flags), -1, EMFILE, NOT_DONE)
CALL(int, ftruncate, (int file, off_t bytes), (file, bytes), -1, ENOSPC, NOT_DONE)
CALL(int, socketpair, (int domain, int type, int protocol, int ends[2]),
     (domain, type, protocol, ends), -1, EMFILE, NOT_DONE)
CALL(FILE *, fopen, (const char *path, const char *mode), (path, mode), NULL, EMFILE, NOT_DONE)
CALL(int, fclose, (FILE * file), (file), EOF, ENOSPC, DONE)
CALL(int, fflush, (FILE * file), (file), EOF, ENOSPC, NOT_DONE)
CALL(pid_t, waitpid, (pid_t child, int *state, int options), (child, state, options), -1, ECHILD,
     DONE)
CALL(int, sigprocmask, (int how, const sigset_t *set, sigset_t *old), (how, set, old), -1, EINVAL,
     NOT_DONE)
CALL(sighandler_t, signal, (int number, sighandler_t handler), (number, handler), SIG_ERR, EINVAL,
     NOT_DONE)
CALL(int, isatty, (int file), (file), 0, EIO, NOT_DONE)
CALL(int, clock_gettime, (clockid_t clock, struct timespec *time), (clock, time), -1, EINVAL,
     NOT_DONE)
CALL(int, on_exit, (void (*leave)(int, void *), void *argument), (leave, argument), -1, ENOMEM,
     NOT_DONE)
/* These give the error. */
CALL(int, pthread_create,
     (pthread_t * thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument),
     (thread, attributes, run, argument), EAGAIN, EAGAIN, NOT_DONE)
CALL(int, pthread_sigmask, (int how, const sigset_t *set, sigset_t *old), (how, set, old), EINVAL,
     EINVAL, NOT_DONE)
CALL(int, posix_spawnattr_init, (posix_spawnattr_t * attributes), (attributes), ENOMEM, ENOMEM,
     NOT_DONE)
CALL(int, posix_spawn_file_actions_init, (posix_spawn_file_actions_t * actions), (actions), ENOMEM,
     ENOMEM, NOT_DONE)
CALL(int, posix_spawn_file_actions_adddup2,
     (posix_spawn_file_actions_t * actions, int file, int as), (actions, file, as), ENOMEM, ENOMEM,
     NOT_DONE)
CALL(int, posix_spawnp,
     (pid_t * child, const char *file, const posix_spawn_file_actions_t *actions,
      const posix_spawnattr_t *attributes, char *const *arguments, char *const *environment),
     (child, file, actions, attributes, arguments, environment), EAGAIN, EAGAIN, NOT_DONE)

int open(const char *path, int flags, ...) {
  int (*real)(const char *, int, ...);
  *(void **)&real = behind("open");
  va_list more;
  va_start(more, flags);
  mode_t mode = flags & O_CREAT ? va_arg(more, mode_t) : 0;
  va_end(more);
  if (!FAILS(CALLS, "open")) return real(path, flags, mode);
  errno = EMFILE;
  return -1;
}

int fcntl(int file, int command, ...) {
  int (*real)(int, int, ...);
  *(void **)&real = behind("fcntl");
  va_list more;
  va_start(more, command);
  void *argument = va_arg(more, void *); /* or a number, which stands in the same register */
  va_end(more);
  if (command != F_DUPFD_CLOEXEC || !FAILS(CALLS, "fcntl")) return real(file, command, argument);
  errno = EMFILE;
  return -1;
}

size_t fwrite(const void *data, size_t size, size_t count, FILE *file) {
  size_t (*real)(const void *, size_t, size_t, FILE *);
  *(void **)&real = behind("fwrite");
  if (file == stderr || file == stdout || !FAILS(CALLS, "fwrite")) {
    return real(data, size, count, file);
  }
  errno = ENOSPC;
  return 0;
}

/* -- calls that may do less than all, too ------------------------------------------------------ */

/* Fails in one of two ways, or gives back how much of `bytes` is done. False: fails. */
static bool some(const char *name, const void *caller, int error, size_t *bytes) {
  if (fails(FAULT_CALLS, name, caller)) {
    errno = error;
    return false;
  }
  if (!fails(FAULT_SHORT, name, caller)) return true;
  if (atomic_load(&fault->seen) % 2) {
    errno = EINTR;
    return false;
  }
  *bytes = (*bytes + 1) / 2;
  return true;
}

ssize_t read(int file, void *out, size_t bytes) {
  ssize_t (*real)(int, void *, size_t);
  *(void **)&real = behind("read");
  return some("read", __builtin_return_address(0), EIO, &bytes) ? real(file, out, bytes) : -1;
}

ssize_t write(int file, const void *data, size_t bytes) {
  ssize_t (*real)(int, const void *, size_t);
  *(void **)&real = behind("write");
  return some("write", __builtin_return_address(0), ENOSPC, &bytes) ? real(file, data, bytes) : -1;
}

ssize_t pread(int file, void *out, size_t bytes, off_t at) {
  ssize_t (*real)(int, void *, size_t, off_t);
  *(void **)&real = behind("pread");
  return some("pread", __builtin_return_address(0), EIO, &bytes) ? real(file, out, bytes, at) : -1;
}

ssize_t send(int socket, const void *data, size_t bytes, int flags) {
  ssize_t (*real)(int, const void *, size_t, int);
  *(void **)&real = behind("send");
  if (!some("send", __builtin_return_address(0), EPIPE, &bytes)) return -1;
  return real(socket, data, bytes, flags);
}

ssize_t recv(int socket, void *out, size_t bytes, int flags) {
  ssize_t (*real)(int, void *, size_t, int);
  *(void **)&real = behind("recv");
  if (!some("recv", __builtin_return_address(0), EIO, &bytes)) return -1;
  return real(socket, out, bytes, flags);
}
