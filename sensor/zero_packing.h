/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of this process packed without its zeros, byte for byte as it was when it comes back. */
#ifndef PODWIRE_ZERO_PACKING_H
#define PODWIRE_ZERO_PACKING_H

#include <stddef.h>
#include <stdint.h>

/* Bytes that size bytes need at most: a word takes nine, and a part of another. */
#define ZERO_PACKED_MAX(size) (((size) / 8 + 1) * 10)

/* Packs size bytes; returns where the packed form ends. */
uint8_t *zero_pack(uint8_t *out, const void *from, size_t size);

/* Puts them back; returns where the next packed form begins. Only of what zero_pack() wrote in this process. */
const uint8_t *zero_unpack(const uint8_t *in, void *to, size_t size);

#endif
