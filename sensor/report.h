/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The report: flow records in, pairs of workloads with their evidence, score and findings out. It
 * resolves addresses with the inventory, folds flows into evidence classes, and is what every
 * output prints, and what a saved result is read back into.
 */
#ifndef PODWIRE_REPORT_H
#define PODWIRE_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "geoip.h"
#include "inventory.h"
#include "policies/evidence_class.h"
#include "policies/policy_set.h"
#include "policies/score.h"
#include "arena.h"
#include "record.h"
#include "worker.h"

/* One end of pairs. Texts are the report's; NULL where not known. */
struct peer {
	const char *namespace, *kind, *workload; /* of a workload, node or Service; else all NULL */
	struct address address; /* of one who is only an address; see has_address */
	bool has_address;
	const char *name;    /* of an address: from DNS answers on the wire */
	char country[3];     /* of an address: ISO 3166-1, or "" */
	uint32_t asn;        /* of an address, or 0 */
	const char *organization;
};

/* Where in the input a claim of an example flow rests; clause NULL: nothing is claimed. */
struct example_basis {
	const char *clause;
	uint64_t packet, offset;
	uint16_t file;
	uint8_t direction, strength;
};

/* How it is known which Service a client asked for. */
enum service_basis {
	SERVICE_BASIS_NONE,      /* it is not */
	SERVICE_BASIS_WIRE,      /* the Service's own address was in a packet */
	SERVICE_BASIS_ENDPOINTS, /* EndpointSlices, or its selector, name the pod that answered */
	SERVICE_BASIS_CONNTRACK, /* the node's connection tracking knows the address before translation */
	SERVICE_BASIS_COUNT,
};
extern const char *const service_basis_names[];

/* The first flow of an evidence class of a pair: what an auditor opens. */
struct example {
	uint16_t file;          /* index into report.files */
	uint64_t first_packet;
	int64_t first_seen;
	struct address client, server;
	uint16_t client_port, server_port;
	uint8_t ip_protocol;
	const char *ja4;        /* of the client's hello, or NULL */
	uint8_t service_basis;  /* enum service_basis */
	bool goes_on;           /* the flow had not ended: it may yet turn out to be of another class */
	struct example_basis basis[CLAIM_COUNT];
};

/* The flows of a pair that look alike to every policy. */
struct evidence_count {
	const struct evidence_class *class;
	uint64_t flows; /* 0 for the packets of flows that were counted at another time */
	uint64_t packets[2], bytes[2]; /* by enum direction */
	int64_t first_seen, last_seen; /* nanoseconds since 1970 */
	struct example example;
};

struct pair {
	const struct peer *source, *destination;
	struct evidence_count *evidence; /* after report_conclude(): ordered by class */
	size_t evidence_count, evidence_capacity;
	uint64_t flows;
	uint64_t out_of_scope;           /* flows that the policy set does not look at */
	struct score score;              /* after report_conclude() */
	bool has_c;
	double c, coverage;
};

/* A flow that was counted in an earlier delta, and turned out to be of another class. */
struct withdrawal {
	struct pair *pair;
	const struct evidence_class *class;
	uint64_t flows;         /* how often it was counted */
	/* Which flow: as in struct example. */
	uint64_t first_packet;
	int64_t first_seen;
	uint16_t file;
};

/* A policy violated by an evidence class of a pair. */
struct finding {
	char id[17];            /* stable over runs: 16 hex digits of pair, type, service */
	const char *type, *advice;
	enum severity severity;
	const struct policy *policy;
	const struct pair *pair;
	const struct evidence_class *class; /* of the example */
	uint64_t flows;         /* of all classes of the pair with this type on this service */
	int64_t first_seen, last_seen;
	const struct example *example;
	uint64_t packet;        /* the one that shows it, in report.files[file] */
	uint16_t file;
};

struct namespace_score {
	const char *namespace;
	struct score score;
	bool has_c;
	double c, coverage;
};

enum file_state { FILE_COMPLETE, FILE_PARTIAL, FILE_UNREADABLE };
extern const char *const file_state_names[];

struct input_file {
	const char *path;
	const char *error; /* one line, or NULL */
	enum file_state state;
	uint64_t packets, bytes;
};

struct report_options {
	const struct inventory *inventory; /* or NULL */
	const struct geoip *geoip;         /* or NULL */
	bool keep_flows;                   /* every flow record, for --flows */
	size_t max_pairs;                  /* more are folded into one pair "other" */
};

struct report {
	struct report_options options;
	struct arena *arena;       /* texts, peers, classes */
	/* The input. */
	struct input_file *files;
	size_t file_count;
	int64_t first_seen, last_seen; /* of flows; 0 and 0 where there were none */
	struct worker_counters counters;
	uint64_t flows, folded_pairs;
	const char **warnings;
	size_t warning_count;
	/* Pairs; after report_conclude(): the worst first. */
	struct pair **pairs;
	size_t pair_count;
	/* Of a delta. */
	struct withdrawal *withdrawals;
	size_t withdrawal_count;
	/* After report_conclude(). */
	const struct policy_set *policies;
	struct finding *findings; /* the most severe first */
	size_t finding_count;
	struct namespace_score *namespaces; /* by name */
	size_t namespace_count;
	struct score cluster;
	bool has_c;
	double c, coverage;
	/* With keep_flows, after report_conclude(): ordered by first packet. */
	struct flow_record **records;
	size_t record_count;
	struct report_index *index; /* private */
};

/* An empty report; the options' objects must outlive it. Returns owned. */
struct report *report_new(const struct report_options *);
void report_free(struct report *);

/* The sink for a worker's records. */
struct record_sink report_sink(struct report *);

/* Adds an input file, or one line for the reader; text is copied. Returns the file, to be filled in. */
struct input_file *report_add_file(struct report *, const char *path);
void report_add_warning(struct report *, const char *text);

/*
 * For whoever reads a saved result: the peer equal to this one, and count more flows of class
 * between two peers. Texts are copied into the report.
 */
const struct peer *report_peer(struct report *, const struct peer *);
void report_add_evidence(struct report *, const struct peer *source, const struct peer *destination, const struct evidence_class *, const struct evidence_count *);

/*
 * Adds what another report gathered, of input of its own: the result is that of one report that
 * was given both. Files are told apart by their paths. Warnings and records are left; `from` too.
 */
void report_merge(struct report *into, const struct report *from);

/* The report's one copy of a text; NULL for NULL and "". */
const char *report_text(struct report *, const char *text);

/*
 * All input was seen and nothing more is added: orders, scores under the policy set (which must outlive the report) and finds.
 * May be called again with another set.
 */
void report_conclude(struct report *, const struct policy_set *);

/* Whether a sensor saw it: its files are interfaces, and there is no capture that a packet number is of. */
bool report_is_live(const struct report *);

/* A pair's peers as policies match them; ip[] holds the text of an address. */
struct policy_peer report_policy_peer(const struct peer *, char ip[ADDRESS_TEXT_SIZE]);

/* Who a record's ends are, for --flows: endpoint and the Service, "" where not known. */
struct flow_names {
	struct endpoint client, server;
	struct service_name service;
	bool has_service;
	enum service_basis service_basis;
	bool swapped_service; /* the record's server is the Service's address */
};
void report_flow_names(const struct report *, const struct flow_record *, struct flow_names *out);

/* The moment, seconds since 1970, at which exemptions are judged: the last packet's time. */
int64_t report_now(const struct report *);

/* The severity of the worst finding; false where there is none. */
bool report_worst(const struct report *, enum severity *out);

/* A Wireshark display filter for the example flow. */
void report_display_filter(const struct example *, char *text, size_t size);

#endif
