/* SPDX-License-Identifier: Apache-2.0 */
/* Who had an address when, owner chains, and Services in front of and behind a port. */
#include <config.h>

#include "tests/sensor/cluster_text.h"

#include <netinet/in.h>

#define OWNER(kind, name) "'ownerReferences':[{'kind':'" kind "','name':'" name "','uid':'uid-" name "','controller':true}]"

static struct inventory *
inventory_of(const char *items)
{
	struct inventory *inv = inventory_new();
	char *text = NULL;

	assert_true(asprintf(&text, "{'apiVersion':'v1','kind':'List','items':[%s]}", items) > 0);
	assert_true(read_text(inv, text, NULL, 0));
	free(text);
	return inv;
}

static struct address
address(const char *text)
{
	struct address a;

	assert_true(address_parse(text, &a));
	return a;
}

static struct endpoint
find(const struct inventory *inv, const char *text, int64_t time)
{
	struct address a = address(text);
	struct endpoint e;

	inventory_find(inv, &a, time, &e);
	return e;
}

static void
assert_pod(const struct inventory *inv, const char *text, int64_t time, const char *pod)
{
	struct endpoint e = find(inv, text, time);

	assert_string_equal(e.pod, pod);
	assert_int_equal(e.kind, pod[0] != '\0' ? ENDPOINT_WORKLOAD : ENDPOINT_ADDRESS);
}

static void
assert_workload(const char *metadata, const char *spec, const char *kind, const char *name)
{
	char *items = NULL;
	struct inventory *inv;
	struct endpoint e;

	assert_true(asprintf(&items, "{'kind':'Pod','apiVersion':'v1','metadata':{'uid':'1','namespace':'shop',%s},'spec':{%s},'status':{'podIP':'10.42.0.5'}}", metadata, spec) > 0);
	inv = inventory_of(items);
	e = find(inv, "10.42.0.5", at(12, 0, 0));
	assert_string_equal(e.workload_kind, kind);
	assert_string_equal(e.workload, name);
	assert_string_equal(e.namespace, "shop");
	inventory_free(inv);
	free(items);
}

/* A pod called name with 10.42.0.5, and of the given phase, start and (if not "") end. */
static char *
pod_text(const char *name, const char *phase, const char *start, const char *end)
{
	char *text = NULL, ended[128] = "";

	if (end[0] != '\0')
		(void)snprintf(ended, sizeof(ended), "'containerStatuses':[{'state':{'terminated':{'finishedAt':'2026-01-01T%sZ'}}}],", end);
	assert_true(asprintf(&text, "{'kind':'Pod','apiVersion':'v1','metadata':{'name':'%s','uid':'uid-%s','namespace':'shop'},'spec':{'serviceAccountName':'robot'},'status':{'phase':'%s',%s'startTime':'2026-01-01T%sZ','podIP':'10.42.0.5','podIPs':[{'ip':'10.42.0.5'},{'ip':'fd00::5'}]}}", name, name, phase, ended, start) > 0);
	return text;
}

static struct inventory *
inventory_of_pods(char *pods[], size_t count)
{
	struct inventory *inv = inventory_new();

	for (size_t i = 0; i < count; i++) {
		assert_true(read_text(inv, pods[i], NULL, 0));
		free(pods[i]);
	}
	return inv;
}

static void
empty(void **state)
{
	struct inventory *inv = inventory_new();
	struct address a = address("10.42.0.5");
	struct service_name s;
	struct endpoint e;

	(void)state;
	assert_false(inventory_has_objects(inv));
	e = find(inv, "10.42.0.5", 0);
	assert_int_equal(e.kind, ENDPOINT_ADDRESS);
	assert_string_equal(e.namespace, "");
	assert_string_equal(e.workload_kind, "");
	assert_string_equal(e.workload, "");
	assert_string_equal(e.pod, "");
	assert_string_equal(e.service_account, "");
	assert_false(inventory_service_at(inv, &a, 80, IPPROTO_TCP, at(12, 0, 0), &s));
	assert_false(inventory_service_behind(inv, &a, 80, IPPROTO_TCP, 0, &s));
	assert_int_equal(inventory_warning_count(inv), 0);
	assert_string_equal(inventory_warning(inv, 0), "");
	inventory_free(inv);
	inventory_free(NULL);
}

static void
running_pod(void **state)
{
	char *pods[] = { pod_text("web", "Running", "10:00:00", "") };
	struct inventory *inv = inventory_of_pods(pods, 1);
	struct endpoint e = find(inv, "fd00::5", at(23, 0, 0));

	(void)state;
	assert_true(inventory_has_objects(inv));
	assert_int_equal(e.kind, ENDPOINT_WORKLOAD);
	assert_string_equal(e.namespace, "shop");
	assert_string_equal(e.workload_kind, "Pod");
	assert_string_equal(e.workload, "web");
	assert_string_equal(e.service_account, "robot");
	assert_pod(inv, "10.42.0.5", at(10, 0, 0), "web");
	/* Clocks: up to two seconds early, no more. */
	assert_pod(inv, "10.42.0.5", at(9, 59, 58), "web");
	assert_pod(inv, "10.42.0.5", at(9, 59, 58) - 1, "");
	assert_pod(inv, "10.42.0.6", at(10, 0, 0), "");
	inventory_free(inv);
}

static void
finished_pods_end(void **state)
{
	char *pods[] = {
		pod_text("migrate", "Succeeded", "10:00:00", "10:05:00"),
		pod_text("report", "Failed", "11:00:00", ""),
		pod_text("web", "Running", "12:00:00", ""),
	};
	struct inventory *inv = inventory_of_pods(pods, 3);

	(void)state;
	assert_pod(inv, "10.42.0.5", at(10, 0, 0), "migrate");
	/* The end is cut to its second. */
	assert_pod(inv, "10.42.0.5", at(10, 5, 1) - 1, "migrate");
	assert_pod(inv, "10.42.0.5", at(10, 5, 1), "");
	/* Nobody knows when this one ended, so it has nothing. */
	assert_pod(inv, "10.42.0.5", at(11, 0, 1), "");
	assert_pod(inv, "10.42.0.5", at(11, 59, 59), "web");
	assert_pod(inv, "10.42.0.5", at(12, 0, 1), "web");
	assert_int_equal(inventory_warning_count(inv), 0);
	inventory_free(inv);
}

static void
overlapping_claims(void **state)
{
	char *pods[] = {
		pod_text("old", "Running", "10:00:00", ""),
		pod_text("new", "Running", "11:00:00", ""),
		pod_text("job", "Succeeded", "11:30:00", "12:30:00"),
	};
	struct inventory *inv = inventory_of_pods(pods, 3);

	(void)state;
	assert_pod(inv, "10.42.0.5", at(10, 30, 0), "old");
	assert_pod(inv, "10.42.0.5", at(11, 15, 0), "new");
	/* A running pod beats a finished one, though it started earlier. */
	assert_pod(inv, "10.42.0.5", at(12, 0, 0), "new");
	assert_int_equal(inventory_warning_count(inv), 2);
	assert_string_equal(inventory_warning(inv, 0), "10.42.0.5: 2 pods that have not finished claim it, among them shop/new and shop/old; the one that started last is taken to have it");
	assert_non_null(strstr(inventory_warning(inv, 1), "fd00::5: 2 pods"));
	inventory_free(inv);
}

static void
equal_claims_name_nobody(void **state)
{
	char *two[] = { pod_text("a", "Running", "10:00:00", ""), pod_text("b", "Running", "10:00:00", "") };
	char *four[] = { pod_text("a", "Running", "10:00:00", ""), pod_text("b", "Running", "10:00:00", ""), pod_text("c", "Running", "11:00:00", ""), pod_text("d", "Running", "09:00:00", "") };
	struct inventory *inv = inventory_of_pods(two, 2);

	(void)state;
	assert_pod(inv, "10.42.0.5", at(11, 0, 0), "");
	assert_pod(inv, "10.42.0.5", at(9, 59, 59), "");
	inventory_free(inv);
	inv = inventory_of_pods(four, 4);
	assert_pod(inv, "10.42.0.5", at(9, 30, 0), "d");
	assert_pod(inv, "10.42.0.5", at(10, 30, 0), "");
	assert_pod(inv, "10.42.0.5", at(11, 30, 0), "c");
	inventory_free(inv);
}

static void
terminating_pod_owns(void **state)
{
	struct inventory *inv = inventory_of("{'kind':'Pod','apiVersion':'v1','metadata':{'uid':'1','name':'slow','namespace':'shop','deletionTimestamp':'2026-01-01T11:00:00Z','creationTimestamp':'2026-01-01T10:00:00Z'},'status':{'phase':'Running','podIP':'10.42.0.5'}}");

	(void)state;
	assert_pod(inv, "10.42.0.5", at(12, 0, 0), "slow");
	/* Without status.startTime the creation is the start. */
	assert_pod(inv, "10.42.0.5", at(9, 0, 0), "");
	inventory_free(inv);
}

static void
pods_without_start(void **state)
{
	struct inventory *inv = inventory_of("{'kind':'Pod','apiVersion':'v1','metadata':{'uid':'1','name':'web'},'status':{'podIP':'10.42.0.5'}}");

	(void)state;
	assert_pod(inv, "10.42.0.5", 1, "web");
	assert_int_equal(inventory_warning_count(inv), 1);
	assert_non_null(strstr(inventory_warning(inv, 0), "1 pods have no start time"));
	inventory_free(inv);
}

static void
newer_version_counts(void **state)
{
	static const char *const format = "{'kind':'Pod','apiVersion':'v1','metadata':{'uid':'1','name':'web','resourceVersion':'%s'},'status':{'podIP':'%s'}}";
	static const struct {
		const char *first, *second;
		bool second_wins;
	} cases[] = { { "999", "1000", true }, { "1000", "999", false }, { "18446744073709551617", "18446744073709551618", true }, { "5", "5", false }, { "", "5", true } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct inventory *inv = inventory_new();
		char text[256];

		(void)snprintf(text, sizeof(text), format, cases[i].first, "10.42.0.1");
		assert_true(read_text(inv, text, NULL, 0));
		(void)snprintf(text, sizeof(text), format, cases[i].second, "10.42.0.2");
		assert_true(read_text(inv, text, NULL, 0));
		assert_pod(inv, "10.42.0.1", 1, cases[i].second_wins ? "" : "web");
		assert_pod(inv, "10.42.0.2", 1, cases[i].second_wins ? "web" : "");
		inventory_free(inv);
	}
}

static void
owner_chains(void **state)
{
	(void)state;
	assert_workload("'name':'p'", "", "Pod", "p");
	assert_workload("'name':'p'," OWNER("StatefulSet", "db"), "", "StatefulSet", "db");
	assert_workload("'name':'p'," OWNER("DaemonSet", "agent"), "", "DaemonSet", "agent");
	assert_workload("'name':'p'," OWNER("Workflow", "build"), "", "Workflow", "build");
	/* Deployment: only where the label repeats the end of the ReplicaSet's name. */
	assert_workload("'name':'p','labels':{'pod-template-hash':'5d4'}," OWNER("ReplicaSet", "web-5d4"), "", "Deployment", "web");
	assert_workload("'name':'p','labels':{'pod-template-hash':'6e5'}," OWNER("ReplicaSet", "web-5d4"), "", "ReplicaSet", "web-5d4");
	assert_workload("'name':'p','labels':{'pod-template-hash-2':'5d4'}," OWNER("ReplicaSet", "web-5d4"), "", "ReplicaSet", "web-5d4");
	assert_workload("'name':'p','labels':{'pod-template-hash':''}," OWNER("ReplicaSet", "web-"), "", "ReplicaSet", "web-");
	assert_workload("'name':'p'," OWNER("ReplicaSet", "web-5d4"), "", "ReplicaSet", "web-5d4");
	/* Static pods. */
	assert_workload("'name':'etcd-node-a'," OWNER("Node", "node-a"), "'nodeName':'node-a'", "Pod", "etcd");
	assert_workload("'name':'etcd-node-a'," OWNER("Node", "node-a"), "", "Pod", "etcd");
	assert_workload("'name':'etcd'," OWNER("Node", "node-a"), "'nodeName':'node-a'", "Pod", "etcd");
	/* Only the owner that controls. */
	assert_workload("'name':'p','ownerReferences':[{'kind':'ReplicaSet','name':'web','uid':'1'},{'kind':'StatefulSet','name':'db','uid':'2','controller':true}]", "", "StatefulSet", "db");
	assert_workload("'name':'p','ownerReferences':[{'kind':'ReplicaSet','name':'web','uid':'1','controller':false}]", "", "Pod", "p");
	assert_workload("'name':'p','ownerReferences':[{'kind':'','name':'web','controller':true}]", "", "Pod", "p");
}

static void
cronjobs(void **state)
{
	(void)state;
	/* 29453760 minutes, 1767225600 seconds: 2026-01-01T00:00. */
	assert_workload("'name':'p','creationTimestamp':'2026-01-01T00:00:03Z'," OWNER("Job", "nightly-29453760"), "", "CronJob", "nightly");
	assert_workload("'name':'p','creationTimestamp':'2026-01-01T00:00:03Z'," OWNER("Job", "nightly-1767225600"), "", "CronJob", "nightly");
	assert_workload("'name':'p'," OWNER("Job", "nightly-29453760"), "", "CronJob", "nightly");
	/* A date, a time to come, too few digits, too many, something else at the end, nothing before. */
	assert_workload("'name':'p','creationTimestamp':'2026-01-01T00:00:03Z'," OWNER("Job", "backup-20260101"), "", "Job", "backup-20260101");
	assert_workload("'name':'p','creationTimestamp':'2025-12-31T00:00:00Z'," OWNER("Job", "nightly-29453760"), "", "Job", "nightly-29453760");
	assert_workload("'name':'p'," OWNER("Job", "nightly-1234567"), "", "Job", "nightly-1234567");
	assert_workload("'name':'p'," OWNER("Job", "nightly-12345678901"), "", "Job", "nightly-12345678901");
	assert_workload("'name':'p'," OWNER("Job", "nightly-29453760x"), "", "Job", "nightly-29453760x");
	assert_workload("'name':'p'," OWNER("Job", "-29453760"), "", "Job", "-29453760");
	assert_workload("'name':'p'," OWNER("Job", "migrate"), "", "Job", "migrate");
	/* Only a Job's name is read so. */
	assert_workload("'name':'p'," OWNER("StatefulSet", "nightly-29453760"), "", "StatefulSet", "nightly-29453760");
}

static void
owners_in_the_dump(void **state)
{
	static const char *const pods =
		"{'kind':'Pod','apiVersion':'v1','metadata':{'uid':'1','name':'a','labels':{'pod-template-hash':'5d4'}," OWNER("ReplicaSet", "web-5d4") "},'status':{'podIP':'10.42.0.1'}},"
		"{'kind':'Pod','apiVersion':'v1','metadata':{'uid':'2','name':'b'," OWNER("Job", "tidy-manual") "},'status':{'podIP':'10.42.0.2'}},"
		"{'kind':'Pod','apiVersion':'v1','metadata':{'uid':'3','name':'c','labels':{'pod-template-hash':'1'}," OWNER("ReplicaSet", "lone-1") "},'status':{'podIP':'10.42.0.3'}},"
		"{'kind':'ReplicaSet','apiVersion':'apps/v1','metadata':{'uid':'uid-web-5d4','name':'web-5d4'," OWNER("Rollout", "shop-web") "}},"
		"{'kind':'Job','apiVersion':'batch/v1','metadata':{'uid':'uid-tidy-manual','name':'tidy-manual'," OWNER("CronJob", "tidy") "}},"
		"{'kind':'ReplicaSet','apiVersion':'apps/v1','metadata':{'uid':'uid-lone-1','name':'lone-1'}}";
	struct inventory *inv = inventory_of(pods);
	struct endpoint e = find(inv, "10.42.0.1", 1);

	(void)state;
	assert_string_equal(e.workload_kind, "Rollout");
	assert_string_equal(e.workload, "shop-web");
	e = find(inv, "10.42.0.2", 1);
	assert_string_equal(e.workload_kind, "CronJob");
	assert_string_equal(e.workload, "tidy");
	/* The object says that nobody controls it, whatever labels look like. */
	e = find(inv, "10.42.0.3", 1);
	assert_string_equal(e.workload_kind, "ReplicaSet");
	assert_string_equal(e.workload, "lone-1");
	inventory_free(inv);
}

#define NODE(name, uid, ip) "{'kind':'Node','apiVersion':'v1','metadata':{'name':'" name "','uid':'" uid "'},'spec':{'podCIDR':'10.42.3.77/24','podCIDRs':['10.42.3.77/24','fd00:10:42:3::/64']},'status':{'addresses':[{'type':'InternalIP','address':'" ip "'},{'type':'ExternalIP','address':'203.0.113.1'},{'type':'Hostname','address':'" name "'}]}}"

static void
assert_node(const struct inventory *inv, const char *text, const char *name)
{
	struct endpoint e = find(inv, text, at(12, 0, 0));

	assert_string_equal(e.workload, name);
	assert_int_equal(e.kind, name[0] != '\0' ? ENDPOINT_NODE : ENDPOINT_ADDRESS);
	assert_string_equal(e.workload_kind, name[0] != '\0' ? "Node" : "");
	assert_string_equal(e.namespace, "");
	assert_string_equal(e.pod, "");
}

static void
node_addresses(void **state)
{
	struct inventory *inv = inventory_of(NODE("node-a", "n1", "192.0.2.1") ",{'kind':'Node','apiVersion':'v1','metadata':{'name':'tiny','uid':'n2'},'spec':{'podCIDRs':['10.9.0.5/32','10.9.1.0/22','']}}");

	(void)state;
	assert_node(inv, "192.0.2.1", "node-a");
	assert_node(inv, "203.0.113.1", "node-a");
	assert_node(inv, "10.42.3.0", "node-a");
	assert_node(inv, "10.42.3.1", "node-a");
	assert_node(inv, "10.42.3.2", "");
	assert_node(inv, "10.42.3.77", "");
	assert_node(inv, "fd00:10:42:3::", "node-a");
	assert_node(inv, "fd00:10:42:3::1", "node-a");
	assert_node(inv, "fd00:10:42:3::2", "");
	assert_node(inv, "10.9.0.5", "");
	assert_node(inv, "10.9.0.1", "tiny");
	inventory_free(inv);
}

static void
host_network(void **state)
{
	static const char *const pods =
		"{'kind':'Pod','apiVersion':'v1','metadata':{'uid':'1','name':'proxy','namespace':'kube-system'},'spec':{'hostNetwork':true,'nodeName':'node-a'},'status':{'phase':'Running','podIP':'192.0.2.1','hostIP':'192.0.2.1'}},"
		"{'kind':'Pod','apiVersion':'v1','metadata':{'uid':'2','name':'web'},'spec':{'nodeName':'node-b'},'status':{'phase':'Running','podIP':'10.42.0.5','hostIP':'192.0.2.2','hostIPs':[{'ip':'192.0.2.2'},{'ip':'2001:db8::2'}]}},"
		"{'kind':'Pod','apiVersion':'v1','metadata':{'uid':'3','name':'gone'},'spec':{'nodeName':'node-old'},'status':{'phase':'Failed','hostIP':'192.0.2.2'}}";
	struct inventory *inv = inventory_of(pods);

	(void)state;
	/* No Node object: the pods tell. */
	assert_node(inv, "192.0.2.1", "node-a");
	assert_node(inv, "192.0.2.2", "node-b");
	assert_node(inv, "2001:db8::2", "node-b");
	inventory_free(inv);
}

static void
node_conflicts(void **state)
{
	struct inventory *inv = inventory_of(NODE("node-a", "n1", "192.0.2.1") "," NODE("node-b", "n2", "192.0.2.1") ",{'kind':'Pod','apiVersion':'v1','metadata':{'uid':'1','name':'odd','namespace':'shop','creationTimestamp':'2026-01-01T00:00:00Z'},'spec':{'nodeName':'node-c'},'status':{'podIPs':[{'ip':'192.0.2.3'},{'ip':'192.0.2.1'}],'hostIP':'192.0.2.3'}}");
	bool both = false, pod = false;

	(void)state;
	assert_node(inv, "192.0.2.1", "");
	assert_node(inv, "192.0.2.3", "node-c");
	for (size_t i = 0; i < inventory_warning_count(inv); i++) {
		both = both || strcmp(inventory_warning(inv, i), "192.0.2.1: claimed by the nodes node-a and node-b; taken for neither") == 0;
		pod = pod || strcmp(inventory_warning(inv, i), "192.0.2.3: claimed by pod shop/odd, which is not on the host network, and by node node-c; taken for the node") == 0;
	}
	assert_true(both);
	assert_true(pod);
	inventory_free(inv);
}

static void
node_is_replaced(void **state)
{
	struct inventory *inv = inventory_of(NODE("node-a", "n1", "192.0.2.1") ",{'kind':'Node','apiVersion':'v1','metadata':{'name':'node-a','uid':'n1','resourceVersion':'2'},'status':{'addresses':[{'type':'InternalIP','address':'192.0.2.9'}]}}");

	(void)state;
	assert_node(inv, "192.0.2.1", "");
	assert_node(inv, "192.0.2.9", "node-a");
	assert_int_equal(inventory_warning_count(inv), 0);
	inventory_free(inv);
}

/* Networks without a bridge give a range's first address to a pod. */
static void
pod_beats_range(void **state)
{
	struct inventory *inv = inventory_of(NODE("node-a", "n1", "192.0.2.1") ",{'kind':'Pod','apiVersion':'v1','metadata':{'uid':'1','name':'web','creationTimestamp':'2026-01-01T10:00:00Z'},'status':{'podIP':'10.42.3.1'}}");

	(void)state;
	assert_pod(inv, "10.42.3.1", at(12, 0, 0), "web");
	assert_int_equal(find(inv, "10.42.3.1", at(9, 0, 0)).kind, ENDPOINT_NODE);
	assert_int_equal(inventory_warning_count(inv), 0);
	inventory_free(inv);
}

static void
many_conflicts_are_counted(void **state)
{
	struct inventory *inv = inventory_new();

	(void)state;
	for (int i = 0; i < 60; i++) {
		char text[512];

		(void)snprintf(text, sizeof(text), "{'kind':'Pod','apiVersion':'v1','metadata':{'uid':'%d','name':'p%d','creationTimestamp':'2026-01-01T10:00:00Z'},'status':{'podIP':'10.42.0.%d'}}", i, i, i / 2);
		assert_true(read_text(inv, text, NULL, 0));
	}
	assert_int_equal(inventory_warning_count(inv), 21);
	assert_non_null(strstr(inventory_warning(inv, 0), "10.42.0.0: 2 pods"));
	assert_string_equal(inventory_warning(inv, 20), "10 more addresses are claimed by several pods that have not finished");
	inventory_free(inv);
}

/* Services. */

#define SERVICE(name, uid, spec, status) "{'kind':'Service','apiVersion':'v1','metadata':{'name':'" name "','uid':'" uid "','namespace':'shop'},'spec':{" spec "},'status':{" status "}}"
#define WEB_POD "{'kind':'Pod','apiVersion':'v1','metadata':{'uid':'p1','name':'web-1','namespace':'shop','labels':{'app':'web','tier':'front','zone':'1'},'creationTimestamp':'2026-01-01T10:00:00Z'},'spec':{'containers':[{'ports':[{'name':'http','containerPort':8080},{'containerPort':7},{'name':'dns','containerPort':53,'protocol':'UDP'}]}],'initContainers':[{'restartPolicy':'Always','ports':[{'name':'admin','containerPort':15000}]},{'ports':[{'name':'setup','containerPort':99}]}]},'status':{'phase':'Running','podIP':'10.42.0.5'}}"

static const char *
service_at(const struct inventory *inv, const char *text, uint16_t port, uint8_t ip_protocol)
{
	static char out[256];
	struct address a = address(text);
	struct service_name s;

	if (!inventory_service_at(inv, &a, port, ip_protocol, at(12, 0, 0), &s))
		return "";
	(void)snprintf(out, sizeof(out), "%s/%s:%s", s.namespace, s.name, s.port_name);
	return out;
}

static const char *
service_behind(const struct inventory *inv, const char *text, uint16_t port, uint8_t ip_protocol)
{
	static char out[256];
	struct address a = address(text);
	struct service_name s;

	if (!inventory_service_behind(inv, &a, port, ip_protocol, at(12, 0, 0), &s))
		return "";
	(void)snprintf(out, sizeof(out), "%s/%s:%s", s.namespace, s.name, s.port_name);
	return out;
}

static void
service_addresses(void **state)
{
	struct inventory *inv = inventory_of(
		SERVICE("web", "s1", "'clusterIP':'10.43.0.9','clusterIPs':['10.43.0.9','fd00:43::9'],'externalIPs':['203.0.113.40'],'ports':[{'name':'http','port':80,'nodePort':30080},{'name':'dns','port':53,'protocol':'UDP'}]", "'loadBalancer':{'ingress':[{'ip':'198.51.100.80'},{'hostname':'lb.example.net'}]}") ","
		SERVICE("plain", "s2", "'clusterIP':'10.43.0.10','ports':[{'port':80}]", "") ","
		SERVICE("headless", "s3", "'clusterIP':'None','clusterIPs':['None'],'externalIPs':['203.0.113.41'],'ports':[{'port':80}]", "") ","
		SERVICE("outside", "s4", "'type':'ExternalName','externalName':'example.net','clusterIP':'10.43.0.11','ports':[{'port':80}]", "") ","
		NODE("node-a", "n1", "192.0.2.1"));
	struct endpoint e = find(inv, "10.43.0.9", at(12, 0, 0));

	(void)state;
	assert_int_equal(e.kind, ENDPOINT_SERVICE);
	assert_string_equal(e.namespace, "shop");
	assert_string_equal(e.workload_kind, "Service");
	assert_string_equal(e.workload, "web");
	assert_int_equal(find(inv, "fd00:43::9", 1).kind, ENDPOINT_SERVICE);
	assert_int_equal(find(inv, "10.43.0.10", 1).kind, ENDPOINT_SERVICE);
	/* Others may have these addresses too. */
	assert_int_equal(find(inv, "203.0.113.40", 1).kind, ENDPOINT_ADDRESS);
	assert_int_equal(find(inv, "10.43.0.11", 1).kind, ENDPOINT_ADDRESS);

	assert_string_equal(service_at(inv, "10.43.0.9", 80, IPPROTO_TCP), "shop/web:http");
	assert_string_equal(service_at(inv, "fd00:43::9", 53, IPPROTO_UDP), "shop/web:dns");
	assert_string_equal(service_at(inv, "10.43.0.9", 53, IPPROTO_TCP), "");
	assert_string_equal(service_at(inv, "10.43.0.9", 81, IPPROTO_TCP), "");
	assert_string_equal(service_at(inv, "10.43.0.10", 80, IPPROTO_TCP), "shop/plain:");
	assert_string_equal(service_at(inv, "203.0.113.40", 80, IPPROTO_TCP), "shop/web:http");
	assert_string_equal(service_at(inv, "198.51.100.80", 80, IPPROTO_TCP), "shop/web:http");
	assert_string_equal(service_at(inv, "203.0.113.41", 80, IPPROTO_TCP), "");
	assert_string_equal(service_at(inv, "10.43.0.11", 80, IPPROTO_TCP), "");
	assert_string_equal(service_at(inv, "192.0.2.1", 30080, IPPROTO_TCP), "shop/web:http");
	assert_string_equal(service_at(inv, "10.42.3.1", 30080, IPPROTO_TCP), "shop/web:http");
	assert_string_equal(service_at(inv, "192.0.2.1", 30080, IPPROTO_UDP), "");
	assert_string_equal(service_at(inv, "192.0.2.1", 0, IPPROTO_TCP), "");
	assert_string_equal(service_at(inv, "192.0.2.2", 30080, IPPROTO_TCP), "");
	inventory_free(inv);
}

/* Two Services may share an external address, by port; the same port says nothing. */
static void
shared_external_address(void **state)
{
	struct inventory *inv = inventory_of(
		SERVICE("a", "s1", "'clusterIP':'10.43.0.1','externalIPs':['192.0.2.80'],'ports':[{'port':80},{'port':443}]", "") ","
		SERVICE("b", "s2", "'clusterIP':'10.43.0.2','externalIPs':['192.0.2.80'],'ports':[{'port':80},{'port':22}]", ""));

	(void)state;
	assert_string_equal(service_at(inv, "192.0.2.80", 443, IPPROTO_TCP), "shop/a:");
	assert_string_equal(service_at(inv, "192.0.2.80", 22, IPPROTO_TCP), "shop/b:");
	assert_string_equal(service_at(inv, "192.0.2.80", 80, IPPROTO_TCP), "");
	inventory_free(inv);
}

static void
behind_by_selector(void **state)
{
	struct inventory *inv = inventory_of(WEB_POD ","
		SERVICE("web", "s1", "'clusterIP':'10.43.0.1','selector':{'app':'web','tier':'front'},'ports':[{'name':'www','port':80,'targetPort':'http'},{'name':'admin','port':81,'targetPort':'admin'},{'name':'setup','port':82,'targetPort':'setup'},{'name':'names','port':53,'targetPort':'dns','protocol':'UDP'},{'name':'dns-tcp','port':53,'targetPort':'dns'},{'name':'raw','port':9000,'targetPort':9001},{'name':'same','port':7777}]", "") ","
		SERVICE("other", "s2", "'selector':{'app':'web','tier':'back'},'ports':[{'port':8080}]", "") ","
		SERVICE("more", "s3", "'selector':{'app':'web','zone':'1','zz':'1'},'ports':[{'port':8080}]", "") ","
		SERVICE("all", "s4", "'selector':{},'ports':[{'port':8080}]", "") ","
		"{'kind':'Service','apiVersion':'v1','metadata':{'name':'far','uid':'s5','namespace':'elsewhere'},'spec':{'selector':{'app':'web'},'ports':[{'port':8080}]}}");

	(void)state;
	assert_string_equal(service_behind(inv, "10.42.0.5", 8080, IPPROTO_TCP), "shop/web:www");
	assert_string_equal(service_behind(inv, "10.42.0.5", 15000, IPPROTO_TCP), "shop/web:admin");
	assert_string_equal(service_behind(inv, "10.42.0.5", 99, IPPROTO_TCP), "");
	assert_string_equal(service_behind(inv, "10.42.0.5", 53, IPPROTO_UDP), "shop/web:names");
	assert_string_equal(service_behind(inv, "10.42.0.5", 53, IPPROTO_TCP), "");
	assert_string_equal(service_behind(inv, "10.42.0.5", 9001, IPPROTO_TCP), "shop/web:raw");
	assert_string_equal(service_behind(inv, "10.42.0.5", 9000, IPPROTO_TCP), "");
	assert_string_equal(service_behind(inv, "10.42.0.5", 7777, IPPROTO_TCP), "shop/web:same");
	assert_string_equal(service_behind(inv, "10.42.0.5", 0, IPPROTO_TCP), "");
	assert_string_equal(service_behind(inv, "10.42.0.6", 8080, IPPROTO_TCP), "");
	inventory_free(inv);
}

static void
ambiguous_selectors(void **state)
{
	struct inventory *inv = inventory_of(WEB_POD ","
		SERVICE("a", "s1", "'selector':{'app':'web'},'ports':[{'name':'x','port':80,'targetPort':'http'},{'name':'y','port':81,'targetPort':8080},{'name':'x','port':90,'targetPort':7}]", "") ","
		SERVICE("b", "s2", "'selector':{'tier':'front'},'ports':[{'port':90,'targetPort':7}]", ""));

	(void)state;
	/* The same Service by two of its ports is one Service without a port's name. */
	assert_string_equal(service_behind(inv, "10.42.0.5", 8080, IPPROTO_TCP), "shop/a:");
	assert_string_equal(service_behind(inv, "10.42.0.5", 7, IPPROTO_TCP), "");
	inventory_free(inv);
}

#define SLICE(name, uid, service, endpoint, port) "{'kind':'EndpointSlice','apiVersion':'discovery.k8s.io/v1','addressType':'IPv4','metadata':{'name':'" name "','uid':'" uid "','namespace':'shop','labels':{'kubernetes.io/service-name':'" service "'}},'endpoints':[" endpoint "],'ports':[" port "]}"

static void
behind_by_slices(void **state)
{
	struct inventory *inv = inventory_of(WEB_POD ","
		SERVICE("web", "s1", "'selector':{'app':'web'},'ports':[{'name':'selected','port':80,'targetPort':8080},{'name':'other','port':81,'targetPort':81}]", "") ","
		SLICE("web-1", "e1", "web", "{'addresses':['10.42.0.5'],'targetRef':{'kind':'Pod','uid':'p1'}}", "{'name':'http','port':8080,'protocol':'TCP'}") ","
		SLICE("gone-1", "e2", "gone", "{'addresses':['10.42.0.5'],'targetRef':{'kind':'Pod','uid':'p0'}}", "{'name':'http','port':8080,'protocol':'TCP'}") ","
		SLICE("mainframe-1", "e3", "mainframe", "{'addresses':['10.7.0.1','10.7.0.2'],'conditions':{'ready':null}}", "{'port':1414},{'name':'any'}") ","
		SLICE("a-1", "e4", "a", "{'addresses':['10.7.0.3']}", "{'port':1}") "," SLICE("b-1", "e5", "b", "{'addresses':['10.7.0.3']}", "{'port':1}") ","
		"{'kind':'EndpointSlice','apiVersion':'discovery.k8s.io/v1','metadata':{'name':'free','uid':'e6'},'endpoints':[{'addresses':['10.7.0.4']}],'ports':[{'port':1}]},"
		"{'kind':'EndpointSlice','apiVersion':'discovery.k8s.io/v1','addressType':'FQDN','metadata':{'name':'names','uid':'e7','labels':{'kubernetes.io/service-name':'x'}},'endpoints':[{'addresses':['db.example.net']}]}");
	struct address a = address("10.42.0.5");
	struct service_name s;

	(void)state;
	/* By the slice that names the pod which has the address; another pod's slice is of another time. */
	assert_string_equal(service_behind(inv, "10.42.0.5", 8080, IPPROTO_TCP), "shop/web:http");
	/* A port that no slice has falls back to the selector. */
	assert_string_equal(service_behind(inv, "10.42.0.5", 81, IPPROTO_TCP), "shop/web:other");
	/* Before the pod was there nobody knows. */
	assert_false(inventory_service_behind(inv, &a, 8080, IPPROTO_TCP, at(1, 0, 0), &s));
	assert_string_equal(service_behind(inv, "10.7.0.2", 1414, IPPROTO_TCP), "shop/mainframe:");
	assert_string_equal(service_behind(inv, "10.7.0.2", 1415, IPPROTO_TCP), "");
	assert_string_equal(service_behind(inv, "10.7.0.3", 1, IPPROTO_TCP), "");
	assert_string_equal(service_behind(inv, "10.7.0.4", 1, IPPROTO_TCP), "");
	inventory_free(inv);
}

static void
behind_on_host_network(void **state)
{
	struct inventory *inv = inventory_of(
		"{'kind':'Pod','apiVersion':'v1','metadata':{'uid':'p1','name':'exporter','namespace':'shop','labels':{'app':'exporter'}},'spec':{'hostNetwork':true,'nodeName':'node-a','containers':[{'ports':[{'name':'metrics','containerPort':9100}]}]},'status':{'phase':'Running','podIP':'192.0.2.1'}},"
		"{'kind':'Pod','apiVersion':'v1','metadata':{'uid':'p2','name':'proxy','namespace':'shop','labels':{'app':'proxy'}},'spec':{'hostNetwork':true,'nodeName':'node-a'},'status':{'phase':'Running','podIP':'192.0.2.1'}},"
		SERVICE("exporter", "s1", "'clusterIP':'None','selector':{'app':'exporter'},'ports':[{'name':'m','port':9100,'targetPort':'metrics'}]", ""));

	(void)state;
	assert_string_equal(service_behind(inv, "192.0.2.1", 9100, IPPROTO_TCP), "shop/exporter:m");
	assert_string_equal(service_behind(inv, "192.0.2.1", 9101, IPPROTO_TCP), "");
	inventory_free(inv);
}

static void
service_is_replaced(void **state)
{
	struct inventory *inv = inventory_of(WEB_POD ","
		SERVICE("web", "s1", "'clusterIP':'10.43.0.1','selector':{'app':'web'},'ports':[{'port':80,'nodePort':30000,'targetPort':8080}]", "") "," NODE("node-a", "n1", "192.0.2.1") ","
		SLICE("web-1", "e1", "web", "{'addresses':['10.42.0.5']}", "{'port':8080}") ","
		"{'kind':'Service','apiVersion':'v1','metadata':{'name':'web','uid':'s1','namespace':'shop','resourceVersion':'2'},'spec':{'type':'ExternalName'}},"
		"{'kind':'EndpointSlice','apiVersion':'discovery.k8s.io/v1','metadata':{'name':'web-1','uid':'e1','resourceVersion':'2'}}");

	(void)state;
	assert_int_equal(find(inv, "10.43.0.1", 1).kind, ENDPOINT_ADDRESS);
	assert_string_equal(service_at(inv, "10.43.0.1", 80, IPPROTO_TCP), "");
	assert_string_equal(service_at(inv, "192.0.2.1", 30000, IPPROTO_TCP), "");
	assert_string_equal(service_behind(inv, "10.42.0.5", 8080, IPPROTO_TCP), "");
	inventory_free(inv);
}

/* Many: tables grow, large and small pieces of memory mix, and each address finds its pod. */
static void
many_pods(void **state)
{
	struct inventory *inv = inventory_new();
	size_t room = 4u << 20, used = 0;
	char *text = malloc(room);

	(void)state;
	assert_non_null(text);
	used += (size_t)snprintf(text, room, "{'kind':'PodList','items':[");
	for (int i = 0; i < 20000; i++)
		used += (size_t)snprintf(text + used, room - used, "%s{'metadata':{'uid':'u%d','name':'pod-%d','namespace':'shop'},'status':{'podIP':'10.%d.%d.%d'}}", i > 0 ? "," : "", i, i, i / 10000, i / 100 % 100, i % 100);
	used += (size_t)snprintf(text + used, room - used, "]}");
	assert_true(used < room);
	assert_true(read_text(inv, text, NULL, 0));
	free(text);
	assert_pod(inv, "10.0.0.0", 1, "pod-0");
	assert_pod(inv, "10.1.99.99", 1, "pod-19999");
	assert_pod(inv, "10.0.50.7", 1, "pod-5007");
	assert_pod(inv, "10.2.0.0", 1, "");
	inventory_free(inv);
}

/* Recorded from a real API server. */
static void
recorded_cluster(void **state)
{
	static const char *const files[] = { "kubernetes/kubectl-get-pods-services-networkpolicies.json", "kubernetes/kubectl-get-namespaces-nodes-endpointslices.json" };
	struct inventory *inv = inventory_new();
	const int64_t time = INT64_C(1795352400) * 1000000000; /* 2026-11-22T13:00:00Z */
	struct address a = address("10.244.3.9");
	struct service_name s;
	char path[4096], error[512];
	struct endpoint e;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		if (!shared_path(path, sizeof(path), files[i])) {
			inventory_free(inv);
			return;
		}
		if (!cluster_json_load(inv, path, error, sizeof(error)))
			fail_msg("%s", error);
	}
	assert_int_equal(inventory_warning_count(inv), 0);
	/* Three pods have this address; one of them runs. */
	e = find(inv, "10.244.3.2", time);
	assert_string_equal(e.workload_kind, "Deployment");
	assert_string_equal(e.workload, "cart");
	e = find(inv, "fd00:10:244:3::2", time);
	assert_string_equal(e.workload, "cart");
	/* It was a Job's in its few seconds before. */
	e = find(inv, "10.244.3.2", INT64_C(1795351416) * 1000000000);
	assert_string_equal(e.workload_kind, "Job");
	assert_string_equal(e.workload, "reconcile-manual-1");
	e = find(inv, "192.0.2.11", time);
	assert_int_equal(e.kind, ENDPOINT_NODE);
	assert_string_equal(e.workload, "node-a");
	e = find(inv, "10.244.2.1", time);
	assert_int_equal(e.kind, ENDPOINT_NODE);
	e = find(inv, "10.96.62.31", time);
	assert_int_equal(e.kind, ENDPOINT_SERVICE);
	/* frontend and frontend-lb share the pods' http port, and only one has the other. */
	assert_false(inventory_service_behind(inv, &a, 8080, IPPROTO_TCP, time, &s));
	assert_true(inventory_service_behind(inv, &a, 9102, IPPROTO_TCP, time, &s));
	assert_string_equal(s.name, "frontend");
	assert_string_equal(s.port_name, "metrics");
	assert_string_equal(service_at(inv, "10.96.62.31", 80, IPPROTO_TCP), "shop/frontend:http");
	assert_string_equal(service_at(inv, "192.0.2.12", 30569, IPPROTO_TCP), "shop/frontend:http");
	assert_string_equal(service_at(inv, "198.51.100.80", 443, IPPROTO_TCP), "shop/frontend-lb:https");
	inventory_free(inv);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty),
		cmocka_unit_test(running_pod),
		cmocka_unit_test(finished_pods_end),
		cmocka_unit_test(overlapping_claims),
		cmocka_unit_test(equal_claims_name_nobody),
		cmocka_unit_test(terminating_pod_owns),
		cmocka_unit_test(pods_without_start),
		cmocka_unit_test(newer_version_counts),
		cmocka_unit_test(owner_chains),
		cmocka_unit_test(cronjobs),
		cmocka_unit_test(owners_in_the_dump),
		cmocka_unit_test(node_addresses),
		cmocka_unit_test(host_network),
		cmocka_unit_test(node_conflicts),
		cmocka_unit_test(node_is_replaced),
		cmocka_unit_test(pod_beats_range),
		cmocka_unit_test(many_conflicts_are_counted),
		cmocka_unit_test(service_addresses),
		cmocka_unit_test(shared_external_address),
		cmocka_unit_test(behind_by_selector),
		cmocka_unit_test(ambiguous_selectors),
		cmocka_unit_test(behind_by_slices),
		cmocka_unit_test(behind_on_host_network),
		cmocka_unit_test(service_is_replaced),
		cmocka_unit_test(many_pods),
		cmocka_unit_test(recorded_cluster),
	};

	return cmocka_run_group_tests_name("sensor/inventory", tests, NULL, NULL);
}
