/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See inventory_policy.h. Rules as networking/v1 has them. Whatever is not known, an end or the
 * labels of a namespace, makes an answer "perhaps", and only what holds either way is told.
 */
#include <config.h>

#include "inventory_policy.h"

#include <netinet/in.h>
#include <string.h>

#include "geoip.h"
#include "inventory_internal.h"

/* How long plugins may take to follow a change, and we to hear of one. */
static const int64_t grace = INT64_C(10000000000);

enum answer { NO, PERHAPS, YES };

static enum answer
either(enum answer a, enum answer b)
{
	return a > b ? a : b;
}

static enum answer
both(enum answer a, enum answer b)
{
	return a < b ? a : b;
}

/* Ends. */

enum end_kind {
	END_UNKNOWN, /* a private address nobody is known to have, or a Service's */
	END_POD,
	END_NODE,    /* its pods on the host network too: policies cannot select those */
	END_OUTSIDE,
};

struct end {
	enum end_kind kind;
	const struct address *address;
	const struct pod *pod;
	const char *node;
};

static struct end
end_at(const struct inventory *inv, const struct address *a, int64_t time)
{
	struct end end = { .address = a, .node = "" };
	struct endpoint e;
	bool several;

	inventory_find(inv, a, time, &e);
	if (e.kind == ENDPOINT_WORKLOAD) {
		end.pod = inventory_pod_at(inv, a, time);
		end.kind = end.pod != NULL ? END_POD : END_UNKNOWN;
	} else if (e.kind == ENDPOINT_NODE || (e.kind == ENDPOINT_ADDRESS && inventory_sure_node(inv, a, time, &several) != NULL)) {
		end.kind = END_NODE;
		end.node = e.workload;
	} else if (e.kind == ENDPOINT_ADDRESS && geoip_is_public(a)) {
		end.kind = END_OUTSIDE;
	}
	return end;
}

/* Selectors. */

struct labels {
	const char *const *items;
	size_t count;
	const char *name; /* of a namespace of which no more is known; else NULL */
};

static bool
has_key(const char *label, const char *key)
{
	size_t size = strlen(key);

	return strncmp(label, key, size) == 0 && label[size] == '\n';
}

/* Every namespace has its name as a label; others of one that is not known may be there or not. */
static enum answer
matches_name(const struct label_requirement *r, const char *name)
{
	bool in = false;

	if (strcmp(r->key, "kubernetes.io/metadata.name") != 0)
		return PERHAPS;
	for (size_t i = 0; i < r->label_count; i++)
		in = in || strcmp(r->labels[i] + strlen(r->key) + 1, name) == 0;
	switch (r->operator) {
	case LABEL_IN:
		return in ? YES : NO;
	case LABEL_NOT_IN:
		return in ? NO : YES;
	case LABEL_EXISTS:
		return YES;
	case LABEL_DOES_NOT_EXIST:
		return NO;
	}
	return PERHAPS;
}

/* Labels are interned: equal ones are at the same place. */
static bool
is_in(const struct label_requirement *r, const struct labels *labels)
{
	for (size_t i = 0; i < labels->count; i++)
		for (size_t j = 0; j < r->label_count; j++)
			if (labels->items[i] == r->labels[j])
				return true;
	return false;
}

static bool
exists(const struct label_requirement *r, const struct labels *labels)
{
	for (size_t i = 0; i < labels->count; i++)
		if (has_key(labels->items[i], r->key))
			return true;
	return false;
}

static bool
holds(const struct label_requirement *r, const struct labels *labels)
{
	switch (r->operator) {
	case LABEL_IN:
		return is_in(r, labels);
	case LABEL_NOT_IN:
		return !is_in(r, labels);
	case LABEL_EXISTS:
		return exists(r, labels);
	case LABEL_DOES_NOT_EXIST:
		return !exists(r, labels);
	}
	return false;
}

static enum answer
selects(const struct label_selector *s, const struct labels *labels)
{
	enum answer answer = YES;

	for (size_t i = 0; i < s->requirement_count && answer != NO; i++) {
		const struct label_requirement *r = &s->requirements[i];

		answer = both(answer, labels->name != NULL ? matches_name(r, labels->name) : holds(r, labels) ? YES : NO);
	}
	return answer;
}

static struct labels
labels_of_pod(const struct pod *pod)
{
	return (struct labels){ .items = pod->labels, .count = pod->label_count };
}

/* Of two of a name, of which one is gone but was not heard to be, the one that counts for longer. */
static bool
lasts_longer(const struct object *a, const struct object *b)
{
	if (a->state == OBJECT_CURRENT || b->state == OBJECT_CURRENT)
		return a->state == OBJECT_CURRENT && (b->state != OBJECT_CURRENT || strcmp(a->uid, b->uid) > 0);
	return a->ended != b->ended ? a->ended > b->ended : strcmp(a->uid, b->uid) > 0;
}

static struct labels
labels_of_namespace(const struct inventory *inv, const char *name, int64_t time)
{
	const struct namespace *found = NULL;

	for (const struct arena_entry *e = arena_table_first(&inv->namespaces, inventory_text_hash(inv, name)); e != NULL; e = arena_table_next(e)) {
		const struct namespace *n = e->value;

		if (object_counts(&n->object, time) && strcmp(n->object.name, name) == 0 && (found == NULL || lasts_longer(&n->object, &found->object)))
			found = n;
	}
	if (found == NULL)
		return (struct labels){ .name = name };
	return (struct labels){ .items = found->labels, .count = found->label_count };
}

/* Rules. */

struct question {
	const struct inventory *inv;
	const struct end *pod, *peer, *destination; /* the one that policies select, the other, and which of them is asked at port */
	uint16_t port;
	uint8_t ip_protocol;
	int64_t time;
	bool asked_blocks; /* ranges were compared with the peer */
};

static bool
is_in_block(const struct policy_peer *p, const struct address *a)
{
	if (!address_in_range(a, &p->block))
		return false;
	for (size_t i = 0; i < p->except_count; i++)
		if (address_in_range(a, &p->except[i]))
			return false;
	return true;
}

/* A peer by selectors: pods in the policy's own namespace, or in those that are selected. */
static enum answer
selects_peer(const struct question *q, const struct network_policy *policy, const struct policy_peer *p)
{
	const char *namespace;
	struct labels labels;
	enum answer answer;

	if (q->peer->kind == END_UNKNOWN)
		return PERHAPS;
	if (q->peer->kind != END_POD)
		return NO;
	namespace = q->peer->pod->object.namespace;
	labels = labels_of_namespace(q->inv, namespace, q->time);
	answer = p->namespaces.present ? selects(&p->namespaces, &labels) : namespace == policy->object.namespace ? YES : NO;
	labels = labels_of_pod(q->peer->pod);
	return both(answer, selects(&p->pods, &labels));
}

static enum answer
allows_peer(struct question *q, const struct network_policy *policy, const struct policy_rule *rule, bool *by_address)
{
	enum answer answer = rule->peer_count == 0 ? YES : NO;

	*by_address = false;
	for (size_t i = 0; i < rule->peer_count && answer != YES; i++)
		if (!rule->peers[i].has_block)
			answer = either(answer, selects_peer(q, policy, &rule->peers[i]));
	for (size_t i = 0; i < rule->peer_count && answer != YES; i++) {
		if (!rule->peers[i].has_block)
			continue;
		q->asked_blocks = true;
		*by_address = is_in_block(&rule->peers[i], q->peer->address);
		answer = *by_address ? YES : answer;
	}
	return answer;
}

/* The same name may be other numbers in other pods. */
static enum answer
has_named_port(const struct question *q, const char *name)
{
	const struct pod *pod = q->destination->pod;

	if (q->destination->kind == END_UNKNOWN)
		return PERHAPS;
	for (size_t i = 0; pod != NULL && i < pod->port_count; i++)
		if (pod->ports[i].name == name && pod->ports[i].number == q->port && pod->ports[i].ip_protocol == q->ip_protocol)
			return YES;
	return NO;
}

static bool
has_ports(uint8_t ip_protocol)
{
	return ip_protocol == IPPROTO_TCP || ip_protocol == IPPROTO_UDP || ip_protocol == IPPROTO_SCTP;
}

static enum answer
allows_port(const struct question *q, const struct policy_rule *rule)
{
	enum answer answer = rule->port_count == 0 ? YES : NO;

	/* Policies are not specified for other protocols, ICMP among them. */
	if (!has_ports(q->ip_protocol))
		return PERHAPS;
	for (size_t i = 0; i < rule->port_count && answer != YES; i++) {
		const struct policy_port *p = &rule->ports[i];

		if (p->ip_protocol != q->ip_protocol)
			continue;
		if (p->name[0] != '\0')
			answer = either(answer, has_named_port(q, p->name));
		else if (p->first <= q->port && q->port <= p->last)
			answer = YES;
	}
	return answer;
}

/* Policies. */

/* Whether what the policy says is what it said, and was in force, when the connection began. */
static bool
is_settled(const struct network_policy *policy, int64_t time)
{
	if (policy->since != INVENTORY_TIME_OPEN && time < policy->since + grace)
		return false;
	return policy->object.state == OBJECT_CURRENT || time < policy->object.ended - grace;
}

static bool
was_there(const struct network_policy *policy, int64_t time)
{
	return object_counts(&policy->object, time) && (policy->changed || policy->since == INVENTORY_TIME_OPEN || time >= policy->since - grace);
}

/* What is known of one side so far. */
struct side {
	enum answer selected, allowed;
	const struct network_policy *selecting, *allowing;
	bool by_address;
};

static void
keep_least(const struct network_policy **kept, const struct network_policy *policy)
{
	if (*kept == NULL || strcmp(policy->object.name, (*kept)->object.name) < 0)
		*kept = policy;
}

static void
ask_rules(struct question *q, const struct network_policy *policy, const struct policy_direction *d, struct side *side)
{
	for (size_t i = 0; i < d->rule_count; i++) {
		bool by_address;
		enum answer answer = both(allows_peer(q, policy, &d->rules[i], &by_address), allows_port(q, &d->rules[i]));

		if (answer == YES) {
			/* What is sure without addresses is sure. */
			side->by_address = by_address && (side->allowed != YES || side->by_address);
			keep_least(&side->allowing, policy);
		}
		side->allowed = either(side->allowed, answer);
	}
	/* No rule can say what becomes of ICMP. */
	if (!has_ports(q->ip_protocol))
		side->allowed = either(side->allowed, PERHAPS);
}

static void
ask_policy(struct question *q, const struct network_policy *policy, bool egress, struct side *side)
{
	const struct policy_direction *d = egress ? &policy->egress : &policy->ingress;
	struct labels labels = labels_of_pod(q->pod->pod);

	if (!was_there(policy, q->time))
		return;
	if (policy->unclear || !is_settled(policy, q->time)) {
		side->selected = either(side->selected, PERHAPS);
		side->allowed = either(side->allowed, PERHAPS);
		return;
	}
	if (!d->selected || selects(&policy->pods, &labels) != YES)
		return;
	side->selected = YES;
	keep_least(&side->selecting, policy);
	ask_rules(q, policy, d, side);
}

static enum network_verdict
conclude(const struct side *side)
{
	if (side->selected == NO)
		return NETWORK_NOT_SELECTED;
	if (side->allowed == YES)
		return NETWORK_ALLOWED;
	return side->selected == YES && side->allowed == NO ? NETWORK_DENIED : NETWORK_UNKNOWN;
}

/* What the policies that select the pod say of its traffic with the peer. */
static struct network_answer
ask_side(struct question *q, bool egress)
{
	struct network_answer answer = { .egress = egress, .namespace = "", .policy = "" };
	const struct network_policy *policy;
	struct side side = { .selected = NO };
	const char *namespace;

	if (q->pod->kind == END_UNKNOWN)
		return answer;
	answer.verdict = NETWORK_NOT_SELECTED;
	if (q->pod->kind != END_POD)
		return answer;
	namespace = q->pod->pod->object.namespace;
	for (const struct arena_entry *e = arena_table_first(&q->inv->policies, inventory_text_hash(q->inv, namespace)); e != NULL; e = arena_table_next(e)) {
		policy = e->value;
		if (policy->object.namespace == namespace)
			ask_policy(q, policy, egress, &side);
	}
	answer.verdict = conclude(&side);
	policy = answer.verdict == NETWORK_ALLOWED ? side.allowing : answer.verdict == NETWORK_DENIED ? side.selecting : NULL;
	if (policy != NULL) {
		answer.namespace = policy->object.namespace;
		answer.policy = policy->object.name;
	}
	/* Which address of a node or of somebody outside a plugin would have compared is not known. */
	answer.by_address = answer.verdict == NETWORK_ALLOWED ? side.by_address : answer.verdict == NETWORK_DENIED && q->peer->kind != END_POD && q->asked_blocks;
	return answer;
}

/* A pod cannot be kept from itself, nor its own node from it. */
static bool
is_exempt(const struct end *source, const struct end *destination)
{
	const struct pod *pod = destination->pod;

	if (pod == NULL)
		return false;
	return source->pod == pod || (source->kind == END_NODE && ((pod->node[0] != '\0' && source->node == pod->node) || address_listed(&pod->host_addresses, source->address)));
}

void
inventory_policy_verdict(const struct inventory *inv, const struct address *source, const struct address *destination, uint16_t port, uint8_t ip_protocol, int64_t time, struct network_answer *out)
{
	/* How much each says of both sides together: a denial is one whatever the other says. */
	static const unsigned ranks[] = { [NETWORK_NOT_SELECTED] = 0, [NETWORK_ALLOWED] = 1, [NETWORK_UNKNOWN] = 2, [NETWORK_DENIED] = 3 };
	const struct end from = end_at(inv, source, time), to = end_at(inv, destination, time);
	struct question egress = { .inv = inv, .pod = &from, .peer = &to, .destination = &to, .port = port, .ip_protocol = ip_protocol, .time = time };
	struct question ingress = { .inv = inv, .pod = &to, .peer = &from, .destination = &to, .port = port, .ip_protocol = ip_protocol, .time = time };
	struct network_answer at_source;

	*out = (struct network_answer){ .namespace = "", .policy = "" };
	/* Where policies were never read, that there are none means nothing. */
	if (!inv->listed[OBJECT_NETWORK_POLICY])
		return;
	if (is_exempt(&from, &to)) {
		out->verdict = NETWORK_NOT_SELECTED;
		return;
	}
	at_source = ask_side(&egress, true);
	*out = ask_side(&ingress, false);
	if (ranks[at_source.verdict] > ranks[out->verdict])
		*out = at_source;
	else if (at_source.verdict == NETWORK_ALLOWED && out->verdict == NETWORK_ALLOWED)
		out->by_address = out->by_address || at_source.by_address;
}
