/* SPDX-License-Identifier: Apache-2.0 */
/* A bounded decoder of LZ4 blocks (LZ4 Block Format Description, 2022-07-31), for short messages. */
#ifndef PODWIRE_LZ4_H
#define PODWIRE_LZ4_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cursor.h"

/*
 * Decodes block into out[room]; *size is how much was decoded. True where the whole block was; a block
 * that is broken, or longer than there is room for, leaves what came before.
 */
bool lz4_decode(struct cursor block, uint8_t *out, size_t room, size_t *size);

#endif
