/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inspection of a flow's payload: streams are probed, a dissector is chosen and fed, upgrades
 * are followed, and what nobody claims gets a label from nDPI. An inspection is made when a flow
 * has its first payload; once nothing more can be learned it keeps only the evidence.
 */
#ifndef PODWIRE_INSPECTION_H
#define PODWIRE_INSPECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "certificate_store.h"
#include "classifier.h"
#include "dissection_memory.h"
#include "dissectors/dissector.h"
#include "fixed_pool.h"
#include "flow_table.h"
#include "packet.h"
#include "record.h"
#include "stream.h"

/* When nDPI is asked. */
enum ndpi_mode { NDPI_FALLBACK, NDPI_ALWAYS, NDPI_OFF };

struct inspector_options {
	uint32_t budget;          /* bytes of each direction shown to dissectors */
	uint32_t max_inspections; /* flows inspected at a time */
	size_t parking_memory;    /* bytes for the inspections of flows that were not seen lately; 0: they keep their place */
	size_t buffer_memory;     /* bytes for what waits: incomplete messages, segments out of order */
	size_t dissection_memory; /* bytes that dissectors may ask for together */
	enum ndpi_mode ndpi;
	bool principals;          /* keep user names */
	bool early;               /* nDPI is made ready at once, by a process that cannot open files later */
};

extern const struct inspector_options inspector_defaults;

struct inspector_counters {
	uint64_t refused; /* flows not inspected: all inspections in use */
	uint64_t no_memory; /* buffers refused */
	uint64_t labelled;  /* flows handed to nDPI */
};

struct inspector;

/*
 * An inspector whose DNS names go to sink->name; the sink must outlive it. NULL without memory, or,
 * with a line in error[], where NDPI_ALWAYS was asked for and nDPI cannot be used. Returns owned.
 */
struct inspector *inspector_new(const struct inspector_options *, const struct record_sink *, char *error, size_t error_size);
void inspector_free(struct inspector *);

const struct inspector_counters *inspector_counters(const struct inspector *);

/* Whether the flow has, or may yet get, an inspection that wants its packets. */
static inline bool
inspection_wanted(const struct flow *f)
{
	return !f->settled;
}

/*
 * Looks at a packet of the flow, sent by side. The flow's roles may be changed by what is found,
 * unless a handshake told them.
 */
void inspection_packet(struct inspector *, struct flow *, unsigned side, const struct packet *);

/* A packet of ESP or AH between the flow's hosts, sent by side: for a dissector that wants to know of it. */
void inspection_companion(struct inspector *, struct flow *, unsigned side, const struct packet *);

/* Adds what is known so far to the record; nothing ends or changes by it. */
void inspection_snapshot(struct inspector *, const struct flow *, struct flow_record *);

/* Whether anything is known so far of how the flow is protected, or which protocol it is. */
bool inspection_has_evidence(const struct flow *);

/* What looks at a flow that is parked is made ready for a packet; false, for good, where there is no room for it. */
bool inspection_wake(struct inspector *, struct flow *);

/* The protocol that the flow is taken for at the moment (static), or NULL, as of one that is parked. */
const char *inspection_protocol(const struct flow *);

/* The flow has ended: concludes, adds the evidence and the label to the record, and frees the inspection. */
void inspection_end(struct inspector *, struct flow *, struct flow_record *);

#endif
