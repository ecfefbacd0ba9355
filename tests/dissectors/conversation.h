/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A conversation given to a dissector as the sensor would give it, for tests and fuzzers: bytes of
 * one direction after the other, each call on a heap block of exactly the bytes there are, so that
 * a sanitizer sees any read past them.
 */
#ifndef PODWIRE_TESTS_CONVERSATION_H
#define PODWIRE_TESTS_CONVERSATION_H

#include "dissectors/dissector.h"
#include "sensor/dissection_memory.h"

struct conversation {
	struct flow_view flow;
	struct evidence evidence;
	const struct dissector *dissector; /* who has the flow now; NULL once nobody does */
	enum verdict verdict;              /* the last one */
	bool over;                         /* DONE, MALFORMED, TRUNCATED or NO_MATCH was said */
	bool turned;                       /* the dissector turned the roles round */
	bool upgraded_to_probe;            /* UPGRADE with next == NULL */
	bool preamble;                     /* and the flow is as if it began there */
	uint8_t *bytes[2];                 /* not yet taken, by direction */
	size_t size[2];
	uint64_t offset[2], to_skip[2];
	size_t need[2];
	uint64_t packet;                   /* counts conversation_send() calls */
	size_t names;                      /* DNS names reported */
	char last_name[256];
	uint8_t last_address[16];
	size_t last_address_size;
	void *state;
	struct dissection_memory memory;
	struct memory_bound bound;
	struct certificate *certificates[8]; /* parsed for the dissection, freed with it */
	size_t certificate_count;
};

struct message {
	enum direction from;
	const void *bytes;
	size_t size;
};

/* A message from a string literal, which may hold NULs. */
#define CLIENT(text) { FROM_CLIENT, (text), sizeof(text) - 1 }
#define SERVER(text) { FROM_SERVER, (text), sizeof(text) - 1 }

/* Starts a conversation of which dissector has the flow, on its first hint port. */
void conversation_init(struct conversation *, const struct dissector *);
void conversation_clear(struct conversation *);

/* The same of a flow whose beginning was not captured. */
void conversation_init_midstream(struct conversation *, const struct dissector *);

/* Bytes of one direction arrive; the dissector is called until it wants more. */
void conversation_send(struct conversation *, enum direction, const void *bytes, size_t size);

/* The same of a string literal, which may hold NULs. */
#define SAY(c, from, text) conversation_send((c), (from), (text), sizeof(text) - 1)

/* Size bytes of a direction were lost. */
void conversation_gap(struct conversation *, enum direction, uint64_t size);

/* The flow ends. */
void conversation_end(struct conversation *);

/* All messages in chunks of at most chunk bytes (0: whole), then the end. Init and clear are the caller's. */
void conversation_run(struct conversation *, const struct message *, size_t count, size_t chunk);

/*
 * Every prefix of the conversation, each cut in the middle of every message at every byte, run to
 * its end: whatever the verdict, nothing may be read that is not there. Calls check, if any, with
 * each result and the number of bytes given.
 */
void conversation_each_prefix(const struct dissector *, const struct message *, size_t count, void (*check)(const struct conversation *, size_t given));

#endif
