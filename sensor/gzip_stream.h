/* SPDX-License-Identifier: Apache-2.0 */
/* A stream that passes to another what is written to it, as gzip (RFC 1952), at the level that costs least. */
#ifndef PODWIRE_GZIP_STREAM_H
#define PODWIRE_GZIP_STREAM_H

#include <stdio.h>

/* fclose() ends the gzip stream; out stays open, and tells by ferror() whether all was taken. Never NULL. */
FILE *gzip_stream_open(FILE *out);

#endif
