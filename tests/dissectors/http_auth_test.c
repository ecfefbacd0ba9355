/* SPDX-License-Identifier: Apache-2.0 */
/* The forms in which HTTP requests carry credentials, and what only looks like one. */
#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dissectors/http_auth.h"
#include "tokens.h"

static struct cursor
over(const char *text)
{
	return cursor_over(text, strlen(text));
}

struct expected {
	const char *name, *value;
	const char *method; /* NULL: no credential */
	bool clear;
	enum http_auth_source source;
};

static void
check_same(const char *got, const char *want)
{
	if (want == NULL)
		assert_null(got);
	else
		assert_string_equal(got, want);
}

static void
check_fields(const struct expected *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct http_credentials c = { 0 };
		struct evidence e = { 0 };

		http_auth_field(&c, &e, over(list[i].name), over(list[i].value));
		check_same(c.method, list[i].method);
		assert_int_equal(c.clause != NULL, list[i].clear);
		assert_int_equal(c.source, list[i].source);
		assert_string_equal(e.authentication.principal, "");
	}
}

#define CHECK(list) check_fields(list, sizeof(list) / sizeof((list)[0]))

static void
schemes(void **state)
{
	static const struct expected list[] = {
		{ "Authorization", "Basic YW5uOmV4YW1wbGU=", "http-basic", true, HTTP_AUTH_AUTHORIZATION },
		{ "authorization", "basic  YW5uOmV4YW1wbGU=", "http-basic", true, HTTP_AUTH_AUTHORIZATION },
		{ "Authorization", "Basic YW5u", "http-basic", false, HTTP_AUTH_AUTHORIZATION },
		{ "Authorization", "Basic ???", "http-basic", false, HTTP_AUTH_AUTHORIZATION },
		{ "Authorization", "Bearer opaque", "http-bearer", true, HTTP_AUTH_AUTHORIZATION },
		{ "Authorization", "Bearer", "http-bearer", false, HTTP_AUTH_AUTHORIZATION },
		{ "Authorization", "Bearer " TOKEN_PERSON, "http-bearer-jwt", true, HTTP_AUTH_AUTHORIZATION },
		{ "Authorization", TOKEN_PERSON, "http-bearer-jwt", true, HTTP_AUTH_AUTHORIZATION },
		{ "Authorization", "Digest username=\"ann\", response=\"00\"", "http-digest", false, HTTP_AUTH_AUTHORIZATION },
		{ "Authorization", "Negotiate YIIGhgYGKwYBBQUCoIIGejCC", "http-negotiate", false, HTTP_AUTH_AUTHORIZATION },
		{ "Authorization", "Negotiate TlRMTVNTUAABAAAA", "ntlmssp", false, HTTP_AUTH_AUTHORIZATION },
		{ "Authorization", "NTLM TlRMTVNTUAABAAAA", "ntlmssp", false, HTTP_AUTH_AUTHORIZATION },
		{ "Authorization", "ApiKey abc", "http-api-key", true, HTTP_AUTH_AUTHORIZATION },
		{ "Authorization", "AWS4-HMAC-SHA256 Credential=a, Signature=b", "http-other", false, HTTP_AUTH_AUTHORIZATION },
		{ "Authorization", "hunter2", "http-other", false, HTTP_AUTH_AUTHORIZATION },
		{ "Authorization", "  ", NULL, false, HTTP_AUTH_NOWHERE },
		{ "X-Authorization", "Basic YW5uOmV4YW1wbGU=", NULL, false, HTTP_AUTH_NOWHERE },
		{ "X-API-Key", "k", "http-api-key", true, HTTP_AUTH_API_KEY },
		{ "x-vault-token", "k", "http-api-key", true, HTTP_AUTH_API_KEY },
		{ "PRIVATE-TOKEN", "k", "http-api-key", true, HTTP_AUTH_API_KEY },
		{ "X-Api-Key", "", NULL, false, HTTP_AUTH_NOWHERE },
		{ "X-CSRF-Token", "k", NULL, false, HTTP_AUTH_NOWHERE },
	};

	(void)state;
	CHECK(list);
}

static void
cookies(void **state)
{
	static const struct expected list[] = {
		{ "Cookie", "_ga=GA1.2.3; __utma=1.2; PREF=x; VISITOR_INFO1_LIVE=y", NULL, false, HTTP_AUTH_NOWHERE },
		{ "Cookie", "csrftoken=abc; XSRF-TOKEN=abc; consent_session_off=1; siding=1", NULL, false, HTTP_AUTH_NOWHERE },
		{ "Cookie", "PHPSESSID=", NULL, false, HTTP_AUTH_NOWHERE },
		{ "Cookie", "PHPSESSID", NULL, false, HTTP_AUTH_NOWHERE },
		{ "Cookie", "lang=en; PHPSESSID=0123", "http-cookie", true, HTTP_AUTH_SESSION_COOKIE },
		{ "Cookie", "ASPSESSIONIDQQ=0123", "http-cookie", true, HTTP_AUTH_SESSION_COOKIE },
		{ "Cookie", "_shop_session=0123", "http-cookie", true, HTTP_AUTH_SESSION_COOKIE },
		{ "Cookie", "auth_token=0123", "http-cookie", true, HTTP_AUTH_COOKIE },
		{ "Cookie", "wordpress_logged_in_ab=0123; JSESSIONID=1", "http-cookie", true, HTTP_AUTH_COOKIE },
		{ "Cookie", "x_jwt=0123", "http-cookie", true, HTTP_AUTH_COOKIE },
		{ "Cookie", "anything=" TOKEN_PERSON, "http-cookie", true, HTTP_AUTH_COOKIE },
	};

	(void)state;
	CHECK(list);
}

static void
subprotocols(void **state)
{
	static const struct expected list[] = {
		{ "Sec-WebSocket-Protocol", "v1, mqtt", NULL, false, HTTP_AUTH_NOWHERE },
		{ "Sec-WebSocket-Protocol", "bearer", NULL, false, HTTP_AUTH_NOWHERE },
		{ "Sec-WebSocket-Protocol", "bearer, v1", NULL, false, HTTP_AUTH_NOWHERE },
		{ "Sec-WebSocket-Protocol", "forbearerless-protocols", NULL, false, HTTP_AUTH_NOWHERE },
		{ "Sec-WebSocket-Protocol", "v1, authorization.bearer." TOKEN_PERSON, "bearer-subprotocol", true, HTTP_AUTH_SUBPROTOCOL },
		{ "Sec-WebSocket-Protocol", "access_token, 0123456789", "bearer-subprotocol", true, HTTP_AUTH_SUBPROTOCOL },
		{ "Sec-WebSocket-Protocol", TOKEN_PERSON, "bearer-subprotocol", true, HTTP_AUTH_SUBPROTOCOL },
	};
	struct http_credentials c = { 0 };
	struct evidence e = { 0 };

	(void)state;
	CHECK(list);
	http_auth_field(&c, &e, over("Sec-WebSocket-Protocol"), over("v4.channel.k8s.io, base64url.bearer.authorization.k8s.io." TOKEN_BOUND_BASE64URL));
	assert_string_equal(c.method, "bearer-subprotocol");
	assert_string_equal(e.authentication.subject, "system:serviceaccount:shop:api");
}

static void
parameters(void **state)
{
	static const char *const with[] = { "/l?login=ann&password=x", "/?a&access_token=t", "/?user%5Bpassword%5D=x", "/?api_key=k", "/?client_secret=k", "/?token=t" };
	static const char *const without[] = { "/", "/?", "/?q=password", "/?password=", "/?token", "/password=x", "/?csrf_token=x", "/?passenger=2" };

	(void)state;
	for (size_t i = 0; i < sizeof(with) / sizeof(with[0]); i++) {
		struct http_credentials c = { 0 };

		http_auth_target(&c, over(with[i]));
		assert_string_equal(c.method, "http-query");
		assert_non_null(c.clause);
		c = (struct http_credentials){ 0 };
		http_auth_form(&c, over(strchr(with[i], '?') + 1));
		assert_string_equal(c.method, "http-form");
	}
	for (size_t i = 0; i < sizeof(without) / sizeof(without[0]); i++) {
		struct http_credentials c = { 0 };

		http_auth_target(&c, over(without[i]));
		assert_null(c.method);
	}
}

/* Of several credentials the one HTTP itself knows is the method; those for a proxy stand apart. */
static void
precedence(void **state)
{
	struct http_credentials c = { 0 };
	struct evidence e = { 0 };

	(void)state;
	http_auth_field(&c, &e, over("Proxy-Authorization"), over("Basic YW5uOmV4YW1wbGU="));
	assert_null(c.method);
	assert_string_equal(c.proxy_method, "http-basic");
	assert_string_equal(c.clause, "RFC 9110 11.7.2 Proxy-Authorization");
	http_auth_field(&c, &e, over("Authorization"), over("Digest username=\"ann\""));
	http_auth_field(&c, &e, over("Cookie"), over("token=x"));
	assert_string_equal(c.method, "http-digest");
	assert_int_equal(c.source, HTTP_AUTH_AUTHORIZATION);
}

static void
principals_where_wanted(void **state)
{
	struct http_credentials c = { 0 };
	struct evidence basic = { .want_principals = true }, digest = { .want_principals = true };

	(void)state;
	http_auth_field(&c, &basic, over("Authorization"), over("Basic YW5uOmV4YW1wbGU="));
	assert_string_equal(basic.authentication.principal, "ann");
	http_auth_field(&c, &digest, over("Authorization"), over("Digest realm=\"r\", username=\"ben\", uri=\"/\""));
	assert_string_equal(digest.authentication.principal, "ben");
}

static void
challenges(void **state)
{
	static const struct {
		const char *value, *method;
		bool goes_on;
	} list[] = {
		{ "Basic realm=\"r\"", "http-basic", false },
		{ "Bearer", "http-bearer", false },
		{ "Digest realm=\"r\", nonce=\"n\"", "http-digest", false },
		{ "Digest realm=\"r\", stale=TRUE", "http-digest", true },
		{ "Digest realm=\"r\", stale=\"true\"", "http-digest", true },
		{ "Negotiate", "http-negotiate", false },
		{ "Negotiate oYG2MIGzoAMKAQGhCwYJ", "http-negotiate", true },
		{ "NTLM", "ntlmssp", false },
		{ "NTLM TlRMTVNTUAACAAAA", "ntlmssp", true },
		{ "Custom x=y", "http-other", false },
		{ "", NULL, false },
	};
	struct http_challenge both = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		struct http_challenge c = { 0 };

		http_auth_challenge(&c, over(list[i].value));
		check_same(c.method, list[i].method);
		assert_int_equal(c.goes_on, list[i].goes_on);
	}
	http_auth_challenge(&both, over("Negotiate"));
	http_auth_challenge(&both, over("Basic realm=\"r\""));
	assert_string_equal(both.method, "http-negotiate");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(schemes),
		cmocka_unit_test(cookies),
		cmocka_unit_test(subprotocols),
		cmocka_unit_test(parameters),
		cmocka_unit_test(precedence),
		cmocka_unit_test(principals_where_wanted),
		cmocka_unit_test(challenges),
	};

	return cmocka_run_group_tests_name("dissectors/http_auth", tests, NULL, NULL);
}
