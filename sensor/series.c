/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See series.h. All is in one arena and only grows; when a pair goes, what is left is carried into
 * a new arena, so that the texts of pairs that are gone do not stay.
 */
#include <config.h>

#include "series.h"

#include <stdlib.h>
#include <string.h>

#include "series_internal.h"

/* Bounds by max_pairs: pairs have a few services, and those a few findings. */
enum { TRAFFIC_BY_PAIRS = 8, FINDINGS_BY_PAIRS = 16, SPARE = 1024 };

static const char other[] = "other";

void
series_count(uint64_t *counter, uint64_t more)
{
	*counter = *counter > INT64_MAX || more > INT64_MAX - *counter ? INT64_MAX : *counter + more;
}

static void
list_init(struct series_list *l)
{
	*l = (struct series_list){ 0 };
	l->last = &l->first;
}

static void *
list_add(struct series *s, struct series_list *l, uint64_t hash, size_t size)
{
	struct series_item *item = arena_alloc(s->arena, size);

	*l->last = item;
	l->last = &item->next;
	l->count++;
	arena_table_add(&l->table, s->arena, hash, item);
	return item;
}

const void *
series_first(const struct series_list *l)
{
	return l->first;
}

const void *
series_next(const struct series_item *i)
{
	return i->next;
}

static void
begin(struct series *s)
{
	s->arena = arena_new();
	list_init(&s->pairs);
	list_init(&s->traffic);
	list_init(&s->findings);
	list_init(&s->known);
	list_init(&s->namespaces);
	s->other = NULL;
}

struct series *
series_new(size_t max_pairs, int64_t expire)
{
	struct series *s = calloc(1, sizeof(*s));

	if (s == NULL)
		abort();
	s->max_pairs = max_pairs;
	s->expire = expire;
	begin(s);
	return s;
}

static void
release(struct series *s)
{
	arena_table_clear(&s->pairs.table);
	arena_table_clear(&s->traffic.table);
	arena_table_clear(&s->findings.table);
	arena_table_clear(&s->known.table);
	arena_table_clear(&s->namespaces.table);
	arena_free(s->arena);
}

void
series_free(struct series *s)
{
	if (s == NULL)
		return;
	release(s);
	free(s);
}

/* Looked up by what the texts say: only what is new is copied, or lookups in vain would fill memory. */
struct key {
	const void *pair;
	uint64_t texts[4];
	uint64_t number;
};

static uint64_t
text_hash(const struct series *s, const char *t)
{
	return arena_hash(s->arena, t, strlen(t));
}

static uint64_t
key_hash(const struct series *s, const struct key *key)
{
	return arena_hash(s->arena, key, sizeof(*key));
}

static const char *
some(const char *t)
{
	return t != NULL ? t : "";
}

static bool
is_full(const struct series *s, size_t count, size_t by_pairs)
{
	return s->max_pairs != 0 && count >= s->max_pairs * by_pairs + SPARE;
}

/* Pairs. */

static uint64_t
ends_hash(const struct series *s, const struct series_ends *e)
{
	struct key key = { .texts = { text_hash(s, e->source_workload), text_hash(s, e->source_namespace), text_hash(s, e->destination_workload), text_hash(s, e->destination_namespace) } };

	return key_hash(s, &key);
}

static bool
is_same_ends(const struct series_ends *a, const struct series_ends *b)
{
	return strcmp(a->source_workload, b->source_workload) == 0 && strcmp(a->source_namespace, b->source_namespace) == 0 &&
	       strcmp(a->destination_workload, b->destination_workload) == 0 && strcmp(a->destination_namespace, b->destination_namespace) == 0;
}

static struct series_pair *
find_pair(const struct series *s, const struct series_ends *ends)
{
	const struct arena_entry *e = arena_table_first(&s->pairs.table, ends_hash(s, ends));

	for (; e != NULL; e = arena_table_next(e)) {
		struct series_pair *p = e->value;

		if (is_same_ends(&p->ends, ends))
			return p;
	}
	return NULL;
}

static struct series_pair *
add_pair(struct series *s, const struct series_ends *ends)
{
	size_t number = s->pairs.count;
	struct series_pair *p = list_add(s, &s->pairs, ends_hash(s, ends), sizeof(*p));

	p->number = number;
	p->ends = (struct series_ends){
		.source_workload = arena_text(s->arena, ends->source_workload),
		.source_namespace = arena_text(s->arena, ends->source_namespace),
		.destination_workload = arena_text(s->arena, ends->destination_workload),
		.destination_namespace = arena_text(s->arena, ends->destination_namespace),
	};
	return p;
}

/* The pair for all that there is no room for. */
static struct series_pair *
other_pair(struct series *s)
{
	static const struct series_ends ends = { .source_workload = other, .source_namespace = "", .destination_workload = other, .destination_namespace = "" };

	if (s->other == NULL)
		s->other = find_pair(s, &ends);
	if (s->other == NULL)
		s->other = add_pair(s, &ends);
	return s->other;
}

struct series_pair *
series_take_pair(struct series *s, const struct series_ends *like)
{
	struct series_ends ends = { some(like->source_workload), some(like->source_namespace), some(like->destination_workload), some(like->destination_namespace) };
	struct series_pair *p = find_pair(s, &ends);

	if (p != NULL)
		return p;
	return s->max_pairs != 0 && s->pairs.count >= s->max_pairs ? other_pair(s) : add_pair(s, &ends);
}

/* Traffic. */

static uint64_t
traffic_hash(const struct series *s, const struct traffic_row *row)
{
	struct key key = {
		.pair = row->pair,
		.texts = { text_hash(s, row->service), text_hash(s, row->protocol) },
		.number = (uint64_t)row->encryption << 8 | row->authentication,
	};

	return key_hash(s, &key);
}

static struct traffic_row *
find_traffic(const struct series *s, const struct traffic_row *like)
{
	const struct arena_entry *e = arena_table_first(&s->traffic.table, traffic_hash(s, like));

	for (; e != NULL; e = arena_table_next(e)) {
		struct traffic_row *row = e->value;

		if (row->pair == like->pair && strcmp(row->service, like->service) == 0 && strcmp(row->protocol, like->protocol) == 0 &&
		    row->encryption == like->encryption && row->authentication == like->authentication)
			return row;
	}
	return NULL;
}

/* Where there is no room the pair goes, then the protocol too: a worker that was taken over may name any. */
struct traffic_row *
series_take_traffic(struct series *s, struct series_pair *p, const char *service, const char *protocol, uint8_t encryption, uint8_t authentication)
{
	struct traffic_row like = { .pair = p, .service = some(service), .protocol = some(protocol), .encryption = encryption, .authentication = authentication };
	struct traffic_row *row = find_traffic(s, &like);

	if (row == NULL && is_full(s, s->traffic.count, TRAFFIC_BY_PAIRS)) {
		like.pair = other_pair(s);
		like.service = "";
		like.protocol = is_full(s, s->traffic.count, TRAFFIC_BY_PAIRS + 1) ? other : like.protocol;
		row = find_traffic(s, &like);
	}
	if (row != NULL)
		return row;
	row = list_add(s, &s->traffic, traffic_hash(s, &like), sizeof(*row));
	row->pair = like.pair;
	row->service = arena_text(s->arena, like.service);
	row->protocol = arena_text(s->arena, like.protocol);
	row->encryption = encryption;
	row->authentication = authentication;
	return row;
}

/* Findings. */

static uint64_t
finding_hash(const struct series *s, const struct finding_row *row)
{
	struct key key = {
		.pair = row->pair,
		.texts = { text_hash(s, row->service), text_hash(s, row->protocol), text_hash(s, row->type) },
		.number = row->severity,
	};

	return key_hash(s, &key);
}

/* No more of them than findings are remembered. */
struct finding_row *
series_take_finding(struct series *s, struct series_pair *p, const char *service, const char *protocol, const char *type, enum severity severity)
{
	struct finding_row like = { .pair = p, .service = some(service), .protocol = some(protocol), .type = some(type), .severity = severity };
	uint64_t hash = finding_hash(s, &like);
	struct finding_row *row;

	for (const struct arena_entry *e = arena_table_first(&s->findings.table, hash); e != NULL; e = arena_table_next(e)) {
		row = e->value;
		if (row->pair == p && row->severity == severity && strcmp(row->service, like.service) == 0 && strcmp(row->protocol, like.protocol) == 0 && strcmp(row->type, like.type) == 0)
			return row;
	}
	row = list_add(s, &s->findings, hash, sizeof(*row));
	row->pair = p;
	row->service = arena_text(s->arena, like.service);
	row->protocol = arena_text(s->arena, like.protocol);
	row->type = arena_text(s->arena, like.type);
	row->severity = severity;
	return row;
}

bool
series_remember(struct series *s, struct series_pair *p, uint64_t id, bool *full)
{
	uint64_t hash = arena_hash(s->arena, &id, sizeof(id));
	struct known_finding *k;

	*full = false;
	for (const struct arena_entry *e = arena_table_first(&s->known.table, hash); e != NULL; e = arena_table_next(e))
		if (((k = e->value))->id == id)
			return false;
	*full = is_full(s, s->known.count, FINDINGS_BY_PAIRS);
	if (*full)
		return false;
	k = list_add(s, &s->known, hash, sizeof(*k));
	k->pair = p;
	k->id = id;
	return true;
}

/* Namespaces. */

static struct namespace_row *
find_namespace(const struct series *s, const char *namespace)
{
	const struct arena_entry *e = arena_table_first(&s->namespaces.table, text_hash(s, namespace));

	for (; e != NULL; e = arena_table_next(e)) {
		struct namespace_row *n = e->value;

		if (strcmp(n->namespace, namespace) == 0)
			return n;
	}
	return NULL;
}

struct namespace_row *
series_take_namespace(struct series *s, const char *namespace)
{
	const char *name = some(namespace);
	struct namespace_row *n = find_namespace(s, name);

	if (n == NULL && is_full(s, s->namespaces.count, 1)) {
		name = other;
		n = find_namespace(s, name);
	}
	if (n != NULL)
		return n;
	n = list_add(s, &s->namespaces, text_hash(s, name), sizeof(*n));
	n->namespace = arena_text(s->arena, name);
	return n;
}

/* In. */

static struct series_ends
ends_of(const struct pair *p, char source[ADDRESS_TEXT_SIZE], char destination[ADDRESS_TEXT_SIZE])
{
	return (struct series_ends){
		.source_workload = series_workload(p->source, source),
		.source_namespace = series_namespace(p->source),
		.destination_workload = series_workload(p->destination, destination),
		.destination_namespace = series_namespace(p->destination),
	};
}

static const char *
protocol_of(const struct evidence_class *e)
{
	return e->protocol != NULL ? e->protocol : "unknown";
}

static void
add_traffic(struct series *s, struct series_pair *p, const struct evidence_count *n, int64_t now)
{
	const struct evidence_class *e = n->class;
	struct traffic_row *row = series_take_traffic(s, p, p == s->other ? "" : e->service, protocol_of(e), e->state, e->result);

	series_count(&row->flows, n->flows);
	series_count(&row->bytes, n->bytes[0]);
	series_count(&row->bytes, n->bytes[1]);
	row->pair->last_seen = now;
	if (row->pair == s->other)
		series_count(&s->folded_flows, n->flows);
}

static void
add_policies(struct namespace_row *to, const struct policy_set *set, const struct pair *p, int64_t now)
{
	char source_ip[ADDRESS_TEXT_SIZE], destination_ip[ADDRESS_TEXT_SIZE];
	struct policy_peer source = report_policy_peer(p->source, source_ip), destination = report_policy_peer(p->destination, destination_ip);
	struct score score = { 0 };

	for (size_t i = 0; i < p->evidence_count; i++)
		if (p->evidence[i].flows > 0)
			(void)score_add(&score, set, p->evidence[i].class, p->evidence[i].flows, &source, &destination, now);
	for (size_t i = 0; i < POLICY_COUNT; i++) {
		series_count(&to->observed[i], score.policies[i].flows);
		series_count(&to->millionths[i], score.policies[i].millionths);
	}
}

void
series_add(struct series *s, const struct report *delta, const struct policy_set *set, int64_t now)
{
	char source[ADDRESS_TEXT_SIZE], destination[ADDRESS_TEXT_SIZE];

	for (size_t i = 0; i < delta->pair_count; i++) {
		const struct pair *p = delta->pairs[i];
		struct series_ends ends = ends_of(p, source, destination);
		struct series_pair *to = series_take_pair(s, &ends);
		struct namespace_row *namespace = series_take_namespace(s, series_namespace(p->destination));

		to->last_seen = namespace->last_seen = now;
		/* Counters never go back: what is taken back stays counted. */
		for (size_t j = 0; j < p->evidence_count; j++)
			add_traffic(s, to, &p->evidence[j], now);
		add_policies(namespace, set, p, report_now(delta));
	}
}

void
series_add_findings(struct series *s, const struct report *concluded)
{
	char source[ADDRESS_TEXT_SIZE], destination[ADDRESS_TEXT_SIZE];
	uint64_t ignored = 0;

	for (size_t i = 0; i < concluded->finding_count; i++) {
		const struct finding *f = &concluded->findings[i];
		struct series_ends ends = ends_of(f->pair, source, destination);
		struct series_pair *p = find_pair(s, &ends);
		bool full;

		if (p == NULL)
			p = other_pair(s); /* there was no room when its flows were counted */
		if (series_remember(s, p, strtoull(f->id, NULL, 16), &full))
			series_take_finding(s, p, p == s->other ? "" : f->class->service, protocol_of(f->class), f->type, f->severity)->count++;
		ignored += full;
	}
	/* They are met again each time: what matters is how many at once. */
	if (ignored > s->ignored_findings)
		s->ignored_findings = ignored;
}

/* Out of date. */

static bool
is_alive(const struct series *s, int64_t last_seen, int64_t now)
{
	return last_seen > now - s->expire;
}

static bool
is_any_dead(const struct series *s, int64_t now)
{
	for (const struct series_pair *p = series_first(&s->pairs); p != NULL; p = series_next(&p->item))
		if (!is_alive(s, p->last_seen, now))
			return true;
	for (const struct namespace_row *n = series_first(&s->namespaces); n != NULL; n = series_next(&n->item))
		if (!is_alive(s, n->last_seen, now))
			return true;
	return false;
}

static void
carry_pairs(struct series *to, const struct series *from, int64_t now)
{
	for (const struct series_pair *p = series_first(&from->pairs); p != NULL; p = series_next(&p->item))
		if (is_alive(from, p->last_seen, now))
			series_take_pair(to, &p->ends)->last_seen = p->last_seen;
	for (const struct namespace_row *n = series_first(&from->namespaces); n != NULL; n = series_next(&n->item)) {
		struct namespace_row *copy;

		if (!is_alive(from, n->last_seen, now))
			continue;
		copy = series_take_namespace(to, n->namespace);
		copy->last_seen = n->last_seen;
		memcpy(copy->observed, n->observed, sizeof(copy->observed));
		memcpy(copy->millionths, n->millionths, sizeof(copy->millionths));
	}
}

static void
carry_rows(struct series *to, const struct series *from, int64_t now)
{
	bool full;

	for (const struct traffic_row *row = series_first(&from->traffic); row != NULL; row = series_next(&row->item)) {
		struct traffic_row *copy;

		if (!is_alive(from, row->pair->last_seen, now))
			continue;
		copy = series_take_traffic(to, series_take_pair(to, &row->pair->ends), row->service, row->protocol, row->encryption, row->authentication);
		series_count(&copy->flows, row->flows);
		series_count(&copy->bytes, row->bytes);
	}
	for (const struct finding_row *row = series_first(&from->findings); row != NULL; row = series_next(&row->item))
		if (is_alive(from, row->pair->last_seen, now))
			series_take_finding(to, series_take_pair(to, &row->pair->ends), row->service, row->protocol, row->type, row->severity)->count += row->count; /* each is there once */
	for (const struct known_finding *k = series_first(&from->known); k != NULL; k = series_next(&k->item))
		if (is_alive(from, k->pair->last_seen, now))
			(void)series_remember(to, series_take_pair(to, &k->pair->ends), k->id, &full);
}

/* The lists are pointed into: they move with the arena. */
static void
move_list(struct series_list *to, struct series_list *from)
{
	*to = *from;
	if (to->first == NULL)
		to->last = &to->first;
}

void
series_expire(struct series *s, int64_t now)
{
	struct series *left;

	if (!is_any_dead(s, now))
		return;
	left = series_new(s->max_pairs, s->expire);
	carry_pairs(left, s, now);
	carry_rows(left, s, now);
	release(s);
	s->arena = left->arena;
	move_list(&s->pairs, &left->pairs);
	move_list(&s->traffic, &left->traffic);
	move_list(&s->findings, &left->findings);
	move_list(&s->known, &left->known);
	move_list(&s->namespaces, &left->namespaces);
	s->other = left->other;
	free(left);
}

/* Out. */

static struct series_labels
labels_of(const struct series_pair *p, const char *service, const char *protocol)
{
	return (struct series_labels){
		.source_workload = p->ends.source_workload,
		.source_workload_namespace = p->ends.source_namespace,
		.destination_workload = p->ends.destination_workload,
		.destination_workload_namespace = p->ends.destination_namespace,
		.destination_service = service,
		.protocol = protocol,
	};
}

void
series_each_traffic(const struct series *s, void (*each)(void *context, const struct series_traffic *), void *context)
{
	for (const struct traffic_row *row = series_first(&s->traffic); row != NULL; row = series_next(&row->item)) {
		struct series_traffic t = {
			.labels = labels_of(row->pair, row->service, row->protocol),
			.pair = row->pair->number,
			.encryption = row->encryption,
			.authentication = row->authentication,
			.flows = row->flows,
			.bytes = row->bytes,
		};

		each(context, &t);
	}
}

void
series_each_finding(const struct series *s, void (*each)(void *context, const struct series_finding *), void *context)
{
	for (const struct finding_row *row = series_first(&s->findings); row != NULL; row = series_next(&row->item)) {
		struct series_finding f = {
			.labels = labels_of(row->pair, row->service, row->protocol),
			.pair = row->pair->number,
			.type = row->type,
			.severity = row->severity,
			.count = row->count,
		};

		each(context, &f);
	}
}

void
series_each_policy(const struct series *s, void (*each)(void *context, const struct series_policy *), void *context)
{
	for (const struct namespace_row *n = series_first(&s->namespaces); n != NULL; n = series_next(&n->item))
		for (size_t i = 0; i < POLICY_COUNT; i++) {
			struct series_policy p = {
				.destination_workload_namespace = n->namespace,
				.policy = policies[i]->name,
				.observed = n->observed[i],
				.satisfied = (double)n->millionths[i] / 1e6,
			};

			if (p.observed > 0)
				each(context, &p);
		}
}

void
series_totals(const struct series *s, struct series_totals *out)
{
	*out = (struct series_totals){
		.pairs = s->pairs.count,
		.traffic = s->traffic.count,
		.findings = s->findings.count,
		.folded_flows = s->folded_flows,
		.ignored_findings = s->ignored_findings,
	};
}
