/* Each case is one node over declared inputs, as IR text: its type, or the message. */
#include "ir/infer.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

typedef struct Case {
  const char *inputs[3]; /* types of %0, %1, %2 */
  const char *node;      /* what stands behind "%3 = " */
  const char *expected;
} Case;

static const Case cases[] = {
    /* conv2d */
    {{"f32[?,?,?,3]", "f32[64,3,7,7]", "f32[64]"},
     "conv2d(%0, %1, %2) {window=7x7 stride 4x4 pad 2x2x2x2, groups=1}",
     "f32[?,?,?,64]"},
    {{"f32[2,224,?,3]", "f32[64,3,7,7]", "f32[64]"},
     "conv2d(%0, %1, %2) {window=7x7 stride 4x4 pad 2x2x2x2, groups=1}",
     "f32[2,56,?,64]"},
    {{"f32[1,8,8,8]", "f32[8,2,3,3]"}, "conv2d(%0, %1) {window=3x3, groups=4}", "f32[1,6,6,8]"},
    {{"f32[1,8,8,4]", "f32[8,3,3,3]"},
     "conv2d(%0, %1) {window=3x3, groups=1}",
     "conv2d: the weight is f32[8,3,3,3], expected f32[8,4,3,3]"},
    {{"f32[1,8,8,4]", "f32[8,4,3,3]"},
     "conv2d(%0, %1) {window=3x3, groups=3}",
     "conv2d: groups 3 does not divide the 4 channels"},
    {{"f32[1,8,8,4]", "f32[7,2,3,3]"},
     "conv2d(%0, %1) {window=3x3, groups=2}",
     "conv2d: groups 2 does not divide the 7 output channels"},
    {{"f32[1,8,8,4]", "f32[8,4,3,3]", "f32[7]"},
     "conv2d(%0, %1, %2) {window=3x3, groups=1}",
     "conv2d: the bias is f32[7], expected f32[8]"},
    {{"f32[1,4,8,4]", "f32[8,4,7,7]"},
     "conv2d(%0, %1) {window=7x7 pad 1x1x1x1, groups=1}",
     "conv2d: height 4 with padding 1 is smaller than the kernel's 7"},
    {{"f32[1,8,8,4]", "f32[8,4,3,3]"},
     "conv2d(%0, %1) {window=3x3 stride 0x1, groups=1}",
     "conv2d: the stride is 0, must be at least 1"},
    {{"f32[1,8,8,4]", "f32[8,4,3,3]"},
     "conv2d(%0, %1) {window=3x3 pad 0x-1x0x-1, groups=1}",
     "conv2d: the padding is -1, must be at least 0"},
    {{"f32[1,4]", "f32[8,4,3,3]"}, "conv2d(%0, %1)", "conv2d: needs a map [N,H,W,C], got f32[1,4]"},
    {{"f32[1,4]"}, "conv2d(%0)", "conv2d: takes 2 to 3 operands, got 1"},

    /* element types */
    {{"f16[1,8]"}, "gelu(%0)", "gelu: operand 0 is f16[1,8], must be of f32"},
    {{"f32[1,8]", "f16[2,8,4]"}, "packed_linear(%0, %1) {panel=4, channels=7}", "f32[1,7]"},
    {{"f32[1,8]", "f16[7,8]"}, "linear(%0, %1)", "linear: operand 1 is f16[7,8], must be of f32"},
    {{"f16[1,8]", "f32[7,8]"}, "linear(%0, %1)", "linear: operand 0 is f16[1,8], must be of f32"},
    {{"f32[1,8]", "s32[2,8,4]"},
     "packed_linear(%0, %1) {panel=4, channels=7}",
     "packed_linear: operand 1 is s32[2,8,4], must be of f32"},
    {{"f32[?,64]", "f16[10,64]"}, "scale_matrix(%0, %1)", "f32[?,1,10,64]"},
    {{"f32[1,8]", "s32[8]"}, "add(%0, %1)", "add: operand 1 is s32[8], must be of f32"},

    /* scale_matrix */
    {{"f32[?,64]", "f32[10,64]"}, "scale_matrix(%0, %1)", "f32[?,1,10,64]"},
    {{"f32[?,64]", "f32[10,32]"},
     "scale_matrix(%0, %1)",
     "scale_matrix: the matrix must be [K,64], got f32[10,32]"},
    {{"f32[1,2,2,64]", "f32[10,64]"},
     "scale_matrix(%0, %1)",
     "scale_matrix: needs vectors [N,C], got f32[1,2,2,64]"},

    /* mix_rows */
    {{"f32[?,14,?,64]", "f32[256,196]", "f32[256]"},
     "mix_rows(%0, %1, %2) {in_h=14, in_w=14, out_h=256, out_w=1}",
     "f32[?,256,1,64]"},
    {{"f32[?,14,14,64]", "f32[256,196]"},
     "mix_rows(%0, %1) {in_h=14, in_w=14, out_h=16, out_w=16}",
     "f32[?,16,16,64]"},
    {{"f32[?,7,28,64]", "f32[256,196]"},
     "mix_rows(%0, %1) {in_h=14, in_w=14, out_h=256, out_w=1}",
     "mix_rows: the weights are for 14x14 tokens, the map is f32[?,7,28,64]"},
    {{"f32[?,7,?,64]", "f32[256,196]"},
     "mix_rows(%0, %1) {in_h=14, in_w=14, out_h=256, out_w=1}",
     "mix_rows: the weights are for 14x14 tokens, the map is f32[?,7,?,64]"},
    {{"f32[?,14,14,64]", "f32[255,196]"},
     "mix_rows(%0, %1) {in_h=14, in_w=14, out_h=256, out_w=1}",
     "mix_rows: the weight is f32[255,196], expected f32[256,196]"},
    {{"f32[?,14,14,64]", "f32[256,196]", "f32[196]"},
     "mix_rows(%0, %1, %2) {in_h=14, in_w=14, out_h=256, out_w=1}",
     "mix_rows: the bias is f32[196], expected f32[256]"},

    /* linear */
    {{"f32[?,?,?,64]", "f32[10,64]", "f32[10]"}, "linear(%0, %1, %2)", "f32[?,?,?,10]"},
    {{"f32[?,64]", "f32[10,64]"}, "linear(%0, %1)", "f32[?,10]"},
    {{"f32[?,64]", "f32[10,32]"},
     "linear(%0, %1)",
     "linear: the rows have 64 channels, the weight f32[10,32] takes 32"},
    {{"f32[?,64]", "f32[10,64]", "f32[64]"},
     "linear(%0, %1, %2)",
     "linear: the bias is f32[64], expected f32[10]"},
    {{"f32[?,64]", "f32[3,10,64]"},
     "linear(%0, %1)",
     "linear: the weight must be [O,K], got f32[3,10,64]"},
    /* image_linear */
    {{"f32[?,?,?,64]", "f32[?,1,64,10]", "f32[10]"}, "image_linear(%0, %1, %2)", "f32[?,?,?,10]"},
    {{"f32[?,64]", "f32[3,10,64]"},
     "image_linear(%0, %1)",
     "image_linear: the weight must be [N,1,K,O], got f32[3,10,64]"},
    {{"f32[?,64]", "f32[3,1,32,10]"},
     "image_linear(%0, %1)",
     "image_linear: the rows have 64 channels, the weight f32[3,1,32,10] takes 32"},
    {{"f32[2,64]", "f32[3,1,64,10]"},
     "image_linear(%0, %1)",
     "image_linear: the weight f32[3,1,64,10] is not for the images of f32[2,64]"},
    /* packed_linear */
    {{"f32[?,64]", "f32[2,64,32]"}, "packed_linear(%0, %1) {panel=32, channels=40}", "f32[?,40]"},
    {{"f32[?,64]", "f32[2,64,32]"},
     "packed_linear(%0, %1) {panel=32, channels=40, column_blocks=2}",
     "f32[?,40]"},
    {{"f32[?,64]", "f32[2,64,32]"},
     "packed_linear(%0, %1) {panel=32, channels=40, column_blocks=-1}",
     "packed_linear: column_blocks is -1, must be at least 1"},
    {{"f32[?,64]", "f32[2,64,32]"},
     "packed_linear(%0, %1) {panel=32, channels=65}",
     "packed_linear: the packed weight is f32[2,64,32], expected f32[3,64,32]"},
    {{"f32[?,64]", "f32[2,64,32]"},
     "packed_linear(%0, %1) {channels=2}",
     "packed_linear: panel is 0, must be at least 1"},
    {{"f32[64]", "f32[10,64]"},
     "linear(%0, %1)",
     "linear: operand 0 must be a map [N,H,W,C] or vectors [N,C], got f32[64]"},

    /* readers of maps */
    {{"f32[1,?,8,3]"}, "patches(%0) {window=3x3 stride 2x2 pad 1x1x1x1}", "f32[1,?,4,27]"},
    {{"f32[1,?,?,3]"},
     "patches(%0) {window=2147483647x2147483647}",
     "patches: the patches are too large"},
    {{"f32[1,?,?,3]"},
     "patches(%0) {window=65536x65536}",
     "patches: dimension 3 of the result f32[1,?,?,12884901888] is out of range"},
    {{"f32[1,?,?,3]"},
     "patches(%0) {window=1x1 stride 0x0, channels_first=2}",
     "patches: channels_first is 2, must be from 0 to 1"},
    {{"f32[1,?,?,3]"},
     "patches(%0) {window=1x1, strip=-1}",
     "patches: strip is -1, must be from 0 to 1"},
    {{"f32[1,7,7,8]", "f32[9,8]"}, "depthwise(%0, %1) {window=3x3 pad 1x1x1x1}", "f32[1,7,7,8]"},
    {{"f32[1,7,7,8]", "f32[8,9]"},
     "depthwise(%0, %1) {window=3x3 pad 1x1x1x1}",
     "depthwise: the weight is f32[8,9], expected f32[9,8]"},
    {{"f32[?,7,7,8]", "f32[2,18,6]"},
     "grouped(%0, %1) {window=3x3 stride 2x1 pad 1x1x1x1, groups=4}",
     "f32[?,4,7,12]"},
    {{"f32[1,7,7,8]", "f32[2,9,6]"},
     "grouped(%0, %1) {window=3x3, groups=4}",
     "grouped: the weight is f32[2,9,6], expected 18 rows in each panel"},
    {{"f32[1,7,7,8]", "f32[3,18,4]"},
     "grouped(%0, %1) {window=3x3, groups=4}",
     "grouped: the weight's panels f32[3,18,4] are not of whole groups"},
    {{"f32[1,7,7,8]", "f32[3,18,4]"},
     "grouped(%0, %1) {window=3x3, groups=3}",
     "grouped: groups 3 does not divide the 8 channels"},
    {{"f32[?,?,?,8]", "f32[?,?,?,4]"}, "axial_sample(%0, %1) {axis=1, share=2}", "f32[?,?,?,8]"},
    {{"f32[?,7,7,8]", "f32[2,7,?,4]"}, "axial_sample(%0, %1) {axis=2, share=2}", "f32[2,7,7,8]"},
    {{"f32[?,7,7,8]", "f32[8]"}, "axial_sample(%0, %1) {axis=2, share=1}", "f32[?,7,7,8]"},
    {{"f32[?,7,7,8]", "f32[4]"},
     "axial_sample(%0, %1) {axis=2, share=1}",
     "axial_sample: the offsets are f32[4], expected f32[?,7,7,8] or f32[8]"},
    {{"f32[?,7,7,8]", "f32[8]"},
     "axial_sample(%0, %1) {axis=3, share=1}",
     "axial_sample: axis is 3, must be from 1 to 2"},
    {{"f32[?,7,7,8]", "f32[8]"},
     "axial_sample(%0, %1) {axis=1, share=3}",
     "axial_sample: share 3 does not divide the 8 channels"},
    {{"f32[?,?,?,8]"},
     "axial_shift(%0) {axis=1, share=1, period=3, step=1, phase=1, lowest=-1}",
     "f32[?,?,?,8]"},
    {{"f32[?,?,?,8]"},
     "axial_shift(%0) {axis=1, share=1, period=3, step=1, phase=3, lowest=-1}",
     "axial_shift: phase is 3, must be from 0 to 2"},
    {{"f32[?,?,?,8]"},
     "axial_shift(%0) {axis=1, period=3, step=1, phase=1, lowest=-1}",
     "axial_shift: share is 0, must be from 1 to 65536"},
    {{"f32[?,?,?,8]"},
     "axial_shift(%0) {axis=1, share=1, period=3, step=3, phase=1, lowest=-1}",
     "axial_shift: step is 3, must be from 0 to 2"},
    {{"f32[?,8]"},
     "axial_shift(%0) {axis=1, share=1, period=3, step=1, phase=1, lowest=-1}",
     "axial_shift: needs a map [N,H,W,C], got f32[?,8]"},
    {{"f32[?,?,?,8]", "f32[?,?,?,36]", "f32[?,?,?,18]"},
     "deform_patches(%0, %1, %2) {window=3x3 pad 1x1x1x1, offset_groups=2}",
     "f32[?,?,?,72]"},
    {{"f32[?,7,8,8]", "f32[?,?,?,18]"},
     "deform_patches(%0, %1) {window=3x3 stride 2x1 dilation 2x1, offset_groups=1}",
     "f32[?,2,6,72]"},
    {{"f32[?,7,8,8]", "f32[?,?,?,16]"},
     "deform_patches(%0, %1) {window=3x3, offset_groups=1}",
     "deform_patches: the offsets are f32[?,?,?,16], expected f32[?,5,6,18]"},
    {{"f32[?,2,8,8]", "f32[?,?,?,18]"},
     "deform_patches(%0, %1) {window=3x3, offset_groups=1}",
     "deform_patches: height 2 with padding 0 is smaller than the kernel's 3"},
    {{"f32[?,7,8,8]"}, "average_pool(%0) {window=2x2 stride 2x2}", "f32[?,3,4,8]"},
    {{"f32[?,7,8,8]"},
     "average_pool(%0) {window=2x2 stride 2x2 pad 0x2x0x2}",
     "average_pool: the padding is 2, must be from 0 to 1"},
    {{"f32[?,?,8,8]"}, "resize(%0) {scale_h=2, width=5}", "f32[?,?,5,8]"},
    {{"f32[?,?,8,8]"}, "resize(%0) {height=3}", "resize: the scale is 0, must be at least 1"},
    {{"f32[2,4,6,8]"}, "reshape(%0) {height=1, channels=8}", "f32[2,1,24,8]"},
    {{"f32[?,?,6,8]"}, "reshape(%0) {width=3, channels=8}", "f32[?,?,3,8]"},
    {{"f32[?,4,6,8]"}, "reshape(%0) {channels=192}", "f32[?,192]"},
    {{"f32[?,4,6,8]"},
     "reshape(%0) {height=5, channels=8}",
     "reshape: the 192 elements of an image of f32[?,4,6,8] do not fill f32[?,5,?,8]"},
    {{"f32[?,4,6,8]"}, "transpose(%0) {first=3, second=1, third=2}", "f32[?,8,4,6]"},
    {{"f32[?,4,?,8]"},
     "transpose(%0) {first=3, second=1, third=2}",
     "transpose: dimension 3 of the result f32[?,8,4,?] is out of range"},
    {{"f32[?,4,6,8]"},
     "transpose(%0) {first=3, second=1, third=1}",
     "transpose: dimensions 3, 1, 1: one is there twice"},

    /* rows */
    {{"f32[?,8]", "f32[2,3]", "f32[?,1]"}, "concat(%0, %1, %2)", "f32[2,12]"},
    {{"f32[?,9]"}, "shuffle(%0) {groups=3}", "f32[?,9]"},
    {{"f32[?,9]"}, "shuffle(%0) {groups=2}", "shuffle: groups 2 does not divide the 9 channels"},
    {{"f32[?,?,?,9]"}, "sigmoid(%0)", "f32[?,?,?,9]"},
    {{"f32[?,9]"}, "rsqrt(%0) {eps=1}", "f32[?,9]"},
    {{"f32[?,9]"}, "rsqrt(%0) {eps=0}", "rsqrt: eps is 0, must be above 0, at most 1"},
    {{"f32[?,7,7,8]", "f32[8]", "f32[8]"}, "layer_norm(%0, %1, %2) {eps=1e-06}", "f32[?,7,7,8]"},
    {{"f32[?,7,7,8]", "f32[7]", "f32[8]"},
     "layer_norm(%0, %1, %2) {eps=1e-06}",
     "layer_norm: the gain is f32[7], expected f32[8]"},
    {{"f32[?,8]"}, "normalize(%0) {eps=-1}", "normalize: eps is -1, must be 0 or more"},
    {{"f32[?,9]"}, "softmax(%0) {groups=3}", "f32[?,9]"},
    {{"f32[?,9]"}, "softmax(%0) {groups=2}", "softmax: groups 2 does not divide the 9 channels"},
    {{"f32[?,9]"}, "slice(%0) {begin=3, count=6}", "f32[?,6]"},
    {{"f32[?,9]"}, "slice(%0) {begin=4, count=6}", "slice: channels 4 to 10 of 9"},
    {{"f32[?,9]"},
     "slice(%0) {begin=2147483647, count=2147483647}",
     "slice: channels 2147483647 to 4294967294 of 9"},
    {{"f32[?,9]"}, "slice(%0) {begin=-1, count=6}", "slice: begin is -1, must be at least 0"},
    {{"f32[?,7,?,9]", "f32[?,?,5,3]"}, "concat(%0, %1)", "f32[?,7,5,12]"},
    {{"f32[?,7,?,9]", "f32[?,8,5,3]"},
     "concat(%0, %1)",
     "concat: f32[?,7,?,9] and f32[?,8,5,3] differ in rows"},

    /* element by element */
    {{"f32[?,7,7,8]", "f32[2,?,7,8]"}, "add(%0, %1)", "f32[2,7,7,8]"},
    {{"f32[?,7,7,8]", "f32[2,8]"}, "mul(%0, %1)", "f32[2,7,7,8]"},
    {{"f32[?,7,7,8]", "f32[8]"}, "mul(%0, %1)", "f32[?,7,7,8]"},
    {{"f32[3,8]", "f32[?,8]"}, "add(%0, %1)", "f32[3,8]"},
    {{"f32[?,7,7,8]", "f32[7]"}, "mul(%0, %1)", "mul: f32[?,7,7,8] and f32[7] do not fit"},
    {{"f32[8]", "f32[8]"},
     "add(%0, %1)",
     "add: operand 0 must be a map [N,H,W,C] or vectors [N,C], got f32[8]"},
    {{"f32[8]"}, "add(%0)", "add: takes 2 operands, got 1"},
    {{"f32[?,8]"}, "gelu(%0)", "f32[?,8]"},

    {{"u8[?,7,?,3]"}, "pixels(%0) {reversed=1}", "f32[?,7,?,3]"},
    {{"u8[?,7,?,3]"}, "pixels(%0) {reversed=2}", "pixels: reversed is 2, must be from 0 to 1"},
    {{"f32[?,7,?,3]"}, "pixels(%0) {reversed=0}", "pixels: takes bytes, got f32[?,7,?,3]"},
    {{"u8[?,3]"}, "pixels(%0) {reversed=0}", "pixels: needs a map [N,H,W,C], got u8[?,3]"},
    {{"u8[1,7,7,3]"}, "add(%0, %0)", "add: operand 0 is u8[1,7,7,3], must be of f32"},

    {{"f32[?,8]"}, "top_k(%0) {k=9}", "top_k: k is 9, the vectors have 8 channels"},
    {{"f32[?,8]"}, "top_k(%0)", "top_k: k is 0, must be at least 1"},
    {{"f32[1,2,2,8]"}, "top_k(%0) {k=1}", "top_k: needs vectors [N,C], got f32[1,2,2,8]"},

    {{"f32[?,8]"}, "argmax(%0) {as=s32}", "s32[?,1]"},
    {{"f32[1,?,2,256]"}, "argmax(%0) {as=u8}", "u8[1,?,2,1]"},
    {{"f32[1,?,2,257]"}, "argmax(%0) {as=u8}", "argmax: 257 channels are too many for u8"},
    {{"f32[?,8]"}, "argmax(%0) {as=s8}", "argmax: the result is s8, must be s32 or u8"},
    {{"f32[?,7,?,8]"}, "adaptive_pool(%0) {height=9, width=2}", "f32[?,9,2,8]"},
    {{"f32[?,7,?,8]"},
     "adaptive_pool(%0) {height=9}",
     "adaptive_pool: the width is 0, must be at least 1"},
    {{"f32[?,7,?,8]"}, "max_pool(%0) {window=3x2 pad 1x0x1x1}", "f32[?,7,?,8]"},
    {{"f32[?,7,?,8]", "f32[2,?,5,3]"}, "resize(%0, %1)", "f32[2,?,5,8]"},
    {{"f32[?,7,?,8]", "f32[2,3]"},
     "resize(%0, %1)",
     "resize: operand 1 must be a map, got f32[2,3]"},
    {{"f32[?,7,?,8]", "f32[2,?,5,3]"},
     "resize(%0, %1) {height=4, scale_w=1}",
     "resize: a size is given twice"},
    {{"f32[3,7,?,8]", "f32[2,?,5,3]"},
     "resize(%0, %1)",
     "resize: f32[3,7,?,8] and f32[2,?,5,3] differ in images"},
    {{"f32[3,7,?,8]"},
     "resize(%0) {height=4, width=1, aligned=1, nearest=1}",
     "resize: it is either aligned or nearest"},

    /* reductions */
    {{"f32[?,?,7,8]"}, "mean_hw(%0)", "f32[?,8]"},
    {{"f32[2,7,7,8]"}, "sum_chunks(%0) {chunks=4}", "f32[2,1,4,8]"},
    {{"f32[2,7,7,8]"},
     "sum_chunks(%0) {chunks=50}",
     "sum_chunks: 50 chunks of the 49 rows of f32[2,7,7,8]"},
    {{"f32[2,1,4,8]"}, "mean_chunks(%0) {rows=49}", "f32[2,8]"},
    {{"f32[2,2,4,8]"},
     "mean_chunks(%0) {rows=49}",
     "mean_chunks: needs chunks [N,1,chunks,C], got f32[2,2,4,8]"},

    /* structure */
    {{0}, "input {name=\"x\", nchw=1} : f32[1,2]", "input: nchw needs a map, got f32[1,2]"},
    {{0}, "input : f32[1,2]", "input: needs a name"},
    {{0},
     "input {name=\"x\"} : f32[1,?]",
     "input: dimension 1 of the result f32[1,?] is out of range"},
    {{0},
     "input {name=\"x\"} : f32[2147483647,2147483647,9]",
     "input: the result f32[2147483647,2147483647,9] is too large"},
    {{"f32[?,8]"},
     "kernel(%0) body { %0 = input {name=\"a0\"} : f32[?,8] output \"r0\" %0 }",
     "f32[?,8]"},
    {{"f32[?,8]"},
     "kernel(%0) body { %0 = input {name=\"a0\"} : f32[1,8] output \"r0\" %0 }",
     "kernel: operand 0 is f32[?,8], the body's input f32[1,8]"},
    {{"f32[?,8]"},
     "kernel() body { %0 = input {name=\"a0\"} : f32[1,8] output \"r0\" %0 }",
     "kernel: 0 operands, the body has 1 inputs"},
    {{"f32[?,8]"},
     "kernel(%0) body { %0 = input {name=\"a0\"} : f32[?,8] }",
     "kernel: the body has no output"},
    {{"f32[?,8]"},
     "kernel() body { %0 = constant @a[1] output \"r0\" %0 }",
     "kernel: the body has a constant"},
};

/* The type of %3, or what the diagnostic says behind "error: ". */
static const char *infer(Arena *arena, const Case *c) {
  StringBuilder text = {.arena = arena};
  string_builder_add(&text, "graph @test {\n");
  for (int i = 0; i < 3 && c->inputs[i]; ++i) {
    string_builder_printf(&text, "%%%d = input {name=\"i%d\"} : %s\n", i, i, c->inputs[i]);
  }
  string_builder_printf(&text, "%%3 = %s\n}\n", c->node);
  char *output;
  size_t length;
  Diag diag = {.stream = open_memstream(&output, &length)};
  Graph *graph;
  Status status = graph_parse(arena, recipe_table_new(arena), &diag, "t", text.text, &graph);
  fclose(diag.stream);
  char *message = arena_strdup(arena, output);
  free(output);
  if (status == STATUS_OK) {
    graph_verify(graph, "parsing");
    return type_format(graph_type(graph, (ValueId){graph->value_count - 1}),
                       arena_alloc(arena, TYPE_TEXT_MAX));
  }
  message = strstr(message, "error: ") + strlen("error: ");
  message[strcspn(message, "\n")] = 0;
  return message;
}

Test(infer, cases) {
  for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
    Arena *arena = arena_new();
    const char *actual = infer(arena, &cases[i]);
    cr_expect_str_eq(actual, cases[i].expected, "%s\n  gives    %s\n  expected %s", cases[i].node,
                     actual, cases[i].expected);
    arena_free(arena);
  }
}
