/* SPDX-License-Identifier: Apache-2.0 */
/* LDAP messages: RFC 4511 4, and Appendix B for the whole of it. */
#include <config.h>

#include "ldap_message.h"

#include <string.h>

enum {
	BOOLEAN = 0x01,
	INTEGER = 0x02,
	OCTETS = 0x04,
	ENUMERATED = 0x0a,
	SEQUENCE = 0x30,
	CONTROLS = 0xa0,
	MESSAGE_MAX = 64 << 20,
	ENOUGH = 2048, /* of a message: bodies are of no interest */
};

/* BindRequest (4.2): version, name, authentication. */
static bool
read_bind(struct ber b, struct ldap_message *m)
{
	uint32_t version = ber_unsigned(&b, INTEGER);
	struct ber choice, mechanism;

	m->bind.name = ber_enter(&b, OCTETS);
	if (version < 1 || version > 3 || !ber_next(&b, &m->bind.choice, &choice) || !ber_ended(&b))
		return false;
	m->bind.credentials = choice;
	m->bind.has_credentials = true;
	switch (m->bind.choice) {
	case LDAP_AUTH_SASL:
		mechanism = ber_enter(&choice, OCTETS);
		m->bind.mechanism = mechanism.bytes;
		m->bind.has_credentials = ber_optional(&choice, OCTETS, &m->bind.credentials);
		return ber_ok(&mechanism) && ber_ended(&choice);
	case LDAP_AUTH_SIMPLE:
	case LDAP_AUTH_KERBEROS_LDAP:
	case LDAP_AUTH_KERBEROS_DSA:
	case LDAP_AUTH_SICILY_DISCOVERY:
	case LDAP_AUTH_SICILY_NEGOTIATE:
	case LDAP_AUTH_SICILY_RESPONSE:
		return true;
	default:
		return false;
	}
}

/* SearchRequest (4.5.1): base, scope, aliases, two limits, typesOnly, filter, attributes. */
static bool
read_search(struct ber b, struct ldap_message *m)
{
	struct ber base = ber_enter(&b, OCTETS), filter;
	uint32_t scope = ber_unsigned(&b, ENUMERATED), aliases = ber_unsigned(&b, ENUMERATED);
	uint8_t kind;

	(void)ber_unsigned(&b, INTEGER);
	(void)ber_unsigned(&b, INTEGER);
	(void)ber_enter(&b, BOOLEAN);
	if (scope > 3 || aliases > 3 || !ber_next(&b, &kind, &filter) || ((kind < 0xa0 || kind > 0xa9) && kind != 0x87))
		return false;
	m->search.scope = (uint8_t)scope;
	m->search.base_is_root = ber_size(&base) == 0;
	(void)ber_enter(&b, SEQUENCE);
	return ber_ended(&b);
}

/* What begins with a name and goes on with one sequence: modify, add, compare, SearchResultEntry. */
static bool
read_named(struct ber b, struct ldap_message *m)
{
	(void)m;
	(void)ber_enter(&b, OCTETS);
	(void)ber_enter(&b, SEQUENCE);
	return ber_ended(&b);
}

/* ModifyDNRequest (4.9). */
static bool
read_rename(struct ber b, struct ldap_message *m)
{
	struct ber superior;

	(void)m;
	(void)ber_enter(&b, OCTETS);
	(void)ber_enter(&b, OCTETS);
	(void)ber_enter(&b, BOOLEAN);
	(void)ber_optional(&b, 0x80, &superior);
	return ber_ended(&b);
}

/* DelRequest and AbandonRequest are a name and a number under a tag of their own. */
static bool
read_name(struct ber b, struct ldap_message *m)
{
	(void)m;
	return ber_size(&b) > 0;
}

static bool
read_number(struct ber b, struct ldap_message *m)
{
	(void)m;
	return ber_size(&b) >= 1 && ber_size(&b) <= 4;
}

static bool
read_nothing(struct ber b, struct ldap_message *m)
{
	(void)m;
	return ber_size(&b) == 0;
}

/* SearchResultReference (4.5.2): URIs. */
static bool
read_reference(struct ber b, struct ldap_message *m)
{
	(void)m;
	(void)ber_enter(&b, OCTETS);
	return ber_ok(&b);
}

/* ExtendedRequest (4.12). */
static bool
read_extended(struct ber b, struct ldap_message *m)
{
	struct ber name = ber_enter(&b, 0x80);

	m->extended.name = name.bytes;
	m->extended.has_value = ber_optional(&b, 0x81, &m->extended.value);
	return ber_ended(&b);
}

/* IntermediateResponse (4.13). */
static bool
read_intermediate(struct ber b, struct ldap_message *m)
{
	struct ber part;

	(void)m;
	(void)ber_optional(&b, 0x80, &part);
	(void)ber_optional(&b, 0x81, &part);
	return ber_ended(&b);
}

/* LDAPResult (4.1.9), and what those of bind and extended operations have besides. */
static bool
read_result(struct ber b, struct ldap_message *m)
{
	struct ber part;

	m->result.code = ber_unsigned(&b, ENUMERATED);
	(void)ber_enter(&b, OCTETS);
	part = ber_enter(&b, OCTETS);
	m->result.diagnostic = part.bytes;
	(void)ber_optional(&b, 0xa3, &part); /* referral */
	if (m->operation == LDAP_BIND_RESPONSE) {
		m->result.has_credentials = ber_optional(&b, 0x87, &m->result.credentials);
	} else if (m->operation == LDAP_EXTENDED_RESPONSE) {
		if (ber_optional(&b, 0x8a, &part))
			m->result.name = part.bytes;
		(void)ber_optional(&b, 0x8b, &part);
	}
	return ber_ended(&b);
}

static const struct {
	uint8_t operation;
	uint8_t from; /* enum direction */
	bool (*read)(struct ber, struct ldap_message *);
} operations[] = {
	{ LDAP_BIND_REQUEST, FROM_CLIENT, read_bind },
	{ LDAP_UNBIND_REQUEST, FROM_CLIENT, read_nothing },
	{ LDAP_SEARCH_REQUEST, FROM_CLIENT, read_search },
	{ LDAP_MODIFY_REQUEST, FROM_CLIENT, read_named },
	{ LDAP_ADD_REQUEST, FROM_CLIENT, read_named },
	{ LDAP_DELETE_REQUEST, FROM_CLIENT, read_name },
	{ LDAP_RENAME_REQUEST, FROM_CLIENT, read_rename },
	{ LDAP_COMPARE_REQUEST, FROM_CLIENT, read_named },
	{ LDAP_ABANDON_REQUEST, FROM_CLIENT, read_number },
	{ LDAP_EXTENDED_REQUEST, FROM_CLIENT, read_extended },
	{ LDAP_BIND_RESPONSE, FROM_SERVER, read_result },
	{ LDAP_SEARCH_ENTRY, FROM_SERVER, read_named },
	{ LDAP_SEARCH_DONE, FROM_SERVER, read_result },
	{ LDAP_SEARCH_REFERENCE, FROM_SERVER, read_reference },
	{ LDAP_MODIFY_RESPONSE, FROM_SERVER, read_result },
	{ LDAP_ADD_RESPONSE, FROM_SERVER, read_result },
	{ LDAP_DELETE_RESPONSE, FROM_SERVER, read_result },
	{ LDAP_RENAME_RESPONSE, FROM_SERVER, read_result },
	{ LDAP_COMPARE_RESPONSE, FROM_SERVER, read_result },
	{ LDAP_EXTENDED_RESPONSE, FROM_SERVER, read_result },
	{ LDAP_INTERMEDIATE_RESPONSE, FROM_SERVER, read_intermediate },
};

static int
find_operation(int tag, enum direction from)
{
	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++)
		if (operations[i].operation == tag && operations[i].from == from)
			return (int)i;
	return -1;
}

/* Says early, by the message number and the operation's tag, that a message cannot be LDAP's. */
static bool
may_be_message(struct cursor bytes, enum direction from)
{
	size_t size;
	uint8_t tag;

	if (ber_header(&bytes, &tag, &size) != MATCH)
		return true;
	if (cursor_left(&bytes) > 0 && cursor_peek(&bytes, 0) != INTEGER)
		return false;
	if (cursor_left(&bytes) < 2)
		return true;
	cursor_skip(&bytes, 1);
	size = cursor_u8(&bytes);
	if (size < 1 || size > 4)
		return false;
	cursor_skip(&bytes, size);
	return cursor_left(&bytes) == 0 || find_operation(cursor_peek(&bytes, 0), from) >= 0;
}

enum verdict
ldap_message_read(struct cursor bytes, enum direction from, struct ldap_message *m, size_t *need)
{
	struct ber message, operation, controls;
	enum verdict verdict = ber_open(bytes, SEQUENCE, MESSAGE_MAX, ENOUGH, &message, need);
	int index;

	memset(m, 0, sizeof(*m));
	if (verdict != MATCH)
		return verdict == NEED_MORE && !may_be_message(bytes, from) ? NO_MATCH : verdict;
	m->size = *need;
	m->id = ber_unsigned(&message, INTEGER);
	if (!ber_next(&message, &m->operation, &operation) || (index = find_operation(m->operation, from)) < 0)
		return NO_MATCH;
	(void)ber_optional(&message, CONTROLS, &controls);
	if (message.bytes.failed || cursor_left(&message.bytes) > 0 || m->id > INT32_MAX)
		return NO_MATCH;
	return operations[index].read(operation, m) ? MATCH : NO_MATCH;
}
