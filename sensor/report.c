/* SPDX-License-Identifier: Apache-2.0 */
/* Gathers flow records into pairs of peers with counted evidence classes. */
#include <config.h>

#include "report.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report_internal.h"

const char *const service_basis_names[] = {
	[SERVICE_BASIS_NONE] = "none",
	[SERVICE_BASIS_WIRE] = "wire",
	[SERVICE_BASIS_ENDPOINTS] = "endpoints",
	[SERVICE_BASIS_CONNTRACK] = "conntrack",
	[SERVICE_BASIS_COUNT] = NULL,
};

const char *const file_state_names[] = { "complete", "partial", "unreadable", NULL };

/* A name that a DNS answer gave an address. */
struct dns_name {
	struct dns_name *next; /* in the order in which they came */
	struct address address;
	char *name;
	size_t room; /* for it, with its end */
	int64_t time;
};

/* Where in a pair a class is counted, while evidence is being gathered. */
struct evidence_slot {
	const struct pair *pair;
	size_t at;
};

struct report_index {
	struct arena_table peers, pairs, classes, evidence, names;
	const struct evidence_class *last_class;
	struct pair *other; /* what max_pairs leaves no room for */
	struct dns_name *first_name, **last_name;
	size_t name_count, file_capacity, pair_capacity, record_capacity, warning_capacity;
};

enum { NAMES_MAX = 65536, NAME_ROOM = 256 };

/* Memory of what only grows by report; its loss would make the report wrong, so it ends the program. */
static void *
grow(void *array, size_t count, size_t *capacity, size_t size)
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
	r->files = grow(r->files, r->file_count, &r->index->file_capacity, sizeof(*r->files));
	r->files[r->file_count] = (struct input_file){ .path = arena_text(r->arena, path) };
	return &r->files[r->file_count++];
}

void
report_add_warning(struct report *r, const char *text)
{
	r->warnings = grow(r->warnings, r->warning_count, &r->index->warning_capacity, sizeof(*r->warnings));
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

static struct peer
peer_of(struct report *r, const struct endpoint *e, const struct address *address)
{
	if (e->kind == ENDPOINT_ADDRESS)
		return (struct peer){ .address = *address, .has_address = true };
	return (struct peer){
		.namespace = report_text(r, e->namespace),
		.kind = report_text(r, e->workload_kind),
		.workload = report_text(r, e->workload),
	};
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

static const struct evidence_class *
take_class(struct report *r, const struct evidence_class *like)
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

static const char *
record_word(struct report *r, const struct flow_record *record, record_text_ref ref)
{
	return report_text(r, record_text(record, ref));
}

static const char *
service_text(struct report *r, const struct service_name *service)
{
	char text[512];

	if (service->name == NULL || *service->name == '\0')
		return NULL;
	snprintf(text, sizeof(text), "%s/%s", service->namespace, service->name);
	return arena_text(r->arena, text);
}

static void
fill_class(struct report *r, const struct flow_record *record, const struct flow_names *names, struct evidence_class *class)
{
	bool transport = record->ip_protocol == IPPROTO_TCP || record->ip_protocol == IPPROTO_UDP || record->ip_protocol == IPPROTO_SCTP;

	memset(class, 0, sizeof(*class)); /* also what lies between members: it is hashed */
	class->protocol = report_text(r, record_protocol(record));
	class->service = names->has_service ? service_text(r, &names->service) : NULL;
	class->by = record_word(r, record, record->by);
	class->version = record_word(r, record, record->tls_version);
	class->cipher = record_word(r, record, record->cipher);
	class->mesh = record_word(r, record, record->mesh);
	class->method = record_word(r, record, record->auth_method);
	class->key_type = record_word(r, record, record->certificate.key_type);
	class->signature = record_word(r, record, record->certificate.signature);
	class->tunnel = record_word(r, record, record->tunnel);
	class->server_port = names->swapped_service ? record->service_port : record->server_port;
	class->key_bits = record->certificate.key_bits;
	class->ip_protocol = record->ip_protocol;
	class->state = record->state;
	class->mutual = record->mutual;
	class->mutual_basis = record->mutual_basis;
	class->result = record->auth_result;
	class->strength = record->strength;
	class->certificate_flags = record->certificate_flags;
	class->encryption_flags = record->encryption_flags;
	class->resumed = record->resumed;
	class->cleartext_credentials = record->cleartext_credentials;
	class->service_account_token = (record->notes >> NOTE_SERVICE_ACCOUNT_TOKEN & 1) != 0;
	class->tunnel_encrypted = record->tunnel_encrypted;
	class->payload = !transport || record->payload_seen || record->payload[FROM_CLIENT] + record->payload[FROM_SERVER] > 0;
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
	r->pairs = grow(r->pairs, r->pair_count, &r->index->pair_capacity, sizeof(struct pair *));
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

static const char other_kind[] = "Other"; /* what no object of a cluster is of */

/* The pair for all that max_pairs leaves no room for. */
static struct pair *
other_pair(struct report *r)
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
report_other_pair(struct report *r)
{
	return other_pair(r);
}

static struct pair *
take_pair(struct report *r, const struct peer *source_key, const struct peer *destination_key)
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
		return other_pair(r);
	source = take_peer(r, source_key, true);
	destination = take_peer(r, destination_key, true);
	hash = pair_hash(r, source, destination);
	p = add_pair(r, source, destination);
	arena_table_add(&r->index->pairs, r->arena, hash, p);
	return p;
}

struct pair *
report_take_pair(struct report *r, const struct peer *source, const struct peer *destination)
{
	return take_pair(r, source, destination);
}

static bool
is_earlier(const struct example *a, const struct example *b)
{
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
	p->evidence = grow(p->evidence, p->evidence_count, &p->evidence_capacity, sizeof(*p->evidence));
	p->evidence[p->evidence_count] = (struct evidence_count){ .class = class };
	return &p->evidence[p->evidence_count++];
}

/* Adds counts of a class to a pair; class is the report's. */
static void
add_evidence(struct report *r, struct pair *p, const struct evidence_class *class, const struct evidence_count *more)
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
	e->withdrawn += more->withdrawn;
	for (unsigned d = 0; d < 2; d++) {
		e->packets[d] += more->packets[d];
		e->bytes[d] += more->bytes[d];
	}
	if (more->first_seen < e->first_seen)
		e->first_seen = more->first_seen;
	if (more->last_seen > e->last_seen)
		e->last_seen = more->last_seen;
	if (is_earlier(&more->example, &e->example))
		e->example = more->example;
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
	return take_class(r, &class);
}

void
report_count(struct report *r, struct pair *p, const struct evidence_class *class, const struct evidence_count *more)
{
	add_evidence(r, p, class, more);
}

void
report_add_evidence(struct report *r, const struct peer *source, const struct peer *destination, const struct evidence_class *like, const struct evidence_count *count)
{
	struct evidence_count copy = *count;

	copy.example.ja4 = report_text(r, copy.example.ja4);
	for (enum claim claim = 0; claim < CLAIM_COUNT; claim++)
		copy.example.basis[claim].clause = report_text(r, copy.example.basis[claim].clause);
	add_evidence(r, take_pair(r, source, destination), report_class(r, like), &copy);
}

/* Records. */

void
report_flow_names(const struct report *r, const struct flow_record *record, struct flow_names *out)
{
	static const struct endpoint nobody = { .namespace = "", .workload_kind = "", .workload = "", .pod = "", .service_account = "" };
	static const struct service_name none = { .namespace = "", .name = "", .port_name = "" };
	const struct inventory *inventory = r->options.inventory;

	*out = (struct flow_names){ .client = nobody, .server = nobody, .service = none };
	if (inventory == NULL)
		return;
	inventory_find(inventory, &record->client, record->first_seen, &out->client);
	inventory_find(inventory, &record->server, record->first_seen, &out->server);
	if (record->has_service && out->server.kind == ENDPOINT_SERVICE) {
		struct endpoint behind;

		/* The order in which the legs were captured did not tell which was which: the inventory does. */
		inventory_find(inventory, &record->service, record->first_seen, &behind);
		if (behind.kind != ENDPOINT_SERVICE) {
			out->server = behind;
			out->swapped_service = true;
		}
	}
	if (out->swapped_service || !record->has_service)
		out->has_service = inventory_service_at(inventory, &record->server, record->server_port, record->ip_protocol, record->first_seen, &out->service);
	else
		out->has_service = inventory_service_at(inventory, &record->service, record->service_port, record->ip_protocol, record->first_seen, &out->service);
	if (out->has_service)
		out->service_basis = record->service_tracked ? SERVICE_BASIS_CONNTRACK : SERVICE_BASIS_WIRE;
	if (out->has_service || out->swapped_service)
		return;
	out->has_service = inventory_service_behind(inventory, &record->server, record->server_port, record->ip_protocol, record->first_seen, &out->service);
	if (out->has_service)
		out->service_basis = SERVICE_BASIS_ENDPOINTS;
}

static struct example
example_of(struct report *r, const struct flow_record *record, const struct flow_names *names)
{
	struct example e = {
		.file = record->file,
		.first_packet = record->first_packet,
		.first_seen = record->first_seen,
		.client = record->client,
		.server = names->swapped_service ? record->service : record->server,
		.client_port = record->client_port,
		.server_port = names->swapped_service ? record->service_port : record->server_port,
		.ip_protocol = record->ip_protocol,
		.ja4 = record_word(r, record, record->ja4),
		.service_basis = (uint8_t)names->service_basis,
	};

	for (enum claim claim = 0; claim < CLAIM_COUNT; claim++) {
		const struct record_basis *b = &record->basis[claim];

		e.basis[claim] = (struct example_basis){
			.clause = record_word(r, record, b->clause),
			.packet = b->packet,
			.offset = b->offset,
			.file = b->file,
			.direction = b->direction,
			.strength = b->strength,
		};
	}
	return e;
}

static void
keep_record(struct report *r, const struct flow_record *record)
{
	struct flow_record *copy = malloc(record->size);

	if (copy == NULL)
		abort();
	memcpy(copy, record, record->size);
	r->records = grow(r->records, r->record_count, &r->index->record_capacity, sizeof(struct flow_record *));
	r->records[r->record_count++] = copy;
}

static void
on_flow(void *context, const struct flow_record *record)
{
	struct report *r = context;
	struct flow_names names;
	struct evidence_class class;
	struct evidence_count count;
	struct peer source, destination;

	report_flow_names(r, record, &names);
	source = peer_of(r, &names.client, &record->client);
	destination = peer_of(r, &names.server, names.swapped_service ? &record->service : &record->server);
	fill_class(r, record, &names, &class);
	count = (struct evidence_count){
		.flows = record->counted ? 1 : 0,
		.withdrawn = record->withdrawn,
		.packets = { record->packets[0], record->packets[1] },
		.bytes = { record->bytes[0], record->bytes[1] },
		.first_seen = record->first_seen,
		.last_seen = record->last_seen,
		.example = example_of(r, record, &names),
	};
	add_evidence(r, take_pair(r, &source, &destination), take_class(r, &class), &count);
	if (r->options.keep_flows && record->withdrawn == 0)
		keep_record(r, record);
}

static uint64_t
address_hash(const struct report *r, const struct address *a)
{
	return arena_hash(r->arena, a, sizeof(*a));
}

/*
 * In the place of the name before it: whoever answers questions for DNS may give an address another
 * name each time, and an arena forgets nothing.
 */
static void
put_name(struct report *r, struct dns_name *n, const char *name)
{
	size_t size = strlen(name) + 1;

	if (size > n->room) {
		/* The second one has room for any that follows. */
		n->room = n->room > 0 && size < NAME_ROOM ? NAME_ROOM : size;
		n->name = arena_alloc(r->arena, n->room);
	}
	memcpy(n->name, name, size);
}

void
report_add_name(struct report *r, const struct address *address, const char *name, int64_t time)
{
	uint64_t hash = address_hash(r, address);
	const struct arena_entry *e;
	struct dns_name *n;

	for (e = arena_table_first(&r->index->names, hash); e != NULL; e = arena_table_next(e)) {
		n = e->value;
		if (!address_equal(&n->address, address))
			continue;
		/* The name an address had last is the one shown; of equal times the lesser, to be certain. */
		if (time > n->time || (time == n->time && strcmp(name, n->name) < 0)) {
			put_name(r, n, name);
			n->time = time;
		}
		return;
	}
	if (r->index->name_count >= NAMES_MAX)
		return;
	r->index->name_count++;
	n = arena_alloc(r->arena, sizeof(*n));
	*n = (struct dns_name){ .address = *address, .time = time };
	put_name(r, n, name);
	*r->index->last_name = n;
	r->index->last_name = &n->next;
	arena_table_add(&r->index->names, r->arena, hash, n);
}

void
report_each_name(const struct report *r, void (*each)(void *context, const struct address *, const char *name, int64_t time), void *context)
{
	for (const struct dns_name *n = r->index->first_name; n != NULL; n = n->next)
		each(context, &n->address, n->name, n->time);
}

static void
on_name(void *context, const struct name_record *record)
{
	report_add_name(context, &record->address, record->name, record->time);
}

const char *
report_name_of(const struct report *r, const struct address *address)
{
	const struct arena_entry *e;

	for (e = arena_table_first(&r->index->names, address_hash(r, address)); e != NULL; e = arena_table_next(e)) {
		const struct dns_name *n = e->value;

		if (address_equal(&n->address, address))
			return n->name;
	}
	return NULL;
}

void
report_set_name(struct report *r, const struct peer *peer, const char *name)
{
	if (peer->has_address && peer->name == NULL && name != NULL)
		find_peer(r, peer, peer_hash(r, peer))->name = report_text(r, name);
}

static void
name_peer(struct report *r, const struct peer *peer)
{
	if (peer->has_address && peer->name == NULL)
		report_set_name(r, peer, report_name_of(r, &peer->address));
}

void
report_name_peers(struct report *r)
{
	for (size_t i = 0; i < r->pair_count; i++) {
		name_peer(r, r->pairs[i]->source);
		name_peer(r, r->pairs[i]->destination);
	}
}

struct record_sink
report_sink(struct report *r)
{
	return (struct record_sink){ .flow = on_flow, .name = on_name, .context = r };
}
