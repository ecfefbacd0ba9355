/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The credentials of HTTP requests: tables of the schemes, field names, cookie names and parameter
 * names that are known, and a small reader for each form. RFC 9110 11, RFC 7617 (Basic), RFC 6750
 * (Bearer), RFC 7616 (Digest), RFC 4559 (Negotiate), RFC 6265 (cookies).
 */
#include <config.h>

#include "http_auth.h"

#include <string.h>

#include "base64.h"
#include "jwt.h"

enum { PARAMETERS_MAX = 256 };

static const char bearer_jwt[] = "http-bearer-jwt";

/* A field value may be folded (RFC 9112 5.2): its line ends are blanks too. */
static bool
is_blank(int b)
{
	return b == ' ' || b == '\t' || b == '\r' || b == '\n';
}

static void
skip_blanks(struct cursor *c)
{
	while (is_blank(cursor_peek(c, 0)))
		cursor_skip(c, 1);
}

static void
trim(struct cursor *c)
{
	skip_blanks(c);
	while (c->left > 0 && is_blank(c->at[c->left - 1]))
		c->left--;
}

/* Takes what stands before the next separator, or all of the rest; false at the end. */
static bool
take_part(struct cursor *c, uint8_t separator, struct cursor *part)
{
	if (cursor_left(c) == 0)
		return false;
	if (!cursor_take_until(c, separator, part))
		*part = cursor_sub(c, cursor_left(c));
	return true;
}

static bool
ends_with_nocase(struct cursor text, const char *end)
{
	size_t size = strlen(end);

	if (cursor_left(&text) < size)
		return false;
	cursor_skip(&text, cursor_left(&text) - size);
	return cursor_equals_nocase(&text, end);
}

static bool
is_one_of(struct cursor text, const char *const list[])
{
	for (size_t i = 0; list[i] != NULL; i++)
		if (cursor_equals_nocase(&text, list[i]))
			return true;
	return false;
}

static bool
ends_with_one_of(struct cursor text, const char *const list[])
{
	for (size_t i = 0; list[i] != NULL; i++)
		if (ends_with_nocase(text, list[i]))
			return true;
	return false;
}

static bool
begins_with_one_of(struct cursor text, const char *const list[])
{
	for (size_t i = 0; list[i] != NULL; i++)
		if (cursor_starts_with_nocase(&text, list[i]))
			return true;
	return false;
}

/* Notes a credential for the server, and, where it can be replayed, the clause that says where it stood. */
static void
add(struct http_credentials *credentials, enum http_auth_source source, const char *method, const char *clause)
{
	if (source >= credentials->source) {
		credentials->source = source;
		credentials->method = method;
	}
	if (credentials->clause == NULL)
		credentials->clause = clause;
}

/* What the field of a scheme holds, with the scheme taken off. */
struct scheme_value {
	struct cursor text;
	const char *method; /* may be made more precise */
	bool replayable;
	struct evidence *evidence; /* NULL for a challenge */
};

static void
tell_principal(struct evidence *e, struct cursor name)
{
	if (e != NULL)
		evidence_principal(e, name);
}

/* RFC 7617 2: base64 of user:password. */
static void
read_basic(struct scheme_value *v)
{
	uint8_t text[512];
	struct cursor c, user;
	size_t size;

	if (!base64_decode(v->text, text, sizeof(text), &size))
		return;
	c = cursor_over(text, size);
	v->replayable = cursor_take_until(&c, ':', &user);
	if (v->replayable)
		tell_principal(v->evidence, user);
	explicit_bzero(text, sizeof(text));
}

/* RFC 6750 2.1. */
static void
read_bearer(struct scheme_value *v)
{
	v->replayable = v->text.left > 0;
	if (!jwt_matches(v->text))
		return;
	v->method = bearer_jwt;
	if (v->evidence != NULL)
		jwt_report_service_account(v->text, v->evidence);
}

/* RFC 7616 3.4: username="..." among the parameters. */
static void
read_digest(struct scheme_value *v)
{
	struct cursor part, name;

	for (int i = 0; i < PARAMETERS_MAX && take_part(&v->text, ',', &part); i++) {
		trim(&part);
		if (!cursor_starts_with_nocase(&part, "username=\""))
			continue;
		cursor_skip(&part, strlen("username=\""));
		if (cursor_take_until(&part, '"', &name))
			tell_principal(v->evidence, name);
	}
}

/* RFC 4559 4: a GSS-API token; Windows sends NTLM messages as they are where it has no ticket. */
static void
read_negotiate(struct scheme_value *v)
{
	uint8_t text[8];
	size_t size;

	if (base64_decode(v->text, text, sizeof(text), &size) && size == sizeof(text) && memcmp(text, "NTLMSSP", 8) == 0)
		v->method = "ntlmssp";
}

/* A scheme that is nothing but a name before a secret. */
static void
read_key(struct scheme_value *v)
{
	v->replayable = v->text.left > 0;
}

static const struct scheme {
	const char *name;
	const char *method;
	void (*read)(struct scheme_value *); /* NULL: nothing to learn from what follows */
} schemes[] = {
	{ "Basic", "http-basic", read_basic },
	{ "Bearer", "http-bearer", read_bearer },
	{ "Digest", "http-digest", read_digest },
	{ "Negotiate", "http-negotiate", read_negotiate },
	{ "Kerberos", "http-negotiate", read_negotiate },
	{ "NTLM", "ntlmssp", NULL },
	{ "SCRAM-SHA-1", "scram-sha-1", NULL },
	{ "SCRAM-SHA-256", "scram-sha-256", NULL },
	{ "ApiKey", "http-api-key", read_key },
	{ "Api-Key", "http-api-key", read_key },
	{ "Token", "http-api-key", read_key },
	{ "Key", "http-api-key", read_key },
	{ "GenieKey", "http-api-key", read_key },
	{ "Splunk", "http-api-key", read_key },
};

/* Takes the scheme off value (RFC 9110 11.4), and reads what follows it. */
static struct scheme_value
read_scheme(struct cursor value, struct evidence *e)
{
	struct scheme_value v = { .method = "http-other", .evidence = e };
	struct cursor whole = value, name;

	if (!take_part(&value, ' ', &name))
		name = value;
	v.text = value;
	trim(&v.text);
	trim(&name);
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		if (!cursor_equals_nocase(&name, schemes[i].name))
			continue;
		v.method = schemes[i].method;
		if (schemes[i].read != NULL)
			schemes[i].read(&v);
		return v;
	}
	/* Some clients send a token without any scheme before it. */
	if (e != NULL && jwt_matches(whole)) {
		v.text = whole;
		read_bearer(&v);
	}
	return v;
}

static void
read_authorization(struct http_credentials *credentials, struct evidence *e, struct cursor value)
{
	struct scheme_value v = read_scheme(value, e);

	add(credentials, HTTP_AUTH_AUTHORIZATION, v.method, v.replayable ? "RFC 9110 11.6.2 Authorization" : NULL);
}

static void
read_proxy_authorization(struct http_credentials *credentials, struct evidence *e, struct cursor value)
{
	struct scheme_value v = read_scheme(value, e);

	credentials->proxy_method = v.method;
	if (v.replayable && credentials->clause == NULL)
		credentials->clause = "RFC 9110 11.7.2 Proxy-Authorization";
}

static void
read_api_key(struct http_credentials *credentials, struct evidence *e, struct cursor value)
{
	jwt_report_service_account(value, e);
	add(credentials, HTTP_AUTH_API_KEY, "http-api-key", "request field with an API key");
}

/*
 * Cookies. A name alone must tell them from the many that only count visitors, so the lists hold
 * what server frameworks and products call theirs.
 */
static const char *const token_cookies[] = {
	"auth", "auth_token", "authtoken", "auth-token", "access_token", "access-token", "accesstoken", "id_token", "refresh_token", "token", "jwt",
	"jwt_token", "api_token", "bearer", "authorization", ".ASPXAUTH", ".AspNetCore.Identity.Application", ".AspNet.ApplicationCookie",
	".AspNetCore.Cookies", "argocd.token", "grafana_session", "_oauth2_proxy", "remember_token", "remember_user_token", "remember-me", "rememberMe",
	"REMEMBERME", "KEYCLOAK_IDENTITY", "KEYCLOAK_IDENTITY_LEGACY", "KEYCLOAK_SESSION", "MRHSession", "LtpaToken", "LtpaToken2", "SSOToken",
	"iPlanetDirectoryPro", "vault_token", "minio-token", "rancher-auth", "R_SESS", "PVEAuthCookie", NULL,
};

static const char *const token_cookie_beginnings[] = {
	"wordpress_logged_in_", "wordpress_sec_", "remember_web_", "remember_me", "ui-auth-", "_oauth2_proxy_", NULL,
};

static const char *const token_cookie_endings[] = {
	"_access_token", "_auth_token", "-auth-token", "_authtoken", "_jwt", "-jwt", NULL,
};

static const char *const session_cookies[] = {
	"JSESSIONID", "PHPSESSID", "connect.sid", "ASP.NET_SessionId", ".AspNetCore.Session", "session", "sessionid", "session_id", "session-id", "sess",
	"sessid", "sid", "CFID", "CFTOKEN", "CAKEPHP", "ci_session", "laravel_session", "rack.session", "beaker.session.id", "play_session", "PLAY_SESSION",
	"koa.sess", "koa:sess", "express:sess", "express.sid", "AWSALBAuthNonce", "SESSION", "sails.sid", "zbx_sessionid", "zbx_session", "phpMyAdmin",
	"sysauth", "SSID", NULL,
};

static const char *const session_cookie_beginnings[] = {
	"ASPSESSIONID", "JSESSIONID", "SSESS", NULL,
};

static const char *const session_cookie_endings[] = {
	"_session", "_session_id", "_sessionid", "_sessid", "sessionid", "-session", NULL,
};

/* Tokens against request forgery prove nothing about who asks. */
static bool
is_forgery_token(struct cursor name)
{
	return cursor_find_nocase(&name, "csrf") >= 0 || cursor_find_nocase(&name, "xsrf") >= 0;
}

static bool
is_token_cookie(struct cursor name, struct cursor value)
{
	return is_one_of(name, token_cookies) || begins_with_one_of(name, token_cookie_beginnings) || ends_with_one_of(name, token_cookie_endings) || jwt_matches(value);
}

static bool
is_session_cookie(struct cursor name)
{
	return is_one_of(name, session_cookies) || begins_with_one_of(name, session_cookie_beginnings) || ends_with_one_of(name, session_cookie_endings);
}

/* RFC 6265 4.2.1: name=value; name=value. */
static void
read_cookie(struct http_credentials *credentials, struct evidence *e, struct cursor value)
{
	struct cursor pair, name;

	for (int i = 0; i < PARAMETERS_MAX && take_part(&value, ';', &pair); i++) {
		trim(&pair);
		if (!cursor_take_until(&pair, '=', &name) || cursor_left(&pair) == 0 || is_forgery_token(name))
			continue;
		if (is_token_cookie(name, pair)) {
			jwt_report_service_account(pair, e);
			add(credentials, HTTP_AUTH_COOKIE, "http-cookie", "RFC 6265 4.2 Cookie with a login token");
		} else if (is_session_cookie(name)) {
			add(credentials, HTTP_AUTH_SESSION_COOKIE, "http-cookie", "RFC 6265 4.2 Cookie with a session identifier");
		}
	}
}

/*
 * Browsers cannot set fields on a WebSocket, so tokens travel as names of subprotocols: as they are,
 * after a word as in "bearer, TOKEN" or "authorization.bearer.TOKEN", or as Kubernetes has it, in
 * base64url.
 */
static const char kubernetes_subprotocol[] = "base64url.bearer.authorization.k8s.io.";
static const char *const subprotocol_words[] = { "bearer", "authorization", "access_token", "token", "jwt", NULL };

/* Leaves the token of an element, without words before it; false where there is none. */
static bool
find_subprotocol_token(struct cursor *element, bool after_word)
{
	ptrdiff_t at = cursor_find_nocase(element, "bearer");

	if (jwt_matches(*element))
		return true;
	if (after_word)
		return cursor_left(element) >= 8;
	if (at < 0 || cursor_left(element) < (size_t)at + sizeof("bearer.") + 7)
		return false;
	cursor_skip(element, (size_t)at + strlen("bearer"));
	return memchr(".-_", cursor_u8(element), 3) != NULL;
}

static void
report_kubernetes_subprotocol(struct cursor element, struct evidence *e)
{
	uint8_t text[4096];
	size_t size;

	if (!cursor_starts_with_nocase(&element, kubernetes_subprotocol))
		return;
	cursor_skip(&element, strlen(kubernetes_subprotocol));
	if (base64_decode(element, text, sizeof(text), &size))
		jwt_report_service_account(cursor_over(text, size), e);
	explicit_bzero(text, sizeof(text));
}

static void
read_subprotocol(struct http_credentials *credentials, struct evidence *e, struct cursor value)
{
	struct cursor element, token;
	bool after_word = false;

	for (int i = 0; i < PARAMETERS_MAX && take_part(&value, ',', &element); i++) {
		trim(&element);
		token = element;
		if (find_subprotocol_token(&token, after_word)) {
			jwt_report_service_account(token, e);
			report_kubernetes_subprotocol(element, e);
			add(credentials, HTTP_AUTH_SUBPROTOCOL, "bearer-subprotocol", "RFC 6455 11.3.4 Sec-WebSocket-Protocol with a token");
		}
		after_word = is_one_of(element, subprotocol_words);
	}
}

static const struct {
	const char *name;
	void (*read)(struct http_credentials *, struct evidence *, struct cursor value);
} fields[] = {
	{ "Authorization", read_authorization },
	{ "Proxy-Authorization", read_proxy_authorization },
	{ "Cookie", read_cookie },
	{ "Sec-WebSocket-Protocol", read_subprotocol },
	{ "X-API-Key", read_api_key },
	{ "X-ApiKey", read_api_key },
	{ "X-Api-Token", read_api_key },
	{ "Api-Key", read_api_key },
	{ "ApiKey", read_api_key },
	{ "Api-Token", read_api_key },
	{ "X-Auth-Token", read_api_key },
	{ "X-Auth-Key", read_api_key },
	{ "X-Access-Token", read_api_key },
	{ "X-Subject-Token", read_api_key },
	{ "X-Service-Token", read_api_key },
	{ "X-Vault-Token", read_api_key },
	{ "X-Consul-Token", read_api_key },
	{ "X-Nomad-Token", read_api_key },
	{ "X-Etcd-Token", read_api_key },
	{ "X-Registry-Auth", read_api_key },
	{ "X-JFrog-Art-Api", read_api_key },
	{ "X-Gitlab-Token", read_api_key },
	{ "Private-Token", read_api_key },
	{ "Job-Token", read_api_key },
	{ "Deploy-Token", read_api_key },
	{ "Circle-Token", read_api_key },
	{ "X-Rundeck-Auth-Token", read_api_key },
	{ "X-Amz-Security-Token", read_api_key },
	{ "X-Goog-Api-Key", read_api_key },
	{ "X-Functions-Key", read_api_key },
	{ "Ocp-Apim-Subscription-Key", read_api_key },
	{ "DD-Api-Key", read_api_key },
	{ "X-Shopify-Access-Token", read_api_key },
	{ "X-N8N-Api-Key", read_api_key },
	{ "X-Plex-Token", read_api_key },
	{ "X-Emby-Token", read_api_key },
	{ "X-Typesense-Api-Key", read_api_key },
	{ "X-Meili-Api-Key", read_api_key },
};

void
http_auth_field(struct http_credentials *credentials, struct evidence *e, struct cursor name, struct cursor value)
{
	trim(&value);
	if (cursor_left(&value) == 0)
		return;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (cursor_equals_nocase(&name, fields[i].name)) {
			fields[i].read(credentials, e, value);
			return;
		}
	}
}

/* Names of parameters that hold a secret, in queries and in forms; brackets and their escapes as in user[password]. */
static const char *const secret_parameters[] = {
	"pwd", "pass", "token", "jwt", "api_key", "apikey", "api-key", "auth_token", "authtoken", "secret", NULL,
};

static const char *const secret_parameter_endings[] = {
	"password", "passwd", "passphrase", "password]", "password%5D", "access_token", "refresh_token", "client_secret", "client_assertion", "_pass",
	"_pwd", NULL,
};

/* Whether name=value&name=value holds a secret that is not empty. */
static bool
has_secret(struct cursor parameters)
{
	struct cursor pair, name;

	for (int i = 0; i < PARAMETERS_MAX && take_part(&parameters, '&', &pair); i++) {
		if (!cursor_take_until(&pair, '=', &name) || cursor_left(&pair) == 0 || is_forgery_token(name))
			continue;
		if (is_one_of(name, secret_parameters) || ends_with_one_of(name, secret_parameter_endings))
			return true;
	}
	return false;
}

void
http_auth_target(struct http_credentials *credentials, struct cursor target)
{
	struct cursor part;

	if (cursor_take_until(&target, '?', &part) && has_secret(target))
		add(credentials, HTTP_AUTH_LOGIN, "http-query", "RFC 3986 3.4 query with a secret");
}

void
http_auth_form(struct http_credentials *credentials, struct cursor body)
{
	if (has_secret(body))
		add(credentials, HTTP_AUTH_LOGIN, "http-form", "application/x-www-form-urlencoded with a secret");
}

/* RFC 7616 3.3: the answer was right, the nonce too old. */
static bool
is_stale(struct cursor value)
{
	return cursor_find_nocase(&value, "stale=true") >= 0 || cursor_find_nocase(&value, "stale=\"true\"") >= 0;
}

/* Whether a challenge of the GSS-API family carries a token: the next step of the exchange. */
static bool
has_token(struct cursor value)
{
	struct cursor scheme;

	trim(&value);
	return cursor_take_until(&value, ' ', &scheme) && (skip_blanks(&value), cursor_left(&value)) >= 8 && memchr(value.at, ',', value.left) == NULL;
}

void
http_auth_challenge(struct http_challenge *challenge, struct cursor value)
{
	const char *method;

	trim(&value);
	if (cursor_left(&value) == 0)
		return;
	method = read_scheme(value, NULL).method;
	if (strcmp(method, "http-digest") == 0)
		challenge->goes_on |= is_stale(value);
	else if (strcmp(method, "http-negotiate") == 0 || strcmp(method, "ntlmssp") == 0)
		challenge->goes_on |= has_token(value);
	if (challenge->method == NULL)
		challenge->method = method;
}
