/* SPDX-License-Identifier: Apache-2.0 */
/* Frames from capture files and pipes: pcap (through libpcap) and pcapng, of any byte order and time precision. */
#ifndef PODWIRE_CAPTURE_H
#define PODWIRE_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "packet.h"

struct capture;

enum capture_result {
	CAPTURE_FRAME, /* *frame is filled; its bytes are borrowed until the next call */
	CAPTURE_END,
	CAPTURE_ERROR, /* the rest cannot be read; error[] says why. A truncated last record is one */
};

/*
 * Opens a file, or standard input for "-". index is given to frames as frame.file. NULL on an
 * error, with one line in error[]: an empty file, a directory, a file that is no capture, a
 * link-layer type we do not read. Returns owned. The interfaces of a pcapng file may differ in
 * link-layer type: each frame has its own.
 */
struct capture *capture_open(const char *path, uint16_t index, char *error, size_t error_size);
void capture_close(struct capture *);

enum capture_result capture_next(struct capture *, struct frame *frame, char *error, size_t error_size);

/* Bytes of the file read so far and in all (0: not known, a pipe), for a progress bar. */
void capture_position(const struct capture *, uint64_t *read, uint64_t *total);

#endif
