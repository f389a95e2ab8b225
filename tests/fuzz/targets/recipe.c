/* Recipes: what is printed reads back as the same one. */
#include "ir/recipe.h"

#include "tests/fuzz/targets/target.h"

const uint32_t target_most_errors = 0;

Status target_read(Fuzzed *f) {
  RecipeTable *table = recipe_table_new(f->arena);
  const char *cursor = f->data, *error = NULL;
  const Recipe *recipe = recipe_parse(table, &cursor, &error);
  target_check((recipe == NULL) == (error != NULL), "NULL comes with a message, and it alone");
  target_check(cursor >= f->data && cursor <= f->data + f->bytes, "the cursor stays in the text");
  if (!recipe) return STATUS_OK;
  StringBuilder text = {.arena = f->arena};
  recipe_print(recipe, &text);
  cursor = string_builder_text(&text);
  target_check(recipe_parse(table, &cursor, &error) == recipe, "a printed recipe reads back");
  target_check(*cursor == 0, "all of it");
  return STATUS_OK;
}
