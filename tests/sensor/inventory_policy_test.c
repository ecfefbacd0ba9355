/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What NetworkPolicies say of a connection: each rule of networking/v1, and what is not known where
 * an end, a namespace or a policy is not. The cluster: pods web (labels app=web, tier=front) and api
 * (app=api; ports http 8080 and dns 53/UDP) in shop, db (app=db) in data, host on the host network.
 */
#include <config.h>

#include "tests/sensor/cluster_text.h"

#include <netinet/in.h>

#include "sensor/inventory_policy.h"

#define WEB "10.42.0.2"
#define API "10.42.0.3"
#define DB "10.42.1.2"
#define NODE_A "192.168.1.1"
#define NODE_B "192.168.1.2"
#define OUTSIDE "203.0.114.7"
#define STRANGER "10.42.9.9"
#define SERVICE "10.96.0.10"

static const char cluster[] =
	"{'kind':'Pod','apiVersion':'v1','metadata':{'name':'web','namespace':'shop','uid':'u1','labels':{'app':'web','tier':'front'}},'spec':{'nodeName':'node-a'},'status':{'podIP':'" WEB "','hostIP':'" NODE_A "'}},"
	"{'kind':'Pod','apiVersion':'v1','metadata':{'name':'api','namespace':'shop','uid':'u2','labels':{'app':'api'}},'spec':{'nodeName':'node-a',"
	"'containers':[{'ports':[{'name':'http','containerPort':8080},{'name':'dns','containerPort':53,'protocol':'UDP'}]}]},'status':{'podIP':'" API "','hostIP':'" NODE_A "'}},"
	"{'kind':'Pod','apiVersion':'v1','metadata':{'name':'db','namespace':'data','uid':'u3','labels':{'app':'db'}},'spec':{'nodeName':'node-b','containers':[{'ports':[{'name':'http','containerPort':80}]}]},'status':{'podIP':'" DB "','hostIP':'" NODE_B "'}},"
	"{'kind':'Pod','apiVersion':'v1','metadata':{'name':'host','namespace':'shop','uid':'u4','labels':{'app':'host'}},'spec':{'nodeName':'node-b','hostNetwork':true},'status':{'podIP':'" NODE_B "','hostIP':'" NODE_B "'}},"
	"{'kind':'Service','apiVersion':'v1','metadata':{'name':'api','namespace':'shop','uid':'u5'},'spec':{'clusterIP':'" SERVICE "','selector':{'app':'api'},'ports':[{'port':80,'targetPort':8080}]}},"
	"{'kind':'Node','apiVersion':'v1','metadata':{'name':'node-a','uid':'u6'},'status':{'addresses':[{'type':'InternalIP','address':'" NODE_A "'}]}},"
	"{'kind':'Node','apiVersion':'v1','metadata':{'name':'node-b','uid':'u7'},'status':{'addresses':[{'type':'InternalIP','address':'" NODE_B "'}]}}";

static const char namespaces[] =
	",{'kind':'Namespace','apiVersion':'v1','metadata':{'name':'shop','uid':'n1','labels':{'kubernetes.io/metadata.name':'shop','team':'green'}}}"
	",{'kind':'Namespace','apiVersion':'v1','metadata':{'name':'data','uid':'n2','labels':{'kubernetes.io/metadata.name':'data','team':'blue'}}}";

/* The cluster with policies, each a namespace, a name and a spec; more than one apart by '|'. */
static struct inventory *
with(const char *more, const char *policies)
{
	struct inventory *inv = inventory_new();
	char *copy = strdup(policies), *text = malloc(16384), *rest = copy;
	size_t size = (size_t)snprintf(text, 16384, "{'kind':'List','apiVersion':'v1','items':[%s%s", cluster, more);

	for (const char *one; (one = strsep(&rest, "|")) != NULL && *one != '\0';) {
		char namespace[32], name[32];
		int end;

		assert_int_equal(sscanf(one, "%31s %31s %n", namespace, name, &end), 2);
		size += (size_t)snprintf(text + size, 16384 - size, ",{'kind':'NetworkPolicy','apiVersion':'networking.k8s.io/v1','metadata':{'name':'%s','namespace':'%s','uid':'p-%s','creationTimestamp':'2025-01-01T00:00:00Z'},'spec':%s}", name, namespace, name, one + end);
	}
	(void)snprintf(text + size, 16384 - size, "]}");
	(void)read_text(inv, text, NULL, 0);
	free(text);
	free(copy);
	return inv;
}

static struct network_answer
ask(const struct inventory *inv, const char *source, const char *destination, uint16_t port, uint8_t ip_protocol, int64_t time)
{
	struct address from, to;
	struct network_answer answer;

	assert_true(address_parse(source, &from));
	assert_true(address_parse(destination, &to));
	inventory_policy_verdict(inv, &from, &to, port, ip_protocol, time, &answer);
	return answer;
}

struct expected {
	const char *policies, *source, *destination;
	uint16_t port;
	enum network_verdict verdict;
	const char *policy; /* NULL: "" */
	uint8_t ip_protocol; /* 0: TCP */
	bool by_address, egress;
};

static void
check(const char *more, const struct expected *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct expected *e = &rows[i];
		struct inventory *inv = with(more, e->policies), *copy = inventory_compacted(inv, at(0, 0, 0));

		for (unsigned round = 0; round < 2; round++) {
			struct network_answer a = ask(round == 0 ? inv : copy, e->source, e->destination, e->port, e->ip_protocol != 0 ? e->ip_protocol : IPPROTO_TCP, at(12, 0, 0));

			if (a.verdict != e->verdict || strcmp(a.policy, e->policy != NULL ? e->policy : "") != 0 || a.by_address != e->by_address || (e->policy != NULL && a.egress != e->egress))
				fail_msg("row %zu, round %u: %s, %s to %s: %d by \"%s\"%s%s", i, round, e->policies, e->source, e->destination, (int)a.verdict, a.policy, a.by_address ? " by address" : "", a.egress ? " egress" : "");
		}
		inventory_free(inv);
		inventory_free(copy);
	}
}

#define CHECK(more, rows) check(more, rows, sizeof(rows) / sizeof((rows)[0]))
#define ONE(spec) "shop p " spec
#define TO_API(from) ONE("{'podSelector':{'matchLabels':{'app':'api'}},'policyTypes':['Ingress'],'ingress':[{'from':[" from "]}]}")

static void
test_directions(void **state)
{
	static const struct expected rows[] = {
		/* Whom no policy selects may do anything. */
		{ "data p {'podSelector':{}}", WEB, API, 80, NETWORK_NOT_SELECTED, NULL, 0, false, false },
		{ ONE("{'podSelector':{'matchLabels':{'app':'other'}}}"), WEB, API, 80, NETWORK_NOT_SELECTED, NULL, 0, false, false },
		/* No rule with type Ingress denies all; one that is empty allows all. */
		{ ONE("{'podSelector':{}}"), WEB, API, 80, NETWORK_DENIED, "p", 0, false, false },
		{ ONE("{'podSelector':{},'policyTypes':['Ingress'],'ingress':[]}"), WEB, API, 80, NETWORK_DENIED, "p", 0, false, false },
		{ ONE("{'podSelector':{},'ingress':[{}]}"), WEB, API, 80, NETWORK_ALLOWED, "p", 0, false, false },
		{ ONE("{'podSelector':{},'ingress':[{'from':[],'ports':[]}]}"), WEB, API, 80, NETWORK_ALLOWED, "p", 0, false, false },
		{ ONE("{'podSelector':{},'ingress':[{'from':null}]}"), WEB, API, 80, NETWORK_ALLOWED, "p", 0, false, false },
		/* Without types: ingress, and egress only where there is a rule of it. */
		{ ONE("{'podSelector':{'matchLabels':{'app':'web'}}}"), WEB, API, 80, NETWORK_NOT_SELECTED, NULL, 0, false, false },
		{ ONE("{'podSelector':{'matchLabels':{'app':'web'}},'egress':[]}"), WEB, API, 80, NETWORK_NOT_SELECTED, NULL, 0, false, false },
		{ ONE("{'podSelector':{'matchLabels':{'app':'web'}},'egress':[{'to':[{'podSelector':{'matchLabels':{'app':'db'}}}]}]}"), WEB, API, 80, NETWORK_DENIED, "p", 0, false, true },
		{ ONE("{'podSelector':{'matchLabels':{'app':'web'}},'policyTypes':['Egress']}"), WEB, API, 80, NETWORK_DENIED, "p", 0, false, true },
		{ ONE("{'podSelector':{'matchLabels':{'app':'api'}},'policyTypes':['Egress']}"), WEB, API, 80, NETWORK_NOT_SELECTED, NULL, 0, false, false },
		{ ONE("{'podSelector':{'matchLabels':{'app':'web'}},'policyTypes':['Egress'],'egress':[{}]}"), WEB, API, 80, NETWORK_ALLOWED, "p", 0, false, true },
		/* Policies add up; the least name is told. */
		{ "shop b {'podSelector':{},'ingress':[{}]}|shop a {'podSelector':{}}", WEB, API, 80, NETWORK_ALLOWED, "b", 0, false, false },
		{ "shop b {'podSelector':{}}|shop a {'podSelector':{}}", WEB, API, 80, NETWORK_DENIED, "a", 0, false, false },
		/* Both sides must agree. */
		{ "shop in {'podSelector':{'matchLabels':{'app':'api'}},'ingress':[{}]}|shop out {'podSelector':{'matchLabels':{'app':'web'}},'policyTypes':['Egress']}", WEB, API, 80, NETWORK_DENIED, "out", 0, false, true },
		{ "shop in {'podSelector':{'matchLabels':{'app':'api'}}}|shop out {'podSelector':{'matchLabels':{'app':'web'}},'policyTypes':['Egress'],'egress':[{}]}", WEB, API, 80, NETWORK_DENIED, "in", 0, false, false },
		{ "shop in {'podSelector':{'matchLabels':{'app':'api'}},'ingress':[{}]}|shop out {'podSelector':{'matchLabels':{'app':'web'}},'policyTypes':['Egress'],'egress':[{}]}", WEB, API, 80, NETWORK_ALLOWED, "in", 0, false, false },
		/* Egress to what is no pod of ours. */
		{ ONE("{'podSelector':{},'policyTypes':['Egress']}"), WEB, OUTSIDE, 443, NETWORK_DENIED, "p", 0, false, true },
		{ ONE("{'podSelector':{},'policyTypes':['Ingress']}"), WEB, OUTSIDE, 443, NETWORK_NOT_SELECTED, NULL, 0, false, false },
	};

	(void)state;
	CHECK(namespaces, rows);
}

static void
test_peers(void **state)
{
	static const struct expected rows[] = {
		/* A pod selector alone is of the policy's own namespace. */
		{ TO_API("{'podSelector':{'matchLabels':{'app':'web'}}}"), WEB, API, 80, NETWORK_ALLOWED, "p", 0, false, false },
		{ TO_API("{'podSelector':{}}"), WEB, API, 80, NETWORK_ALLOWED, "p", 0, false, false },
		{ TO_API("{'podSelector':{}}"), DB, API, 80, NETWORK_DENIED, "p", 0, false, false },
		{ TO_API("{'podSelector':{'matchLabels':{'app':'web','tier':'back'}}}"), WEB, API, 80, NETWORK_DENIED, "p", 0, false, false },
		/* A namespace selector alone is all of its pods; both in one item must hold, of two items one. */
		{ TO_API("{'namespaceSelector':{'matchLabels':{'team':'blue'}}}"), DB, API, 80, NETWORK_ALLOWED, "p", 0, false, false },
		{ TO_API("{'namespaceSelector':{'matchLabels':{'team':'blue'}}}"), WEB, API, 80, NETWORK_DENIED, "p", 0, false, false },
		{ TO_API("{'namespaceSelector':{}}"), DB, API, 80, NETWORK_ALLOWED, "p", 0, false, false },
		{ TO_API("{'namespaceSelector':{'matchLabels':{'team':'blue'}},'podSelector':{'matchLabels':{'app':'db'}}}"), DB, API, 80, NETWORK_ALLOWED, "p", 0, false, false },
		{ TO_API("{'namespaceSelector':{'matchLabels':{'team':'blue'}},'podSelector':{'matchLabels':{'app':'web'}}}"), DB, API, 80, NETWORK_DENIED, "p", 0, false, false },
		{ TO_API("{'namespaceSelector':{'matchLabels':{'team':'blue'}}},{'podSelector':{'matchLabels':{'app':'web'}}}"), WEB, API, 80, NETWORK_ALLOWED, "p", 0, false, false },
		{ TO_API("{'namespaceSelector':{'matchLabels':{'kubernetes.io/metadata.name':'data'}}}"), DB, API, 80, NETWORK_ALLOWED, "p", 0, false, false },
		/* Who is no pod is selected by no selector. */
		{ TO_API("{'namespaceSelector':{}}"), OUTSIDE, API, 80, NETWORK_DENIED, "p", 0, false, false },
		{ TO_API("{'namespaceSelector':{}}"), NODE_B, API, 80, NETWORK_DENIED, "p", 0, false, false },
		{ TO_API("{'podSelector':{'matchLabels':{'app':'host'}}}"), NODE_B, API, 80, NETWORK_DENIED, "p", 0, false, false },
		/* A pod's own node and the pod itself cannot be kept from it. */
		{ ONE("{'podSelector':{}}"), NODE_A, API, 80, NETWORK_NOT_SELECTED, NULL, 0, false, false },
		{ ONE("{'podSelector':{},'policyTypes':['Ingress','Egress']}"), API, API, 80, NETWORK_NOT_SELECTED, NULL, 0, false, false },
		/* Egress to pods. */
		{ ONE("{'podSelector':{},'policyTypes':['Egress'],'egress':[{'to':[{'namespaceSelector':{'matchLabels':{'team':'blue'}}}]}]}"), WEB, DB, 80, NETWORK_ALLOWED, "p", 0, false, true },
	};

	(void)state;
	CHECK(namespaces, rows);
}

#define EXPRESSION(key, op, values) TO_API("{'podSelector':{'matchExpressions':[{'key':'" key "','operator':'" op "'" values "}]}}")

static void
test_operators(void **state)
{
	static const struct expected rows[] = {
		{ EXPRESSION("app", "In", ",'values':['db','web']"), WEB, API, 80, NETWORK_ALLOWED, "p", 0, false, false },
		{ EXPRESSION("app", "In", ",'values':['db']"), WEB, API, 80, NETWORK_DENIED, "p", 0, false, false },
		{ EXPRESSION("app", "NotIn", ",'values':['db']"), WEB, API, 80, NETWORK_ALLOWED, "p", 0, false, false },
		{ EXPRESSION("app", "NotIn", ",'values':['db','web']"), WEB, API, 80, NETWORK_DENIED, "p", 0, false, false },
		/* Also where the key is absent. */
		{ EXPRESSION("none", "NotIn", ",'values':['db']"), WEB, API, 80, NETWORK_ALLOWED, "p", 0, false, false },
		{ EXPRESSION("tier", "Exists", ""), WEB, API, 80, NETWORK_ALLOWED, "p", 0, false, false },
		{ EXPRESSION("tie", "Exists", ""), WEB, API, 80, NETWORK_DENIED, "p", 0, false, false },
		{ EXPRESSION("tier", "DoesNotExist", ""), WEB, API, 80, NETWORK_DENIED, "p", 0, false, false },
		{ EXPRESSION("tie", "DoesNotExist", ",'values':[]"), WEB, API, 80, NETWORK_ALLOWED, "p", 0, false, false },
		/* All must hold. */
		{ TO_API("{'podSelector':{'matchLabels':{'app':'web'},'matchExpressions':[{'key':'tier','operator':'Exists'},{'key':'app','operator':'NotIn','values':['web']}]}}"), WEB, API, 80, NETWORK_DENIED, "p", 0, false, false },
		{ TO_API("{'podSelector':{'matchLabels':{'app':'web'},'matchExpressions':[{'key':'tier','operator':'Exists'}]}}"), WEB, API, 80, NETWORK_ALLOWED, "p", 0, false, false },
		/* What is not understood is not guessed. */
		{ EXPRESSION("app", "Like", ",'values':['w*']"), WEB, API, 80, NETWORK_UNKNOWN, NULL, 0, false, false },
		{ TO_API("{'podSelector':{'matchExpressions':[null]}}"), WEB, API, 80, NETWORK_UNKNOWN, NULL, 0, false, false },
		{ TO_API("{'fancySelector':{}}"), WEB, API, 80, NETWORK_UNKNOWN, NULL, 0, false, false },
		{ TO_API("null"), WEB, API, 80, NETWORK_UNKNOWN, NULL, 0, false, false },
		{ ONE("{'podSelector':{},'policyTypes':['Sideways']}"), WEB, API, 80, NETWORK_UNKNOWN, NULL, 0, false, false },
		/* But what another allows is allowed. */
		{ "shop p {'podSelector':{},'policyTypes':['Sideways']}|shop q {'podSelector':{},'ingress':[{}]}", DB, API, 80, NETWORK_ALLOWED, "q", 0, false, false },
		{ "shop p {'podSelector':{},'policyTypes':['Sideways']}|shop q {'podSelector':{}}", WEB, API, 80, NETWORK_UNKNOWN, NULL, 0, false, false },
	};

	(void)state;
	CHECK(namespaces, rows);
}

static void
test_blocks(void **state)
{
	static const struct expected rows[] = {
		{ TO_API("{'ipBlock':{'cidr':'203.0.114.0/24'}}"), OUTSIDE, API, 80, NETWORK_ALLOWED, "p", 0, true, false },
		{ TO_API("{'ipBlock':{'cidr':'203.0.114.99/24'}}"), OUTSIDE, API, 80, NETWORK_ALLOWED, "p", 0, true, false },
		{ TO_API("{'ipBlock':{'cidr':'203.0.115.0/24'}}"), OUTSIDE, API, 80, NETWORK_DENIED, "p", 0, true, false },
		{ TO_API("{'ipBlock':{'cidr':'0.0.0.0/0'}}"), OUTSIDE, API, 80, NETWORK_ALLOWED, "p", 0, true, false },
		{ TO_API("{'ipBlock':{'cidr':'0.0.0.0/0','except':['203.0.114.0/28','10.0.0.0/8']}}"), OUTSIDE, API, 80, NETWORK_DENIED, "p", 0, true, false },
		{ TO_API("{'ipBlock':{'cidr':'0.0.0.0/0','except':['203.0.114.0/29']}},{'ipBlock':{'cidr':'203.0.114.7/32'}}"), OUTSIDE, API, 80, NETWORK_ALLOWED, "p", 0, true, false },
		{ TO_API("{'ipBlock':{'cidr':'::/0'}}"), OUTSIDE, API, 80, NETWORK_DENIED, "p", 0, true, false },
		{ TO_API("{'ipBlock':{'cidr':'::/0'}}"), "2606:4700::1", API, 80, NETWORK_ALLOWED, "p", 0, true, false },
		{ TO_API("{'ipBlock':{'cidr':'2606:4700::/29','except':['2606:4700::/127']}}"), "2606:4700::1", API, 80, NETWORK_DENIED, "p", 0, true, false },
		/* Whether a range is of pods too depends on the plugin; where a selector allows as well, it does not matter. */
		{ TO_API("{'ipBlock':{'cidr':'10.42.0.0/16'}}"), DB, API, 80, NETWORK_ALLOWED, "p", 0, true, false },
		{ TO_API("{'ipBlock':{'cidr':'10.42.0.0/16'}},{'namespaceSelector':{}}"), DB, API, 80, NETWORK_ALLOWED, "p", 0, false, false },
		{ TO_API("{'ipBlock':{'cidr':'10.43.0.0/16'}}"), DB, API, 80, NETWORK_DENIED, "p", 0, false, false },
		{ "shop p {'podSelector':{},'ingress':[{'from':[{'ipBlock':{'cidr':'10.42.0.0/16'}}]},{'from':[{'namespaceSelector':{}}]}]}", DB, API, 80, NETWORK_ALLOWED, "p", 0, false, false },
		/* Ranges as only old objects have them. */
		{ TO_API("{'ipBlock':{'cidr':'010.0.0.0/8'}}"), OUTSIDE, API, 80, NETWORK_UNKNOWN, NULL, 0, false, false },
		{ TO_API("{'ipBlock':{}}"), OUTSIDE, API, 80, NETWORK_UNKNOWN, NULL, 0, false, false },
		{ TO_API("{'ipBlock':{'cidr':'0.0.0.0/0','except':['x']}}"), OUTSIDE, API, 80, NETWORK_UNKNOWN, NULL, 0, false, false },
	};

	(void)state;
	CHECK(namespaces, rows);
}

#define PORTS(list) ONE("{'podSelector':{},'ingress':[{'ports':[" list "]}]}")

static void
test_ports(void **state)
{
	static const struct expected rows[] = {
		{ PORTS("{'port':8080}"), WEB, API, 8080, NETWORK_ALLOWED, "p", 0, false, false },
		{ PORTS("{'port':8080}"), WEB, API, 8081, NETWORK_DENIED, "p", 0, false, false },
		/* TCP where none is told. */
		{ PORTS("{'port':8080}"), WEB, API, 8080, NETWORK_DENIED, "p", IPPROTO_UDP, false, false },
		{ PORTS("{'port':8080,'protocol':'UDP'}"), WEB, API, 8080, NETWORK_ALLOWED, "p", IPPROTO_UDP, false, false },
		{ PORTS("{'port':8080,'protocol':'SCTP'}"), WEB, API, 8080, NETWORK_ALLOWED, "p", IPPROTO_SCTP, false, false },
		{ PORTS("{'protocol':'UDP'}"), WEB, API, 9, NETWORK_ALLOWED, "p", IPPROTO_UDP, false, false },
		{ PORTS("{'protocol':'UDP'}"), WEB, API, 9, NETWORK_DENIED, "p", 0, false, false },
		{ PORTS("{'port':8000,'endPort':8080}"), WEB, API, 8000, NETWORK_ALLOWED, "p", 0, false, false },
		{ PORTS("{'port':8000,'endPort':8080}"), WEB, API, 8080, NETWORK_ALLOWED, "p", 0, false, false },
		{ PORTS("{'port':8000,'endPort':8080}"), WEB, API, 8081, NETWORK_DENIED, "p", 0, false, false },
		{ PORTS("{'port':8000,'endPort':8080}"), WEB, API, 7999, NETWORK_DENIED, "p", 0, false, false },
		/* Named ports are the destination's, with their protocol. */
		{ PORTS("{'port':'http'}"), WEB, API, 8080, NETWORK_ALLOWED, "p", 0, false, false },
		{ PORTS("{'port':'http'}"), WEB, API, 80, NETWORK_DENIED, "p", 0, false, false },
		{ PORTS("{'port':'http','protocol':'UDP'}"), WEB, API, 8080, NETWORK_DENIED, "p", IPPROTO_UDP, false, false },
		{ PORTS("{'port':'dns','protocol':'UDP'}"), WEB, API, 53, NETWORK_ALLOWED, "p", IPPROTO_UDP, false, false },
		{ ONE("{'podSelector':{},'policyTypes':['Egress'],'egress':[{'ports':[{'port':'http'}]}]}"), WEB, DB, 80, NETWORK_ALLOWED, "p", 0, false, true },
		{ ONE("{'podSelector':{},'policyTypes':['Egress'],'egress':[{'ports':[{'port':'http'}]}]}"), WEB, DB, 8080, NETWORK_DENIED, "p", 0, false, true },
		{ ONE("{'podSelector':{},'policyTypes':['Egress'],'egress':[{'ports':[{'port':'http'}]}]}"), WEB, OUTSIDE, 80, NETWORK_DENIED, "p", 0, false, true },
		/* Peer and port must hold in one rule. */
		{ ONE("{'podSelector':{},'ingress':[{'from':[{'podSelector':{}}],'ports':[{'port':1}]},{'from':[{'namespaceSelector':{'matchLabels':{'team':'blue'}}}]}]}"), WEB, API, 2, NETWORK_DENIED, "p", 0, false, false },
		{ ONE("{'podSelector':{},'ingress':[{'from':[{'podSelector':{}}],'ports':[{'port':1}]},{'from':[{'namespaceSelector':{'matchLabels':{'team':'blue'}}}]}]}"), WEB, API, 1, NETWORK_ALLOWED, "p", 0, false, false },
		/* No policy speaks of ICMP. */
		{ ONE("{'podSelector':{},'ingress':[{}]}"), WEB, API, 0, NETWORK_UNKNOWN, NULL, IPPROTO_ICMP, false, false },
		{ ONE("{'podSelector':{}}"), WEB, API, 0, NETWORK_UNKNOWN, NULL, IPPROTO_ICMP, false, false },
		{ "data p {'podSelector':{}}", WEB, API, 0, NETWORK_NOT_SELECTED, NULL, IPPROTO_ICMP, false, false },
	};

	(void)state;
	CHECK(namespaces, rows);
}

static void
test_unknown(void **state)
{
	static const struct expected rows[] = {
		/* Without any policy nobody knows whether there are any. */
		{ "", WEB, API, 80, NETWORK_UNKNOWN, NULL, 0, false, false },
		/* A private address that nobody has may be a pod. */
		{ TO_API("{'podSelector':{}}"), STRANGER, API, 80, NETWORK_UNKNOWN, NULL, 0, false, false },
		{ ONE("{'podSelector':{}}"), STRANGER, API, 80, NETWORK_DENIED, "p", 0, false, false },
		{ ONE("{'podSelector':{},'policyTypes':['Egress'],'egress':[{'ports':[{'port':'http'}]}]}"), WEB, STRANGER, 80, NETWORK_UNKNOWN, NULL, 0, false, false },
		/* A Service's address is not what policies see. */
		{ ONE("{'podSelector':{'matchLabels':{'app':'api'}},'ingress':[{}]}"), WEB, SERVICE, 80, NETWORK_UNKNOWN, NULL, 0, false, false },
		{ ONE("{'podSelector':{},'policyTypes':['Egress']}"), WEB, SERVICE, 80, NETWORK_DENIED, "p", 0, false, true },
	};
	/* Of namespaces nothing but the names is known. */
	static const struct expected nameless[] = {
		{ TO_API("{'namespaceSelector':{'matchLabels':{'team':'blue'}}}"), DB, API, 80, NETWORK_UNKNOWN, NULL, 0, false, false },
		{ TO_API("{'namespaceSelector':{}}"), DB, API, 80, NETWORK_ALLOWED, "p", 0, false, false },
		{ TO_API("{'namespaceSelector':{'matchLabels':{'kubernetes.io/metadata.name':'data'}}}"), DB, API, 80, NETWORK_ALLOWED, "p", 0, false, false },
		{ TO_API("{'namespaceSelector':{'matchLabels':{'kubernetes.io/metadata.name':'shop'}}}"), DB, API, 80, NETWORK_DENIED, "p", 0, false, false },
		{ TO_API("{'namespaceSelector':{'matchExpressions':[{'key':'kubernetes.io/metadata.name','operator':'NotIn','values':['shop']}]}}"), DB, API, 80, NETWORK_ALLOWED, "p", 0, false, false },
		{ TO_API("{'namespaceSelector':{'matchExpressions':[{'key':'kubernetes.io/metadata.name','operator':'DoesNotExist'}]}}"), DB, API, 80, NETWORK_DENIED, "p", 0, false, false },
		{ TO_API("{'namespaceSelector':{'matchLabels':{'team':'blue','kubernetes.io/metadata.name':'shop'}}}"), DB, API, 80, NETWORK_DENIED, "p", 0, false, false },
	};

	(void)state;
	CHECK(namespaces, rows);
	CHECK("", nameless);
}

/* A policy of which more is told than is kept. */
static void
test_large(void **state)
{
	char *text = malloc(2000000);
	size_t size = (size_t)snprintf(text, 2000000, "{'kind':'List','apiVersion':'v1','items':[%s,{'kind':'NetworkPolicy','apiVersion':'networking.k8s.io/v1','metadata':{'name':'p','namespace':'shop','uid':'p'},'spec':{'podSelector':{},'ingress':[{'from':[", cluster);
	struct inventory *inv = inventory_new();

	(void)state;
	for (unsigned i = 0; i < 17000; i++)
		size += (size_t)snprintf(text + size, 2000000 - size, "%s{'podSelector':{}}", i > 0 ? "," : "");
	(void)snprintf(text + size, 2000000 - size, "]}]}}]}");
	(void)read_text(inv, text, NULL, 0);
	assert_int_equal(ask(inv, WEB, API, 80, IPPROTO_TCP, at(12, 0, 0)).verdict, NETWORK_UNKNOWN);
	inventory_free(inv);
	free(text);
}

static void
policy_event(struct inventory *inv, bool deleted, int64_t time, const char *version, const char *spec)
{
	char text[1024], error[256] = "";

	(void)snprintf(text, sizeof(text), "{'kind':'NetworkPolicy','apiVersion':'networking.k8s.io/v1','metadata':{'name':'p','namespace':'shop','uid':'p','resourceVersion':'%s','creationTimestamp':'2026-01-01T10:00:00Z'},'spec':%s}", version, spec);
	for (char *c = text; *c != '\0'; c++)
		*c = *c == '\'' ? '"' : *c;
	if (deleted)
		assert_true(cluster_json_remove_object(inv, "NetworkPolicy", time, text, strlen(text), NULL, error, sizeof(error)));
	else
		assert_true(cluster_json_read_object(inv, "NetworkPolicy", time, text, strlen(text), NULL, error, sizeof(error)));
}

/* Who made a policy, changed it or took it away, and when the plugins followed, races with connections. */
static void
test_times(void **state)
{
	static const struct {
		int64_t seconds; /* of the day */
		enum network_verdict verdict;
	} rows[] = {
		{ 9 * 3600, NETWORK_NOT_SELECTED }, { 36000 - 11, NETWORK_NOT_SELECTED }, { 36000 - 5, NETWORK_UNKNOWN }, { 36000 + 5, NETWORK_UNKNOWN },
		{ 36000 + 11, NETWORK_UNKNOWN }, { 39600 - 1, NETWORK_UNKNOWN }, /* what it said before 11:00 is not kept */
		{ 39600 + 5, NETWORK_UNKNOWN }, { 39600 + 11, NETWORK_ALLOWED }, { 43200 - 11, NETWORK_ALLOWED }, { 43200 - 5, NETWORK_UNKNOWN }, { 43200, NETWORK_NOT_SELECTED },
	};
	struct inventory *inv = with(namespaces, "");

	(void)state;
	inventory_relist_begin(inv, OBJECT_NETWORK_POLICY);
	assert_int_equal(ask(inv, WEB, API, 80, IPPROTO_TCP, at(9, 0, 0)).verdict, NETWORK_UNKNOWN);
	inventory_relist_end(inv, OBJECT_NETWORK_POLICY, at(8, 0, 0));
	assert_int_equal(ask(inv, WEB, API, 80, IPPROTO_TCP, at(9, 0, 0)).verdict, NETWORK_NOT_SELECTED);
	policy_event(inv, false, at(10, 0, 1), "10", "{'podSelector':{}}");
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(ask(inv, WEB, API, 80, IPPROTO_TCP, at(0, 0, (int)rows[i].seconds)).verdict, rows[i].verdict);
	assert_int_equal(ask(inv, WEB, API, 80, IPPROTO_TCP, at(10, 0, 11)).verdict, NETWORK_DENIED);
	policy_event(inv, false, at(11, 0, 0), "11", "{'podSelector':{},'ingress':[{}]}");
	policy_event(inv, true, at(12, 0, 0), "12", "{'podSelector':{},'ingress':[{}]}");
	for (size_t i = 4; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct inventory *copy = inventory_compacted(inv, at(0, 0, (int)rows[i].seconds));

		assert_int_equal(ask(inv, WEB, API, 80, IPPROTO_TCP, at(0, 0, (int)rows[i].seconds)).verdict, rows[i].verdict);
		assert_int_equal(ask(copy, WEB, API, 80, IPPROTO_TCP, at(0, 0, (int)rows[i].seconds)).verdict, rows[i].verdict);
		inventory_free(copy);
	}
	inventory_free(inv);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_directions),
		cmocka_unit_test(test_peers),
		cmocka_unit_test(test_operators),
		cmocka_unit_test(test_blocks),
		cmocka_unit_test(test_ports),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_times),
	};

	return cmocka_run_group_tests_name("sensor/inventory_policy", tests, NULL, NULL);
}
