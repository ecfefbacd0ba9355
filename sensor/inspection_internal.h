/* SPDX-License-Identifier: Apache-2.0 */
/* What the inspection's files share: bytes are dissected in inspection.c, what waits for the next of them is put away in inspection_parking.c. */
#ifndef PODWIRE_INSPECTION_INTERNAL_H
#define PODWIRE_INSPECTION_INTERNAL_H

#include "inspection.h"

#include "dissectors/readable.h"
#include "tls_sessions.h"

/* The bytes of one side that nobody has taken yet. */
struct waiting {
	const uint8_t *at;   /* in the packet being looked at, or in buffer */
	size_t size;
	uint8_t *buffer;     /* or NULL */
	size_t capacity;
	uint64_t offset;     /* stream offset of at[0] */
	uint64_t to_skip;    /* bytes to come that nobody wants */
	uint64_t packet;     /* that brought the first of them, as long as nobody has taken any */
	uint16_t file;
	size_t need;         /* do not call before so many are there */
	uint32_t shown;      /* bytes of the budget used */
	bool probed;         /* its first bytes have been asked about */
};

/* A sample of what nobody recognised, and the packet it begins with. */
struct text_sample {
	struct readable text;
	uint64_t packet;
	uint16_t file;
};

struct inspection {
	struct evidence evidence;
	struct flow *flow;         /* NULL: this is none */
	struct stream stream;
	struct waiting waiting[2]; /* by side */
	const struct dissector *dissector;
	void *state;
	size_t state_capacity;
	struct dissection_memory memory;
	struct text_sample *text;  /* by side, or NULL */
	size_t text_capacity;
	uint64_t candidates;       /* dissectors that may still have the flow, by index */
	struct classifier_flow *label;
	struct classifier_label *named; /* what became of it, or NULL */
	const struct certificate *certificates[4]; /* references held */
	uint8_t certificate_count;
	uint8_t label_packets;
	uint8_t unknown_datagrams;
	bool over;                 /* nothing more for dissectors to learn */
	bool label_over;
	bool used;                 /* since it was last thought of to be put away */
	bool carried;              /* inside a tunnel of another protocol, which keeps its name */
	bool midstream;
};

struct inspector {
	struct inspector_options options;
	struct inspector_counters counters;
	const struct record_sink *sink;
	struct fixed_pool inspections;
	struct inspection *scratch; /* for one of a parked flow that is looked at for a moment, or ends */
	uint8_t *packing;          /* room for one that is being parked */
	size_t parked_bytes;
	uint32_t hand;              /* whose turn it is to be thought of */
	struct buffer_pool buffers;
	struct memory_bound memory;
	struct certificate_store *certificates;
	struct tls_sessions *sessions;
	struct classifier *classifier;
	bool classifier_failed;
	struct dissection_services services;
	struct stream_reader reader;
	/* What is being looked at. */
	struct flow *flow;
	struct inspection *inspection;
	const struct packet *packet;
	int64_t time;
};

/* inspection_parking.c */

bool parking_init(struct inspector *);
void parking_free(struct inspector *);

/* Parks one that was not used lately, of other flows; false where none is to be had. */
bool park_another(struct inspector *);

/* The inspection of a parked flow as it was, in the pool; NULL, still parked, without memory. */
struct inspection *unpark(struct inspector *, struct flow *);

/* The same in in->scratch, to be given back there. */
struct inspection *unpark_to_end(struct inspector *, struct flow *);

/* That of a parked flow in in->scratch, to be read until the next call; the flow stays parked. */
const struct inspection *peek_parked(struct inspector *, const struct flow *);

/* Whether anything is known of a parked flow. */
bool parked_has_evidence(const struct flow *);

/* inspection.c */

void inspection_release_state(struct inspector *, struct inspection *);
bool inspection_knows(const struct inspection *);

#endif
