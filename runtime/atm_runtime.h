/* atm_runtime.h: the C ABI between generated models and the programs that link them.
 *
 * C99, usable from C++. Depends on libc alone (the pool also on pthreads). Generated code has no
 * global mutable state, allocates nothing, does no I/O and is reentrant: any number of threads may
 * run one model at once, each with its own workspace.
 */
#ifndef ATM_RUNTIME_H
#define ATM_RUNTIME_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ATM_ABI_VERSION 2

/* What generated functions and the runtime return: 0, or one of these. */
#define ATM_OK 0
#define ATM_E_ARGUMENT (-1)        /* a required pointer is NULL or misaligned */
#define ATM_E_WORKSPACE (-2)       /* the workspace is NULL, too small or not 64-byte aligned */
#define ATM_E_UNSUPPORTED_CPU (-3) /* this CPU lacks the instructions of the code */
#define ATM_E_WEIGHTS (-4)         /* external weights are missing, misaligned or not the model's */
#define ATM_E_ENV (-5)             /* env->size or env->threads is out of range */
#define ATM_E_PARALLEL (-6)        /* env->parallel_for failed */
#define ATM_E_NO_MEMORY (-7)
#define ATM_E_SYSTEM (-8)   /* the system refused a thread */
#define ATM_E_SELFTEST (-9) /* PREFIX_selftest: outputs are not those that were recorded */
/* Its meaning in English; never NULL. */
const char *atm_error_text(int code);

/* Instruction sets, as bits of atm_env.isa and atm_cpu_isa(). */
#define ATM_ISA_X86_64_V2 (UINT64_C(1) << 0)
#define ATM_ISA_X86_64_V3 (UINT64_C(1) << 1)
#define ATM_ISA_X86_64_V4 (UINT64_C(1) << 2)
#define ATM_ISA_X86_64_V3_VNNI (UINT64_C(1) << 3) /* v3 and AVX-VNNI */
#define ATM_ISA_X86_64_V4_VNNI (UINT64_C(1) << 4) /* v4 and AVX512-VNNI */
#define ATM_ISA_ARM_NEON (UINT64_C(1) << 16)
#define ATM_ISA_ARM_DOTPROD (UINT64_C(1) << 17) /* and sdot */
#define ATM_ISA_ARM_I8MM (UINT64_C(1) << 18)    /* and smmla */
#define ATM_ISA_RISCV_V (UINT64_C(1) << 24)     /* vectors of at least 128 bits */
#define ATM_ISA_POWER8 (UINT64_C(1) << 28)      /* VSX */
#define ATM_ISA_WASM_SIMD128 (UINT64_C(1) << 32)
/* Says that the other bits are what this very CPU has. */
#define ATM_ISA_DETECTED (UINT64_C(1) << 63)
/* What this CPU and its operating system support, and ATM_ISA_DETECTED. Generated code does the
 * same check by itself. */
uint64_t atm_cpu_isa(void);

/* How a model runs. All zero but `size` is a valid environment: one thread. */
typedef struct atm_env {
  uint32_t size;    /* sizeof(atm_env), for later extension */
  uint32_t threads; /* workers of parallel_for, 1 to 64; 0 means 1 */
  /* Which variants of the code may run. 0: those that this CPU runs, found at each call. What
   * atm_cpu_isa() gave: the same, but believed. Other ATM_ISA_* bits: of those, the ones that need
   * no other bits; so a single bit forces its variant, and is refused where the CPU lacks it. */
  uint64_t isa;
  const void *weights; /* external weights: the whole file, 64-byte aligned; else NULL */
  void *ctx;           /* handed to parallel_for */
  /* Calls fn(arg, task, worker) once for each task of [0, n) and returns 0 when all are done;
   * worker is below `threads` and differs between calls that run at the same time. NULL: one
   * thread. */
  int (*parallel_for)(void *ctx, uint32_t n, void (*fn)(void *arg, uint32_t task, uint32_t worker),
                      void *arg);
} atm_env;

/* What the elements of a tensor are: atm_tensor.dtype. The numbers never change; a model's header
 * names those that it has. Little-endian; each tensor is aligned to one of its elements. */
enum {
  ATM_DTYPE_F32 = 1, /* float */
  ATM_DTYPE_F16 = 2, /* IEEE half precision, as uint16_t in C */
  ATM_DTYPE_S32 = 3, /* int32_t */
  ATM_DTYPE_S8 = 4,  /* int8_t */
  ATM_DTYPE_U8 = 5,  /* uint8_t */
  ATM_DTYPE_S16 = 6  /* int16_t */
};

/* Constant data about a generated model. Dimensions are in the caller's layout. */
typedef struct atm_tensor {
  const char *name;
  const char *layout; /* "nchw", "nhwc" or "nc" */
  uint32_t dtype;     /* ATM_DTYPE_* */
  uint32_t rank;
  uint32_t dims[4];
} atm_tensor;

/* Runs a model at one resolution: in[i] and out[i] are its tensors in the order of the entry's,
 * dense arrays of the elements that their dtypes say. No output and no workspace may overlap
 * anything else that the call is given; inputs are not written to and may overlap each other.
 * Floating-point exceptions must be masked in every thread that runs tasks, as they are where none
 * was unmasked: the code computes on what lies between rows too, whatever it is, and keeps nothing
 * of it. Which of their flags a call raises is not specified. Rounding must be to nearest, as it is
 * where none changed it: in another mode results are other numbers, without an error. Subnormal
 * numbers may be flushed to zero (FTZ, DAZ). The code changes none of these modes. */
typedef int atm_run_fn(const void *const in[], void *const out[], void *workspace,
                       size_t workspace_bytes, const atm_env *env);

/* How an input of bytes (ATM_DTYPE_U8) lies in memory, where it is not dense: a part of a larger
 * image, rows with padding behind them, images that do not follow each other. In bytes, from the
 * first pixel of the image on, whose address is in[i]; 0: as where it is dense. Only pixels are
 * read, never what is between them. */
typedef struct atm_strides {
  /* From one row of pixels to the next, no less than a row is long; negative where rows go
   * upwards, as in bottom-up bitmaps: then in[i] is the last row in memory. */
  ptrdiff_t row;
  ptrdiff_t plane; /* "nchw": from one channel to the next, any number; else 0 */
  ptrdiff_t image; /* of a batch, from one image to the next, any number */
} atm_strides;

/* The same for inputs that lie in memory as strides[i] say: one for each input, zeros for those
 * that are no bytes; NULL: all are dense. ATM_E_ARGUMENT where they cannot be so. Only models that
 * take bytes have such functions: PREFIX_run_strided, and those that atm_model_strided gives. */
typedef int atm_run_strided_fn(const void *const in[], const atm_strides strides[],
                               void *const out[], void *workspace, size_t workspace_bytes,
                               const atm_env *env);

typedef struct atm_entry { /* one resolution */
  atm_run_fn *run;
  const atm_tensor *inputs;  /* [input_count of the model] */
  const atm_tensor *outputs; /* [output_count] */
  size_t workspace_base;     /* workspace bytes needed: base + (threads - 1) * scratch */
  size_t workspace_scratch;
  uint64_t macs; /* nominal multiply-adds */
} atm_entry;

/* What a file of external weights begins with, little-endian. All of it must be what the model was
 * compiled with: other weights, another order of them (other resolutions, other passes) or another
 * compiler's packing give another header. The weights are only read: a mapped file serves any
 * number of processes, and every entry and variant of its model.
 *
 * The last 8 bytes of the file are a sum over all 8-byte words between the header and them, from
 * the first on: sum = (sum ^ word) * ATM_WEIGHTS_FACTOR, modulo 2^64, from 0. One changed word
 * changes it. Embedded weights end with one too; PREFIX_selftest computes it anew. */
#define ATM_WEIGHTS_MAGIC "ATMWGHT"
#define ATM_WEIGHTS_VERSION 1
#define ATM_WEIGHTS_FACTOR UINT64_C(0x9e3779b97f4a7c15)
typedef struct atm_weights_header {
  char magic[8];
  uint32_t version;
  uint32_t dtype;   /* ATM_DTYPE_* of most of the bytes */
  uint64_t bytes;   /* of the file */
  uint64_t model;   /* a fingerprint of the model and its tensors: atm_model.hash */
  uint64_t packing; /* one of what stands where */
  uint8_t zeros[88];
} atm_weights_header;

/* How an input of bytes takes photos: what is done to them before (atm_resize.h does it). */
enum { ATM_ORDER_RGB = 1, ATM_ORDER_BGR = 2 };
typedef struct atm_pixels {
  uint32_t order;     /* of a pixel's channels: ATM_ORDER_*; 0: the input takes no photos */
  uint32_t resize_to; /* pixels of the shorter side; 0: photos are taken as they are */
  uint32_t crop;      /* rows and columns of the middle that is kept */
  uint32_t filter;    /* ATM_FILTER_* of atm_resize.h */
} atm_pixels;

typedef struct atm_variant { /* the code for one instruction set */
  const char *name;          /* as "x86-64-v3" */
  uint64_t isa;              /* ATM_ISA_* bits that the code needs */
} atm_variant;

typedef struct atm_model {
  uint32_t abi_version; /* ATM_ABI_VERSION */
  uint32_t input_count;
  uint32_t output_count;
  uint32_t entry_count;
  uint32_t variant_count;
  uint32_t class_count; /* 0: no names */
  const char *name;
  const char *target;          /* triple, as "x86_64-unknown-linux-gnu" */
  const char *hash;            /* of the model and its weights, hex */
  const atm_entry *entries;    /* in the order of --shape */
  const atm_variant *variants; /* best first: the first that may run does */
  const char *const *classes;
  uint64_t weights_bytes;   /* of external weights, header included; 0 when embedded */
  const char *arithmetic;   /* "f32", or "int8 and f32": maps are multiplied in 8 bits */
  uint32_t image_input;     /* of the inputs: the one whose size tells entries apart */
  uint32_t size;            /* of this structure where the model was compiled. 0: it ends here */
  const atm_pixels *pixels; /* [input_count] */
  atm_run_strided_fn *const *strided; /* [entry_count]; only where an input takes bytes */
} atm_model;

/* The smallest entry whose images hold `n` images of `h` x `w`: the caller pads them, or scales
 * them to that size. NULL: none is so large. PREFIX_find gives the entry of exactly one size. */
const atm_entry *atm_model_fit(const atm_model *model, uint32_t n, uint32_t h, uint32_t w);

/* The function that runs `entry`, one of the model's, on inputs with strides. NULL: no input takes
 * bytes, or the model was compiled before there were strides. */
atm_run_strided_fn *atm_model_strided(const atm_model *model, const atm_entry *entry);

/* The variant that a call with `env` runs; NULL: none, the call returns ATM_E_UNSUPPORTED_CPU. */
const atm_variant *atm_model_variant(const atm_model *model, const atm_env *env);

/* A pool of threads whose parallel_for serves any number of models and callers. It works on one
 * call at a time; a call that comes in between, or from inside of a task, runs on its own thread
 * alone. */
typedef struct atm_pool atm_pool;
/* `threads` workers in all, the caller of parallel_for among them (1 to 64). NULL when the system
 * refuses. */
atm_pool *atm_pool_create(uint32_t threads);
/* The threads stay with the process that made the pool: a forked child must not run models on it,
 * and may destroy it, which frees the child's copy alone. */
/* Ends the threads; no call may be under way. NULL is allowed. */
void atm_pool_destroy(atm_pool *pool);
/* An environment that runs on `pool` (NULL: one thread). */
atm_env atm_pool_env(atm_pool *pool);

#ifdef __cplusplus
}
#endif

#endif
