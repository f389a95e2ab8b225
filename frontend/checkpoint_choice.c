/* Which dict of a checkpoint is the state. A dict that holds tensors is one; others, as those of an
 * optimizer or of notes about the training, are not offered. Where nobody said which one, messages
 * say which was taken, and that there is an average beside it. */
#include <inttypes.h>
#include <string.h>

#include "frontend/checkpoint_parts.h"
#include "frontend/error_list.h"
#include "support/string_builder.h"

/* Values may be shared: what is looked at is bounded, whatever the file repeats. */
enum { MAX_KEYS = 1000, MAX_LOOKS = 256, MAX_LISTED = 200 };

static const char default_key[] = "model";
/* The keys of states, the most usual one first. */
static const char *const usual[] = {default_key, "state_dict", "model_state_dict", "net",
                                    "network",   "module",     "model_state",      "weights"};
/* The keys of averages over the training, which publications tell the accuracy of. */
static const char *const averages[] = {"model_ema",
                                       "ema",
                                       "state_dict_ema",
                                       "ema_state_dict",
                                       "model_ema_state_dict",
                                       "ema_model",
                                       "ema_model_state_dict"};
enum {
  USUAL_COUNT = sizeof usual / sizeof *usual,
  AVERAGE_COUNT = sizeof averages / sizeof *averages
};

static bool is_tensor(const PickleValue *value) {
  return value->kind == PICKLE_CALL &&
         (value->global->role == PICKLE_TENSOR || value->global->role == PICKLE_PARAMETER);
}

static bool is_state(const PickleValue *value) {
  if (!value || value->kind != PICKLE_DICT) return false;
  for (uint32_t i = 1; i < value->count && i < 2 * MAX_LOOKS; i += 2) {
    if (is_tensor(value->items[i])) return true;
  }
  return false;
}

static const char *find_average(const PickleValue *root) {
  for (uint32_t i = 0; i < AVERAGE_COUNT; ++i) {
    if (is_state(unpickle_find(root, averages[i]))) return averages[i];
  }
  return NULL;
}

/* -- what there is ----------------------------------------------------------------------------- */

static void list_states(Checkpoint *c, const PickleValue *root) {
  Weights *weights = c->weights;
  uint32_t capacity = 0;
  for (uint32_t i = 0; i < root->count && i < 2 * MAX_KEYS; i += 2) {
    const PickleValue *key = root->items[i], *value = root->items[i + 1];
    if (key->kind != PICKLE_STRING || !is_state(value)) continue;
    WeightState state = {key->text, value->count / 2, false};
    ARENA_PUSH(c->arena, weights->states, weights->state_count, capacity, state);
  }
}

/* A value in a few words. */
static const char *value_text(Arena *arena, const PickleValue *value) {
  switch (value->kind) {
    case PICKLE_INT: return arena_printf(arena, "%" PRId64, value->integer);
    case PICKLE_FLOAT: return arena_printf(arena, "%g", value->real);
    case PICKLE_BOOL: return value->integer ? "true" : "false";
    case PICKLE_STRING: return error_list_quote(arena, value->text);
    default: return unpickle_describe(arena, value);
  }
}

/* What stands beside the states. */
static void list_notes(Checkpoint *c, const PickleValue *root) {
  Weights *weights = c->weights;
  for (uint32_t i = 0; i < root->count && i < 2 * MAX_KEYS; i += 2) {
    const PickleValue *key = root->items[i], *value = root->items[i + 1];
    if (key->kind != PICKLE_STRING || is_state(value) || is_tensor(value)) continue;
    WeightNote note = {key->text, value_text(c->arena, value)};
    ARENA_PUSH(c->arena, weights->notes, weights->note_count, weights->note_capacity, note);
  }
}

/* Their keys, for messages. */
static const char *states_text(const Checkpoint *c) {
  const Weights *weights = c->weights;
  StringBuilder out = {.arena = c->arena};
  for (uint32_t i = 0; i < weights->state_count && out.length < MAX_LISTED; ++i) {
    string_builder_printf(&out, "%s%s", i ? ", " : "",
                          error_list_quote(c->arena, weights->states[i].key));
  }
  return weights->state_count ? string_builder_text(&out) : "none";
}

static void mark_taken(Checkpoint *c, const char *key) {
  Weights *weights = c->weights;
  for (uint32_t i = 0; i < weights->state_count; ++i) {
    weights->states[i].taken = strcmp(weights->states[i].key, key) == 0;
  }
}

/* -- the choice -------------------------------------------------------------------------------- */

static Status take_named(Checkpoint *c, const PickleValue *root, const char *key,
                         const PickleValue **state) {
  *state = unpickle_find(root, key);
  if (!*state) {
    return diag_error(c->diag, c->position, "no state %s; there are: %s",
                      error_list_quote(c->arena, key), states_text(c));
  }
  if ((*state)->kind != PICKLE_DICT) {
    return diag_error(c->diag, c->position, "state %s is %s, not a dict of tensors",
                      error_list_quote(c->arena, key), unpickle_describe(c->arena, *state));
  }
  if ((*state)->count && !is_state(*state)) {
    return diag_error(c->diag, c->position, "state %s holds no tensors; those that do: %s",
                      error_list_quote(c->arena, key), states_text(c));
  }
  mark_taken(c, key);
  return STATUS_OK;
}

/* The key to take where none was asked for; NULL: none. */
static const char *default_of(const Checkpoint *c, const PickleValue *root) {
  for (uint32_t i = 0; i < USUAL_COUNT; ++i) {
    if (is_state(unpickle_find(root, usual[i]))) return usual[i];
  }
  bool single = c->weights->state_count == 1 && !is_state(root);
  return single ? c->weights->states[0].key : NULL;
}

static void tell(Checkpoint *c, const PickleValue *root, const char *key) {
  const char *average = find_average(root);
  const char *taken = error_list_quote(c->arena, key);
  if (average && strcmp(average, key) != 0) {
    diag_note(c->diag, c->position,
              "took state %s; \"%s\" is there too, an average whose accuracy is usually the "
              "published one (--state=%s)",
              taken, average, average);
  } else if (strcmp(key, default_key) != 0) {
    diag_note(c->diag, c->position, "took state %s", taken);
  }
}

/* Where no key has a dict of tensors: the whole, unless there are dicts in it. */
static Status choose_whole(Checkpoint *c, const PickleValue *root, const PickleValue **state) {
  *state = root;
  if (is_state(root)) return STATUS_OK;
  const PickleValue *model = unpickle_find(root, default_key);
  if (model && !is_tensor(model)) return take_named(c, root, default_key, state);
  for (uint32_t i = 1; i < root->count; i += 2) {
    if (root->items[i]->kind != PICKLE_DICT) continue;
    return diag_error(c->diag, c->position, "no state \"%s\"; --state=KEY chooses among: %s",
                      default_key, states_text(c));
  }
  return STATUS_OK;
}

static const char *advice(const PickleValue *root) {
  static const char script[] = "__torch__";
  bool object = root->kind == PICKLE_OPAQUE && root->module;
  if (object && strncmp(root->module, script, sizeof script - 1) == 0) {
    return "; this is a TorchScript archive: save the state_dict() of torch.jit.load()";
  }
  return object ? "; save the model's state_dict() instead of the model" : "";
}

Status checkpoint_choose(Checkpoint *c, const PickleValue *root, const char *key,
                         const PickleValue **state) {
  if (root->kind != PICKLE_DICT) {
    return diag_error(c->diag, c->position, "the checkpoint is %s, not a dict%s",
                      unpickle_describe(c->arena, root), advice(root));
  }
  list_states(c, root);
  if (c->weights->listing && !is_state(root)) list_notes(c, root);
  if (key) return take_named(c, root, key, state);
  const char *usual_key = default_of(c, root);
  if (!usual_key && c->weights->listing && c->weights->state_count && !is_state(root)) {
    *state = NULL;
    return STATUS_OK;
  }
  if (!usual_key) return choose_whole(c, root, state);
  if (!c->weights->listing) tell(c, root, usual_key);
  return take_named(c, root, usual_key, state);
}
