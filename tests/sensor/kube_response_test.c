/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP responses: every way a body can end, in pieces of any size, and what is no response. */
#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sensor/kube_response.h"

static char told[4096];

/* What a reader tells of bytes, as text: "200 json [body] END". Pieces of body are joined. */
static const char *
tell(const char *bytes, size_t size, size_t piece)
{
	struct kube_response r;
	size_t at = 0;
	bool in_body = false;

	kube_response_init(&r);
	told[0] = '\0';
	while (size > 0) {
		size_t n = size < piece ? size : piece, left = n, body_size = 0;
		char *copy = malloc(n); /* each piece in its own block */
		const char *p = copy, *body = NULL;
		enum kube_response_event e;

		assert_non_null(copy);
		memcpy(copy, bytes, n);
		while ((e = kube_response_read(&r, &p, &left, &body, &body_size)) != KUBE_RESPONSE_MORE) {
			if (in_body && e != KUBE_RESPONSE_BODY)
				at += (size_t)snprintf(told + at, sizeof(told) - at, "]");
			if (!in_body && e == KUBE_RESPONSE_BODY)
				at += (size_t)snprintf(told + at, sizeof(told) - at, "[");
			in_body = e == KUBE_RESPONSE_BODY;
			if (e == KUBE_RESPONSE_BROKEN) {
				(void)snprintf(told + at, sizeof(told) - at, "BROKEN: %s", r.flaw);
				free(copy);
				return told;
			}
			if (e == KUBE_RESPONSE_HEAD)
				at += (size_t)snprintf(told + at, sizeof(told) - at, "%d%s%s retry %d ", r.head.status, r.head.json ? " json" : "", r.head.close ? " close" : "", (int)r.head.retry_after);
			else if (e == KUBE_RESPONSE_BODY)
				at += (size_t)snprintf(told + at, sizeof(told) - at, "%.*s", (int)body_size, body);
			else
				at += (size_t)snprintf(told + at, sizeof(told) - at, "END ");
		}
		free(copy);
		bytes += n;
		size -= n;
	}
	return told;
}

static void
check(const char *bytes, const char *want)
{
	for (size_t piece = 1; piece <= strlen(bytes); piece++)
		assert_string_equal(tell(bytes, strlen(bytes), piece), want);
}

static void
bodies(void **state)
{
	(void)state;
	check("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 3\r\n\r\nabc", "200 json retry -1 [abc]END ");
	check("HTTP/1.1 200 OK\r\ncontent-type:application/json;charset=utf-8\r\ntransfer-encoding:chunked\r\n\r\n3\r\nabc\r\nA;x=\"y\"\r\n0123456789\r\n000\r\nT: t\r\n\r\n", "200 json retry -1 [abc0123456789]END ");
	check("HTTP/1.1 200\nContent-Length: 0\n\n", "200 retry -1 END ");
	check("HTTP/1.1 204 No Content\r\n\r\n", "204 retry -1 END ");
	check("HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n", "400 close retry -1 [Client sent an HTTP request to an HTTPS server.\n");
	check("HTTP/1.1 429 Too Many\r\nContent-Type: text/plain\r\nRetry-After: 5 \r\nConnection:  Close\t\r\nContent-Length: 1\r\n\r\nx", "429 close retry 5 [x]END ");
	check("HTTP/1.1 503 X\r\nRetry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\nContent-Length: 0\r\n\r\n", "503 retry -1 END ");
	check("HTTP/1.1 200 OK\r\nContent-Type: application/jsonp\r\nContent-Length: 0\r\n\r\n", "200 retry -1 END ");
	check("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", "200 retry -1 [x]END ");
	check("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxHTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n", "200 retry -1 [x]END 401 retry -1 END ");
}

/* Two ways to say where a body ends are one too many. */
static void
smuggling(void **state)
{
	(void)state;
	check("HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "200 close retry -1 END ");
	check("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx", "200 retry -1 [x]END ");
	check("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx", "BROKEN: a Content-Length that is none");
	check("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nx", "BROKEN: a Content-Length that is none");
	check("HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551617\r\n\r\nx", "BROKEN: a Content-Length that is none");
	check("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\nx", "BROKEN: an unknown transfer coding");
	check("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nx", "BROKEN: a content coding that nobody asked for");
}

static void
no_responses(void **state)
{
	static const char *const bad[] = {
		"HTTP/2 200\r\n", "<html>\r\n", "HTTP/1.1 abc\r\n", "HTTP/1.1 20\r\n", "HTTP/1.1 2000 OK\r\n", "HTTP/1.1 600 X\r\n", "HTTP/1.1\r\n", "\x15\x03\x01\n", "HTTP/1.1 101 Switching\r\n\r\n",
		"HTTP/1.1 200 OK\r\nno colon\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		for (size_t piece = 1; piece < 20; piece++)
			assert_non_null(strstr(tell(bad[i], strlen(bad[i]), piece), "BROKEN: "));
	assert_string_equal(tell("\0SSH\n", 5, 1), "BROKEN: a NUL in its head"); /* and no stray empty line */
}

static void
bounds(void **state)
{
	size_t size = KUBE_HEAD_LIMIT + 4096, at;
	char *text = malloc(size);

	(void)state;
	assert_non_null(text);
	at = (size_t)snprintf(text, size, "HTTP/1.1 200 OK\r\nX: ");
	memset(text + at, 'x', size - at);
	assert_string_equal(tell(text, size, 1000), "BROKEN: a head or line that is too long");
	for (; at + 20 < size; at += 10)
		memcpy(text + at, "xxxx\r\nXX: ", 10);
	assert_string_equal(tell(text, size, 1000), "BROKEN: a head or line that is too long");
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(bodies), cmocka_unit_test(smuggling), cmocka_unit_test(no_responses), cmocka_unit_test(bounds) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
