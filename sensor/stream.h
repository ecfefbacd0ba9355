/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes of a TCP connection in order, each direction by itself, and no direction ahead of what
 * it answers to: a segment that acknowledges bytes of the other side we have not seen yet waits
 * for them a little. Bytes that arrive twice are taken once, the first copy counts. What does not
 * come is a gap, and is told as one.
 */
#ifndef PODWIRE_STREAM_H
#define PODWIRE_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "packet.h"
#include "fixed_pool.h"

struct held_segment;

struct stream_half {
	uint32_t next;         /* sequence number of the byte to deliver next */
	uint32_t acknowledged; /* highest acknowledgement this side has sent */
	uint32_t fin;          /* sequence number of its FIN, where has_fin */
	uint32_t held_size;
	uint16_t held_count;
	bool started, has_acknowledged, has_fin;
	bool finished;         /* nobody wants more of this side */
	struct held_segment *held; /* in order of sequence number */
};

struct stream {
	struct stream_half half[2]; /* by side */
	uint8_t waited; /* segments since something has been waiting */
	bool no_memory; /* a segment could not be held */
};

/* Where a piece of the stream was seen. */
struct stream_place {
	uint64_t packet;
	uint16_t file;
	int64_t time;
};

/* Who gets the bytes. A call may use stream_pass_over() and stream_finish(). */
struct stream_reader {
	void (*bytes)(void *context, unsigned side, const uint8_t *bytes, size_t size, const struct stream_place *);
	void (*gap)(void *context, unsigned side, uint64_t size, const struct stream_place *);
	void *context;
	struct buffer_pool *buffers; /* for segments out of order */
};

/* No byte of either side was seen; every stream begins so. */
void stream_init(struct stream *);

/* The first byte of side has this sequence number; otherwise it is that of the first segment seen. */
void stream_start(struct stream *, unsigned side, uint32_t sequence);

/* Frees what is held, undelivered. */
void stream_clear(struct stream *, struct buffer_pool *);

/* A segment of side was seen, with or without payload. */
void stream_segment(struct stream *, const struct stream_reader *, unsigned side, const struct packet *);

/* Nothing more will come: what is held is delivered, with gaps where there are some. */
void stream_flush(struct stream *, const struct stream_reader *);

/* The next size bytes of side need not be delivered, whether they are seen or not. */
void stream_pass_over(struct stream *, unsigned side, uint64_t size);

/* Nobody wants more of side. */
void stream_finish(struct stream *, unsigned side);

#endif
