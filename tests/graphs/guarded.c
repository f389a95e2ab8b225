/* Pages from the system: one that may not be touched, those of the data, and another one. */
#include "tests/graphs/guarded.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "support/sanitized.h"

enum { BESIDE = 0xa5 }; /* what is beside the data */

static size_t page_size(void) {
  return (size_t)sysconf(_SC_PAGESIZE);
}

/* What is beside the data on its pages may be touched by nobody, or by guarded_intact. */
static void forbid_beside(const Guarded *g, bool forbidden) {
  const unsigned char *behind = g->data + g->bytes;
  size_t before = (size_t)(g->data - g->pages), left = g->page_bytes - before - g->bytes;
  if (forbidden) {
    SANITIZED_FORBID(g->pages, before);
    SANITIZED_FORBID(behind, left);
  } else {
    SANITIZED_ALLOW(g->pages, g->page_bytes);
  }
}

Guarded guarded_new(size_t bytes, size_t align, GuardedEnd end) {
  size_t page = page_size(), room = (bytes + align + page - 1) / page * page;
  unsigned char *all =
      mmap(NULL, room + 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (all == MAP_FAILED || mprotect(all, page, PROT_NONE) != 0 ||
      mprotect(all + page + room, page, PROT_NONE) != 0) {
    perror("pages");
    exit(3);
  }
  Guarded g = {.bytes = bytes, .pages = all + page, .page_bytes = room};
  size_t before = end == GUARDED_END ? (room - bytes) / align * align : 0;
  g.data = g.pages + before;
  memset(g.pages, BESIDE, room);
  memset(g.data, 0xff, bytes);
  forbid_beside(&g, true);
  return g;
}

void guarded_protect(const Guarded *guarded) {
  if (mprotect(guarded->pages, guarded->page_bytes, PROT_READ) != 0) {
    perror("pages");
    exit(3);
  }
}

bool guarded_intact(const Guarded *guarded) {
  const unsigned char *at = guarded->pages, *end = at + guarded->page_bytes;
  forbid_beside(guarded, false);
  while (at < end && (at == guarded->data || *at == BESIDE)) {
    at += at == guarded->data && guarded->bytes ? guarded->bytes : 1;
  }
  forbid_beside(guarded, true);
  return at == end;
}

void guarded_free(Guarded *guarded) {
  size_t page = page_size();
  forbid_beside(guarded, false);
  munmap(guarded->pages - page, guarded->page_bytes + 2 * page);
  *guarded = (Guarded){0};
}
