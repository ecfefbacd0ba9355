/* SPDX-License-Identifier: Apache-2.0 */
/* What a cluster file may look like, and what an error in one says. */
#include <config.h>

#include "tests/sensor/cluster_text.h"

#include <netinet/in.h>

#define POD "{'kind':'Pod','apiVersion':'v1','metadata':{'uid':'1','name':'web'},'status':{'podIP':'10.42.0.5'}}"
#define POD_ITEM "{'metadata':{'uid':'1','name':'web'},'status':{'podIP':'10.42.0.5'}}"

static bool
has_pod(const struct inventory *inv, const char *text)
{
	struct address a;
	struct endpoint e;

	assert_true(address_parse(text, &a));
	inventory_find(inv, &a, at(12, 0, 0), &e);
	return e.kind == ENDPOINT_WORKLOAD;
}

/* text is good and says that there is the pod with 10.42.0.5, or not. */
static void
assert_good(const char *text, bool pod)
{
	struct inventory *inv = inventory_new();

	assert_true(read_text(inv, text, NULL, 0));
	assert_int_equal(has_pod(inv, "10.42.0.5"), pod);
	inventory_free(inv);
}

static void
assert_error(const char *text, const char *expected)
{
	struct inventory *inv = inventory_new();
	char error[512] = "", tiny[8] = "";

	assert_false(read_text(inv, text, error, sizeof(error)));
	assert_string_equal(error, expected);
	assert_false(inventory_has_objects(inv));
	assert_false(read_text(inv, text, tiny, sizeof(tiny)));
	assert_int_equal(strlen(tiny), 7);
	assert_false(read_text(inv, text, tiny, 0));
	inventory_free(inv);
}

static void
forms(void **state)
{
	(void)state;
	assert_good(POD, true);
	assert_good("{'apiVersion':'v1','items':[" POD "],'kind':'List','metadata':{'resourceVersion':''}}", true);
	assert_good("{'kind':'PodList','apiVersion':'v1','metadata':{},'items':[" POD_ITEM "]}", true);
	assert_good("{'items':[" POD_ITEM "],'kind':'PodList'}", true);
	assert_good("\xef\xbb\xbf \r\n\t" POD " \n", true);
	assert_good("{ 'kind' : 'List' , 'items' : [ " POD " , {} , {'kind':'ConfigMap'} ] }", true);
	assert_good("{'kind':'List','items':[{'kind':'ConfigMap','data':{'a':'\\'}]\\\\'}}," POD "]}", true);
	/* An item's own kind comes before its list's. */
	assert_good("{'kind':'PodList','items':[{'kind':'Secret','metadata':{'uid':'1','name':'web'},'status':{'podIP':'10.42.0.5'}}]}", false);
}

static void
nothing_of_use(void **state)
{
	(void)state;
	assert_good("{'kind':'List','items':[]}", false);
	assert_good("{'kind':'List','items':null}", false);
	assert_good("{'kind':'List'}", false);
	assert_good("{'kind':'PodList','items':[{}]}", false);
	assert_good("{'kind':'Namespace','metadata':{'name':'shop'}}", false);
	/* An item without a kind, in a list of mixed ones. */
	assert_good("{'kind':'List','items':[" POD_ITEM "]}", false);
	/* Others have kinds of the same name. */
	assert_good("{'kind':'Pod','apiVersion':'example.com/v1','metadata':{'uid':'1','name':'web'},'status':{'podIP':'10.42.0.5'}}", false);
	assert_good("{'kind':'EndpointSlice','apiVersion':'v1','metadata':3}", false);
	assert_good("{'kind':'Job','apiVersion':'batchier/v1','metadata':3}", false);
	/* No uid, no name, no address. */
	assert_good("{'kind':'Pod','apiVersion':'v1','metadata':{'name':'web'},'status':{'podIP':'10.42.0.5'}}", false);
	assert_good("{'kind':'Pod','apiVersion':'v1','metadata':{'uid':'1'},'status':{'podIP':'10.42.0.5'}}", false);
	assert_good("{'kind':'Pod','apiVersion':'v1','metadata':{'uid':'1','name':'web'},'status':{'podIP':'','podIPs':[{},{'ip':''}]}}", false);
	assert_good("{'kind':'Service','apiVersion':'v1','metadata':{'name':'web'}}", false);
	assert_good("{'kind':'Node','apiVersion':'v1','metadata':null}", false);
	assert_good("{'kind':'EndpointSlice','apiVersion':'discovery.k8s.io/v1'}", false);
}

/* Bookmarks of the API are full of these. */
static void
nulls_are_absent(void **state)
{
	(void)state;
	assert_good("{'kind':'Pod','apiVersion':'v1','metadata':{'uid':'1','name':'web','labels':null,'ownerReferences':[null],'creationTimestamp':null},'spec':{'containers':[{'ports':null},null],'initContainers':null,'hostNetwork':null,'nodeName':null},'status':{'podIP':'10.42.0.5','podIPs':[null,{'ip':null}],'startTime':null,'containerStatuses':[null]}}", true);
	assert_good("{'kind':'Service','apiVersion':'v1','metadata':{'uid':'1','name':'web'},'spec':{'ports':[null,{'port':null,'targetPort':null,'protocol':null}],'clusterIPs':[null],'selector':null},'status':{'loadBalancer':{'ingress':[null]}}}", false);
	assert_good("{'kind':'Node','apiVersion':'v1','metadata':{'uid':'1','name':'a'},'spec':{'podCIDRs':[null],'podCIDR':''},'status':{'addresses':[null,{'type':'InternalIP','address':null}]}}", false);
	assert_good("{'kind':'EndpointSlice','apiVersion':'discovery.k8s.io/v1','metadata':{'uid':'1','name':'a','labels':{'kubernetes.io/service-name':'b'}},'endpoints':[null,{'addresses':null,'targetRef':null}],'ports':[null]}", false);
}

#define IN_LIST(object) "{'kind':'List','items':[{},{'kind':'Pod','apiVersion':'v1','metadata':{'uid':'0','name':'first'}}," object "]}"

static void
wrong_values(void **state)
{
	(void)state;
	assert_error(IN_LIST("{'kind':'Pod','apiVersion':'v1','metadata':{'uid':'1','name':'web'},'status':{'podIPs':[{'ip':'10.0.0'}]}}"), "pods.json: items[2].status.podIPs[0].ip: \"10.0.0\" is no IP address");
	assert_error(IN_LIST("{'kind':'Pod','apiVersion':'v1','metadata':{'uid':'1','name':'web'},'spec':[]}"), "pods.json: items[2].spec: expected an object, found an array");
	assert_error(IN_LIST("{'kind':'Pod','apiVersion':'v1','metadata':'x'}"), "pods.json: items[2].metadata: expected an object, found a string");
	assert_error(IN_LIST("7"), "pods.json: items[2]: expected an object, found a whole number");
	assert_error(IN_LIST("{'kind':7}"), "pods.json: items[2].kind: expected a string, found a whole number");
	assert_error("{'kind':'Pod','apiVersion':'v1','metadata':{'uid':1}}", "pods.json: metadata.uid: expected a string, found a whole number");
	assert_error("{'kind':'Pod','apiVersion':'v1','metadata':{'uid':'1','name':'web'},'spec':{'hostNetwork':'yes'}}", "pods.json: spec.hostNetwork: expected true or false, found a string");
	assert_error("{'kind':'Pod','apiVersion':'v1','metadata':{'uid':'1','name':'web','labels':{'app.example/name':true}}}", "pods.json: metadata.labels[\"app.example/name\"]: expected a string, found true");
	assert_error("{'kind':'Pod','apiVersion':'v1','metadata':{'uid':'1','name':'web'},'spec':{'containers':[{'ports':[{'name':'a','containerPort':65536}]}]}}", "pods.json: spec.containers[0].ports[0].containerPort: 65536 is no port number");
	assert_error("{'kind':'Pod','apiVersion':'v1','metadata':{'uid':'1','name':'web'},'spec':{'containers':[{'ports':[{'name':'a','containerPort':80.5}]}]}}", "pods.json: spec.containers[0].ports[0].containerPort: expected a whole number, found a number with a fraction");
	assert_error("{'kind':'Service','apiVersion':'v1','metadata':{'uid':'1','name':'web'},'spec':{'ports':[{'port':80,'protocol':'QUIC'}]}}", "pods.json: spec.ports[0].protocol: \"QUIC\" is none of TCP, UDP, SCTP");
	assert_error("{'kind':'Service','apiVersion':'v1','metadata':{'uid':'1','name':'web'},'spec':{'ports':[{'port':80,'targetPort':-1}]}}", "pods.json: spec.ports[0].targetPort: -1 is no port number");
	assert_error("{'kind':'Service','apiVersion':'v1','metadata':{'uid':'1','name':'web'},'spec':{'clusterIPs':['10.0.0.256']}}", "pods.json: spec.clusterIPs[0]: \"10.0.0.256\" is no IP address");
	assert_error("{'kind':'Node','apiVersion':'v1','metadata':{'uid':'1','name':'a'},'status':{'addresses':[{'type':'Hostname','address':'a'},{'type':'InternalIP','address':'a'}]}}", "pods.json: status.addresses[1].address: \"a\" is no IP address");
	assert_error("{'kind':'List','items':{}}", "pods.json: items: expected an array, found an object");
	assert_error("{'kind':['List'],'items':[]}", "pods.json: kind: expected a string, found an array");
	/* The first error is the one told. */
	assert_error("{'kind':'Pod','apiVersion':'v1','metadata':{'uid':1,'name':2}}", "pods.json: metadata.uid: expected a string, found a whole number");
}

static void
ranges(void **state)
{
	static const char *const bad[] = { "10.42.0.0", "10.42.0.0/", "10.42.0.0/x", "10.42.0.0/33", "10.42.0.0/-1", "10.42.0.0/0024", "10.42.0/24", "fd00::/129", "/24", "1111:2222:3333:4444:5555:6666:7777:8888:9999:0000/64" };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char text[512], expected[512];

		(void)snprintf(text, sizeof(text), "{'kind':'Node','apiVersion':'v1','metadata':{'uid':'1','name':'a'},'spec':{'podCIDRs':['10.0.0.0/0','%s']}}", bad[i]);
		(void)snprintf(expected, sizeof(expected), "pods.json: spec.podCIDRs[1]: \"%s\" is no address range; expected as in 10.42.1.0/24", bad[i]);
		assert_error(text, expected);
	}
}

static void
times(void **state)
{
	static const char *const bad[] = { "2026", "2026-01-01", "2026-01-01T10:00:00", "2026-13-01T10:00:00Z", "2026-00-01T10:00:00Z", "2026-01-32T10:00:00Z", "2026-02-30T10:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T10:60:00Z", "2026-01-01T10:00:61Z", "2026-01-01T10:00:00Zx", "2026-01-01T10:00:00.Z", "2026-01-01T10:00:00+1:00", "2026-01-01 10:00:00Z", "yesterday", "9999-01-01T00:00:00Z" };
	static const struct {
		const char *text;
		int64_t time;
	} good[] = {
		{ "2026-01-01T10:00:00Z", 10 * 3600 },
		{ "2026-01-01T10:00:00.123456Z", 10 * 3600 },
		{ "2026-01-01T10:00:00+02:30", 7 * 3600 + 1800 },
		{ "2026-01-01T10:00:00-02:00", 12 * 3600 },
	};
	static const char *const format = "{'kind':'Pod','apiVersion':'v1','metadata':{'uid':'1','name':'web'},'status':{'podIP':'10.42.0.5','startTime':'%s'}}";

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char text[512], expected[512];

		(void)snprintf(text, sizeof(text), format, bad[i]);
		(void)snprintf(expected, sizeof(expected), "pods.json: status.startTime: \"%s\" is no time; expected as in 2026-01-31T12:00:00Z", bad[i]);
		assert_error(text, expected);
	}
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct inventory *inv = inventory_new();
		struct address a;
		struct endpoint e;
		char text[512];

		(void)snprintf(text, sizeof(text), format, good[i].text);
		assert_true(read_text(inv, text, NULL, 0));
		assert_true(address_parse("10.42.0.5", &a));
		inventory_find(inv, &a, at(0, 0, (int)good[i].time - 2), &e);
		assert_int_equal(e.kind, ENDPOINT_WORKLOAD);
		inventory_find(inv, &a, at(0, 0, (int)good[i].time - 3), &e);
		assert_int_equal(e.kind, ENDPOINT_ADDRESS);
		inventory_free(inv);
	}
	/* Go's zero time: never set. */
	assert_good("{'kind':'Pod','apiVersion':'v1','metadata':{'uid':'1','name':'web'},'status':{'podIP':'10.42.0.5','startTime':'0001-01-01T00:00:00Z'}}", true);
}

static void
names(void **state)
{
	char text[2048], expected[256];

	(void)state;
	assert_error("{'kind':'Pod','apiVersion':'v1','metadata':{'uid':'1','name':'a\\u001b[31mb'}}", "pods.json: metadata.name: has the byte 0x1b, which no name has");
	assert_error("{'kind':'Pod','apiVersion':'v1','metadata':{'uid':'1','name':'a b'}}", "pods.json: metadata.name: has the byte 0x20, which no name has");
	assert_error("{'kind':'Pod','apiVersion':'v1','metadata':{'uid':'1','name':'a\\u009bb'}}", "pods.json: metadata.name: has the byte 0xc2, which no name has");
	assert_error("{'kind':'Pod','apiVersion':'v1','metadata':{'uid':'1','name':'a','labels':{'a\\nb':'c'}}}", "pods.json: metadata.labels[\"a?b\"]: has the byte 0x0a, which no name has");
	assert_error("{'kind':'Pod','apiVersion':'v1','metadata':{'uid':'1','name':'a','labels':{'a':'\\u007f'}}}", "pods.json: metadata.labels.a: has the byte 0x7f, which no name has");
	/* What an error quotes is no terminal escape either. */
	assert_error("{'kind':'Pod','apiVersion':'v1','metadata':{'uid':'1','name':'a'},'status':{'podIP':'\\u001b]0;x\\u0007'}}", "pods.json: status.podIP: \"?]0;x?\" is no IP address");
	(void)snprintf(text, sizeof(text), "{'kind':'Pod','apiVersion':'v1','metadata':{'uid':'1','name':'%0600d'}}", 0);
	assert_error(text, "pods.json: metadata.name: is 600 bytes long; no name has more than 512");
	(void)snprintf(text, sizeof(text), "{'kind':'Pod','apiVersion':'v1','metadata':{'uid':'1','name':'a'},'status':{'podIP':'%0600d'}}", 0);
	(void)snprintf(expected, sizeof(expected), "pods.json: status.podIP: \"%064d\" is no IP address", 0);
	assert_error(text, expected);
}

static void
syntax_errors(void **state)
{
	(void)state;
	assert_error("", "pods.json: line 1, column 1: the text ends too early; it may have been cut off");
	assert_error("apiVersion: v1", "pods.json: line 1, column 1: expected the { of a JSON object, as of kubectl get -o json");
	assert_error("[" POD "]", "pods.json: line 1, column 1: expected the { of a JSON object, as of kubectl get -o json");
	assert_error("{", "pods.json: line 1, column 2: the text ends too early; it may have been cut off");
	assert_error("{\n  'kind' 'List'\n}", "pods.json: line 2, column 10: expected a colon");
	assert_error("{\n  kind: 1}", "pods.json: line 2, column 3: expected a member's name");
	assert_error("{'kind':}", "pods.json: line 1, column 9: expected a value");
	assert_error("{'kind':'List' 'items':[]}", "pods.json: line 1, column 16: expected a comma or }");
	assert_error("{'kind':'List','kind':'List'}", "pods.json: line 1, column 16: this member is there twice");
	assert_error("{'kind':'List'}\n{}", "pods.json: line 2, column 1: expected the end of the text");
	assert_error("{'kind':'List','items':[\n{},]}", "pods.json: line 2, column 4: expected a value");
	assert_error("{'kind':'List','items':[\n{} {}]}", "pods.json: line 2, column 4: expected a comma or ]");
	assert_error("{'kind':'List','items':[\n{}}", "pods.json: line 2, column 3: found }, expected ]");
	assert_error("{'kind':'List','items':{]}", "pods.json: line 1, column 25: found ], expected }");
	assert_error("{'kind':'List','items':[{'a':'b", "pods.json: line 1, column 32: the text ends too early; it may have been cut off");
	assert_error("{'kind':'List','items':[{'a':'b\\", "pods.json: line 1, column 33: the text ends too early; it may have been cut off");
	assert_error("{'kind':'List','items':[\n  {'a':1,\n   'b' 2}]}", "pods.json: line 3, column 8: ':' expected near '2'");
	assert_error("{'kind':'List','items':[{'a':1},\n  {'a' 1}]}", "pods.json: line 2, column 8: ':' expected near '1'");
	assert_error("{'kind':'List','metadata':nul,'items':[]}", "pods.json: line 1, column 29: invalid token near 'nul'");
	assert_error("{'kind':'List','meta\\x':1,'items':[]}", "pods.json: line 1, column 22: invalid escape near '\"meta\\x'");
	assert_error("{'kind':'List','items':nul}", "pods.json: line 1, column 26: invalid token near 'nul'");
	assert_error("{'kind':List,'items':[]}", "pods.json: line 1, column 12: invalid token near 'List'");
	assert_error("{'kind':'Pod','apiVersion':'v1','metadata':{'uid':'1','uid':'2'}}", "pods.json: line 1, column 59: duplicate object key near '\"uid\"'");
	assert_error("{'kind':'Pod','apiVersion':'v1','a':'\x1b[0m'}", "pods.json: line 1, column 37: control character 0x1b near '\"'");
	assert_error("{'items':[" POD "]}", "pods.json: kind: missing; expected a List or an object of Kubernetes");
	assert_error("{}", "pods.json: kind: missing; expected a List or an object of Kubernetes");
	assert_error("\xff\xfe{", "pods.json: is UTF-16; JSON is UTF-8 (RFC 8259 8.1)");
	assert_error("\xfe\xff{", "pods.json: is UTF-16; JSON is UTF-8 (RFC 8259 8.1)");
}

/* What is not used is left out before an item is parsed; labels of the same name are not. */
static void
unused_parts(void **state)
{
	struct inventory *inv = inventory_new();
	struct service_name s;
	struct address a;

	(void)state;
	assert_true(read_text(inv, "{'kind':'List','items':[{'kind':'Pod','apiVersion':'v1','metadata':{'uid':'1','name':'web','namespace':'shop','annotations':{'a':'\\\"}]'},'managedFields':[{'f:x':{}},[]],'labels':{'env' : 'prod'}},'spec':{'volumes':[],'containers':[{'env':[{'name':'labels','value':'['}],'ports':[{'name':'http','containerPort':8080}],'resources' : {'a':1}}]},'status':{'podIP':'10.42.0.5'}},"
		"{'kind':'Service','apiVersion':'v1','metadata':{'uid':'2','name':'web','namespace':'shop'},'spec':{'selector':{'env':'prod'},'ports':[{'port':80,'targetPort':'http'}]}}]}", NULL, 0));
	assert_true(address_parse("10.42.0.5", &a));
	assert_true(inventory_service_behind(inv, &a, 8080, IPPROTO_TCP, at(0, 0, 0), &s));
	assert_string_equal(s.name, "web");
	inventory_free(inv);
	/* An error after such a part is still told where it is. */
	assert_error("{'kind':'List','items':[{'env':[1,2,3],\n'a' 1}]}", "pods.json: line 2, column 5: ':' expected near '1'");
	assert_error("{'kind':'List','items':[{'kind':'Pod','apiVersion':'v1','metadata':{'uid':'1','name':'a','labels':{'env':{'x':1}}}}]}", "pods.json: items[0].metadata.labels.env: expected a string, found an object");
}

static void
depth(void **state)
{
	char text[8192];
	size_t used;

	(void)state;
	used = (size_t)snprintf(text, sizeof(text), "{'kind':'X','a':");
	memset(text + used, '[', 4000);
	(void)snprintf(text + used + 4000, 16, "}");
	assert_error(text, "pods.json: line 1, column 2065: nested too deep");
	memset(text + used + 2048, ']', 2048);
	(void)snprintf(text + used + 4096, 16, "}");
	assert_error(text, "pods.json: line 1, column 2064: maximum parsing depth reached near '['");
}

/* An error at the end takes nothing in, and leaves what was there before. */
static void
all_or_nothing(void **state)
{
	struct inventory *inv = inventory_new();
	char error[512];

	(void)state;
	assert_true(read_text(inv, "{'kind':'Pod','apiVersion':'v1','metadata':{'uid':'9','name':'old'},'status':{'podIP':'10.42.0.9'}}", NULL, 0));
	assert_false(read_text(inv, "{'kind':'List','items':[" POD ",{'kind':'Pod','apiVersion':'v1','metadata':[]}]}", error, sizeof(error)));
	assert_false(has_pod(inv, "10.42.0.5"));
	assert_true(has_pod(inv, "10.42.0.9"));
	assert_true(read_text(inv, POD, NULL, 0));
	assert_true(has_pod(inv, "10.42.0.5"));
	inventory_free(inv);
}

static void
each_prefix(void **state)
{
	static const char text[] = "{'apiVersion':'v1','items':[" POD ",{'kind':'Node','apiVersion':'v1','metadata':{'uid':'2','name':'a'}}],'kind':'List'}";
	char error[512];

	(void)state;
	for (size_t size = 0; size < sizeof(text) - 1; size++) {
		struct inventory *inv = inventory_new();
		char part[sizeof(text)] = "";

		memcpy(part, text, size);
		assert_false(read_text(inv, part, error, sizeof(error)));
		assert_non_null(strstr(error, "pods.json: line 1, column "));
		assert_false(inventory_has_objects(inv));
		inventory_free(inv);
	}
	assert_good(text, true);
}

static void
too_many_addresses(void **state)
{
	char text[2048];
	size_t used = (size_t)snprintf(text, sizeof(text), "{'kind':'Pod','apiVersion':'v1','metadata':{'uid':'1','name':'web'},'status':{'podIP':'10.42.0.5','podIPs':[{'ip':'10.42.1.0'}");

	(void)state;
	for (int i = 1; i < 16; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, ",{'ip':'10.42.1.%d'}", i);
	(void)snprintf(text + used, sizeof(text) - used, "]}}");
	assert_good(text, true);
	(void)snprintf(text + used, sizeof(text) - used, ",{'ip':'10.42.2.1'}]}}");
	assert_error(text, "pods.json: status.podIPs: has 17 addresses; expected at most 16");
}

/* A NUL is no end of the text. */
static void
nul_bytes(void **state)
{
	static const char text[] = "{\"kind\":\"List\",\"items\":[{\"env\0\0\0\0\0\":[]}]}";
	struct inventory *inv = inventory_new();
	char error[512];

	(void)state;
	assert_false(cluster_json_read(inv, "x", text, sizeof(text) - 1, error, sizeof(error)));
	assert_string_equal(error, "x: line 1, column 29: control character 0x0 near '\"env'");
	inventory_free(inv);
}

static void
too_large(void **state)
{
	struct inventory *inv = inventory_new();
	const size_t size = (size_t)65 << 20;
	char *text = malloc(size), error[512];

	(void)state;
	assert_non_null(text);
	/* The size alone decides: nothing is read. */
	assert_false(cluster_json_read(inv, "x", "", ((size_t)1 << 30) + 1, error, sizeof(error)));
	assert_string_equal(error, "x: is larger than 1 GiB");
	memset(text, ' ', size);
	memcpy(text, "{\"kind\":\"Pod\",\n\"a\":1", 20);
	text[size - 1] = '}';
	assert_false(cluster_json_read(inv, "x", text, size, error, sizeof(error)));
	assert_string_equal(error, "x: line 1, column 1: an object of more than 64 MiB; Kubernetes has none so large");
	free(text);
	inventory_free(inv);
}

static void
files(void **state)
{
	char path[] = "/tmp/podwire-cluster-json-XXXXXX", error[512], expected[512];
	struct inventory *inv = inventory_new();
	int fd = mkstemp(path);
	FILE *f;

	(void)state;
	assert_true(fd >= 0);
	f = fdopen(fd, "w");
	assert_non_null(f);
	/* More than one read's worth. */
	assert_true(fprintf(f, "%*s{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"uid\":\"1\",\"name\":\"web\"},\"status\":{\"podIP\":\"10.42.0.5\"}}", 3 << 20, "") > 0);
	assert_int_equal(fclose(f), 0);
	assert_true(cluster_json_load(inv, path, error, sizeof(error)));
	assert_true(has_pod(inv, "10.42.0.5"));
	assert_int_equal(unlink(path), 0);
	assert_false(cluster_json_load(inv, path, error, sizeof(error)));
	(void)snprintf(expected, sizeof(expected), "%s: No such file or directory", path);
	assert_string_equal(error, expected);
	assert_false(cluster_json_load(inv, "/", error, sizeof(error)));
	assert_string_equal(error, "/: Is a directory");
	inventory_free(inv);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forms),
		cmocka_unit_test(nothing_of_use),
		cmocka_unit_test(nulls_are_absent),
		cmocka_unit_test(wrong_values),
		cmocka_unit_test(ranges),
		cmocka_unit_test(times),
		cmocka_unit_test(names),
		cmocka_unit_test(syntax_errors),
		cmocka_unit_test(unused_parts),
		cmocka_unit_test(depth),
		cmocka_unit_test(all_or_nothing),
		cmocka_unit_test(each_prefix),
		cmocka_unit_test(too_many_addresses),
		cmocka_unit_test(nul_bytes),
		cmocka_unit_test(too_large),
		cmocka_unit_test(files),
	};

	return cmocka_run_group_tests_name("sensor/cluster_json", tests, NULL, NULL);
}
