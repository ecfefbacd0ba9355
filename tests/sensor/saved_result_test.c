/* SPDX-License-Identifier: Apache-2.0 */
/* Saved results read back: the same report comes out, merging adds up, damage is told and adds nothing. */
#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <unistd.h>

#include "sample_report.h"
#include "sensor/saved_result.h"

/* What was written, read back and written again, under the same policy set. */
static char *
read_back(const char *text, const struct policy_set *set, unsigned times)
{
	struct report *r = report_new(&(struct report_options){ 0 });
	char error[1024] = "", *again;

	for (unsigned i = 0; i < times; i++)
		if (!saved_result_read(r, "saved", text, strlen(text), error, sizeof(error)))
			fail_msg("%s", error);
	report_conclude(r, set);
	again = sample_json(r, &(struct output_options){ 0 });
	report_free(r);
	return again;
}

static void
test_round_trip(void **state)
{
	struct sample s;
	char *text, *again;

	(void)state;
	sample_init(&s);
	text = sample_json(s.report, &(struct output_options){ 0 });
	again = read_back(text, s.policies, 1);
	/* Backslashes that told of a byte are themselves now: the path is read as it was written. */
	assert_text(again, text);
	free(text);
	free(again);
	sample_clear(&s);
}

/* Flows are passed over. */
static void
test_round_trip_of_flows(void **state)
{
	struct sample s;
	char *text, *with_flows, *again;

	(void)state;
	sample_init_flows(&s);
	text = sample_json(s.report, &(struct output_options){ 0 });
	with_flows = sample_json(s.report, &(struct output_options){ .flows = true });
	again = read_back(with_flows, s.policies, 1);
	assert_text(again, text);
	free(text);
	free(with_flows);
	free(again);
	sample_clear(&s);
}

/* What two sensors saved: their interfaces have the same names, and that is no reason to warn. */
static void
test_merge_live(void **state)
{
	struct report *r = report_new(&(struct report_options){ 0 });
	char error[1024], *text;
	struct sample s;

	(void)state;
	sample_init(&s);
	for (size_t i = 0; i < s.report->file_count; i++)
		s.report->files[i].packets = s.report->files[i].bytes = 0;
	text = sample_json(s.report, &(struct output_options){ 0 });
	assert_true(saved_result_read(r, "first", text, strlen(text), error, sizeof(error)));
	assert_true(saved_result_read(r, "second", text, strlen(text), error, sizeof(error)));
	for (size_t i = 0; i < r->warning_count; i++)
		assert_null(strstr(r->warnings[i], "counted twice"));
	report_free(r);
	free(text);
	sample_clear(&s);
}

/* A result twice: counts double, shares stay, the first example is the one kept, and a warning says so. */
static void
test_merge(void **state)
{
	struct report *r = report_new(&(struct report_options){ 0 });
	char error[1024], *text;
	struct sample s;

	(void)state;
	sample_init(&s);
	text = sample_json(s.report, &(struct output_options){ 0 });
	assert_true(saved_result_read(r, "first", text, strlen(text), error, sizeof(error)));
	assert_true(saved_result_read(r, "second", text, strlen(text), error, sizeof(error)));
	report_conclude(r, s.policies);
	assert_int_equal(r->file_count, 4);
	assert_int_equal(r->pair_count, 4);
	assert_int_equal(r->flows, 2 * s.report->flows);
	assert_int_equal(r->counters.frames, 240);
	assert_int_equal(r->counters.table.evicted, 2);
	assert_int_equal(r->finding_count, s.report->finding_count);
	for (size_t i = 0; i < r->pair_count; i++) {
		assert_true(r->pairs[i]->has_c == s.report->pairs[i]->has_c);
		if (r->pairs[i]->has_c)
			assert_true(r->pairs[i]->c >= s.report->pairs[i]->c && r->pairs[i]->c <= s.report->pairs[i]->c);
		assert_int_equal(r->pairs[i]->evidence[0].flows, 2 * s.report->pairs[i]->evidence[0].flows);
		assert_int_equal(r->pairs[i]->evidence[0].example.file, s.report->pairs[i]->evidence[0].example.file);
	}
	assert_int_equal(r->warning_count, 4);
	assert_string_equal(r->warnings[1], "second: captures/shop.pcap is also in a result read before: its flows are counted twice");
	report_free(r);
	free(text);
	sample_clear(&s);
}

/* The text with one part of it replaced; the caller's to free(). */
static char *
replaced(const char *text, const char *old, const char *new)
{
	const char *at = strstr(text, old);
	char *out;

	if (at == NULL)
		fail_msg("%s is not in the document", old);
	assert_true(asprintf(&out, "%.*s%s%s", (int)(at - text), text, new, at + strlen(old)) > 0);
	return out;
}

static void
refuse_text(const char *text, size_t size, const char *expected)
{
	struct report *r = report_new(&(struct report_options){ 0 });
	char error[1024] = "";

	if (saved_result_read(r, "saved", text, size, error, sizeof(error)))
		fail_msg("was read, expected: %s", expected);
	if (strncmp(error, expected, strlen(expected)) != 0)
		fail_msg("found: %s, expected: %s", error, expected);
	assert_int_equal(r->file_count + r->pair_count + r->warning_count + r->flows + r->counters.frames, 0);
	report_free(r);
}

static const struct {
	const char *old, *new, *error;
} edits[] = {
	/* The document. */
	{ "podwire.report/1", "podwire.report/2", "saved: schema: found \"podwire.report/2\", expected \"podwire.report/1\"" },
	{ "\"schema\":\"podwire.report/1\"", "\"schema\":1", "saved: schema: found no string" },
	{ "\"schema\"", "\"scheme\"", "saved: schema: found nothing" },
	{ "\"input\":{", "\"inputs\":{", "saved: input: found nothing" },
	{ "\"pairs\":[", "\"pears\":[", "saved: pairs: found nothing, expected an array" },
	{ "\"findings\":[", "\"finding\":[", "saved: findings: found nothing" },
	{ "\"findings\":[", "\"findings\":[1,", "saved: findings[0]: found something else, expected an object" },
	{ "\"warnings\":[\"", "\"warnings\":[1,\"", "saved: warnings[0]: found a whole number, expected a string" },
	{ "\"warnings\":[\"cluster.json: a made-up warning\"]", "\"warnings\":{}", "saved: warnings: found something else, expected an array" },
	{ "\"input\":{", "\"input\":[{}],\"x\":{", "saved: input: found something else, expected an object" },
	{ "\"pairs\":[", "\"pairs\":[],\"pairs\":[", "saved: line 7, column 12: found a key for the second time" },
	{ "\"pairs\":[", "\"pairs\":{},\"x\":[", "saved: line 7, column 9: found something else, expected an array" },
	{ "\"pairs\":[", "\"pairs\":[7,", "saved: pairs[0]: found something else, expected an object" },
	{ "\"pairs\":[", "\"pairs\":[,", "saved: line 7, column 10: found no value, expected one" },
	{ "\"pairs\":[", "\"pairs\":[{\"id\":1,\"id\":2},", "saved: line 7, column " },
	{ "\"pairs\":[", "\"pairs\":[nonsense,", "saved: line 7, column " },
	{ "\"pairs\":[", "pairs:[", "saved: line 7, column 1: found no key" },
	{ "\"pairs\":[", "\"pairs\"[", "saved: line 7, column 8: found no colon" },
	{ "\"pairs\":[", "\"pairs\":[}", "saved: line 7, column 10: found }, expected ]" },
	{ "\"cluster\":{", "\"cluster\":{]", "saved: line 5, column 12: found ], expected }" },
	{ "{\n", "[\n", "saved: line 1, column 1: found something else, expected {" },
	{ ",\n\"cluster\"", "\n\"cluster\"", "saved: line 5, column 1: found something else, expected a comma or }" },
	{ "\n}\n", "\n}\n}", "saved: line " },
	/* The input. */
	{ "\"files\":[", "\"files\":[null,", "saved: input.files[0]: found null, expected an object" },
	{ "\"files\":[", "\"files\":7,\"x\":[", "saved: input.files: found a whole number, expected an array" },
	{ "\"state\":\"complete\"", "\"state\":\"done\"", "saved: input.files[0].state: found \"done\", expected one of complete, partial, unreadable" },
	{ "\"packets\":120,", "\"packets\":-1,", "saved: input.packets: found -1, expected 0 to 9007199254740992" },
	{ "\"packets\":120,", "\"packets\":1.5,", "saved: input.packets: found a number with a fraction, expected a whole number" },
	{ "\"packets\":120,", "\"packets\":9007199254740993,", "saved: input.packets: found 9007199254740993, expected" },
	{ "\"packets\":120,", "\"packets\":99999999999999999999,", "saved: line 3, column " },
	{ "\"packets\":120,", "", "saved: input.packets: found nothing, expected a whole number" },
	{ "\"decode\":{", "\"decode\":7,\"x\":{", "saved: input.decode: found a whole number, expected an object" },
	{ "\"drops\":{", "\"drop\":{", "saved: input.drops: found nothing, expected an object" },
	{ "\"path\":\"captures/shop.pcap\"", "\"path\":\"\"", "saved: input.files[0].path: found a text of 0 bytes, expected 1 to 16384" },
	{ "\"path\":\"captures/shop.pcap\"", "\"path\":\"captures/s\"", "saved: pairs[0].evidence[0].example.file: found \"captures/shop.pcap\", expected one of input.files" },
	/* Ends. */
	{ "\"source\":{", "\"sauce\":{", "saved: pairs[0].source: found nothing, expected an object" },
	{ "\"workload\":\"web\"", "\"workload\":null", "saved: pairs[0].source: found neither, expected either ip or workload" },
	{ "\"workload\":\"web\"", "\"workload\":\"web\",\"ip\":\"192.0.2.1\"", "saved: pairs[0].source: found both, expected either" },
	{ "\"workload\":\"web\"", "\"workload\":\"we\\u0007b\"", "saved: pairs[0].source.workload: found a control character" },
	{ "\"namespace\":\"shop\",\"kind\"", "\"namespace\":[],\"kind\"", "saved: pairs[0].source.namespace: found an array, expected a string" },
	{ "{\"ip\":\"2001:db8::9\"", "{\"ip\":\"2001:db8:9\"", "saved: pairs[1].destination.ip: found \"2001:db8:9\", expected an IP address" },
	{ "\"country\":\"NZ\"", "\"country\":\"nz\"", "saved: pairs[1].destination.country: found \"nz\", expected two capital letters" },
	{ "\"asn\":64500", "\"asn\":4294967296", "saved: pairs[1].destination.asn: found 4294967296, expected 1 to 4294967295" },
	/* Evidence. */
	{ "\"evidence\":[{", "\"evidence\":[4,{", "saved: pairs[0].evidence[0]: found a whole number, expected an object" },
	{ "\"evidence\":[{", "\"evidences\":[{", "saved: pairs[0].evidence: found nothing, expected an array" },
	{ "\"evidence\":[{\"protocol\":\"http\"", "\"evidence\":[{\"protocol\":null", "saved: pairs[0].evidence[0].protocol: found null, expected a string" },
	{ "\"evidence\":[{\"protocol\":\"http\",\"service\":\"shop/api\",\"port\":8080", "\"evidence\":[{\"protocol\":\"http\",\"port\":65536", "saved: pairs[0].evidence[0].port: found 65536, expected 0 to 65535" },
	{ "\"transport\":\"tcp\",\"encryption\"", "\"transport\":\"TCP\",\"encryption\"", "saved: pairs[0].evidence[0].transport: found \"TCP\", expected tcp, udp" },
	{ "\"state\":\"plaintext\"", "\"state\":\"clear\"", "saved: pairs[0].evidence[0].encryption.state: found \"clear\", expected one of unknown, plaintext, partial, upgraded, encrypted" },
	{ "\"state\":\"plaintext\"", "\"state\":null", "saved: pairs[0].evidence[0].encryption.state: found null, expected a string" },
	{ "\"mutual\":\"unknown\"", "\"mutual\":\"maybe\"", "saved: pairs[0].evidence[0].encryption.mutual: found \"maybe\"" },
	{ "\"resumed\":false", "\"resumed\":0", "saved: pairs[0].evidence[0].encryption.resumed: found a whole number, expected true or false" },
	{ "\"resumed\":false,", "", "saved: pairs[0].evidence[0].encryption.resumed: found nothing, expected true or false" },
	{ "\"flags\":[\"seen\",\"expired\"]", "\"flags\":[\"seen\",\"stale\"]", "saved: pairs[1].evidence[0].encryption.certificate.flags[1]: found \"stale\", expected one of seen" },
	{ "\"flags\":[\"seen\",\"expired\"]", "\"flags\":[null]", "saved: pairs[1].evidence[0].encryption.certificate.flags[0]: found null, expected a string" },
	{ "\"key_bits\":2048", "\"key_bits\":70000", "saved: pairs[1].evidence[0].encryption.certificate.key_bits: found 70000" },
	{ "\"result\":\"none\"", "\"result\":\"nothing\"", "saved: pairs[0].evidence[0].authentication.result: found \"nothing\"" },
	{ "\"authentication\":{\"result\"", "\"authentification\":{\"result\"", "saved: pairs[0].evidence[0].authentication: found nothing, expected an object" },
	{ "\"strength\":\"exchange\",\"flows\":3", "\"strength\":\"exchange\",\"flows\":-1", "saved: pairs[0].evidence[0].flows: found -1, expected 0 to" },
	{ "\"packets\":{\"client\":18", "\"packets\":{\"client\":\"18\"", "saved: pairs[0].evidence[0].packets.client: found a string, expected a whole number" },
	{ "\"last_seen\":\"2026-01-01T00:00:01", "\"last_seen\":\"2026-01-32T00:00:01", "saved: pairs[0].evidence[0].last_seen: found \"2026-01-32T00:00:01.000000500Z\", expected a time like" },
	{ "\"last_seen\":\"2026-01-01T00:00:01", "\"last_seen\":\"2025-01-01T00:00:01", "saved: pairs[0].evidence[0].last_seen: found a time before first_seen" },
	{ "\"packet\":1,\"first_seen\":\"2026", "\"packet\":1,\"first_seen\":\"2025", "saved: pairs[0].evidence[0]: found an example.first_seen that is not" },
	{ "\"basis\":{\"protocol\":{", "\"basis\":[],\"x\":{\"protocol\":{", "saved: pairs[0].evidence[0].example.basis: found an array, expected an object" },
	{ "\"clause\":\"RFC 9112 4 answer\",", "", "saved: pairs[0].evidence[0].example.basis.protocol.clause: found nothing" },
	{ "\"direction\":\"server\"", "\"direction\":\"up\"", "saved: pairs[0].evidence[0].example.basis.protocol.direction: found \"up\", expected one of client, server" },
};

static void
test_edits(void **state)
{
	struct sample s;
	char *text;

	(void)state;
	sample_init(&s);
	text = sample_json(s.report, &(struct output_options){ 0 });
	for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
		char *edited = replaced(text, edits[i].old, edits[i].new);

		refuse_text(edited, strlen(edited), edits[i].error);
		free(edited);
	}
	free(text);
	sample_clear(&s);
}

/* What a later version of the schema may add is passed over. */
static void
test_additions(void **state)
{
	struct sample s;
	char *text, *edited, *again;

	(void)state;
	sample_init(&s);
	text = sample_json(s.report, &(struct output_options){ 0 });
	edited = replaced(text, "\"pairs\":[", "\"more\":[{\"a\":[1,\"]\\\"\",null]}], \"number\" : 1.5e3 ,\"pairs\":[");
	free(text);
	text = replaced(edited, "\"evidence\":[{", "\"evidence\":[{\"new\":{\"a\":1},");
	again = read_back(text, s.policies, 1);
	assert_non_null(strstr(again, "\"flows\":12,"));
	free(again);
	free(edited);
	free(text);
	sample_clear(&s);
}

/* Cut anywhere, it is refused, and nothing is read past the end. */
static void
test_every_prefix(void **state)
{
	struct sample s;
	char *text;
	size_t size;

	(void)state;
	sample_init(&s);
	text = sample_json(s.report, &(struct output_options){ 0 });
	size = strlen(text) - 1; /* the last line break may be gone */
	for (size_t i = 0; i < size; i += i < 600 || i + 100 > size ? 1 : 41) {
		char *part = malloc(i > 0 ? i : 1);

		assert_non_null(part);
		memcpy(part, text, i);
		refuse_text(part, i, "saved: line ");
		free(part);
	}
	free(text);
	sample_clear(&s);
}

static void
test_depth(void **state)
{
	enum { DEPTH = 5000 };
	char *text = malloc(DEPTH + 16);

	(void)state;
	assert_non_null(text);
	strcpy(text, "{\"pairs\":");
	memset(text + 9, '[', DEPTH);
	refuse_text(text, DEPTH + 9, "saved: line 1, column 522: found too deep a nesting");
	free(text);
}

/* A file index is 16 bits wide, with one left for "no file". */
static void
test_too_many_files(void **state)
{
	struct report *r = report_new(&(struct report_options){ 0 });
	char error[1024], *text;
	struct sample s;

	(void)state;
	for (unsigned i = 0; i < 65534; i++)
		report_add_file(r, "x");
	sample_init(&s);
	text = sample_json(s.report, &(struct output_options){ 0 });
	assert_false(saved_result_read(r, "saved", text, strlen(text), error, sizeof(error)));
	assert_string_equal(error, "saved: input.files: found 2 files, expected at most 1 with those read before");
	assert_int_equal(r->file_count, 65534);
	free(text);
	report_free(r);
	sample_clear(&s);
}

static void
test_load(void **state)
{
	char path[] = "/tmp/podwire-test-XXXXXX", error[1024], *text;
	struct report *r = report_new(&(struct report_options){ 0 });
	int descriptor = mkstemp(path);
	struct sample s;

	(void)state;
	assert_true(descriptor >= 0);
	sample_init(&s);
	text = sample_json(s.report, &(struct output_options){ 0 });
	assert_int_equal(write(descriptor, text, strlen(text)), strlen(text));
	assert_true(saved_result_load(r, path, error, sizeof(error)));
	assert_int_equal(r->flows, 12);
	assert_int_equal(ftruncate(descriptor, 100), 0);
	assert_false(saved_result_load(r, path, error, sizeof(error)));
	assert_memory_equal(error, path, strlen(path));
	assert_non_null(strstr(error, "it may have been cut off"));
	assert_int_equal(close(descriptor), 0);
	assert_int_equal(unlink(path), 0);
	assert_false(saved_result_load(r, path, error, sizeof(error)));
	assert_memory_equal(error, path, strlen(path));
	assert_int_equal(r->flows, 12);
	/* Who does not want to know why need not. */
	assert_false(saved_result_read(r, "x", "[", 1, NULL, 0));
	free(text);
	report_free(r);
	sample_clear(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_round_trip_of_flows),
		cmocka_unit_test(test_merge),
		cmocka_unit_test(test_merge_live),
		cmocka_unit_test(test_edits),
		cmocka_unit_test(test_additions),
		cmocka_unit_test(test_every_prefix),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_too_many_files),
		cmocka_unit_test(test_load),
	};

	return cmocka_run_group_tests_name("sensor/saved_result", tests, NULL, NULL);
}
