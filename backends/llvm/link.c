/* Programs, shared libraries and WebAssembly modules: the C compiler builds the runtime's sources
 * and links them with the object, in a private folder that is removed on every way out. No shell is
 * involved. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backends/backend.h"
#include "backends/llvm/embedded_runtime.h"
#include "backends/target/targets.h"
#include "support/at_exit.h"

extern char **environ;

static const char object_name[] = "model.o", probe_name[] = "probe";
static const char standalone_folder[] = "standalone/", agent_folder[] = "agent/";

/* A growing list of arguments, NULL-ended. */
typedef struct Arguments {
  Arena *arena;
  const char **items;
  uint32_t count, capacity;
} Arguments;

static void push(Arguments *list, const char *text) {
  ARENA_PUSH(list->arena, list->items, list->count, list->capacity, text);
}

/* The embedded file is a part of artifacts of `kind`: the files of a program or an agent are for it
 * alone, and so is the resizing of photos, which not every host of a shared library needs; other
 * folders are for none. WebAssembly has no threads of its own. */
static bool is_wanted(const EmbeddedFile *file, LinkKind kind) {
  bool standalone = strncmp(file->name, standalone_folder, sizeof standalone_folder - 1) == 0;
  bool agent = strncmp(file->name, agent_folder, sizeof agent_folder - 1) == 0;
  if (agent) return kind == LINK_AGENT;
  if (kind == LINK_WASM && strcmp(file->name, "pool.c") == 0) return false;
  if (standalone || strcmp(file->name, "resize.c") == 0) return kind == LINK_EXECUTABLE;
  return !strchr(file->name, '/');
}

/* Its path in the private folder, which is flat. */
static const char *file_path(Arena *arena, const char *folder, const EmbeddedFile *file) {
  const char *slash = strrchr(file->name, '/');
  return arena_printf(arena, "%s/%s", folder, slash ? slash + 1 : file->name);
}

/* A new file; an error names `path`. */
static Status write_file(const char *path, const char *data, size_t bytes, Diag *diag) {
  FILE *file = fopen(path, "wb");
  if (!file) return diag_io_error(diag, diag_file(path), "%s", strerror(errno));
  bool ok = fwrite(data, 1, bytes, file) == bytes;
  ok = fclose(file) == 0 && ok;
  return ok ? STATUS_OK : diag_io_error(diag, diag_file(path), "%s", strerror(errno));
}

/* The object and the sources that are built with it. */
static Status write_sources(const char *folder, LinkKind kind, const Emitted *object, Arena *arena,
                            Diag *diag) {
  for (uint32_t i = 0; i < embedded_runtime_count; ++i) {
    const EmbeddedFile *file = &embedded_runtime[i];
    if (!is_wanted(file, kind)) continue;
    RETURN_IF_ERROR(write_file(file_path(arena, folder, file), file->data, file->bytes, diag));
  }
  return write_file(arena_printf(arena, "%s/%s", folder, object_name), object->data, object->bytes,
                    diag);
}

/* The private folder and the paths of its files: known before there are any, so that removing them
 * needs no memory. */
typedef struct Folder {
  const char *path;
  Arguments files;
} Folder;

/* Fills folder->files with what write_sources is going to write. */
static void list_files(Arena *arena, Folder *folder, LinkKind kind) {
  folder->files.arena = arena;
  for (uint32_t i = 0; i < embedded_runtime_count; ++i) {
    if (!is_wanted(&embedded_runtime[i], kind)) continue;
    push(&folder->files, file_path(arena, folder->path, &embedded_runtime[i]));
  }
  push(&folder->files, arena_printf(arena, "%s/%s", folder->path, object_name));
  push(&folder->files, arena_printf(arena, "%s/%s", folder->path, probe_name));
}

/* Files that are not there are no error: the process may end before they are written. */
static void remove_folder(void *context) {
  const Folder *folder = context;
  for (uint32_t i = 0; i < folder->files.count; ++i) (void)unlink(folder->files.items[i]);
  (void)rmdir(folder->path);
}

/* The architecture of a triple: its first component. */
static char *architecture(Arena *arena, const char *triple) {
  return arena_strndup(arena, triple, strcspn(triple, "-"));
}

/* The target is of this machine's architecture. */
static bool is_native(Arena *arena, const TargetInfo *target) {
  return strcmp(architecture(arena, target_host_triple), architecture(arena, target->triple)) == 0;
}

/* Adds the C compiler: the words of $CC, whatever the target; cc; or the cross compiler's name. */
static void push_compiler(Arguments *list, const TargetInfo *target) {
  uint32_t before = list->count;
  for (const char *at = getenv("CC"); at && *at;) {
    at += strspn(at, " ");
    size_t length = strcspn(at, " ");
    if (length) push(list, arena_strndup(list->arena, at, length));
    at += length;
  }
  if (list->count > before) return;
  if (target->format == FORMAT_WASM) {
    push(list, "clang-19");
    return;
  }
  char *arch = architecture(list->arena, target->triple);
  push(list,
       is_native(list->arena, target) ? "cc" : arena_printf(list->arena, "%s-linux-gnu-gcc", arch));
}

/* Adds what marks the runtime's code for guarded branches, as the object's is. */
static void push_guard(Arguments *list, const TargetInfo *target) {
  static const char *const guards[][2] = {{"x86_64", "-fcf-protection=full"},
                                          {"aarch64", "-mbranch-protection=standard"}};
  const char *arch = architecture(list->arena, target->triple);
  for (size_t i = 0; i < sizeof guards / sizeof *guards; ++i) {
    if (strcmp(arch, guards[i][0]) == 0) push(list, guards[i][1]);
  }
}

/* Adds what makes a module without imports, whose stack is first in memory: what grew out of it
 * would trap. */
static void push_wasm(Arguments *list, const ArtifactSpec *spec) {
  static const char *const fixed[] = {"--target=wasm32-unknown-unknown",
                                      "-ffreestanding",
                                      "-nostdlib",
                                      "-Wl,--no-entry,--stack-first,--export-table",
                                      "-Wl,--export=__heap_base",
                                      "-Wl,--export=atm_error_text",
                                      "-Wl,--export=atm_model_fit"};
  for (size_t i = 0; i < sizeof fixed / sizeof *fixed; ++i) push(list, fixed[i]);
  uint32_t count;
  const char *const *symbols = artifact_symbols(spec, list->arena, &count);
  for (uint32_t i = 0; i < count; ++i) {
    push(list, arena_printf(list->arena, "-Wl,--export=%s", symbols[i]));
  }
}

/* What every call of the C compiler begins with. */
static Arguments common(const ArtifactSpec *spec, Arena *arena) {
  Arguments list = {.arena = arena};
  push_compiler(&list, spec->variants[0].target);
  push(&list, "-w"); /* $CC may ask for warnings, and take them for errors */
  push(&list, "-O2");
  push(&list, "-std=gnu11");
  if (spec->variants[0].target->format == FORMAT_WASM) {
    push_wasm(&list, spec);
    return list;
  }
  push(&list, "-fPIC");
  push(&list, "-pthread");
  push_guard(&list, spec->variants[0].target);
  push(&list, "-Wl,-z,relro,-z,now"); /* nothing that the loader wrote can be written again */
  return list;
}

/* Adds a source in C, for drivers of C++ too: that of GNU takes a language for one file. */
static void push_source(Arguments *list, const char *path) {
  push(list, "-xc");
  push(list, path);
}

/* Starts the tool, whose messages are shown unless it is `silent`. The signals that end a process
 * wait while there are temporaries (atomic_file.h), not for it: Ctrl-C ends the compiler, and us
 * behind it. */
static int spawn(const Arguments *list, bool silent, pid_t *child) {
  static const int ending[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
  sigset_t blocked, ignored;
  posix_spawnattr_t attributes;
  (void)sigprocmask(SIG_BLOCK, NULL, &blocked);
  for (size_t i = 0; i < sizeof ending / sizeof *ending; ++i) sigdelset(&blocked, ending[i]);
  sigemptyset(&ignored);
  sigaddset(&ignored, SIGXFSZ); /* main.c ignores it */
  int error = posix_spawnattr_init(&attributes);
  if (error) return error;
  (void)posix_spawnattr_setsigmask(&attributes, &blocked);
  (void)posix_spawnattr_setsigdefault(&attributes, &ignored);
  (void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  posix_spawn_file_actions_t actions;
  error = posix_spawn_file_actions_init(&actions);
  if (!error) {
    for (int file = STDOUT_FILENO; silent && !error && file <= STDERR_FILENO; ++file) {
      error = posix_spawn_file_actions_addopen(&actions, file, "/dev/null", O_WRONLY, 0);
    }
    if (!error) {
      error = posix_spawnp(child, list->items[0], &actions, &attributes,
                           (char *const *)(uintptr_t)list->items, environ);
    }
    (void)posix_spawn_file_actions_destroy(&actions);
  }
  (void)posix_spawnattr_destroy(&attributes);
  return error;
}

/* Waits for the tool; *good: it succeeded. Returns an errno. */
static int wait_for(pid_t child, bool *good) {
  int state = 0;
  while (waitpid(child, &state, 0) < 0) {
    if (errno != EINTR) return errno;
  }
  *good = WIFEXITED(state) && WEXITSTATUS(state) == 0;
  return 0;
}

/* Runs the tool and waits for it. What it prints is not ours to change. */
static Status run(const Arguments *list, Diag *diag) {
  const char *tool = list->items[0];
  pid_t child = 0;
  int error = spawn(list, false, &child);
  if (error) {
    return diag_io_error(diag, diag_file(NULL),
                         "cannot run the C compiler \"%s\": %s; programs, shared libraries and "
                         "modules need one (set CC)",
                         tool, strerror(error));
  }
  bool good = false;
  error = wait_for(child, &good);
  if (error) return diag_io_error(diag, diag_file(NULL), "%s: %s", tool, strerror(error));
  if (good) return STATUS_OK;
  return diag_io_error(diag, diag_file(NULL), "the C compiler \"%s\" failed", tool);
}

/* -- libraries for photos ---------------------------------------------------------------------- */

/* What a program reads photos with, where the C compiler finds it: header and library. */
typedef struct PhotoLibrary {
  const char *define, *source, *option;
} PhotoLibrary;

static const PhotoLibrary photo_libraries[] = {
    {"-DATM_HAVE_PNG", "decode_png.c", "-lpng"},
    {"-DATM_HAVE_JPEG", "decode_jpeg.c", "-ljpeg"},
};
enum { PHOTO_LIBRARIES = sizeof photo_libraries / sizeof *photo_libraries };

/* An input of the model takes photos. */
static bool takes_photos(const ArtifactSpec *spec) {
  bool any = false;
  uint32_t count = spec->pixels ? spec->variants[0].plans[0]->input_count : 0;
  for (uint32_t i = 0; i < count; ++i) any |= spec->pixels[i].declared;
  return any;
}

/* The C compiler makes a library of what uses `library`. */
static bool has_library(const PhotoLibrary *library, const ArtifactSpec *spec, const char *folder,
                        Arena *arena) {
  Arguments list = common(spec, arena);
  push(&list, "-shared");
  push(&list, library->define);
  push_source(&list, arena_printf(arena, "%s/%s", folder, library->source));
  push(&list, "-xnone");
  push(&list, library->option);
  push(&list, "-o");
  push(&list, arena_printf(arena, "%s/%s", folder, probe_name));
  push(&list, NULL);
  pid_t child = 0;
  bool good = false;
  return spawn(&list, true, &child) == 0 && wait_for(child, &good) == 0 && good;
}

/* -- the whole --------------------------------------------------------------------------------- */

/* The command line, ending with NULL: every .c file of the folder, the object, and libraries. */
static Arguments command(LinkKind kind, const ArtifactSpec *spec, const char *folder,
                         const char *output, Arena *arena) {
  Arguments list = common(spec, arena);
  bool has[PHOTO_LIBRARIES] = {false};
  if (kind == LINK_SHARED) {
    push(&list, "-shared");
    push(&list, arena_printf(arena, "-Wl,-soname,lib%s.so", spec->name));
  } else if (kind == LINK_AGENT) {
    push(&list, "-rdynamic"); /* kernels are found by their names */
  } else if (kind == LINK_EXECUTABLE) {
    push(&list, arena_printf(arena, "-DATM_MODEL=%s_model", spec->prefix));
    for (uint32_t i = 0; takes_photos(spec) && i < PHOTO_LIBRARIES; ++i) {
      has[i] = has_library(&photo_libraries[i], spec, folder, arena);
      if (has[i]) push(&list, photo_libraries[i].define);
    }
  }
  for (uint32_t i = 0; i < embedded_runtime_count; ++i) {
    const EmbeddedFile *file = &embedded_runtime[i];
    size_t length = strlen(file->name);
    bool source = file->name[length - 1] == 'c';
    if (source && is_wanted(file, kind)) push_source(&list, file_path(arena, folder, file));
  }
  push(&list, "-xnone");
  push(&list, arena_printf(arena, "%s/%s", folder, object_name));
  for (uint32_t i = 0; i < PHOTO_LIBRARIES; ++i) {
    if (has[i]) push(&list, photo_libraries[i].option);
  }
  if (kind == LINK_AGENT) push(&list, "-ldl");
  push(&list, "-o");
  push(&list, output);
  push(&list, NULL);
  return list;
}

Status link_artifact(LinkKind kind, const ArtifactSpec *spec, const Emitted *object,
                     const char *output, Arena *arena, Diag *diag) {
  const char *parent = getenv("TMPDIR");
  char *folder = arena_printf(arena, "%s/atmc-XXXXXX", parent && *parent ? parent : "/tmp");
  Folder *made = ARENA_NEW(arena, Folder);
  made->path = folder;
  AtExit *at_exit = at_exit_call(remove_folder, made);
  if (!mkdtemp(folder)) {
    at_exit_cancel(at_exit);
    return diag_io_error(diag, diag_file(folder), "%s", strerror(errno));
  }
  list_files(arena, made, kind);
  Status status = write_sources(folder, kind, object, arena, diag);
  if (!status) {
    Arguments list = command(kind, spec, folder, output, arena);
    status = run(&list, diag);
  }
  at_exit_cancel(at_exit);
  remove_folder(made);
  return status;
}
