/* Files that were given for weights and are something else, by their first bytes: what is said of
 * them, in place of what a reader would stumble over. */
#include "frontend/weights_foreign.h"

#include <string.h>

#include "frontend/json_scan.h"

static const struct Foreign {
  const char *begin; /* without case */
  const char *what;
} kinds[] = {
    {"version https://git-lfs",
     "a Git LFS pointer and not the file that it stands for; `git lfs pull` fetches that"},
    {"<!doctype", "an HTML page, as servers send where a download failed or needs a login"},
    {"<html", "an HTML page, as servers send where a download failed or needs a login"},
    {"<?xml", "an XML text, as servers send where a download failed"},
    {"\x93NUMPY", "a .npy file, one array without a name; weights are named tensors"},
    {"\x1f\x8b", "compressed by gzip; unpack it first"},
    {"BZh", "compressed by bzip2; unpack it first"},
    {"\xfd"
     "7zXZ",
     "compressed by xz; unpack it first"},
    {"\x28\xb5\x2f\xfd", "compressed by zstd; unpack it first"},
    {"7z\xbc\xaf", "a 7z archive; unpack it first"},
    {"Rar!", "a rar archive; unpack it first"},
    {"\x89HDF", "an HDF5 file, as of Keras"},
    {"GGUF", "a GGUF file, of llama.cpp"},
    {"\x7f"
     "ELF",
     "an ELF object, as atmc compile writes"},
    {"PK\x05\x06", "an empty zip archive"},
};
enum { KIND_COUNT = sizeof kinds / sizeof *kinds };

static char lower(char c) {
  return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

/* Whether `text` begins with `begin`, without case. */
static bool begins(const char *text, size_t bytes, const char *begin) {
  size_t i = 0;
  while (i < bytes && begin[i] && lower(text[i]) == lower(begin[i])) ++i;
  return begin[i] == '\0';
}

/* A pickle of a protocol that says so, without a container of storages. */
static bool is_pickle(const char *head, size_t bytes) {
  return bytes > 2 && (unsigned char)head[0] == 0x80 && head[1] >= 2 && head[1] <= 5;
}

static bool is_text(const char *head, size_t bytes) {
  for (size_t i = 0; i < bytes; ++i) {
    bool blank = head[i] == '\n' || head[i] == '\r' || head[i] == '\t';
    if (!blank && (head[i] < ' ' || head[i] > '~')) return false;
  }
  return bytes >= sizeof(uint64_t);
}

const char *weights_foreign(const char *head, size_t bytes) {
  if (bytes > 8 && head[8] == '{') return NULL; /* a safetensors file */
  size_t blanks = 0;
  while (blanks < bytes && json_is_blank(head[blanks])) ++blanks;
  for (size_t i = 0; i < KIND_COUNT; ++i) {
    if (begins(head + blanks, bytes - blanks, kinds[i].begin)) return kinds[i].what;
  }
  if (is_pickle(head, bytes)) return "a pickle, but not one that torch.save wrote with its tensors";
  return is_text(head, bytes) ? "a text" : NULL;
}

bool weights_is_index(const char *head, size_t bytes) {
  size_t at = 0;
  while (at < bytes && json_is_blank(head[at])) ++at;
  return at < bytes && head[at] == '{' && !memchr(head, 0, bytes);
}
