/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON Web Tokens: three base64url parts, "header.claims.signature", the first two of them JSON
 * objects. The few claims wanted are found by a walk over the members of the outermost object.
 */
#include <config.h>

#include "jwt.h"

#include <string.h>

#include "base64.h"
#include "json.h"

/* A service-account token has about 700 bytes of claims; what is beyond is not looked at. */
enum { HEADER_ROOM = 512, CLAIMS_ROOM = 2048 };

struct claims {
	struct cursor subject; /* of the decoded claims; failed where there is none */
	bool kubernetes;       /* an issuer or a private claim that only Kubernetes writes */
};

/* The three parts; false where there are not exactly three, or one that must not be is empty. */
static bool
split(struct cursor token, struct cursor part[3])
{
	if (!cursor_take_until(&token, '.', &part[0]) || !cursor_take_until(&token, '.', &part[1]))
		return false;
	part[2] = token; /* empty for "alg": "none" */
	return part[0].left > 0 && part[1].left > 0 && memchr(part[2].at, '.', part[2].left) == NULL;
}

static bool
is_header(struct cursor part)
{
	uint8_t text[HEADER_ROOM];
	size_t size;
	struct cursor c;

	if (!base64_decode(part, text, sizeof(text), &size))
		return false;
	c = cursor_over(text, size);
	return cursor_peek(&c, 0) == '{' && cursor_find_nocase(&c, "\"alg\"") > 0;
}

bool
jwt_matches(struct cursor token)
{
	struct cursor part[3];
	uint8_t first[1];
	size_t size;

	if (!split(token, part) || !is_header(part[0]))
		return false;
	if (part[2].left > 0 && !base64_decode(part[2], NULL, 0, &size))
		return false;
	return base64_decode(part[1], first, sizeof(first), &size) && first[0] == '{';
}

static void
read_claim(struct claims *claims, struct cursor name, struct cursor value)
{
	if (cursor_equals(&name, "sub"))
		claims->subject = value;
	/* "kubernetes.io" in bound tokens, "kubernetes.io/serviceaccount/..." in those of old Secrets. */
	if (cursor_starts_with(&name, "kubernetes.io") || (cursor_equals(&name, "iss") && cursor_equals(&value, "kubernetes/serviceaccount")))
		claims->kubernetes = true;
}

/* Reads the members of the outermost object; what is nested is passed over. */
static void
read_claims(struct cursor json, struct claims *claims)
{
	struct json_member member;

	if (!json_enter(&json))
		return;
	while (json_next(&json, &member)) {
		struct cursor none = { .failed = true };

		read_claim(claims, member.name, member.type == JSON_STRING ? member.value : none);
	}
}

/* Whether every byte may stand in the name of a subject as it is shown: no escapes, no spaces. */
static bool
is_plain(struct cursor text)
{
	while (cursor_left(&text) > 0) {
		uint8_t b = cursor_u8(&text);

		if (b <= ' ' || b >= 0x7f || b == '\\' || b == '"')
			return false;
	}
	return cursor_ok(&text);
}

void
jwt_report_service_account(struct cursor token, struct evidence *e)
{
	uint8_t text[CLAIMS_ROOM];
	struct claims claims = { .subject = { .failed = true } };
	struct cursor part[3];
	size_t size;

	if (!jwt_matches(token) || !split(token, part) || !base64_decode(part[1], text, sizeof(text), &size))
		return;
	read_claims(cursor_over(text, size), &claims);
	if (claims.kubernetes || cursor_starts_with(&claims.subject, "system:serviceaccount:")) {
		evidence_note(e, NOTE_SERVICE_ACCOUNT_TOKEN);
		if (is_plain(claims.subject) && claims.subject.left > 0 && claims.subject.left < sizeof(e->authentication.subject))
			cursor_copy_text(&claims.subject, e->authentication.subject, sizeof(e->authentication.subject));
	}
	explicit_bzero(text, sizeof(text));
}
