/* SPDX-License-Identifier: Apache-2.0 */
/* The report: files, pairs, and the multiset of evidence classes of each. What a flow record adds is in report_flow.c. */
#include <config.h>

#include "report.h"

#include <stdlib.h>
#include <string.h>

#include "report_internal.h"

static const char other_kind[] = "Other"; /* what no object of a cluster is of */

const char *const service_basis_names[] = {
	[SERVICE_BASIS_NONE] = "none",
	[SERVICE_BASIS_WIRE] = "wire",
	[SERVICE_BASIS_ENDPOINTS] = "endpoints",
	[SERVICE_BASIS_CONNTRACK] = "conntrack",
	[SERVICE_BASIS_COUNT] = NULL,
};

const char *const file_state_names[] = { "complete", "partial", "unreadable", NULL };

/* Where in a pair a class is counted, while evidence is being gathered. */
struct evidence_slot {
	const struct pair *pair;
	size_t at;
};

void *
report_grow(void *array, size_t count, size_t *capacity, size_t size)
{
	if (count < *capacity)
		return array;
	*capacity = *capacity == 0 ? 1 : *capacity * 2;
	array = realloc(array, *capacity * size);
	if (array == NULL)
		abort();
	return array;
}

struct report *
report_new(const struct report_options *options)
{
	struct report *r = calloc(1, sizeof(*r));

	if (r == NULL)
		abort();
	r->options = *options;
	r->arena = arena_new();
	r->index = arena_alloc(r->arena, sizeof(*r->index));
	r->index->last_name = &r->index->first_name;
	return r;
}

void
report_free(struct report *r)
{
	if (r == NULL)
		return;
	for (size_t i = 0; i < r->pair_count; i++)
		free(r->pairs[i]->evidence);
	for (size_t i = 0; i < r->record_count; i++)
		free(r->records[i]);
	arena_table_clear(&r->index->peers);
	arena_table_clear(&r->index->pairs);
	arena_table_clear(&r->index->classes);
	arena_table_clear(&r->index->evidence);
	arena_table_clear(&r->index->names);
	free(r->pairs);
	free(r->withdrawals);
	free(r->records);
	free(r->files);
	free(r->warnings);
	free(r->findings);
	free(r->namespaces);
	arena_free(r->arena);
	free(r);
}

const char *
report_text(struct report *r, const char *text)
{
	return text == NULL || *text == '\0' ? NULL : arena_text(r->arena, text);
}

struct input_file *
report_add_file(struct report *r, const char *path)
{
	r->files = report_grow(r->files, r->file_count, &r->index->file_capacity, sizeof(*r->files));
	r->files[r->file_count] = (struct input_file){ .path = arena_text(r->arena, path) };
	return &r->files[r->file_count++];
}

void
report_add_warning(struct report *r, const char *text)
{
	r->warnings = report_grow(r->warnings, r->warning_count, &r->index->warning_capacity, sizeof(*r->warnings));
	r->warnings[r->warning_count++] = arena_text(r->arena, text);
}

/* Peers. */

static int
compare_texts(const char *a, const char *b)
{
	return strcmp(a != NULL ? a : "", b != NULL ? b : "");
}

int
peer_compare(const struct peer *a, const struct peer *b)
{
	int order;

	if (a->has_address != b->has_address)
		return a->has_address ? 1 : -1;
	if (a->has_address)
		return address_compare(&a->address, &b->address);
	if ((order = compare_texts(a->namespace, b->namespace)) != 0)
		return order;
	if ((order = compare_texts(a->workload, b->workload)) != 0)
		return order;
	return compare_texts(a->kind, b->kind);
}

static uint64_t
peer_hash(const struct report *r, const struct peer *p)
{
	/* Texts are interned: their pointers stand for them. */
	struct {
		const char *namespace, *kind, *workload;
		struct address address;
	} key;

	memset(&key, 0, sizeof(key));
	key.namespace = p->namespace;
	key.kind = p->kind;
	key.workload = p->workload;
	if (p->has_address)
		key.address = p->address;
	return arena_hash(r->arena, &key, sizeof(key));
}

static void
look_up_address(const struct report *r, struct peer *p)
{
	struct geoip_answer answer;

	if (r->options.geoip == NULL || !geoip_is_public(&p->address))
		return;
	geoip_find(r->options.geoip, &p->address, &answer);
	memcpy(p->country, answer.country, sizeof(p->country));
	p->asn = answer.asn;
	p->organization = answer.organization[0] == '\0' ? NULL : arena_text(r->arena, answer.organization);
}

static struct peer *
find_peer(const struct report *r, const struct peer *key, uint64_t hash)
{
	const struct arena_entry *e;

	for (e = arena_table_first(&r->index->peers, hash); e != NULL; e = arena_table_next(e))
		if (peer_compare(e->value, key) == 0)
			return e->value;
	return NULL;
}

struct peer *
report_find_peer(const struct report *r, const struct peer *key)
{
	return find_peer(r, key, peer_hash(r, key));
}

/* key's texts are the report's. */
static const struct peer *
take_peer(struct report *r, const struct peer *key, bool look_up)
{
	uint64_t hash = peer_hash(r, key);
	struct peer *p = find_peer(r, key, hash);

	if (p != NULL)
		return p;
	p = arena_alloc(r->arena, sizeof(*p));
	*p = *key;
	if (p->has_address && look_up)
		look_up_address(r, p);
	arena_table_add(&r->index->peers, r->arena, hash, p);
	return p;
}

const struct peer *
report_peer(struct report *r, const struct peer *like)
{
	struct peer key = *like;

	key.namespace = report_text(r, like->namespace);
	key.kind = report_text(r, like->kind);
	key.workload = report_text(r, like->workload);
	key.name = report_text(r, like->name);
	key.organization = report_text(r, like->organization);
	return take_peer(r, &key, false);
}

struct policy_peer
report_policy_peer(const struct peer *p, char ip[ADDRESS_TEXT_SIZE])
{
	return (struct policy_peer){
		.namespace = p->namespace,
		.kind = p->kind,
		.workload = p->workload,
		.ip = p->has_address ? address_text(&p->address, ip) : NULL,
	};
}

/* Classes. */

const struct evidence_class *
report_intern_class(struct report *r, const struct evidence_class *like)
{
	const struct arena_entry *e;
	struct evidence_class *class;
	uint64_t hash;

	/* Texts are interned and gaps are zero: equal classes have equal bytes. Most flows are as the last. */
	if (r->index->last_class != NULL && memcmp(r->index->last_class, like, sizeof(*like)) == 0)
		return r->index->last_class;
	hash = arena_hash(r->arena, like, sizeof(*like));
	for (e = arena_table_first(&r->index->classes, hash); e != NULL; e = arena_table_next(e))
		if (memcmp(e->value, like, sizeof(*like)) == 0)
			return r->index->last_class = e->value;
	class = arena_alloc(r->arena, sizeof(*class));
	memcpy(class, like, sizeof(*class));
	arena_table_add(&r->index->classes, r->arena, hash, class);
	return r->index->last_class = class;
}

const struct evidence_class *
report_class(struct report *r, const struct evidence_class *like)
{
	struct evidence_class class;

	memset(&class, 0, sizeof(class)); /* also what lies between members: it is hashed */
	class.server_port = like->server_port;
	class.key_bits = like->key_bits;
	class.ip_protocol = like->ip_protocol;
	class.state = like->state;
	class.mutual = like->mutual;
	class.mutual_basis = like->mutual_basis;
	class.result = like->result;
	class.strength = like->strength;
	class.certificate_flags = like->certificate_flags;
	class.encryption_flags = like->encryption_flags;
	class.resumed = like->resumed;
	class.cleartext_credentials = like->cleartext_credentials;
	class.service_account_token = like->service_account_token;
	class.tunnel_encrypted = like->tunnel_encrypted;
	class.payload = like->payload;
	class.protocol = report_text(r, like->protocol);
	class.service = report_text(r, like->service);
	class.by = report_text(r, like->by);
	class.version = report_text(r, like->version);
	class.cipher = report_text(r, like->cipher);
	class.mesh = report_text(r, like->mesh);
	class.method = report_text(r, like->method);
	class.key_type = report_text(r, like->key_type);
	class.signature = report_text(r, like->signature);
	class.tunnel = report_text(r, like->tunnel);
	return report_intern_class(r, &class);
}

/* Pairs. */

static uint64_t
pair_hash(const struct report *r, const struct peer *source, const struct peer *destination)
{
	const struct peer *key[2] = { source, destination };

	return arena_hash(r->arena, key, sizeof(key));
}

static struct pair *
add_pair(struct report *r, const struct peer *source, const struct peer *destination)
{
	struct pair *p = arena_alloc(r->arena, sizeof(*p));

	p->source = source;
	p->destination = destination;
	r->pairs = report_grow(r->pairs, r->pair_count, &r->index->pair_capacity, sizeof(struct pair *));
	r->pairs[r->pair_count++] = p;
	return p;
}

static struct pair *
find_pair(const struct report *r, const struct peer *source, const struct peer *destination, uint64_t hash)
{
	const struct arena_entry *e;

	for (e = arena_table_first(&r->index->pairs, hash); e != NULL; e = arena_table_next(e)) {
		struct pair *p = e->value;

		if (p->source == source && p->destination == destination)
			return p;
	}
	return NULL;
}

struct pair *
report_other_pair(struct report *r)
{
	struct peer other = { .workload = arena_text(r->arena, "other"), .kind = arena_text(r->arena, other_kind) };

	r->folded_pairs++;
	if (r->index->other == NULL) {
		const struct peer *peer = take_peer(r, &other, false);
		uint64_t hash = pair_hash(r, peer, peer);

		/* A saved result may have brought one along. */
		r->index->other = find_pair(r, peer, peer, hash);
		if (r->index->other == NULL) {
			r->index->other = add_pair(r, peer, peer);
			arena_table_add(&r->index->pairs, r->arena, hash, r->index->other);
		}
	}
	return r->index->other;
}

bool
report_is_live(const struct report *r)
{
	/* Only what was captured to a file is counted by packets. */
	return r->counters.frames == 0 && r->flows > 0;
}

uint64_t
report_other_flows(const struct report *r)
{
	for (size_t i = 0; i < r->pair_count; i++) {
		const struct pair *p = r->pairs[i];

		if (p->source == p->destination && p->source->kind != NULL && strcmp(p->source->kind, other_kind) == 0)
			return p->flows;
	}
	return 0;
}

struct pair *
report_take_pair(struct report *r, const struct peer *source_key, const struct peer *destination_key)
{
	const struct peer *source = find_peer(r, source_key, peer_hash(r, source_key));
	const struct peer *destination = find_peer(r, destination_key, peer_hash(r, destination_key));
	struct pair *p = NULL;
	uint64_t hash;

	if (source != NULL && destination != NULL)
		p = find_pair(r, source, destination, pair_hash(r, source, destination));
	if (p != NULL)
		return p;
	if (r->options.max_pairs != 0 && r->pair_count >= r->options.max_pairs)
		return report_other_pair(r);
	source = take_peer(r, source_key, true);
	destination = take_peer(r, destination_key, true);
	hash = pair_hash(r, source, destination);
	p = add_pair(r, source, destination);
	arena_table_add(&r->index->pairs, r->arena, hash, p);
	return p;
}

/* Evidence. */

/* Of a flow that has ended, and the earliest. */
static bool
is_better(const struct example *a, const struct example *b)
{
	if (a->goes_on != b->goes_on)
		return b->goes_on;
	if (a->first_seen != b->first_seen)
		return a->first_seen < b->first_seen;
	if (a->file != b->file)
		return a->file < b->file;
	return a->first_packet < b->first_packet;
}

/* The count of a class in a pair, made where there is none. */
static struct evidence_count *
take_evidence(struct report *r, struct pair *p, const struct evidence_class *class)
{
	const void *key[2] = { p, class };
	uint64_t hash = arena_hash(r->arena, key, sizeof(key));
	const struct arena_entry *entry;
	struct evidence_slot *slot;

	for (entry = arena_table_first(&r->index->evidence, hash); entry != NULL; entry = arena_table_next(entry)) {
		slot = entry->value;
		if (slot->pair == p && p->evidence[slot->at].class == class)
			return &p->evidence[slot->at];
	}
	slot = arena_alloc(r->arena, sizeof(*slot));
	*slot = (struct evidence_slot){ .pair = p, .at = p->evidence_count };
	arena_table_add(&r->index->evidence, r->arena, hash, slot);
	p->evidence = report_grow(p->evidence, p->evidence_count, &p->evidence_capacity, sizeof(*p->evidence));
	p->evidence[p->evidence_count] = (struct evidence_count){ .class = class };
	return &p->evidence[p->evidence_count++];
}

void
report_count(struct report *r, struct pair *p, const struct evidence_class *class, const struct evidence_count *more)
{
	struct evidence_count *e = take_evidence(r, p, class);

	p->flows += more->flows;
	r->flows += more->flows;
	if (r->first_seen == 0 || more->first_seen < r->first_seen)
		r->first_seen = more->first_seen;
	if (more->last_seen > r->last_seen)
		r->last_seen = more->last_seen;
	if (e->last_seen == 0 && e->flows == 0) { /* just made */
		*e = *more;
		e->class = class;
		return;
	}
	e->flows += more->flows;
	for (unsigned d = 0; d < 2; d++) {
		e->packets[d] += more->packets[d];
		e->bytes[d] += more->bytes[d];
	}
	if (more->first_seen < e->first_seen)
		e->first_seen = more->first_seen;
	if (more->last_seen > e->last_seen)
		e->last_seen = more->last_seen;
	if (is_better(&more->example, &e->example))
		e->example = more->example;
}

void
report_add_withdrawal(struct report *r, const struct withdrawal *w)
{
	r->withdrawals = report_grow(r->withdrawals, r->withdrawal_count, &r->index->withdrawal_capacity, sizeof(*r->withdrawals));
	r->withdrawals[r->withdrawal_count++] = *w;
}

void
report_add_evidence(struct report *r, const struct peer *source, const struct peer *destination, const struct evidence_class *like, const struct evidence_count *count)
{
	struct evidence_count copy = *count;

	copy.example.ja4 = report_text(r, copy.example.ja4);
	for (enum claim claim = 0; claim < CLAIM_COUNT; claim++)
		copy.example.basis[claim].clause = report_text(r, copy.example.basis[claim].clause);
	report_count(r, report_take_pair(r, source, destination), report_class(r, like), &copy);
}
