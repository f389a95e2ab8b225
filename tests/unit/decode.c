/* Photos in memory: headers of PPM and EXIF byte by byte, and images turned by all orientations. */
#include "runtime/standalone/decode.h"

#include <criterion/criterion.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { PIXELS = 6 }; /* of 2 x 3 */

static void *allocate(void *context, size_t bytes) {
  (void)context;
  return malloc(bytes);
}

static void *allocate_nothing(void *context, size_t bytes) {
  (void)context, (void)bytes;
  return NULL;
}

/* -- PPM --------------------------------------------------------------------------------------- */

static const char pixels[] = "abcdefghijklmnopqr";

/* `header` with the pixels behind it; 1 where it is read. */
static int read_ppm(decoder *d, const char *header, size_t bytes, size_t pixel_bytes,
                    decoded *photo) {
  uint8_t *data = malloc(bytes + pixel_bytes + 1);
  memcpy(data, header, bytes);
  memcpy(data + bytes, pixels, pixel_bytes);
  int good = decode_photo(d, data, bytes + pixel_bytes, photo);
  free(data);
  return good;
}

Test(decode, reads_headers_of_ppm) {
  static const char *const headers[] = {
      "P6 3 2 255\n",        "P6\n3\t2\r\n255 ",
      "P6 #3 9\n3 2 255\n",  "P6\n# of # a\n3\n2\n#255\n255\t",
      "P6 0003 02 000255\n",
  };
  for (size_t i = 0; i < sizeof headers / sizeof *headers; ++i) {
    decoder d = {.allocate = allocate};
    decoded photo;
    cr_assert(read_ppm(&d, headers[i], strlen(headers[i]), sizeof pixels - 1, &photo), "%zu: %s", i,
              d.message);
    cr_expect(photo.height == 2 && photo.width == 3, "%zu", i);
    cr_expect_eq(memcmp(photo.pixels, pixels, sizeof pixels - 1), 0, "%zu", i);
    free(photo.pixels);
  }
}

/* A header with its length, as zeros are in some. */
typedef struct Refused {
  const char *header;
  size_t bytes, pixel_bytes;
  const char *because;
} Refused;
#define REFUSED(header, pixel_bytes, because) {header, sizeof(header) - 1, pixel_bytes, because}

Test(decode, refuses_headers_of_ppm) {
  static const Refused cases[] = {
      REFUSED("P5 3 2 255\n", 18, "not a photo"),
      REFUSED("P6", 0, "not a photo"),
      REFUSED("P6 ", 0, "its header is damaged"),
      REFUSED("P6 # no end", 0, "its header is damaged"),
      REFUSED("P6 x 2 255\n", 18, "its header is damaged"),
      REFUSED("P6 3 x 255\n", 18, "its header is damaged"),
      REFUSED("P6 3 -2 255\n", 18, "its header is damaged"),
      REFUSED("P6 3 2 x\n", 18, "its header is damaged"),
      REFUSED("P6 3 2", 0, "its header is damaged"),
      REFUSED("P6 3 2 255", 0, "its header is damaged"),
      REFUSED("P6 3 2 255", 18, "its header is damaged"),
      REFUSED("P6 3 2 255x", 18, "its header is damaged"),
      REFUSED("P6 3 2 255\0", 18, "its header is damaged"),
      REFUSED("P6 3\0 2 255\n", 18, "its header is damaged"),
      REFUSED("P6 99999999999999999999 2 255\n", 18, "its header is damaged"),
      REFUSED("P6 3 2 65535\n", 36, "a PPM of 65535 levels; 255 are read"),
      REFUSED("P6 3 2 15\n", 18, "a PPM of 15 levels; 255 are read"),
      REFUSED("P6 0 2 255\n", 18, "2 x 0 pixels; at most 65535 on a side"),
      REFUSED("P6 3 0 255\n", 18, "0 x 3 pixels; at most 65535 on a side"),
      REFUSED("P6 65536 2 255\n", 18, "2 x 65536 pixels; at most 65535 on a side"),
      REFUSED("P6 3 65536 255\n", 18, "65536 x 3 pixels; at most 65535 on a side"),
      REFUSED("P6 65535 65535 255\n", 18, "104857600 in all"),
      REFUSED("P6 3 2 255\n", 17, "the pixels are cut off"),
      REFUSED("P6 3 2 255\n", 0, "the pixels are cut off"),
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
    decoder d = {.allocate = allocate};
    decoded photo;
    cr_expect(!read_ppm(&d, cases[i].header, cases[i].bytes, cases[i].pixel_bytes, &photo), "%zu",
              i);
    cr_expect(strstr(d.message, cases[i].because), "%zu: \"%s\", not \"%s\"", i, d.message,
              cases[i].because);
    cr_expect(!d.no_memory, "%zu", i);
    free(photo.pixels);
  }
}

Test(decode, says_that_there_is_no_memory) {
  decoder d = {.allocate = allocate_nothing};
  decoded photo;
  cr_expect(!read_ppm(&d, "P6 3 2 255\n", 11, sizeof pixels - 1, &photo));
  cr_expect(d.no_memory && !strcmp(d.message, "out of memory"), "%s", d.message);
}

/* -- EXIF -------------------------------------------------------------------------------------- */

/* A JPEG's beginning, then hexadecimal bytes; what its orientation is. */
typedef struct Exif {
  const char *hex;
  uint32_t orientation;
} Exif;

static size_t read_hex(const char *hex, uint8_t *out) {
  size_t bytes = 0;
  for (const char *at = hex; *at; ++at) {
    char digits[3] = {at[0], at[1], 0};
    if (*at == ' ') continue;
    out[bytes++] = (uint8_t)strtoul(digits, NULL, 16);
    ++at;
  }
  return bytes;
}

#define START "ffd8 "
#define EXIF "457869660000 "
#define BIG "4d4d002a00000008 "
#define LITTLE "49492a0008000000 "

Test(decode, finds_the_orientation) {
  static const Exif cases[] = {
      {START "ffe10022 " EXIF BIG "0001 0112000300000001 00060000 00000000", 6},
      {START "ffe10022 " EXIF LITTLE "0100 1201030001000000 08000000 00000000", 8},
      {START "ffe10022 " EXIF BIG "0001 0112000400000001 00000003 00000000", 3}, /* a LONG */
      {START "ffe10022 " EXIF LITTLE "0100 1201040001000000 05000000 00000000", 5},
      /* Behind another entry, another segment and bytes that fill. */
      {START "ffe1002e " EXIF BIG
             "0002 010f000200000001 41000000 0112000300000001 00020000 00000000",
       2},
      {START "ffe0 0004 0000 ffff ffff ffe10022 " EXIF BIG
             "0001 0112000300000001 00070000 00000000",
       7},
      {START "ffe10008 "
             "585858000000 ffe10022 " EXIF BIG "0001 0112000300000001 00040000 00000000",
       4},
      /* Of another type; 0 and 9, which are none; no such tag; no directory; no TIFF. */
      {START "ffe10022 " EXIF BIG "0001 0112000200000001 00060000 00000000", 1},
      {START "ffe10022 " EXIF BIG "0001 0112000300000001 00000000 00000000", 1},
      {START "ffe10022 " EXIF BIG "0001 0112000300000001 00090000 00000000", 1},
      {START "ffe10022 " EXIF BIG "0001 0113000300000001 00060000 00000000", 1},
      {START "ffe10022 " EXIF BIG "0000 0112000300000001 00060000 00000000", 1},
      {START "ffe10022 " EXIF "4d4d002b00000008 0001 0112000300000001 00060000 00000000", 1},
      {START "ffe10022 " EXIF "4d4d002affffffff 0001 0112000300000001 00060000 00000000", 1},
      /* The entry cut off; the segment too short, too long, behind the pixels, not at 0xff. */
      {START "ffe10016 " EXIF BIG "0001 01120003", 1},
      {START "ffe10008 " EXIF, 1},
      {START "ffe10001 " EXIF BIG "0001 0112000300000001 00060000 00000000", 1},
      {START "ffe1ffff " EXIF BIG "0001 0112000300000001 00060000 00000000", 1},
      {START "ffda0002 ffe10022 " EXIF BIG "0001 0112000300000001 00060000 00000000", 1},
      {START "ffd00002 ffe10022 " EXIF BIG "0001 0112000300000001 00060000 00000000", 1},
      {START "00e10022 " EXIF BIG "0001 0112000300000001 00060000 00000000", 1},
      {START "ffe0 0004 0000", 1},
      {START, 1},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
    uint8_t data[128];
    size_t bytes = read_hex(cases[i].hex, data);
    uint8_t *exact = malloc(bytes); /* no byte behind it is readable */
    memcpy(exact, data, bytes);
    cr_expect_eq(decode_orientation(exact, bytes), cases[i].orientation, "%zu", i);
    free(exact);
  }
}

/* -- turning ----------------------------------------------------------------------------------- */

/* By each orientation: the pixels 012 over 345, row by row. */
Test(decode, turns_images) {
  static const char *const expected[] = {"012345", "012345", "210543", "543210", "345012",
                                         "031425", "304152", "524130", "251403", "012345"};
  for (uint32_t orientation = 0; orientation <= 9; ++orientation) {
    uint8_t from[3 * PIXELS];
    for (int i = 0; i < 3 * PIXELS; ++i) from[i] = (uint8_t)(10 * (i / 3) + i % 3);
    decoder d = {.allocate = allocate};
    decoded photo = {from, 2, 3};
    cr_assert(decode_turn(&d, orientation, &photo));
    bool turned = orientation >= 5 && orientation <= 8;
    cr_expect(photo.height == (turned ? 3u : 2u) && photo.width == (turned ? 2u : 3u));
    for (int i = 0; i < 3 * PIXELS; ++i) {
      int pixel = expected[orientation][i / 3] - '0';
      cr_expect_eq(photo.pixels[i], 10 * pixel + i % 3, "%u: %d", orientation, i);
    }
    if (photo.pixels != from) free(photo.pixels);
  }
}

Test(decode, does_not_turn_without_memory) {
  uint8_t from[3 * PIXELS] = {0};
  decoder d = {.allocate = allocate_nothing};
  decoded photo = {from, 2, 3};
  cr_expect(!decode_turn(&d, 6, &photo));
  cr_expect(d.no_memory && photo.pixels == from);
}
