/* All or nothing: what is left in a folder after commits, failures and discards. */
#include "support/atomic_file.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/memory.h"

static Arena *arena;
static Diag diag;
static char folder[64];

static void set_up(void) {
  arena = arena_new();
  diag = (Diag){0};
  strcpy(folder, "/tmp/atomic_file.XXXXXX");
  cr_assert_not_null(mkdtemp(folder));
}

static void tear_down(void) {
  char command[128];
  snprintf(command, sizeof command, "rm -rf %s", folder);
  cr_assert_eq(system(command), 0);
  arena_free(arena);
}

TestSuite(atomic_file, .init = set_up, .fini = tear_down);

static const char *in_folder(const char *name) {
  return arena_printf(arena, "%s/%s", folder, name);
}

static uint32_t folder_count(void) {
  uint32_t count = 0;
  DIR *dir = opendir(folder);
  cr_assert(dir != NULL);
  for (struct dirent *e; (e = readdir(dir)) != NULL;) {
    count += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
  }
  closedir(dir);
  return count;
}

static void put(const char *name, const char *text) {
  FILE *file = fopen(in_folder(name), "w");
  cr_assert_not_null(file);
  fputs(text, file);
  fclose(file);
}

static void expect_content(const char *name, const char *text) {
  char *data;
  size_t bytes;
  cr_assert_eq(atomic_file_read(arena, &diag, in_folder(name), SIZE_MAX, &data, &bytes), STATUS_OK);
  cr_assert_eq(bytes, strlen(text));
  cr_assert_str_eq(data, text);
}

static Status write_text(AtomicFiles *files, const char *name, const char *text) {
  return atomic_files_write(files, in_folder(name), text, strlen(text), false);
}

Test(atomic_file, commit_places_and_replaces) {
  put("old", "before");
  AtomicFiles *files = atomic_files_new(arena, &diag);
  cr_assert_eq(write_text(files, "old", "after"), STATUS_OK);
  cr_assert_eq(write_text(files, "new", "fresh"), STATUS_OK);
  expect_content("old", "before");
  cr_assert_eq(access(in_folder("new"), F_OK), -1);
  cr_assert_eq(atomic_files_commit(files), STATUS_OK);
  atomic_files_discard(files);
  expect_content("old", "after");
  expect_content("new", "fresh");
  cr_assert_eq(folder_count(), 2);
}

Test(atomic_file, discard_leaves_nothing) {
  put("old", "before");
  AtomicFiles *files = atomic_files_new(arena, &diag);
  cr_assert_eq(write_text(files, "old", "after"), STATUS_OK);
  const char *temporary;
  cr_assert_eq(atomic_files_reserve(files, in_folder("program"), &temporary), STATUS_OK);
  atomic_files_discard(files);
  expect_content("old", "before");
  cr_assert_eq(folder_count(), 1);
}

/* The third rename fails: the first is restored, the second removed. */
Test(atomic_file, failed_commit_is_undone) {
  put("old", "before");
  AtomicFiles *files = atomic_files_new(arena, &diag);
  cr_assert_eq(write_text(files, "old", "after"), STATUS_OK);
  cr_assert_eq(write_text(files, "new", "fresh"), STATUS_OK);
  cr_assert_eq(write_text(files, "third", "x"), STATUS_OK);
  cr_assert_eq(mkdir(in_folder("third"), 0777), 0);
  cr_assert_eq(atomic_files_commit(files), STATUS_IO);
  cr_assert_eq(diag.errors, 1);
  expect_content("old", "before");
  cr_assert_eq(folder_count(), 2); /* old, third */
}

/* A full disk, as far as a test can make one. */
Test(atomic_file, failed_write_leaves_nothing) {
  signal(SIGXFSZ, SIG_IGN);
  struct rlimit limit = {.rlim_cur = 100, .rlim_max = RLIM_INFINITY};
  cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
  AtomicFiles *files = atomic_files_new(arena, &diag);
  static const char zeros[1000];
  Status status = atomic_files_write(files, in_folder("big"), zeros, sizeof zeros, false);
  limit.rlim_cur = RLIM_INFINITY;
  cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
  cr_assert_eq(status, STATUS_IO);
  cr_assert_eq(diag.errors, 1);
  atomic_files_discard(files);
  cr_assert_eq(folder_count(), 0);
}

Test(atomic_file, refuses_folders_devices_and_missing_folders) {
  AtomicFiles *files = atomic_files_new(arena, &diag);
  cr_assert_eq(write_text(files, "missing/name", "x"), STATUS_IO);
  cr_assert_eq(atomic_files_write(files, folder, "x", 1, false), STATUS_IO);
  cr_assert_eq(atomic_files_write(files, "/dev/null", "x", 1, false), STATUS_IO);
  cr_assert_eq(diag.errors, 3);
  atomic_files_discard(files);
}

static Status check(const char *name, const char *input) {
  return atomic_file_check(arena, &diag, in_folder(name), &input, 1);
}

Test(atomic_file, check_finds_inputs_by_any_name) {
  put("model", "text");
  const char *model = in_folder("model");
  cr_assert_eq(link(model, in_folder("hard")), 0);
  cr_assert_eq(symlink("model", in_folder("soft")), 0);
  cr_expect_eq(check("model", model), STATUS_USAGE);
  cr_expect_eq(check("hard", model), STATUS_USAGE);
  cr_expect_eq(check("soft", model), STATUS_USAGE);
  cr_expect_eq(check("new", model), STATUS_OK);
  cr_expect_eq(check("missing/new", model), STATUS_IO);
  cr_expect_eq(folder_count(), 3);
}

Test(atomic_file, replaces_what_a_link_names_and_keeps_its_permissions) {
  put("old", "before");
  cr_assert_eq(chmod(in_folder("old"), 0600), 0);
  cr_assert_eq(symlink("old", in_folder("link")), 0);
  cr_assert_eq(symlink("link", in_folder("second")), 0);
  AtomicFiles *files = atomic_files_new(arena, &diag);
  cr_assert_eq(atomic_files_write(files, in_folder("second"), "after", 5, true), STATUS_OK);
  cr_assert_eq(atomic_files_commit(files), STATUS_OK);
  expect_content("old", "after");
  struct stat info;
  cr_assert_eq(lstat(in_folder("second"), &info), 0);
  cr_expect(S_ISLNK(info.st_mode));
  cr_assert_eq(stat(in_folder("old"), &info), 0);
  cr_expect_eq(info.st_mode & 0777, 0700);
  cr_expect_eq(folder_count(), 3);
}

/* However the process exits before the commit. */
Test(atomic_file, exit_leaves_nothing) {
  pid_t child = fork();
  if (child == 0) {
    AtomicFiles *files = atomic_files_new(arena, &diag);
    Status status = write_text(files, "new", "text");
    if (!status) memory_exhausted(1, "a test");
    _exit(99);
  }
  int state = 0;
  cr_assert_eq(waitpid(child, &state, 0), child);
  cr_expect_eq(WEXITSTATUS(state), STATUS_IO);
  cr_expect_eq(folder_count(), 0);
}

Test(atomic_file, executable_bit) {
  AtomicFiles *files = atomic_files_new(arena, &diag);
  cr_assert_eq(atomic_files_write(files, in_folder("tool"), "x", 1, true), STATUS_OK);
  cr_assert_eq(atomic_files_commit(files), STATUS_OK);
  cr_assert_eq(access(in_folder("tool"), X_OK), 0);
}

Test(atomic_file, read_errors) {
  char *data;
  size_t bytes;
  cr_assert_eq(atomic_file_read(arena, &diag, in_folder("none"), SIZE_MAX, &data, &bytes),
               STATUS_IO);
  cr_assert_eq(atomic_file_read(arena, &diag, folder, SIZE_MAX, &data, &bytes), STATUS_IO);
  cr_assert_eq(atomic_file_read(arena, &diag, "/dev/zero", 1 << 20, &data, &bytes),
               STATUS_BAD_INPUT);
  cr_assert_eq(diag.errors, 3);
}
