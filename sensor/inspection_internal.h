/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the inspection's files share. Packets come in at inspection.c; each of the others has one part of what
 * is done with them, in the order of the sections below: none calls one that stands further down.
 */
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
	uint64_t every_dissector;   /* candidates at the start */
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

/* The direction in which a side of the flow sends. */
static inline enum direction
direction_of(const struct flow *f, unsigned side)
{
	return side == f->client_side ? FROM_CLIENT : FROM_SERVER;
}

/* Whether anything is known: of how the flow is protected, which protocol it is, or that nothing will be. */
static inline bool
inspection_knows(const struct inspection *ins)
{
	return ins->over || ins->evidence.protocol != NULL || ins->evidence.encryption.state != ENCRYPTION_UNKNOWN;
}

/* inspection_waiting.c: the bytes that wait. */

/* Adds new bytes behind those that wait; false without memory. With nothing waiting they are used in place. */
bool waiting_add(struct inspector *, struct waiting *, const uint8_t *bytes, size_t size);

/* What is left of the packet's bytes must outlive it; false without memory. */
bool waiting_keep(struct inspector *, struct waiting *);

/* Takes the next size bytes, all of which are there. */
static inline void
waiting_take(struct waiting *w, size_t size)
{
	w->at += size;
	w->size -= size;
	w->offset += size;
}

/* Takes of those that nobody wants as many as are there. */
static inline void
waiting_pass_over(struct waiting *w)
{
	size_t n = w->to_skip < w->size ? (size_t)w->to_skip : w->size;

	waiting_take(w, n);
	w->to_skip -= n;
}

/* Takes them all, and gives the buffer back. */
void waiting_drop(struct inspector *, struct waiting *);

/* inspection_text.c: what nobody recognises. */

/* Adds a side's bytes to the sample of it; false where no more are wanted. */
bool inspection_sample_text(struct inspector *, struct inspection *, unsigned side, const uint8_t *bytes, size_t size);

/*
 * Nobody's protocol, but text: that is plaintext, on a weak word. Both directions must be, as far
 * as they go, since a greeting in words may begin what is encrypted afterwards.
 */
void inspection_judge_text(const struct inspection *, const struct flow *, struct evidence *);

/* inspection_label.c: nDPI. */

/* Makes nDPI ready, if it is not; false where it cannot be used. */
bool inspection_open_classifier(struct inspector *);

/* Whether nDPI is to be asked about the flow. */
bool inspection_wants_label(const struct inspector *, const struct inspection *);

/* Shows nDPI a packet: only whole ones, whose headers the decoder has validated. */
void inspection_label_packet(struct inspector *, struct inspection *, unsigned side, const struct packet *);

/* It has said what it can: keeps that alone. */
void inspection_finish_label(struct inspector *, struct inspection *);

/* Adds what it said to the record, where it is wanted. */
void inspection_add_label(const struct inspector *, const struct inspection *, struct flow_record *);

/* inspection_services.c */

/* The services for the dissector of the flow that is being looked at. */
struct dissection_services inspection_services(struct inspector *);

/* inspection_probe.c: who may have the flow. */

struct probe_result {
	const struct dissector *best; /* or NULL */
	enum direction from;
	enum strength strength;
	bool hinted;
	bool either_way; /* the bytes could be of either role: they tell nothing of it */
};

/*
 * Asks every candidate about the first bytes of a side. Roles that no handshake told are tried both
 * ways, first as they are believed to be. Those that say no are candidates no more.
 */
struct probe_result inspection_probe(const struct inspector *, struct inspection *, unsigned side, const struct flow_view *);

/* Turns the roles round where what was found says so and no handshake said otherwise. */
void inspection_believe_probe(struct flow *, unsigned side, const struct probe_result *);
void inspection_believe_roles(struct flow *, unsigned side, enum direction from);

/* inspection_dissect.c: who has the flow. */

/* Shows what waits: both sides in turn, the one that has something new first, until nobody gets on. */
void inspection_run(struct inspector *, struct inspection *, unsigned side);

/* Tells the dissector of bytes that are missing, of a packet of ESP or AH, of the end; it has what the first two are told with. */
void inspection_tell_gap(struct inspector *, struct inspection *, unsigned side, uint64_t size);
void inspection_tell_companion(struct inspector *, struct inspection *, unsigned side, const struct packet *);
void inspection_tell_end(struct inspector *, struct inspection *);

/* Nothing more to learn from the payload: keeps the evidence, gives back the rest. */
void inspection_conclude(struct inspector *, struct inspection *);

/* The same, since there was no memory for it. */
void inspection_out_of_memory(struct inspector *, struct inspection *);

/* Wipes the dissector's state and gives it back; what it asked for beyond stays. */
void inspection_release_state(struct inspector *, struct inspection *);

/* inspection_parking.c: what is put away until the flow's next packet. */

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

#endif
