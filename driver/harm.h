/* What whole numbers of 8 bits cost in accuracy: for `verify --quantize=int8`. All of it is the
 * interpreter's, so that it is the same for every instruction set but for the last bits. */
#ifndef ATMC_DRIVER_HARM_H
#define ATMC_DRIVER_HARM_H

#include "driver/compilation.h"
#include "ir/tensor.h"

typedef struct LayerHarm {
  const char *name;
  double own;   /* dB: the layer's output, where it alone is quantized, against that in f32 */
  double model; /* dB: the model's output then; the least of several */
} LayerHarm;

typedef struct HarmTable {
  LayerHarm *layers; /* those that are quantized, the worst for the model first */
  uint32_t count, capacity;
  double whole;                /* dB: the model's output with all of them quantized */
  const InterpTensor *outputs; /* [output_count] of the model as it is, in c->arena */
} HarmTable;

/* Runs the first resolution on `inputs`, once as it is, once for each quantized layer, and once
 * with all of them quantized. */
MUST_CHECK Status harm_measure(Compilation *c, const InterpTensor *inputs, HarmTable *table);

/* The least signal over noise of the outputs [count] against `expected`, in dB; those of whole
 * numbers, which may well be other ones, aside. Infinite where all are equal; -infinite where one
 * is a NaN and the other a number, or infinite. */
double harm_decibels(const InterpTensor *expected, const InterpTensor *got, uint32_t count);

#endif
