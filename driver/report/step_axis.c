#include "driver/report/step_axis.h"

#include <stdbool.h>
#include <string.h>

/* A character takes so many units; on a narrow screen, where letters are larger, almost twice. */
enum { UNITS_EACH = 7, NARROW_EACH = 13, MOST_CHARACTERS = 14 };

/* The bytes of "blocks.0" in "blocks.0.1.norm .. head". */
static size_t group_length(const char *label) {
  size_t length = strcspn(label, ". ");
  if (label[length] != '.') return length;
  return length + 1 + strcspn(label + length + 1, ". ");
}

static bool same_group(const char *a, const char *b) {
  size_t length = group_length(a);
  return length == group_length(b) && memcmp(a, b, length) == 0;
}

void step_axis_draw(Markup *m, const Axis *x, double y, const char *const *labels, uint32_t count) {
  for (uint32_t begin = 0, end; begin < count; begin = end) {
    for (end = begin + 1; end < count && same_group(labels[begin], labels[end]);) ++end;
    double left = axis_place(x, begin), right = axis_place(x, end);
    const char *group = arena_strndup(m->arena, labels[begin], group_length(labels[begin]));
    const char *name = markup_short(m, group, MOST_CHARACTERS);
    double room = UNITS_EACH * (double)strlen(name);
    markup_empty(m, "line", "class", "axis", "x1", markup_number(m, left), "x2",
                 markup_number(m, left), "y1", markup_number(m, y), "y2", markup_number(m, y + 6),
                 NULL);
    if (right - left < room) continue;
    bool narrow = right - left < NARROW_EACH * (double)strlen(name);
    markup_element(m, "text", name, "x", markup_number(m, left + 3), "y", markup_number(m, y + 19),
                   "class", narrow ? "thin" : NULL, NULL);
  }
}
