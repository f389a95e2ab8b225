/* The order of the passes, with the reason for each place. */
#include "passes/pass.h"

#define RUN(function) &pass_table[PASS_##function]

static const Pass *const once[] = {
    RUN(lower_layer_norms), /* first: it shows gains and biases to all that follow */
    RUN(recognize_samples), /* before what is done with samplings */
    RUN(fold_shuffles),     /* before means and FCs: what is behind it reads an FC */
    RUN(simplify_samples),  /* before means and FCs: a sampling that vanishes joins branches */
    RUN(resolve_constant_offsets),        /* behind it: what is left there moves something */
    RUN(eliminate_common_subexpressions), /* two LayerNorms of one map share their statistics */
    RUN(commute_means),      /* before fold-affine: the head's gain moves behind its mean */
    RUN(fold_affine),        /* all gains and biases stand where they will stay */
    RUN(absorb_affine),      /* behind it: an FC behind takes them first */
    RUN(join_linears),       /* once each FC reads what it will read */
    RUN(lower_convolutions), /* any time; here conv2d is still one node for those above */
    RUN(read_pixels),        /* when windows are patches, and before anything packs their weights */
};

static const Pass *const per_resolution[] = {
    RUN(specialize_shapes),   /* first: all that follows depends on sizes */
    RUN(fix_sizes),           /* when sizes are known: all that follows sees who reads what */
    RUN(split_concats),       /* behind it: what sizes are known by, it makes them depend on */
    RUN(cut_rounds),          /* when the images are known; all that follows sees one round */
    RUN(chunk_means),         /* the order of summation is a function of the size */
    RUN(quantize_products),   /* before it: it folds no projection that is quantized */
    RUN(fold_projections),    /* before weights are packed: it makes new ones */
    RUN(choose_winograd),     /* before weights are packed: it transforms them; behind joins */
    RUN(fuse_offset_gathers), /* before kernels form: each reader gets a sampling of its own */
    RUN(fuse_scan_steps),     /* before weights are packed: it packs those of its steps */
    RUN(pack_weights),        /* when weights have their last form */
    RUN(store_weights),       /* then too */
    RUN(partition_columns),   /* when weights have panels */
    RUN(read_windows),        /* when it is known which products are cut by columns */
    RUN(copy_caller_maps),    /* when each reader and writer has its last form */
    RUN(form_kernels),        /* when nodes have their last form */
    RUN(prefetch_weights),    /* last: it looks from kernel to kernel */
};

PassList pipeline_passes(PipelinePart part) {
  if (part == PIPELINE_ONCE) return (PassList){once, sizeof once / sizeof *once};
  return (PassList){per_resolution, sizeof per_resolution / sizeof *per_resolution};
}
