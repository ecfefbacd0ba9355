/* SPDX-License-Identifier: Apache-2.0 */
/* Heads of requests: what is understood, what is refused, and that nothing is read past the end. */
#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sensor/http_request.h"

/* Reads text from a heap block of just its size; what was read lives until the next call. */
static int
read_head(const char *text, struct http_request *r, const char **why)
{
	static char *block;
	size_t size = strlen(text);

	free(block);
	block = malloc(size + (size == 0));
	assert_non_null(block);
	memcpy(block, text, size);
	if (http_head_size(block, size, 0) != size)
		return -1;
	return http_request_read(block, size, r, why);
}

static void
refused(int status, const char *text)
{
	struct http_request r;
	const char *why;
	int found = read_head(text, &r, &why);

	if (found != status)
		fail_msg("%d rather than %d for: %s", found, status, text);
	assert_true(*why >= 'A' && strchr(why, '\n') == NULL);
}

static void
test_understood(void **state)
{
	struct http_request r;
	const char *why;

	(void)state;
	assert_int_equal(read_head("GET /api/v1/pairs?limit=5&namespace=a HTTP/1.1\r\nHost: x\r\nAccept:  text/plain \t\r\nEmpty:\r\n\r\n", &r, &why), 0);
	assert_int_equal(r.method, HTTP_GET);
	assert_string_equal(r.path, "/api/v1/pairs");
	assert_string_equal(r.query, "limit=5&namespace=a");
	assert_int_equal(r.header_count, 3);
	assert_string_equal(http_request_header(&r, "ACCEPT"), "text/plain");
	assert_string_equal(http_request_header(&r, "empty"), "");
	assert_null(http_request_header(&r, "accep"));
	assert_true(r.keep_alive);
	assert_false(r.has_body);
	assert_int_equal(read_head("GET http://a HTTP/1.0\r\n\r\n", &r, &why), 0);
	assert_string_equal(r.path, "/");
	assert_string_equal(r.query, "");
	assert_int_equal(read_head("GET HTTP://host?x=1 HTTP/1.0\r\n\r\n", &r, &why), 0);
	assert_string_equal(r.path, "/");
	assert_string_equal(r.query, "x=1");
	assert_int_equal(read_head("HEAD http://host:1/%41%2fb HTTP/1.0\r\n\r\n", &r, &why), 0);
	assert_int_equal(r.method, HTTP_HEAD);
	assert_string_equal(r.path, "/A/b");
	assert_string_equal(r.query, "");
	assert_false(r.keep_alive);
	assert_int_equal(read_head("GET / HTTP/1.0\r\nConnection: x, Keep-Alive\r\nContent-Length: 000\r\n\r\n", &r, &why), 0);
	assert_true(r.keep_alive);
	assert_false(r.has_body);
	assert_int_equal(read_head("POST / HTTP/1.1\r\nHost:\r\nConnection: Close\r\nContent-Length: 10\r\n\r\n", &r, &why), 0);
	assert_int_equal(r.method, HTTP_OTHER_METHOD);
	assert_false(r.keep_alive);
	assert_true(r.has_body);
	assert_int_equal(read_head("GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", &r, &why), 0);
	assert_true(r.has_body);
}

static void
test_refused(void **state)
{
	char many[8192] = "GET / HTTP/1.1\r\nHost: a\r\n";

	(void)state;
	refused(400, "\r\n\r\n");
	refused(400, "GET\r\n\r\n");
	refused(400, "GET /\r\n\r\n");
	refused(400, "GET  / HTTP/1.1\r\nHost: a\r\n\r\n");
	refused(400, "GET / HTTP/1.1 \r\nHost: a\r\n\r\n");
	refused(400, "GET / http/1.1\r\nHost: a\r\n\r\n");
	refused(400, "GET / HTTP/1.10\r\nHost: a\r\n\r\n");
	refused(505, "GET / HTTP/2.0\r\nHost: a\r\n\r\n");
	refused(400, "G@T / HTTP/1.1\r\nHost: a\r\n\r\n");
	refused(400, "GET * HTTP/1.1\r\nHost: a\r\n\r\n");
	refused(400, "GET http:///a HTTP/1.1\r\nHost: a\r\n\r\n");
	refused(400, "GET http:// HTTP/1.1\r\nHost: a\r\n\r\n");
	refused(400, "GET http://?a HTTP/1.1\r\nHost: a\r\n\r\n");
	refused(400, "GET /%0 HTTP/1.1\r\nHost: a\r\n\r\n");
	refused(400, "GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n");
	refused(400, "GET /%0a HTTP/1.1\r\nHost: a\r\n\r\n");
	refused(400, "GET /\xc3\xa4 HTTP/1.1\r\nHost: a\r\n\r\n");
	refused(400, "GET / HTTP/1.1\r\n\r\n");
	refused(400, "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n");
	refused(400, "GET / HTTP/1.1\r\nHost : a\r\n\r\n");
	refused(400, "GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n");
	refused(400, "GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n");
	refused(400, "GET / HTTP/1.1\r\nHost: a\r\n: none\r\n\r\n");
	refused(400, "GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n");
	refused(400, "GET / HTTP/1.1\r\nHost: a\rX: y\r\n\r\n");
	refused(400, "GET / HTTP/1.1\r\nHost: a\x01\r\n\r\n");
	refused(400, "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n");
	refused(400, "GET / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n");
	refused(400, "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n");
	for (unsigned i = 0; i < HTTP_HEADERS_MAX; i++)
		strcat(many, "A: b\r\n");
	refused(431, strcat(many, "\r\n"));
}

static void
test_nul(void **state)
{
	static const char text[] = "GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n";
	char *block = malloc(sizeof(text) - 1);
	struct http_request r;
	const char *why;

	(void)state;
	memcpy(block, text, sizeof(text) - 1);
	assert_int_equal(http_request_read(block, sizeof(text) - 1, &r, &why), 400);
	free(block);
}

/* However a head comes in pieces, its end is found, and no prefix is taken for one. */
static void
test_pieces(void **state)
{
	static const char text[] = "GET / HTTP/1.1\r\nA: b\r\r\n\r\nGET";
	size_t whole = sizeof(text) - 1 - 3;

	(void)state;
	for (size_t size = 0; size < sizeof(text); size++) {
		for (size_t from = 0; from <= size && from < whole; from++) {
			char *block = malloc(size + (size == 0));

			memcpy(block, text, size);
			assert_int_equal(http_head_size(block, size, from), size >= whole ? whole : 0);
			free(block);
		}
	}
	/* Whatever prefix is given for a whole head, it is refused without reading past it. */
	for (size_t size = 0; size < whole; size++) {
		char *block = malloc(size + (size == 0));
		struct http_request r;
		const char *why;

		memcpy(block, text, size);
		assert_int_equal(http_request_read(block, size, &r, &why), 400);
		free(block);
	}
}

static bool
query(const char *text, struct http_parameter p[2], char error[128])
{
	p[0] = (struct http_parameter){ .name = "limit" };
	p[1] = (struct http_parameter){ .name = "namespace" };
	*error = '\0';
	return http_query_read(text, p, 2, error, 128);
}

static void
test_query(void **state)
{
	struct http_parameter p[2];
	char error[128], text[4096];
	uint64_t number;

	(void)state;
	assert_true(query("", p, error));
	assert_false(p[0].given || p[1].given);
	assert_true(query("namespace=a%2Fb+c&&limit=7", p, error));
	assert_string_equal(p[1].value, "a/b c");
	assert_true(http_parameter_number(&p[0], 1, 10, 3, &number, error, sizeof(error)));
	assert_int_equal(number, 7);
	assert_true(http_parameter_number(&(struct http_parameter){ .name = "x" }, 1, 10, 3, &number, error, sizeof(error)));
	assert_int_equal(number, 3);
	assert_false(query("limit", p, error));
	assert_false(query("limit=1&limit=1", p, error));
	assert_string_equal(error, "limit is given twice");
	assert_false(query("other=1", p, error));
	assert_string_equal(error, "query: \"other\" is no parameter of this document");
	/* Of a long one as much as a line holds, and no part of a character. */
	assert_false(query("o%C3%A4aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa%C3%A4a=1", p, error));
	assert_string_equal(error, "query: \"o\xc3\xa4" "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...\" is no parameter of this document");
	assert_false(query("%ff=1", p, error));
	assert_string_equal(error, "query: \"...\" is no parameter of this document");
	assert_false(query("limit=%", p, error));
	assert_false(query("limit=%00", p, error));
	assert_false(query("namespace=%ff", p, error));
	assert_string_equal(error, "namespace is not UTF-8");
	memset(text, 'a', sizeof(text));
	memcpy(text, "namespace=", 10);
	text[300] = '\0';
	assert_false(query(text, p, error));
	assert_string_equal(error, "namespace is too long");
	text[300] = 'a';
	text[sizeof(text) - 1] = '\0';
	assert_false(query(text, p, error));
	static const char *const bad[] = { "0", "11", "", "-1", "1x", "0x1", "99999999999999999999999999", "18446744073709551617", " 1" };
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct http_parameter n = { .name = "n", .given = true };
		char expected[128];

		(void)snprintf(expected, sizeof(expected), "n: \"%s\" is not a number from 1 to 10", bad[i]);
		snprintf(n.value, sizeof(n.value), "%s", bad[i]);
		assert_false(http_parameter_number(&n, 1, 10, 3, &number, error, sizeof(error)));
		assert_string_equal(error, expected);
	}
}

static void
test_accept(void **state)
{
	/* What Prometheus 2.42 sends. */
	static const char prometheus[] = "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";

	(void)state;
	assert_int_equal(http_accept_weight(prometheus, "application/openmetrics-text", "version=1.0.0"), 1000);
	assert_int_equal(http_accept_weight(prometheus, "text/plain", "version=0.0.4"), 500);
	assert_int_equal(http_accept_weight(prometheus, "application/json", NULL), 100);
	assert_int_equal(http_accept_weight("text/*;q=0.3, */*;q=0.2", "text/plain", NULL), 300);
	assert_int_equal(http_accept_weight("text/plain;q=0, */*", "text/plain", NULL), 0);
	assert_int_equal(http_accept_weight("application/openmetrics-text;version=2.0.0", "application/openmetrics-text", "version=1.0.0"), -1);
	assert_int_equal(http_accept_weight("application/openmetrics-text", "application/openmetrics-text", "version=1.0.0"), 1000);
	assert_int_equal(http_accept_weight("TEXT/PLAIN ; Q=0.125", "text/plain", NULL), 125);
	assert_int_equal(http_accept_weight("text/plain;q=2", "text/plain", NULL), -1);
	assert_int_equal(http_accept_weight("text/plain;q=0.1234", "text/plain", NULL), -1);
	assert_int_equal(http_accept_weight("gzip, identity;q=0.5", "gzip", NULL), 1000);
	assert_int_equal(http_accept_weight("br, *;q=0", "gzip", NULL), 0);
	assert_int_equal(http_accept_weight("", "gzip", NULL), -1);
	assert_int_equal(http_accept_weight(NULL, "gzip", NULL), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_understood),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_query),
		cmocka_unit_test(test_accept),
	};

	return cmocka_run_group_tests_name("sensor/http_request", tests, NULL, NULL);
}
