/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens of GSS-API: RFC 2743, RFC 4178 (SPNEGO), RFC 1964 and RFC 4121 (Kerberos), MS-NLMP (NTLM). */
#include <config.h>

#include "gss.h"

#include "ber.h"

enum { APPLICATION_0 = 0x60, OID = 0x06, OCTETS = 0x04, SEQUENCE = 0x30 };

static const struct {
	const char *bytes;
	enum gss_mechanism mechanism;
} identifiers[] = {
	{ "\x2b\x06\x01\x05\x05\x02", GSS_SPNEGO },                           /* 1.3.6.1.5.5.2 */
	{ "\x2a\x86\x48\x86\xf7\x12\x01\x02\x02", GSS_KERBEROS },             /* 1.2.840.113554.1.2.2 */
	{ "\x2a\x86\x48\x82\xf7\x12\x01\x02\x02", GSS_KERBEROS },             /* the same, as Windows 2000 had it */
	{ "\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x03", GSS_KERBEROS },         /* user to user */
	{ "\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x0a", GSS_NTLM },             /* 1.3.6.1.4.1.311.2.2.10 */
};

static enum gss_mechanism
mechanism_of(struct ber identifier)
{
	for (size_t i = 0; identifier.beyond == 0 && i < sizeof(identifiers) / sizeof(identifiers[0]); i++)
		if (cursor_equals(&identifier.bytes, identifiers[i].bytes))
			return identifiers[i].mechanism;
	return GSS_UNKNOWN;
}

static bool
is_ntlm(struct cursor token)
{
	const uint8_t *b = cursor_take(&token, 8);
	static const char signature[] = "NTLMSSP"; /* with its NUL: MS-NLMP 2.2.1 */

	for (size_t i = 0; b != NULL && i < sizeof(signature); i++)
		if (b[i] != (uint8_t)signature[i])
			return false;
	return b != NULL;
}

/* A token inside SPNEGO, which must not be SPNEGO again. */
static enum gss_mechanism
inner_mechanism(struct cursor token)
{
	struct ber b = { .bytes = token }, content;
	size_t size;
	uint8_t tag;

	if (is_ntlm(token))
		return GSS_NTLM;
	if (ber_header(&token, &tag, &size) != MATCH || tag != APPLICATION_0)
		return GSS_UNKNOWN;
	b = (struct ber){ .bytes = token };
	content = ber_enter(&b, OID);
	return ber_ok(&content) ? mechanism_of(content) : GSS_UNKNOWN;
}

/* NegTokenInit (RFC 4178 4.2.1): the token is of the first mechanism in the list. */
static enum gss_mechanism
read_init(struct ber b)
{
	struct ber sequence, list, content;
	enum gss_mechanism first = GSS_SPNEGO, inner = GSS_UNKNOWN;

	list = ber_enter(&b, 0xa0);
	sequence = ber_enter(&list, SEQUENCE);
	if (ber_optional(&sequence, 0xa0, &content)) {
		list = ber_enter(&content, SEQUENCE);
		content = ber_enter(&list, OID);
		first = ber_ok(&content) ? mechanism_of(content) : GSS_SPNEGO;
	}
	(void)ber_optional(&sequence, 0xa1, &content); /* reqFlags */
	if (ber_optional(&sequence, 0xa2, &content)) {
		content = ber_enter(&content, OCTETS);
		if (ber_ok(&content))
			inner = inner_mechanism(content.bytes);
	}
	if (inner != GSS_UNKNOWN)
		return inner;
	return first == GSS_UNKNOWN ? GSS_SPNEGO : first;
}

/* NegTokenResp (RFC 4178 4.2.2): what the acceptor chose, or a token that shows it. */
static enum gss_mechanism
read_response(struct ber b)
{
	struct ber sequence, content;
	enum gss_mechanism mechanism = GSS_UNKNOWN;

	sequence = ber_enter(&b, SEQUENCE);
	(void)ber_optional(&sequence, 0xa0, &content); /* negState */
	if (ber_optional(&sequence, 0xa1, &content)) {
		content = ber_enter(&content, OID);
		mechanism = ber_ok(&content) ? mechanism_of(content) : GSS_UNKNOWN;
	}
	if (mechanism == GSS_UNKNOWN && ber_optional(&sequence, 0xa2, &content)) {
		content = ber_enter(&content, OCTETS);
		mechanism = ber_ok(&content) ? inner_mechanism(content.bytes) : GSS_UNKNOWN;
	}
	return mechanism == GSS_UNKNOWN ? GSS_SPNEGO : mechanism;
}

enum gss_mechanism
gss_mechanism(struct cursor token)
{
	struct ber b, content;
	enum gss_mechanism mechanism;
	size_t size;
	uint8_t tag;

	if (is_ntlm(token))
		return GSS_NTLM;
	if (ber_header(&token, &tag, &size) != MATCH)
		return GSS_UNKNOWN;
	b = (struct ber){ .bytes = token, .beyond = size > cursor_left(&token) ? size - cursor_left(&token) : 0 };
	if (tag == 0xa1)
		return read_response(b);
	if (tag != APPLICATION_0)
		return GSS_UNKNOWN;
	content = ber_enter(&b, OID);
	mechanism = ber_ok(&content) ? mechanism_of(content) : GSS_UNKNOWN;
	return mechanism == GSS_SPNEGO ? read_init(b) : mechanism;
}

/* RFC 1964 1.2.2: 60 length OID 02 01 SGN_ALG SEAL_ALG, where FFFF seals nothing. */
static enum gss_wrapping
read_old_wrapping(struct cursor token)
{
	struct ber b, content;
	size_t size;
	uint8_t tag;
	uint16_t seal;

	if (ber_header(&token, &tag, &size) != MATCH || tag != APPLICATION_0)
		return GSS_NOT_WRAPPED;
	b = (struct ber){ .bytes = token };
	content = ber_enter(&b, OID);
	if (!ber_ok(&content) || mechanism_of(content) != GSS_KERBEROS || cursor_u16(&b.bytes) != 0x0201)
		return GSS_NOT_WRAPPED;
	cursor_skip(&b.bytes, 2);
	seal = cursor_u16(&b.bytes);
	if (!cursor_ok(&b.bytes))
		return GSS_NOT_WRAPPED;
	return seal == 0xffff ? GSS_SIGNED : GSS_SEALED;
}

enum gss_wrapping
gss_wrapping(struct cursor token)
{
	struct cursor c = token;
	uint8_t flags;

	if (cursor_peek(&token, 0) == APPLICATION_0)
		return read_old_wrapping(token);
	/* RFC 4121 4.2.6.2: 05 04, flags, FF; bit 1 of the flags: sealed. */
	if (cursor_u16(&c) != 0x0504)
		return GSS_NOT_WRAPPED;
	flags = cursor_u8(&c);
	if (cursor_u8(&c) != 0xff || !cursor_ok(&c) || (flags & 0xf8) != 0)
		return GSS_NOT_WRAPPED;
	return (flags & 2) != 0 ? GSS_SEALED : GSS_SIGNED;
}
