/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bounded base64 decoder (RFC 4648 4 and 5: both alphabets, padding optional), for credentials
 * whose form must be known. Callers wipe what they decoded.
 */
#ifndef PODWIRE_BASE64_H
#define PODWIRE_BASE64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cursor.h"

/*
 * Decodes text into out[room], *size bytes of it. Text longer than fits is checked to its end, but
 * only its beginning is decoded. False, with *size 0, where text is not base64 or is empty.
 */
bool base64_decode(struct cursor text, uint8_t *out, size_t room, size_t *size);

#endif
