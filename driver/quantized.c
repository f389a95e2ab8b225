/* The passes run a second time for it, unobserved. */
#include "driver/quantized.h"

Status quantized_begin(Compilation *c, Quantized *quantized) {
  const Resolution *r = &c->variants[0].resolutions[0];
  *quantized = (Quantized){compilation_pass_context(c, c->variants[0].target), c->model->graph};
  quantized->context.input_types = r->input_types;
  quantized->context.input_count = r->input_count;
  PassOptions options = c->pass_options;
  options.print_after_count = 0;
  options.stop_after = NULL;
  options.time_passes = false;
  options.observe = NULL;
  const Graph **graph = &quantized->before;
  bool stopped;
  RETURN_IF_ERROR(manager_run(&quantized->context, &options, pipeline_passes(PIPELINE_ONCE), *graph,
                              graph, &stopped));
  PassList rest = pipeline_passes(PIPELINE_PER_RESOLUTION);
  uint32_t before = 0;
  while (rest.items[before] != &pass_table[PASS_quantize_products]) ++before;
  return manager_run(&quantized->context, &options, (PassList){rest.items, before}, *graph, graph,
                     &stopped);
}

Status quantized_graph(const Quantized *quantized, const char *only, Arena *arena,
                       const Graph **graph) {
  PassContext context = quantized->context;
  context.arena = arena;
  context.quantize_only = only;
  return pass_table[PASS_quantize_products].run(&context, quantized->before, graph);
}
