/* How much of the image a token sees: its effective receptive field. */
#ifndef ATMC_DRIVER_OFFSETS_FIELD_H
#define ATMC_DRIVER_OFFSETS_FIELD_H

#include "driver/offsets_sheet.h"

/* A picture like the sheet's, of how much the result of each layer changes at the token when a cell
 * of the image does. By finite differences: the interpreter runs once for each cell of a grid and
 * shown image, with the cell brighter by the image's spread. `images`: the model's inputs. */
MUST_CHECK Status offsets_field(Compilation *c, const OffsetsStudy *study,
                                const InterpTensor *images, Canvas *picture);

#endif
