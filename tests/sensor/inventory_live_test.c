/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An inventory that follows a cluster: what a watch tells, in the orders in which it does, and that
 * a compacted copy answers as the original does. With recorded answers of an API server where they are.
 */
#include <config.h>

#include "tests/sensor/cluster_text.h"

#include <netinet/in.h>

#include "sensor/inventory_policy.h"

static char *
quoted(const char *text)
{
	char *copy = strdup(text);

	assert_non_null(copy);
	for (char *c = copy; *c != '\0'; c++)
		if (*c == '\'')
			*c = '"';
	return copy;
}

/* An object as a watch tells of it, or (deleted) that it is gone. */
static void
event(struct inventory *inv, const char *kind, bool deleted, int64_t time, const char *text)
{
	char error[512] = "", *copy = quoted(text);
	bool done;

	if (deleted)
		done = cluster_json_remove_object(inv, kind, time, copy, strlen(copy), NULL, error, sizeof(error));
	else
		done = cluster_json_read_object(inv, kind, time, copy, strlen(copy), NULL, error, sizeof(error));
	free(copy);
	if (!done)
		fail_msg("%s", error);
}

struct pod_state {
	const char *name, *uid, *version, *start; /* start: of 2026-01-01 */
	const char *ip;                           /* "" where it has none yet */
	const char *more_status, *spec, *metadata; /* members with a comma behind, or NULL */
};

static void
pod_event(struct inventory *inv, bool deleted, int64_t time, struct pod_state p)
{
	char text[2048], ip[128] = "";

	if (p.ip[0] != '\0')
		(void)snprintf(ip, sizeof(ip), ",'podIP':'%s','podIPs':[{'ip':'%s'}]", p.ip, p.ip);
	(void)snprintf(text, sizeof(text), "{'kind':'Pod','apiVersion':'v1','metadata':{%s'name':'%s','namespace':'shop','uid':'%s','resourceVersion':'%s'},'spec':{%s'nodeName':'node-a'},'status':{%s'startTime':'2026-01-01T%sZ'%s}}",
		p.metadata != NULL ? p.metadata : "", p.name, p.uid, p.version, p.spec != NULL ? p.spec : "", p.more_status != NULL ? p.more_status : "", p.start, ip);
	event(inv, "Pod", deleted, time, text);
}

static struct endpoint
find(const struct inventory *inv, const char *text, int64_t time)
{
	struct address a;
	struct endpoint e;

	assert_true(address_parse(text, &a));
	inventory_find(inv, &a, time, &e);
	return e;
}

static void
assert_pod(const struct inventory *inv, const char *ip, int64_t time, const char *pod)
{
	assert_string_equal(find(inv, ip, time).pod, pod);
}

#define IP "10.42.0.5"

static void
removed_pod(void **state)
{
	const struct pod_state web = { "web", "u1", "10", "10:00:00", IP, NULL, NULL, NULL };
	struct inventory *inv = inventory_new();
	struct pod_state newer = web;
	struct address a;

	(void)state;
	pod_event(inv, false, at(10, 0, 1), web);
	assert_pod(inv, IP, at(20, 0, 0), "web");
	newer.version = "11";
	pod_event(inv, true, at(12, 0, 0), newer);
	assert_pod(inv, IP, at(11, 59, 59), "web");
	assert_pod(inv, IP, at(12, 0, 0), "");
	assert_int_equal(inventory_count(inv, OBJECT_POD), 0);
	assert_int_equal(inventory_garbage(inv), 1);
	/* Heard of twice, and of one that was never there. */
	inventory_remove(inv, OBJECT_POD, "u1", NULL, at(13, 0, 0));
	inventory_remove(inv, OBJECT_POD, "u9", NULL, at(13, 0, 0));
	inventory_remove(inv, OBJECT_POD, "", NULL, at(13, 0, 0));
	assert_pod(inv, IP, at(12, 30, 0), "");
	/* An answer from before the removal, as another API server may still give. */
	pod_event(inv, false, at(13, 0, 0), web);
	assert_pod(inv, IP, at(13, 0, 0), "");
	/* By another kind's name it is not found. */
	newer.version = "12";
	pod_event(inv, false, at(14, 0, 0), newer);
	inventory_remove(inv, OBJECT_SERVICE, "u1", NULL, at(15, 0, 0));
	assert_pod(inv, IP, at(16, 0, 0), "web");
	assert_true(address_parse(IP, &a));
	assert_true(inventory_knows(inv, &a, at(16, 0, 0)));
	assert_false(inventory_knows(inv, &a, at(9, 0, 0)));
	inventory_free(inv);
}

/* Its object is the state before, of the version of the change: it was told of before in a newer one. */
static void
late_removal(void **state)
{
	struct inventory *inv = inventory_new();

	(void)state;
	pod_event(inv, false, at(10, 0, 1), (struct pod_state){ "web", "u1", "100", "10:00:00", IP, NULL, NULL, NULL });
	/* 99 is shorter and so older than 100. */
	pod_event(inv, true, at(11, 0, 0), (struct pod_state){ "web", "u1", "99", "10:00:00", IP, NULL, NULL, NULL });
	assert_pod(inv, IP, at(12, 0, 0), "web");
	pod_event(inv, true, at(12, 0, 0), (struct pod_state){ "web", "u1", "123456789012345678901234567890", "10:00:00", IP, NULL, NULL, NULL });
	assert_pod(inv, IP, at(12, 0, 0), "");
	pod_event(inv, false, at(13, 0, 0), (struct pod_state){ "web", "u1", "123456789012345678901234567889", "10:00:00", IP, NULL, NULL, NULL });
	assert_pod(inv, IP, at(13, 0, 0), "");
	pod_event(inv, false, at(13, 0, 0), (struct pod_state){ "web", "u1", "123456789012345678901234567891", "10:00:00", IP, NULL, NULL, NULL });
	assert_pod(inv, IP, at(13, 0, 0), "web");
	inventory_free(inv);
}

/* A new owner of an address may appear before the old one's DELETED; the other way round, too. */
static void
address_passes_on(void **state)
{
	for (int order = 0; order < 2; order++) {
		struct inventory *inv = inventory_new();

		(void)state;
		pod_event(inv, false, at(10, 0, 1), (struct pod_state){ "old", "u1", "10", "10:00:00", IP, NULL, NULL, NULL });
		if (order == 1)
			inventory_remove(inv, OBJECT_POD, "u1", NULL, at(12, 0, 6));
		pod_event(inv, false, at(12, 0, 1), (struct pod_state){ "new", "u2", "20", "12:00:00", "", NULL, NULL, NULL });
		pod_event(inv, false, at(12, 0, 5), (struct pod_state){ "new", "u2", "21", "12:00:00", IP, NULL, NULL, NULL });
		if (order == 0)
			inventory_remove(inv, OBJECT_POD, "u1", NULL, at(12, 0, 6));
		assert_pod(inv, IP, at(11, 0, 0), "old");
		/* The new one was there, but had no address that anybody had heard of. */
		assert_pod(inv, IP, at(12, 0, 4), "old");
		assert_pod(inv, IP, at(12, 0, 5), "new");
		assert_pod(inv, IP, at(13, 0, 0), "new");
		inventory_free(inv);
	}
}

/* A pod that waits for its volume has no address for minutes; the one before it had it meanwhile. */
static void
waits_for_a_volume(void **state)
{
	struct inventory *inv = inventory_new();

	(void)state;
	pod_event(inv, false, at(10, 0, 1), (struct pod_state){ "old", "u1", "10", "10:00:00", IP, NULL, NULL, NULL });
	pod_event(inv, false, at(12, 0, 0), (struct pod_state){ "new", "u2", "20", "12:00:00", "", "'phase':'Pending',", NULL, NULL });
	inventory_remove(inv, OBJECT_POD, "u1", NULL, at(12, 4, 0));
	pod_event(inv, false, at(12, 5, 0), (struct pod_state){ "new", "u2", "21", "12:00:00", IP, "'phase':'Running',", NULL, NULL });
	assert_pod(inv, IP, at(12, 3, 0), "old");
	/* Nobody else can have it: the pod had it before the API server could say so. */
	assert_pod(inv, IP, at(12, 4, 59), "new");
	pod_event(inv, false, at(12, 6, 0), (struct pod_state){ "new", "u2", "22", "12:00:00", IP, "'phase':'Running',", NULL, NULL });
	assert_pod(inv, IP, at(12, 3, 0), "old");
	inventory_free(inv);
}

/* StatefulSets: the same name and address, another pod. */
static void
same_name_new_uid(void **state)
{
	struct inventory *inv = inventory_new();

	(void)state;
	pod_event(inv, false, at(10, 0, 1), (struct pod_state){ "db-0", "u1", "10", "10:00:00", IP, NULL, "'serviceAccountName':'one',", NULL });
	pod_event(inv, true, at(12, 0, 0), (struct pod_state){ "db-0", "u1", "11", "10:00:00", IP, NULL, NULL, NULL });
	pod_event(inv, false, at(12, 0, 1), (struct pod_state){ "db-0", "u2", "12", "12:00:01", IP, NULL, "'serviceAccountName':'two',", NULL });
	assert_string_equal(find(inv, IP, at(11, 0, 0)).service_account, "one");
	assert_string_equal(find(inv, IP, at(12, 0, 1)).service_account, "two");
	assert_int_equal(inventory_count(inv, OBJECT_POD), 1);
	/* What is said of the first does not touch the second. */
	inventory_remove(inv, OBJECT_POD, "u1", NULL, at(13, 0, 0));
	assert_string_equal(find(inv, IP, at(14, 0, 0)).service_account, "two");
	inventory_free(inv);
}

/* A pod on the way out has its address until it is gone. */
static void
terminating(void **state)
{
	struct inventory *inv = inventory_new();

	(void)state;
	pod_event(inv, false, at(10, 0, 1), (struct pod_state){ "web", "u1", "10", "10:00:00", IP, "'phase':'Running',", NULL, NULL });
	pod_event(inv, false, at(11, 0, 0), (struct pod_state){ "web", "u1", "11", "10:00:00", IP, "'phase':'Running',", NULL, "'deletionTimestamp':'2026-01-01T11:00:30Z','deletionGracePeriodSeconds':30," });
	assert_pod(inv, IP, at(23, 0, 0), "web");
	inventory_free(inv);
}

/* Finished pods keep podIP; without an end time it ended when that was heard of. */
static void
finished(void **state)
{
	struct inventory *inv = inventory_new();

	(void)state;
	pod_event(inv, false, at(10, 0, 1), (struct pod_state){ "job", "u1", "10", "10:00:00", IP, "'phase':'Running',", NULL, NULL });
	pod_event(inv, false, at(11, 0, 5), (struct pod_state){ "job", "u1", "11", "10:00:00", IP, "'phase':'Failed',", NULL, NULL });
	assert_pod(inv, IP, at(11, 0, 4), "job");
	assert_pod(inv, IP, at(11, 0, 7), "");
	/* And with one, by that; then told of again, and removed. */
	pod_event(inv, false, at(12, 0, 1), (struct pod_state){ "job2", "u2", "20", "12:00:00", IP, "'phase':'Running',", NULL, NULL });
	pod_event(inv, false, at(12, 30, 9), (struct pod_state){ "job2", "u2", "21", "12:00:00", IP, "'phase':'Succeeded','containerStatuses':[{'state':{'terminated':{'finishedAt':'2026-01-01T12:30:00Z'}}}],", NULL, NULL });
	pod_event(inv, false, at(12, 40, 0), (struct pod_state){ "job", "u1", "30", "10:00:00", IP, "'phase':'Failed',", NULL, NULL });
	pod_event(inv, true, at(12, 50, 0), (struct pod_state){ "job", "u1", "31", "10:00:00", IP, "'phase':'Failed',", NULL, NULL });
	assert_pod(inv, IP, at(11, 0, 4), "job");
	assert_pod(inv, IP, at(12, 30, 0), "job2");
	assert_pod(inv, IP, at(12, 30, 1), "");
	/* One that loses its address with its end had it until then. */
	pod_event(inv, false, at(14, 0, 1), (struct pod_state){ "job3", "u3", "40", "14:00:00", IP, "'phase':'Running',", NULL, NULL });
	pod_event(inv, false, at(14, 10, 0), (struct pod_state){ "job3", "u3", "41", "14:00:00", "", "'phase':'Succeeded',", NULL, NULL });
	assert_pod(inv, IP, at(14, 9, 59), "job3");
	assert_pod(inv, IP, at(14, 10, 1), "");
	inventory_free(inv);
}

/* A node that was started anew gives its pods other addresses; they stay the same pods. */
static void
address_changes(void **state)
{
	struct inventory *inv = inventory_new();

	(void)state;
	pod_event(inv, false, at(10, 0, 1), (struct pod_state){ "web", "u1", "10", "10:00:00", IP, NULL, NULL, NULL });
	pod_event(inv, false, at(12, 0, 0), (struct pod_state){ "web", "u1", "11", "10:00:00", "10.42.0.9", NULL, NULL, NULL });
	assert_pod(inv, IP, at(11, 0, 0), "web");
	assert_pod(inv, IP, at(12, 0, 0), "");
	assert_pod(inv, "10.42.0.9", at(12, 0, 0), "web");
	assert_int_equal(inventory_count(inv, OBJECT_POD), 1);
	inventory_free(inv);
}

/* A pod that leaves the selection by its label and comes back was there all the time. */
static void
leaves_and_comes_back(void **state)
{
	struct pod_state web = { "web", "u1", "10", "10:00:00", IP, NULL, NULL, NULL };
	struct inventory *inv = inventory_new();

	(void)state;
	pod_event(inv, false, at(10, 0, 1), web);
	web.version = "11";
	pod_event(inv, true, at(11, 0, 0), web);
	assert_pod(inv, IP, at(11, 0, 0), "");
	web.version = "12";
	pod_event(inv, false, at(12, 0, 0), web);
	assert_pod(inv, IP, at(10, 30, 0), "web");
	assert_pod(inv, IP, at(12, 0, 0), "web");
	/* The same version is no contradiction after a removal that came without one. */
	inventory_remove(inv, OBJECT_POD, "u1", NULL, at(13, 0, 0));
	pod_event(inv, false, at(14, 0, 0), web);
	assert_pod(inv, IP, at(14, 0, 0), "web");
	assert_int_equal(inventory_count(inv, OBJECT_POD), 1);
	inventory_free(inv);
}

/* Pods on the host network are the node; when the node and its pods are gone, its address may be a pod's. */
static void
node_that_leaves(void **state)
{
	struct inventory *inv = inventory_new();
	struct endpoint e;

	(void)state;
	event(inv, "Node", false, at(9, 0, 0), "{'kind':'Node','apiVersion':'v1','metadata':{'name':'node-a','uid':'n1','resourceVersion':'1'},'status':{'addresses':[{'type':'InternalIP','address':'192.168.1.7'}]}}");
	pod_event(inv, false, at(10, 0, 0), (struct pod_state){ "proxy", "u1", "10", "10:00:00", "192.168.1.7", "'hostIP':'192.168.1.7',", "'hostNetwork':true,", NULL });
	pod_event(inv, false, at(10, 0, 0), (struct pod_state){ "web", "u2", "11", "10:00:00", IP, "'hostIP':'192.168.1.7',", NULL, NULL });
	e = find(inv, "192.168.1.7", at(11, 0, 0));
	assert_int_equal(e.kind, ENDPOINT_NODE);
	assert_string_equal(e.workload, "node-a");
	inventory_remove(inv, OBJECT_NODE, "n1", NULL, at(12, 0, 0));
	/* Its pods still speak of it. */
	assert_int_equal(find(inv, "192.168.1.7", at(12, 0, 0)).kind, ENDPOINT_NODE);
	inventory_remove(inv, OBJECT_POD, "u1", NULL, at(12, 0, 1));
	inventory_remove(inv, OBJECT_POD, "u2", NULL, at(12, 0, 2));
	assert_int_equal(find(inv, "192.168.1.7", at(12, 0, 1)).kind, ENDPOINT_NODE);
	assert_int_equal(find(inv, "192.168.1.7", at(12, 0, 2)).kind, ENDPOINT_ADDRESS);
	pod_event(inv, false, at(13, 0, 0), (struct pod_state){ "heir", "u3", "20", "13:00:00", "192.168.1.7", NULL, NULL, NULL });
	assert_pod(inv, "192.168.1.7", at(13, 0, 0), "heir");
	assert_int_equal(find(inv, "192.168.1.7", at(11, 0, 0)).kind, ENDPOINT_NODE);
	inventory_free(inv);
}

#define SERVICE(uid, version, ip) "{'kind':'Service','apiVersion':'v1','metadata':{'name':'web','namespace':'shop','uid':'" uid "','resourceVersion':'" version "'},'spec':{'clusterIP':'" ip "','selector':{'app':'web'},'ports':[{'name':'http','port':80,'targetPort':8080}]}}"
#define SLICE(version, endpoints) "{'kind':'EndpointSlice','apiVersion':'discovery.k8s.io/v1','metadata':{'name':'web-1','namespace':'shop','uid':'e1','resourceVersion':'" version "','labels':{'kubernetes.io/service-name':'web'}},'addressType':'IPv4','ports':[{'name':'http','port':8080}],'endpoints':[" endpoints "]}"

static void
services(void **state)
{
	struct inventory *inv = inventory_new();
	struct service_name name;
	struct address service, pod;

	(void)state;
	assert_true(address_parse("10.96.0.10", &service));
	assert_true(address_parse(IP, &pod));
	event(inv, "Service", false, at(9, 0, 0), SERVICE("s1", "1", "10.96.0.10"));
	pod_event(inv, false, at(10, 0, 1), (struct pod_state){ "web", "u1", "10", "10:00:00", IP, NULL, NULL, NULL });
	event(inv, "EndpointSlice", false, at(10, 0, 2), SLICE("11", "{'addresses':['" IP "'],'targetRef':{'kind':'Pod','uid':'u1'}}"));
	assert_true(inventory_service_at(inv, &service, 80, IPPROTO_TCP, at(11, 0, 0), &name));
	assert_true(inventory_service_behind(inv, &pod, 8080, IPPROTO_TCP, at(11, 0, 0), &name));
	assert_string_equal(name.name, "web");
	event(inv, "EndpointSlice", false, at(11, 0, 2), SLICE("12", ""));
	assert_false(inventory_service_behind(inv, &pod, 8080, IPPROTO_TCP, at(11, 0, 3), &name));
	event(inv, "Service", true, at(12, 0, 0), SERVICE("s1", "20", "10.96.0.10"));
	assert_true(inventory_service_at(inv, &service, 80, IPPROTO_TCP, at(11, 59, 59), &name));
	assert_false(inventory_service_at(inv, &service, 80, IPPROTO_TCP, at(12, 0, 0), &name));
	assert_int_equal(find(inv, "10.96.0.10", at(12, 0, 0)).kind, ENDPOINT_ADDRESS);
	event(inv, "EndpointSlice", true, at(12, 0, 0), SLICE("21", ""));
	assert_int_equal(inventory_count(inv, OBJECT_SLICE), 0);
	inventory_free(inv);
}

/* Lists. */

static bool
page(struct inventory *inv, const char *kind, int64_t time, const char *text, struct cluster_page *out, char error[256])
{
	char *copy = quoted(text);
	bool done = cluster_json_read_page(inv, kind, time, copy, strlen(copy), out, error, 256);

	free(copy);
	return done;
}

#define ITEM(name, version) "{'metadata':{'name':'" name "','uid':'" name "','namespace':'shop','resourceVersion':'" version "'},'spec':{},'status':{'podIP':'" IP "','startTime':'2026-01-01T10:00:00Z'}}"
#define PAGE(metadata, items) "{'kind':'PodList','apiVersion':'v1','metadata':{" metadata "},'items':[" items "]}"

static void
relist(void **state)
{
	struct inventory *inv = inventory_new();
	struct cluster_page p;
	char error[256] = "";

	(void)state;
	inventory_relist_begin(inv, OBJECT_POD);
	assert_true(page(inv, "Pod", at(10, 0, 0), PAGE("'resourceVersion':'100','continue':'abc=='", ITEM("a", "1") "," ITEM("b", "2")), &p, error));
	assert_string_equal(p.version, "100");
	assert_string_equal(p.continue_token, "abc==");
	assert_int_equal(p.objects, 2);
	assert_true(page(inv, "Pod", at(10, 0, 0), PAGE("'resourceVersion':'100'", ITEM("c", "3")), &p, error));
	assert_string_equal(p.continue_token, "");
	inventory_relist_end(inv, OBJECT_POD, at(10, 0, 1));
	assert_int_equal(inventory_count(inv, OBJECT_POD), 3);
	/* A list that breaks off removes nothing. What is the same is not kept twice. */
	inventory_relist_begin(inv, OBJECT_POD);
	assert_true(page(inv, "Pod", at(11, 0, 0), PAGE("'resourceVersion':'200'", ITEM("a", "1")), &p, error));
	inventory_relist_begin(inv, OBJECT_POD);
	assert_true(page(inv, "Pod", at(11, 0, 0), PAGE("'resourceVersion':'200'", ITEM("b", "2") "," ITEM("c", "4")), &p, error));
	assert_int_equal(p.objects, 2);
	assert_int_equal(inventory_count(inv, OBJECT_POD), 3);
	assert_int_equal(inventory_garbage(inv), 1);
	inventory_relist_end(inv, OBJECT_POD, at(11, 0, 1));
	assert_int_equal(inventory_count(inv, OBJECT_POD), 2);
	assert_string_equal(find(inv, IP, at(11, 0, 0)).pod, "");
	/* An event between the pages counts as told; one that is older than what is known, as well. */
	inventory_relist_begin(inv, OBJECT_POD);
	pod_event(inv, false, at(12, 0, 0), (struct pod_state){ "d", "d", "300", "12:00:00", "10.42.0.7", NULL, NULL, NULL });
	assert_true(page(inv, "Pod", at(12, 0, 0), PAGE("'resourceVersion':'250'", ITEM("c", "3")), &p, error));
	inventory_relist_end(inv, OBJECT_POD, at(12, 0, 1));
	assert_int_equal(inventory_count(inv, OBJECT_POD), 2);
	assert_pod(inv, "10.42.0.7", at(12, 0, 0), "d");
	/* Other kinds are left alone; an empty list is one. */
	event(inv, "Service", false, at(12, 0, 0), SERVICE("s1", "1", "10.96.0.10"));
	inventory_relist_begin(inv, OBJECT_POD);
	assert_true(page(inv, "Pod", at(13, 0, 0), PAGE("'resourceVersion':'400'", ""), &p, error));
	inventory_relist_end(inv, OBJECT_POD, at(13, 0, 0));
	assert_int_equal(inventory_count(inv, OBJECT_POD), 0);
	assert_int_equal(inventory_count(inv, OBJECT_SERVICE), 1);
	inventory_free(inv);
}

/* The storage was restored from a backup: versions begin again below those known, which are of what never was. */
static void
restored_storage(void **state)
{
	struct inventory *inv = inventory_new();
	struct cluster_page p;
	char error[256] = "";

	(void)state;
	pod_event(inv, false, at(11, 0, 0), (struct pod_state){ "a", "a", "900", "10:00:00", "10.42.0.7", NULL, NULL, NULL });
	pod_event(inv, false, at(11, 0, 0), (struct pod_state){ "b", "b", "901", "10:00:00", "10.42.0.8", NULL, NULL, NULL });
	pod_event(inv, true, at(11, 0, 0), (struct pod_state){ "b", "b", "902", "10:00:00", "10.42.0.8", NULL, NULL, NULL });
	/* Not older than what is known was asked for: an old version is late. */
	inventory_relist_begin(inv, OBJECT_POD);
	assert_true(page(inv, "Pod", at(12, 0, 0), PAGE("'resourceVersion':'950'", ITEM("a", "500")), &p, error));
	inventory_relist_end(inv, OBJECT_POD, at(12, 0, 0));
	assert_pod(inv, "10.42.0.7", at(12, 0, 0), "a");
	assert_pod(inv, IP, at(12, 0, 0), "");
	/* Whatever there is: a has its old address, b was never deleted; and their changes are followed. */
	inventory_relist_anew(inv, OBJECT_POD);
	assert_true(page(inv, "Pod", at(13, 0, 0), PAGE("'resourceVersion':'600'", ITEM("a", "500")), &p, error));
	pod_event(inv, false, at(13, 0, 0), (struct pod_state){ "b", "b", "400", "10:00:00", "10.42.0.8", NULL, NULL, NULL });
	inventory_relist_end(inv, OBJECT_POD, at(13, 0, 0));
	assert_int_equal(inventory_count(inv, OBJECT_POD), 2);
	assert_pod(inv, IP, at(13, 0, 1), "a");
	assert_pod(inv, "10.42.0.7", at(13, 0, 1), "");
	assert_pod(inv, "10.42.0.8", at(13, 0, 1), "b");
	pod_event(inv, false, at(13, 0, 2), (struct pod_state){ "a", "a", "601", "10:00:00", "10.42.0.9", NULL, NULL, NULL });
	assert_pod(inv, "10.42.0.9", at(13, 0, 3), "a");
	pod_event(inv, false, at(13, 0, 4), (struct pod_state){ "a", "a", "600", "10:00:00", "10.42.0.7", NULL, NULL, NULL });
	assert_pod(inv, "10.42.0.9", at(13, 0, 5), "a");
	pod_event(inv, true, at(13, 0, 6), (struct pod_state){ "b", "b", "602", "10:00:00", "10.42.0.8", NULL, NULL, NULL });
	assert_pod(inv, "10.42.0.8", at(13, 0, 7), "");
	inventory_free(inv);
}

static void
refused_pages(void **state)
{
	static const char *const bad[] = {
		"", "{", "null", "[]", "429 too many requests",
		"{'kind':'Status','apiVersion':'v1','metadata':{},'status':'Failure','code':410}",
		"{'kind':'PodList','apiVersion':'v1','metadata':{'resourceVersion':'1'}}",
		"{'apiVersion':'v1','metadata':{'resourceVersion':'1'},'items':[]}",
		"{'kind':'PodList','apiVersion':'v1','items':[]}",
		"{'kind':'List','apiVersion':'v1','metadata':{'resourceVersion':'1'},'items':[]}",
		"{'kind':'ServiceList','apiVersion':'v1','metadata':{'resourceVersion':'1'},'items':[]}",
		PAGE("", ""),
		PAGE("'resourceVersion':7", ""),
		PAGE("'resourceVersion':'1','continue':'a b'", ""),
		PAGE("'resourceVersion':'1'", "{}"),
		PAGE("'resourceVersion':'1'", "null"),
		PAGE("'resourceVersion':'1'", "{'metadata':{'name':'x','resourceVersion':'1'}}"),
		PAGE("'resourceVersion':'1'", "{'metadata':{'name':'x','uid':'x'}}"),
		PAGE("'resourceVersion':'1'", "{'metadata':{'uid':'x','resourceVersion':'1'}}"),
		PAGE("'resourceVersion':'1'", "{'kind':'Service','metadata':{'name':'x','uid':'x','resourceVersion':'1'}}"),
		PAGE("'resourceVersion':'1'", ITEM("a", "1") "," ITEM("b\t", "1")),
		PAGE("'resourceVersion':'1'", ITEM("a", "1")) "x",
		PAGE("'resourceVersion':'1'", ITEM("a", "1")) PAGE("'resourceVersion':'1'", ""),
	};
	struct inventory *inv = inventory_new();
	struct cluster_page p;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char error[256] = "";

		if (page(inv, "Pod", at(10, 0, 0), bad[i], &p, error))
			fail_msg("taken: %s", bad[i]);
		assert_int_equal(strncmp(error, "Pod: ", 5), 0);
		assert_false(inventory_has_objects(inv));
	}
	inventory_free(inv);
}

/* A list cut anywhere is no list. */
static void
cut_page(void **state)
{
	char *text = quoted(PAGE("'resourceVersion':'1'", ITEM("a", "1") "," ITEM("b", "2")));
	struct inventory *inv = inventory_new();
	struct cluster_page p;
	char error[256];

	(void)state;
	for (size_t size = 0; size < strlen(text); size++) {
		char *cut = malloc(size + (size == 0));

		assert_non_null(cut);
		memcpy(cut, text, size);
		assert_false(cluster_json_read_page(inv, "Pod", at(10, 0, 0), cut, size, &p, error, sizeof(error)));
		assert_false(cluster_json_read_object(inv, "Pod", at(10, 0, 0), cut, size, NULL, error, sizeof(error)));
		assert_false(cluster_json_remove_object(inv, "Pod", at(10, 0, 0), cut, size, NULL, error, sizeof(error)));
		free(cut);
	}
	assert_false(inventory_has_objects(inv));
	free(text);
	inventory_free(inv);
}

static void
refused_objects(void **state)
{
	static const char *const bad[] = {
		"", "{}", "[]", "{'kind':'Pod','apiVersion':'v1','metadata':{'resourceVersion':'5'},'spec':{'containers':null}}",
		"{'kind':'Status','apiVersion':'v1','metadata':{},'code':410}",
		"{'kind':'Service','apiVersion':'v1','metadata':{'name':'x','uid':'x','resourceVersion':'1'}}",
		"{'kind':'Pod','apiVersion':'metrics.k8s.io/v1','metadata':{'name':'x','uid':'x','resourceVersion':'1'}}",
		"{'kind':'Pod','apiVersion':'v1','metadata':{'name':'x','uid':'x','resourceVersion':1}}",
	};
	struct inventory *inv = inventory_new();
	struct cluster_object_id id;
	char error[256];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char *text = quoted(bad[i]);

		assert_false(cluster_json_read_object(inv, "Pod", at(10, 0, 0), text, strlen(text), &id, error, sizeof(error)));
		assert_false(cluster_json_remove_object(inv, "Pod", at(10, 0, 0), text, strlen(text), &id, error, sizeof(error)));
		free(text);
	}
	assert_false(inventory_has_objects(inv));
	{
		char *text = quoted(ITEM("a", "77"));

		assert_false(cluster_json_read_object(inv, "Secret", at(10, 0, 0), text, strlen(text), &id, error, sizeof(error)));
		assert_true(cluster_json_read_object(inv, "Pod", at(10, 0, 0), text, strlen(text), &id, error, sizeof(error)));
		assert_string_equal(id.uid, "a");
		assert_string_equal(id.version, "77");
		free(text);
	}
	inventory_free(inv);
}

/* A compacted copy. */

static const char *const addresses[] = { "10.42.0.1", "10.42.0.2", "10.42.0.3", "10.42.0.4", "10.96.0.10", "10.96.0.11", "192.168.1.1", "192.168.1.2", "192.168.1.3" };

static unsigned
pick(unsigned *seed, unsigned count)
{
	*seed = *seed * 1103515245 + 12345;
	return (*seed >> 16) % count;
}

static void
random_pod(struct inventory *inv, unsigned *seed, int64_t time, unsigned version, bool deleted)
{
	static const char *const phases[] = { "'phase':'Running',", "'phase':'Pending',", "'phase':'Succeeded',", "'phase':'Failed','containerStatuses':[{'state':{'terminated':{'finishedAt':'2026-01-01T00:20:00Z'}}}]," };
	static const char *const specs[] = { "", "'hostNetwork':true,", "'serviceAccountName':'robot',", "'containers':[{'ports':[{'name':'http','containerPort':8080}]}]," };
	static const char *const owners[] = { "'labels':{'app':'web'},", "'labels':{'app':'web','tier':'front'},'ownerReferences':[{'kind':'ReplicaSet','name':'web-1','uid':'r1','controller':true}],", "'ownerReferences':[{'kind':'Job','name':'j','uid':'r2','controller':true}]," };
	unsigned id = pick(seed, 8);
	char name[16], uid[16], number[16], start[16], status[256], ip[32];
	bool host = pick(seed, 6) == 0;

	(void)snprintf(name, sizeof(name), "pod-%u", id / 2);
	(void)snprintf(uid, sizeof(uid), "u%u", id);
	(void)snprintf(number, sizeof(number), "%u", version);
	(void)snprintf(start, sizeof(start), "00:%02u:00", id * 7);
	(void)snprintf(ip, sizeof(ip), "%s", pick(seed, 4) == 0 ? "" : addresses[host ? 6 + pick(seed, 3) : pick(seed, 4)]);
	(void)snprintf(status, sizeof(status), "%s'hostIP':'%s',", phases[pick(seed, 10) < 6 ? 0 : pick(seed, 4)], addresses[6 + pick(seed, 3)]);
	pod_event(inv, deleted, time, (struct pod_state){ name, uid, number, start, ip, status, host ? specs[1] : specs[2 * pick(seed, 2)], owners[pick(seed, 3)] });
}

static void
random_other(struct inventory *inv, unsigned *seed, int64_t time, unsigned version, bool deleted)
{
	static const char *const kinds[] = { "Service", "EndpointSlice", "Node", "ReplicaSet", "Job", "Namespace", "NetworkPolicy" };
	static const char *const bodies[] = {
		"{'kind':'Service','apiVersion':'v1',%s,'spec':{'clusterIP':'%s','selector':{'app':'web'},'ports':[{'name':'http','port':80,'targetPort':'http'},{'port':81,'targetPort':8081,'nodePort':30080}]}}",
		"{'kind':'EndpointSlice','apiVersion':'discovery.k8s.io/v1',%s,'addressType':'IPv4','ports':[{'name':'http','port':8080}],'endpoints':[{'addresses':['%s'],'targetRef':{'kind':'Pod','uid':'u3'}},{'addresses':['10.42.0.2']}]}",
		"{'kind':'Node','apiVersion':'v1',%s,'spec':{'podCIDR':'10.42.0.0/24'},'status':{'addresses':[{'type':'InternalIP','address':'%s'}]}}",
		"{'kind':'ReplicaSet','apiVersion':'apps/v1',%s,'x':'%s'}",
		"{'kind':'Job','apiVersion':'batch/v1',%s,'x':'%s'}",
		"{'kind':'Namespace','apiVersion':'v1',%s,'x':'%s'}",
		"{'kind':'NetworkPolicy','apiVersion':'networking.k8s.io/v1',%s,'spec':{'podSelector':{'matchLabels':{'app':'web'},'matchExpressions':[{'key':'tier','operator':'NotIn','values':['back','side']}]},"
		"'ingress':[{'from':[{'ipBlock':{'cidr':'%s/31','except':['10.42.0.3/32']}},{'namespaceSelector':{'matchExpressions':[{'key':'kubernetes.io/service-name','operator':'In','values':['web-1']}]},'podSelector':{'matchLabels':{'tier':'front'}}}],'ports':[{'port':'http'},{'port':80,'endPort':81}]}],"
		"'egress':[{'to':[{'podSelector':{'matchExpressions':[{'key':'tier','operator':'Exists'}]}}]}]}}",
	};
	static const char *const names[] = { "web", "web-s", "node", "web-1", "j", "shop", "p" };
	static const char *const uids[] = { "s%u", "e%u", "n%u", "r1", "r2", "shop%u", "p%u" };
	unsigned kind = pick(seed, 7), id = pick(seed, 2);
	char uid[16], metadata[512], text[2048];

	(void)snprintf(uid, sizeof(uid), uids[kind], id);
	(void)snprintf(metadata, sizeof(metadata), "'metadata':{'name':'%s%s','namespace':'shop','uid':'%s','resourceVersion':'%u','labels':{'kubernetes.io/service-name':'web-%u'}%s}", names[kind], kind == 5 ? "" : id == 0 ? "-0" : "-1", uid, version, id,
		pick(seed, 2) == 0 ? ",'ownerReferences':[{'kind':'Deployment','name':'top','uid':'d','controller':true}]" : "");
	(void)snprintf(text, sizeof(text), bodies[kind], metadata, kind == 0 ? addresses[4 + pick(seed, 2)] : kind == 2 ? addresses[6 + pick(seed, 3)] : addresses[pick(seed, 4)]);
	event(inv, kinds[kind], deleted, time, text);
}

static void
random_change(struct inventory *inv, unsigned *seed, int64_t time, unsigned version)
{
	unsigned what = pick(seed, 20);

	if (what == 0) {
		inventory_relist_begin(inv, OBJECT_POD);
		for (unsigned i = 0; i < 4; i++)
			random_pod(inv, seed, time, version, false);
		inventory_relist_end(inv, OBJECT_POD, time);
	} else if (what < 13) {
		random_pod(inv, seed, time, version, what > 10);
	} else {
		random_other(inv, seed, time, version, what > 17);
	}
}

static void
assert_names_equal(bool a, bool b, const struct service_name *x, const struct service_name *y)
{
	assert_int_equal(a, b);
	if (!a)
		return;
	assert_string_equal(x->namespace, y->namespace);
	assert_string_equal(x->name, y->name);
	assert_string_equal(x->port_name, y->port_name);
}

static void
assert_verdicts_equal(const struct inventory *a, const struct inventory *b, const struct address *ip, int64_t time, unsigned *verdicts)
{
	static const uint16_t ports[] = { 80, 82, 8080 };
	struct network_answer x, y;
	struct address other;

	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++)
		for (size_t p = 0; p < sizeof(ports) / sizeof(ports[0]); p++) {
			assert_true(address_parse(addresses[i], &other));
			inventory_policy_verdict(a, ip, &other, ports[p], IPPROTO_TCP, time, &x);
			inventory_policy_verdict(b, ip, &other, ports[p], IPPROTO_TCP, time, &y);
			assert_int_equal(x.verdict, y.verdict);
			assert_int_equal(x.egress, y.egress);
			assert_int_equal(x.by_address, y.by_address);
			assert_string_equal(x.namespace, y.namespace);
			assert_string_equal(x.policy, y.policy);
			verdicts[x.verdict]++;
		}
}

/* How often each verdict was given: all must come. */
static unsigned verdicts[4];

/* All that can be asked, for every address and every minute from a time on. */
static void
assert_same(const struct inventory *a, const struct inventory *b, int64_t since)
{
	static const uint16_t ports[] = { 80, 81, 8080, 8081, 30080 };

	for (enum object_kind kind = 0; kind < OBJECT_KIND_COUNT; kind++)
		assert_int_equal(inventory_count(a, kind), inventory_count(b, kind));
	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		for (int64_t time = since; time < since + INT64_C(3600) * 1000000000; time += INT64_C(20) * 1000000000) {
			struct endpoint x = find(a, addresses[i], time), y = find(b, addresses[i], time);
			struct address ip;

			assert_int_equal(x.kind, y.kind);
			assert_string_equal(x.namespace, y.namespace);
			assert_string_equal(x.workload_kind, y.workload_kind);
			assert_string_equal(x.workload, y.workload);
			assert_string_equal(x.pod, y.pod);
			assert_string_equal(x.service_account, y.service_account);
			assert_true(address_parse(addresses[i], &ip));
			assert_int_equal(inventory_knows(a, &ip, time), inventory_knows(b, &ip, time));
			assert_verdicts_equal(a, b, &ip, time, verdicts);
			for (size_t p = 0; p < sizeof(ports) / sizeof(ports[0]); p++) {
				struct service_name s, t;
				bool in_a = inventory_service_at(a, &ip, ports[p], IPPROTO_TCP, time, &s), in_b = inventory_service_at(b, &ip, ports[p], IPPROTO_TCP, time, &t);

				assert_names_equal(in_a, in_b, &s, &t);
				in_a = inventory_service_behind(a, &ip, ports[p], IPPROTO_TCP, time, &s);
				in_b = inventory_service_behind(b, &ip, ports[p], IPPROTO_TCP, time, &t);
				assert_names_equal(in_a, in_b, &s, &t);
			}
		}
	}
	assert_int_equal(inventory_warning_count(a), inventory_warning_count(b));
	for (size_t i = 0; i < inventory_warning_count(a); i++)
		assert_string_equal(inventory_warning(a, i), inventory_warning(b, i));
}

/* Random lives of a cluster: a copy answers as the original from the time on that it keeps. */
static void
compacted(void **state)
{
	size_t left = 0;

	(void)state;
	for (unsigned round = 0; round < 60; round++) {
		struct inventory *inv = inventory_new(), *copy;
		unsigned seed = round + 1;
		int64_t keep = at(0, 15, 0) + round * INT64_C(17000000000);

		inventory_relist_end(inv, OBJECT_NETWORK_POLICY, 0);
		for (unsigned i = 0; i < 120; i++)
			random_change(inv, &seed, at(0, 0, 0) + i * INT64_C(15000000000), 1000 + i);
		copy = inventory_compacted(inv, keep);
		assert_same(inv, copy, keep);
		assert_int_equal(inventory_garbage(copy), 0);
		left += inventory_garbage(inv);
		inventory_free(inv);
		inventory_free(copy);
	}
	/* There was something to leave behind, and something to say. */
	assert_true(left > 60 * 20);
	for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++)
		assert_true(verdicts[i] > 100);
}

/* One that keeps all, and goes on as the original does. */
static void
compacted_in_passing(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 40; round++) {
		struct inventory *inv = inventory_new(), *copy;
		unsigned seed = 100 + round, same_seed;

		inventory_relist_end(inv, OBJECT_NETWORK_POLICY, 0);
		for (unsigned i = 0; i < 60; i++)
			random_change(inv, &seed, at(0, 0, 0) + i * INT64_C(15000000000), 1000 + i);
		copy = inventory_compacted(inv, at(0, 0, 0) - 1);
		same_seed = seed;
		for (unsigned i = 60; i < 120; i++) {
			random_change(inv, &seed, at(0, 0, 0) + i * INT64_C(15000000000), 1000 + i);
			random_change(copy, &same_seed, at(0, 0, 0) + i * INT64_C(15000000000), 1000 + i);
		}
		assert_same(inv, copy, at(0, 0, 0));
		inventory_free(inv);
		inventory_free(copy);
	}
}

/* Pods that come and go for long: with compactions, memory has an end. */
static void
months(void **state)
{
	struct inventory *inv = inventory_new();
	size_t highest = 0;
	unsigned compactions = 0;

	(void)state;
	for (unsigned i = 0; i < 40000; i++) {
		char uid[16], text[512];
		int64_t time = at(0, 0, 0) + i * INT64_C(1000000000);

		(void)snprintf(uid, sizeof(uid), "u%u", i % 200);
		(void)snprintf(text, sizeof(text), "{'kind':'Pod','apiVersion':'v1','metadata':{'name':'p-%u','uid':'u%u','resourceVersion':'%u','labels':{'pod-template-hash':'%u'}},'status':{'podIP':'10.42.%u.%u'}}", i, i, i + 1, i, i % 200 / 250, i % 200 % 250);
		event(inv, "Pod", false, time, text);
		(void)snprintf(uid, sizeof(uid), "u%u", i - 200);
		if (i >= 200)
			inventory_remove(inv, OBJECT_POD, uid, NULL, time);
		if (inventory_memory(inv) > highest)
			highest = inventory_memory(inv);
		if (inventory_wants_compaction(inv)) {
			struct inventory *copy = inventory_compacted(inv, time - INT64_C(60000000000));

			assert_true(inventory_memory(copy) < inventory_memory(inv));
			inventory_free(inv);
			inv = copy;
			compactions++;
		}
	}
	assert_int_equal(inventory_count(inv, OBJECT_POD), 200);
	assert_in_range(compactions, 20, 60);
	assert_in_range(highest, 100000, 3 << 20);
	inventory_free(inv);
}

/* Recorded answers. */

/* Takes the chunks of a body together, in place; returns its size. */
static size_t
join_chunks(char *body, size_t size)
{
	size_t in = 0, out = 0;

	while (in < size) {
		char *end = NULL;
		size_t chunk = strtoul(body + in, &end, 16);

		in = (size_t)(end - body) + 2;
		if (chunk == 0 || in + chunk > size)
			break;
		memmove(body + out, body + in, chunk);
		out += chunk;
		in += chunk + 2;
	}
	return out;
}

/* The body of a recorded answer, NUL behind it; NULL where there are no recordings. Returns owned. */
static char *
recorded(const char *name, size_t *size)
{
	char path[512], file[128], *text, *body;
	FILE *in;

	(void)snprintf(file, sizeof(file), "kubernetes/%s", name);
	if (!shared_path(path, sizeof(path), file))
		return NULL;
	in = fopen(path, "r");
	assert_non_null(in);
	text = calloc(1, 4 << 20);
	assert_non_null(text);
	*size = fread(text, 1, (4 << 20) - 1, in);
	assert_int_equal(fclose(in), 0);
	body = strstr(text, "\r\n\r\n");
	assert_non_null(body);
	*size -= (size_t)(body + 4 - text);
	if (strstr(text, "Transfer-Encoding: chunked") != NULL)
		*size = join_chunks(body + 4, *size);
	memmove(text, body + 4, *size);
	text[*size] = '\0';
	return text;
}

static bool
recorded_page(struct inventory *inv, const char *kind, const char *name, int64_t time, struct cluster_page *out)
{
	char error[512] = "", *text;
	size_t size;

	text = recorded(name, &size);
	if (text == NULL)
		return false;
	if (!cluster_json_read_page(inv, kind, time, text, size, out, error, sizeof(error)))
		fail_msg("%s: %s", name, error);
	free(text);
	return true;
}

/* Replays a watch: each event is heard of one second after the other. Returns how many were of an object. */
static size_t
recorded_watch(struct inventory *inv, const char *kind, const char *name, int64_t time, void (*after)(const struct inventory *, size_t))
{
	size_t size, count = 0;
	char error[512] = "", *text = recorded(name, &size), *rest = NULL;

	if (text == NULL)
		return 0;
	for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
		char *object = strstr(line, "\"object\":");
		bool deleted = strncmp(line, "{\"type\":\"DELETED\"", 17) == 0, done;

		if (strncmp(line, "{\"type\":\"BOOKMARK\"", 18) == 0)
			continue;
		assert_non_null(object);
		object += 9;
		size = strlen(object) - 1;
		if (deleted)
			done = cluster_json_remove_object(inv, kind, time, object, size, NULL, error, sizeof(error));
		else
			done = cluster_json_read_object(inv, kind, time, object, size, NULL, error, sizeof(error));
		if (!done)
			fail_msg("%s: %s", name, error);
		if (after != NULL)
			after(inv, count);
		count++;
		time += 1000000000;
	}
	free(text);
	return count;
}

static const int64_t recorded_at = INT64_C(4102444800) * 1000000000; /* 2100: after all that was recorded */

/* Three pods have this address; those that finished do not count. */
static void
recorded_shared_address(void **state)
{
	struct inventory *inv = inventory_new();
	struct cluster_page p;

	(void)state;
	if (recorded_page(inv, "Pod", "lists/pods-by-ip.http", recorded_at, &p)) {
		struct inventory *one = inventory_new();
		struct endpoint e, in_use;

		assert_int_equal(p.objects, 3);
		assert_true(recorded_page(one, "Pod", "lists/pods-by-ip-in-use.http", recorded_at, &p));
		assert_int_equal(p.objects, 1);
		e = find(inv, "10.244.3.2", recorded_at);
		in_use = find(one, "10.244.3.2", recorded_at);
		assert_string_not_equal(e.pod, "");
		assert_string_equal(e.pod, in_use.pod);
		inventory_free(one);
	}
	inventory_free(inv);
}

static void
recorded_pages(void **state)
{
	static const char *const names[] = { "lists/pods-page-1.http", "lists/pods-page-2.http", "lists/pods-page-3.http" };
	struct inventory *inv = inventory_new();
	struct cluster_page p;
	size_t count = 0;

	(void)state;
	inventory_relist_begin(inv, OBJECT_POD);
	for (size_t i = 0; i < 3; i++) {
		if (!recorded_page(inv, "Pod", names[i], recorded_at, &p))
			break;
		count += p.objects;
		assert_int_equal(p.continue_token[0] == '\0', i == 2);
		assert_string_not_equal(p.version, "");
	}
	inventory_relist_end(inv, OBJECT_POD, recorded_at);
	assert_int_equal(inventory_count(inv, OBJECT_POD), count);
	inventory_free(inv);
}

static void
recorded_lists(void **state)
{
	static const struct {
		const char *kind, *name;
		enum object_kind number;
		size_t count;
	} lists[] = {
		{ "Pod", "lists/pods-all.http", OBJECT_POD, 208 },
		{ "Service", "lists/services.http", OBJECT_SERVICE, 0 },
		{ "EndpointSlice", "lists/endpointslices.http", OBJECT_SLICE, 0 },
		{ "Node", "lists/nodes.http", OBJECT_NODE, 3 },
		{ "Namespace", "lists/namespaces.http", OBJECT_NAMESPACE, 0 },
		{ "NetworkPolicy", "lists/networkpolicies.http", OBJECT_NETWORK_POLICY, 16 },
	};
	struct inventory *inv = inventory_new(), *copy;

	(void)state;
	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
			struct cluster_page p;

			inventory_relist_begin(inv, lists[i].number);
			if (!recorded_page(inv, lists[i].kind, lists[i].name, recorded_at, &p))
				break;
			inventory_relist_end(inv, lists[i].number, recorded_at);
			assert_int_equal(inventory_count(inv, lists[i].number), p.objects);
			if (lists[i].count > 0)
				assert_int_equal(p.objects, lists[i].count);
			assert_int_equal(inventory_garbage(inv), 0);
		}
	}
	copy = inventory_compacted(inv, recorded_at);
	for (unsigned i = 0; i < 3 * 256; i++) {
		char ip[ADDRESS_TEXT_SIZE];
		struct endpoint a, b;

		(void)snprintf(ip, sizeof(ip), "10.244.%u.%u", i / 256 + 1, i % 256);
		a = find(inv, ip, recorded_at);
		b = find(copy, ip, recorded_at);
		assert_string_equal(a.pod, b.pod);
		assert_string_equal(a.workload, b.workload);
		assert_int_equal(a.kind, b.kind);
	}
	inventory_free(inv);
	inventory_free(copy);
}

/* A pod is started and stopped, and one of a StatefulSet replaced: in the end nobody is left of them. */
static void
recorded_pod_watches(void **state)
{
	static const char *const names[] = { "watch/pods-basic.http", "watch/pods-one-statefulset-pod-replaced.http", "watch/pods-label-leaves-selector.http", "watch/pods-no-finished.http", "watch/pods-one-node.http", "watch/pods-initial-events.http" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct inventory *inv = inventory_new(), *copy;
		size_t count = recorded_watch(inv, "Pod", names[i], recorded_at, NULL);

		if (count == 0) {
			inventory_free(inv);
			return;
		}
		copy = inventory_compacted(inv, recorded_at + INT64_C(86400000000000));
		assert_int_equal(inventory_count(copy, OBJECT_POD), inventory_count(inv, OBJECT_POD));
		assert_int_equal(inventory_garbage(copy), 0);
		inventory_free(inv);
		inventory_free(copy);
	}
}

/* redis-0, by the address that its pods have. */
static void
after_redis(const struct inventory *inv, size_t event)
{
	static size_t removed;
	size_t count = inventory_count(inv, OBJECT_POD);

	assert_true(count <= 1 + event);
	if (count == 0)
		removed++;
	if (event > 0 && removed > 0 && count == 1)
		removed = SIZE_MAX / 2;
}

static void
recorded_replacement(void **state)
{
	struct inventory *inv = inventory_new();

	(void)state;
	if (recorded_watch(inv, "Pod", "watch/pods-one-statefulset-pod-replaced.http", recorded_at, after_redis) > 0) {
		/* The new one, running; of the old one the past. */
		assert_int_equal(inventory_count(inv, OBJECT_POD), 1);
		assert_true(inventory_garbage(inv) > 0);
	}
	inventory_free(inv);
}

/* Its label left the selection and came back: it is there. */
static void
recorded_label(void **state)
{
	struct inventory *inv = inventory_new();

	(void)state;
	if (recorded_watch(inv, "Pod", "watch/pods-label-leaves-selector.http", recorded_at, NULL) > 0)
		assert_int_equal(inventory_count(inv, OBJECT_POD), 1);
	inventory_free(inv);
}

static void
recorded_other_watches(void **state)
{
	static const struct {
		const char *kind, *name;
	} watches[] = {
		{ "EndpointSlice", "watch/endpointslices.http" }, { "Namespace", "watch/namespaces.http" }, { "NetworkPolicy", "watch/networkpolicies.http" },
		{ "NetworkPolicy", "watch/networkpolicies-initial-events.http" }, { "Service", "watch/services.http" }, { "Service", "watch/services-initial-events.http" },
	};
	struct inventory *inv = inventory_new();

	(void)state;
	for (size_t i = 0; i < sizeof(watches) / sizeof(watches[0]); i++)
		if (recorded_watch(inv, watches[i].kind, watches[i].name, recorded_at, NULL) == 0)
			break;
	inventory_free(inv);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(removed_pod),
		cmocka_unit_test(late_removal),
		cmocka_unit_test(address_passes_on),
		cmocka_unit_test(waits_for_a_volume),
		cmocka_unit_test(same_name_new_uid),
		cmocka_unit_test(terminating),
		cmocka_unit_test(finished),
		cmocka_unit_test(address_changes),
		cmocka_unit_test(leaves_and_comes_back),
		cmocka_unit_test(node_that_leaves),
		cmocka_unit_test(services),
		cmocka_unit_test(relist),
		cmocka_unit_test(restored_storage),
		cmocka_unit_test(refused_pages),
		cmocka_unit_test(cut_page),
		cmocka_unit_test(refused_objects),
		cmocka_unit_test(compacted),
		cmocka_unit_test(compacted_in_passing),
		cmocka_unit_test(months),
		cmocka_unit_test(recorded_shared_address),
		cmocka_unit_test(recorded_pages),
		cmocka_unit_test(recorded_lists),
		cmocka_unit_test(recorded_pod_watches),
		cmocka_unit_test(recorded_replacement),
		cmocka_unit_test(recorded_label),
		cmocka_unit_test(recorded_other_watches),
	};

	return cmocka_run_group_tests_name("inventory_live", tests, NULL, NULL);
}
