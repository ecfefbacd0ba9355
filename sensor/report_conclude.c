/* SPDX-License-Identifier: Apache-2.0 */
/* Judges what a report has gathered: order, score, findings. A pure function of it and a policy set. */
#include <config.h>

#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"
#include "report_internal.h"

int64_t
report_now(const struct report *r)
{
	return r->last_seen / INT64_C(1000000000);
}

/* Scores. */

static int
compare_evidence(const void *a, const void *b)
{
	const struct evidence_count *x = a, *y = b;

	return evidence_class_compare(x->class, y->class);
}

static void
score_pair(struct report *r, struct pair *p)
{
	char source_ip[ADDRESS_TEXT_SIZE], destination_ip[ADDRESS_TEXT_SIZE];
	struct policy_peer source = report_policy_peer(p->source, source_ip);
	struct policy_peer destination = report_policy_peer(p->destination, destination_ip);

	qsort(p->evidence, p->evidence_count, sizeof(*p->evidence), compare_evidence);
	p->score = (struct score){ 0 };
	p->out_of_scope = 0;
	for (size_t i = 0; i < p->evidence_count; i++)
		if (p->evidence[i].flows > 0 && !score_add(&p->score, r->policies, p->evidence[i].class, p->evidence[i].flows, &source, &destination, report_now(r)))
			p->out_of_scope += p->evidence[i].flows;
	p->has_c = score_value(&p->score, r->policies, &p->c);
	p->coverage = score_coverage(&p->score, r->policies);
}

/* The worst first; those without a score last; of equal ones the busier first. */
static int
compare_pairs(const void *a, const void *b)
{
	const struct pair *x = *(const struct pair *const *)a, *y = *(const struct pair *const *)b;
	int order;

	if (x->has_c != y->has_c)
		return x->has_c ? -1 : 1;
	if (x->has_c && (x->c > y->c || x->c < y->c))
		return x->c < y->c ? -1 : 1;
	if (x->flows != y->flows)
		return x->flows > y->flows ? -1 : 1;
	if ((order = peer_compare(x->source, y->source)) != 0)
		return order;
	return peer_compare(x->destination, y->destination);
}

static struct namespace_score *
take_namespace(struct report *r, const char *namespace)
{
	for (size_t i = 0; i < r->namespace_count; i++)
		if (r->namespaces[i].namespace == namespace)
			return &r->namespaces[i];
	r->namespaces = realloc(r->namespaces, (r->namespace_count + 1) * sizeof(*r->namespaces));
	if (r->namespaces == NULL)
		abort();
	r->namespaces[r->namespace_count] = (struct namespace_score){ .namespace = namespace };
	return &r->namespaces[r->namespace_count++];
}

static int
compare_namespaces(const void *a, const void *b)
{
	const struct namespace_score *x = a, *y = b;

	return strcmp(x->namespace, y->namespace);
}

/* A pair counts for the namespaces of both its ends, once where they are the same. */
static void
score_namespaces(struct report *r)
{
	free(r->namespaces);
	r->namespaces = NULL;
	r->namespace_count = 0;
	for (size_t i = 0; i < r->pair_count; i++) {
		const char *source = r->pairs[i]->source->namespace, *destination = r->pairs[i]->destination->namespace;

		if (source != NULL)
			score_merge(&take_namespace(r, source)->score, &r->pairs[i]->score);
		if (destination != NULL && destination != source)
			score_merge(&take_namespace(r, destination)->score, &r->pairs[i]->score);
	}
	for (size_t i = 0; i < r->namespace_count; i++) {
		struct namespace_score *n = &r->namespaces[i];

		n->has_c = score_value(&n->score, r->policies, &n->c);
		n->coverage = score_coverage(&n->score, r->policies);
	}
	if (r->namespace_count > 0)
		qsort(r->namespaces, r->namespace_count, sizeof(*r->namespaces), compare_namespaces);
}

static void
score_cluster(struct report *r)
{
	r->cluster = (struct score){ 0 };
	for (size_t i = 0; i < r->pair_count; i++)
		score_merge(&r->cluster, &r->pairs[i]->score);
	r->has_c = score_value(&r->cluster, r->policies, &r->c);
	r->coverage = score_coverage(&r->cluster, r->policies);
}

/* Findings. */

/* The claim whose packet shows what a policy found. */
static enum claim
claim_of(const struct policy *policy, const char *type)
{
	if (strcmp(type, "cleartext-credentials") == 0 || strcmp(type, "service-account-token-exposed") == 0)
		return CLAIM_CREDENTIALS;
	if (strcmp(type, "unclassified-traffic") == 0)
		return CLAIM_PROTOCOL;
	return strcmp(policy->pillar, "authentication") == 0 ? CLAIM_AUTHENTICATION : CLAIM_ENCRYPTION;
}

static void
hash_text(uint64_t *hash, const char *text)
{
	/* FNV-1a: the identifier must be the same in every run and on every machine. */
	for (const char *c = text != NULL ? text : ""; *c != '\0'; c++)
		*hash = (*hash ^ (uint8_t)*c) * UINT64_C(0x100000001b3);
	*hash = (*hash ^ 0xff) * UINT64_C(0x100000001b3);
}

static void
hash_peer(uint64_t *hash, const struct peer *p)
{
	char ip[ADDRESS_TEXT_SIZE];

	hash_text(hash, p->namespace);
	hash_text(hash, p->kind);
	hash_text(hash, p->workload);
	hash_text(hash, p->has_address ? address_text(&p->address, ip) : NULL);
}

static void
set_id(struct finding *f)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	char port[16];

	hash_peer(&hash, f->pair->source);
	hash_peer(&hash, f->pair->destination);
	hash_text(&hash, f->type);
	hash_text(&hash, f->class->service);
	hash_text(&hash, f->class->protocol);
	snprintf(port, sizeof(port), "%u/%u", f->class->server_port, f->class->ip_protocol);
	hash_text(&hash, port);
	snprintf(f->id, sizeof(f->id), "%016" PRIx64, hash);
}

static void
set_example(struct finding *f, const struct evidence_count *e)
{
	const struct example_basis *basis = &e->example.basis[claim_of(f->policy, f->type)];

	f->class = e->class;
	f->example = &e->example;
	f->packet = basis->clause != NULL && basis->packet != 0 ? basis->packet : e->example.first_packet;
	f->file = basis->clause != NULL && basis->packet != 0 ? basis->file : e->example.file;
}

struct finding_list {
	struct finding *items;
	size_t count, capacity;
	struct arena_table index; /* of items, by what add_finding() folds together */
	struct arena *arena;
};

static uint64_t
finding_hash(const struct arena *arena, const struct pair *p, const struct evidence_class *class, const char *type)
{
	struct {
		const void *pair, *service, *protocol;
		uint32_t type, port;
	} key;

	memset(&key, 0, sizeof(key));
	key.pair = p;
	key.service = class->service;
	key.protocol = class->protocol;
	for (const char *c = type; *c != '\0'; c++)
		key.type = key.type * 31 + (uint8_t)*c;
	key.port = (uint32_t)class->server_port << 8 | class->ip_protocol;
	return arena_hash(arena, &key, sizeof(key));
}

static bool
is_same_finding(const struct finding *f, const struct pair *p, const struct evidence_class *class, const char *type)
{
	return f->pair == p && strcmp(f->type, type) == 0 && f->class->service == class->service && f->class->protocol == class->protocol &&
	       f->class->server_port == class->server_port && f->class->ip_protocol == class->ip_protocol;
}

static struct finding *
find_finding(const struct finding_list *list, uint64_t hash, const struct pair *p, const struct evidence_class *class, const char *type)
{
	const struct arena_entry *entry;

	for (entry = arena_table_first(&list->index, hash); entry != NULL; entry = arena_table_next(entry)) {
		struct finding *f = &list->items[(uintptr_t)entry->value];

		if (is_same_finding(f, p, class, type))
			return f;
	}
	return NULL;
}

static void
add_finding(struct finding_list *list, const struct pair *p, const struct evidence_count *e, const struct policy_setting *setting, const struct violation *v)
{
	uint64_t hash = finding_hash(list->arena, p, e->class, v->type);
	struct finding *f = find_finding(list, hash, p, e->class, v->type);

	if (f != NULL) {
		f->flows += e->flows;
		if (e->first_seen < f->first_seen) {
			f->first_seen = e->first_seen;
			set_example(f, e);
		}
		if (e->last_seen > f->last_seen)
			f->last_seen = e->last_seen;
		return;
	}
	if (list->count == list->capacity) {
		list->capacity = list->capacity == 0 ? 64 : list->capacity * 2;
		list->items = realloc(list->items, list->capacity * sizeof(*list->items));
		if (list->items == NULL)
			abort();
	}
	arena_table_add(&list->index, list->arena, hash, (void *)(uintptr_t)list->count);
	f = &list->items[list->count++];
	*f = (struct finding){
		.type = v->type,
		.advice = v->advice,
		.severity = policy_severity(setting, v),
		.policy = setting->policy,
		.pair = p,
		.flows = e->flows,
		.first_seen = e->first_seen,
		.last_seen = e->last_seen,
	};
	set_example(f, e);
	set_id(f);
}

static void
find_in_pair(const struct report *r, struct finding_list *list, const struct pair *p)
{
	char source_ip[ADDRESS_TEXT_SIZE], destination_ip[ADDRESS_TEXT_SIZE];
	struct policy_peer source = report_policy_peer(p->source, source_ip);
	struct policy_peer destination = report_policy_peer(p->destination, destination_ip);

	for (size_t i = 0; i < p->evidence_count; i++) {
		const struct evidence_count *e = &p->evidence[i];

		/* Without flows it is the rest of what was counted elsewhere. */
		if (e->flows == 0 || !policy_set_in_scope(r->policies, &source, &destination, e->class))
			continue;
		for (size_t j = 0; j < POLICY_COUNT; j++) {
			struct violation violations[POLICY_VIOLATIONS_MAX];
			size_t count = policy_violations(&r->policies->settings[j], e->class, violations);

			if (count > 0 && policy_set_exempt(r->policies, r->policies->settings[j].policy, &source, &destination, e->class, report_now(r)) != NULL)
				continue;
			for (size_t k = 0; k < count; k++)
				add_finding(list, p, e, &r->policies->settings[j], &violations[k]);
		}
	}
}

/* The most severe first; then by type, so that what is mended alike stands together; then the busier. */
static int
compare_findings(const void *a, const void *b)
{
	const struct finding *x = a, *y = b;
	int order;

	if (x->severity != y->severity)
		return x->severity > y->severity ? -1 : 1;
	if ((order = strcmp(x->type, y->type)) != 0)
		return order;
	if (x->flows != y->flows)
		return x->flows > y->flows ? -1 : 1;
	if ((order = peer_compare(x->pair->source, y->pair->source)) != 0)
		return order;
	if ((order = peer_compare(x->pair->destination, y->pair->destination)) != 0)
		return order;
	return evidence_class_compare(x->class, y->class);
}

static void
find_all(struct report *r)
{
	struct finding_list list = { .arena = arena_new() };

	free(r->findings);
	for (size_t i = 0; i < r->pair_count; i++)
		find_in_pair(r, &list, r->pairs[i]);
	arena_table_clear(&list.index);
	arena_free(list.arena);
	r->findings = list.items;
	r->finding_count = list.count;
	if (list.count > 0)
		qsort(r->findings, r->finding_count, sizeof(*r->findings), compare_findings);
}

bool
report_worst(const struct report *r, enum severity *out)
{
	if (r->finding_count == 0)
		return false;
	*out = r->findings[0].severity;
	return true;
}

/* Flows. */

static int
compare_records(const void *a, const void *b)
{
	const struct flow_record *x = *(const struct flow_record *const *)a, *y = *(const struct flow_record *const *)b;

	if (x->file != y->file)
		return x->file < y->file ? -1 : 1;
	if (x->first_packet != y->first_packet)
		return x->first_packet < y->first_packet ? -1 : 1;
	return x->client_port < y->client_port ? -1 : x->client_port > y->client_port;
}

void
report_conclude(struct report *r, const struct policy_set *set)
{
	r->policies = set;
	report_name_peers(r);
	for (size_t i = 0; i < r->pair_count; i++)
		score_pair(r, r->pairs[i]);
	if (r->pair_count > 0)
		qsort(r->pairs, r->pair_count, sizeof(struct pair *), compare_pairs);
	if (r->record_count > 0)
		qsort(r->records, r->record_count, sizeof(struct flow_record *), compare_records);
	score_namespaces(r);
	score_cluster(r);
	find_all(r);
}

void
report_display_filter(const struct example *e, char *text, size_t size)
{
	char client[ADDRESS_TEXT_SIZE], server[ADDRESS_TEXT_SIZE];
	const char *family = address_is_v4(&e->client) ? "ip" : "ipv6";
	const char *ports = e->ip_protocol == IPPROTO_TCP ? "tcp" : e->ip_protocol == IPPROTO_UDP ? "udp" : e->ip_protocol == IPPROTO_SCTP ? "sctp" : NULL;
	int n;

	address_text(&e->client, client);
	address_text(&e->server, server);
	n = snprintf(text, size, "%s.addr == %s && %s.addr == %s", family, client, family, server);
	if (ports != NULL && n > 0 && (size_t)n < size)
		snprintf(text + n, size - (size_t)n, " && %s.port == %u && %s.port == %u", ports, e->client_port, ports, e->server_port);
}
