/* What may go to a terminal, and what is shown as bytes. */
#include "support/visible.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static const struct {
  const char *text, *shown;
} cases[] = {
    {"plain", "plain"},
    {"\xc3\xa4\xe2\x82\xac\xf0\x9d\x84\x9e", "\xc3\xa4\xe2\x82\xac\xf0\x9d\x84\x9e"},
    {"\x1b[2J\x7f", "\\x1b[2J\\x7f"},
    {"a\xc2\x9b"
     "2J",
     "a\\xc2\\x9b2J"},        /* CSI of C1 */
    {"\xc2\xa0", "\xc2\xa0"}, /* the first character behind C1 */
    /* NOLINTNEXTLINE(misc-misleading-bidirectional): such text is what is tested */
    {"\xe2\x80\xae"
     "x",
     "\\xe2\\x80\\xaex"},                                           /* right-to-left override */
    {"\xe2\x81\xa6\xe2\x81\xa9", "\\xe2\\x81\\xa6\\xe2\\x81\\xa9"}, /* isolates */
    {"\xd8\x9c\xe2\x80\x8f", "\\xd8\\x9c\\xe2\\x80\\x8f"},          /* marks of direction */
    {"\x9b\xff\xc3", "\\x9b\\xff\\xc3"},                            /* no UTF-8 */
    {"\xe2\x80", "\\xe2\\x80"},
};

Test(visible, shows_what_moves_nothing) {
  for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
    char *text = NULL;
    size_t bytes;
    FILE *stream = open_memstream(&text, &bytes);
    visible_print(stream, cases[i].text, strlen(cases[i].text));
    fclose(stream);
    cr_expect_str_eq(text, cases[i].shown, "case %zu", i);
    free(text);
  }
}
