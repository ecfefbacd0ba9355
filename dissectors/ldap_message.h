/* SPDX-License-Identifier: Apache-2.0 */
/* LDAP messages (RFC 4511 4): taken apart and checked, before anybody acts on them. */
#ifndef PODWIRE_LDAP_MESSAGE_H
#define PODWIRE_LDAP_MESSAGE_H

#include "ber.h"
#include "evidence.h"

/* Tags of operations: [APPLICATION n]. */
enum ldap_operation {
	LDAP_BIND_REQUEST = 0x60,
	LDAP_BIND_RESPONSE = 0x61,
	LDAP_UNBIND_REQUEST = 0x42,
	LDAP_SEARCH_REQUEST = 0x63,
	LDAP_SEARCH_ENTRY = 0x64,
	LDAP_SEARCH_DONE = 0x65,
	LDAP_SEARCH_REFERENCE = 0x73,
	LDAP_MODIFY_REQUEST = 0x66,
	LDAP_MODIFY_RESPONSE = 0x67,
	LDAP_ADD_REQUEST = 0x68,
	LDAP_ADD_RESPONSE = 0x69,
	LDAP_DELETE_REQUEST = 0x4a,
	LDAP_DELETE_RESPONSE = 0x6b,
	LDAP_RENAME_REQUEST = 0x6c,
	LDAP_RENAME_RESPONSE = 0x6d,
	LDAP_COMPARE_REQUEST = 0x6e,
	LDAP_COMPARE_RESPONSE = 0x6f,
	LDAP_ABANDON_REQUEST = 0x50,
	LDAP_EXTENDED_REQUEST = 0x77,
	LDAP_EXTENDED_RESPONSE = 0x78,
	LDAP_INTERMEDIATE_RESPONSE = 0x79,
};

/* Tags of AuthenticationChoice; the sicily ones are MS-ADTS 5.1.1.1.3's. */
enum ldap_authentication {
	LDAP_AUTH_SIMPLE = 0x80,
	LDAP_AUTH_KERBEROS_LDAP = 0x81, /* LDAPv2: RFC 1777 4.1 */
	LDAP_AUTH_KERBEROS_DSA = 0x82,
	LDAP_AUTH_SICILY_DISCOVERY = 0x89,
	LDAP_AUTH_SICILY_NEGOTIATE = 0x8a,
	LDAP_AUTH_SICILY_RESPONSE = 0x8b,
	LDAP_AUTH_SASL = 0xa3,
};

struct ldap_message {
	uint32_t id;
	uint8_t operation; /* enum ldap_operation */
	size_t size;       /* of the whole, in bytes */
	union {
		struct {
			struct ber name, credentials;
			struct cursor mechanism;
			uint8_t choice; /* enum ldap_authentication */
			bool has_credentials;
		} bind;
		struct {
			uint8_t scope;
			bool base_is_root;
		} search;
		struct {
			struct cursor name; /* an object identifier as text */
			struct ber value;
			bool has_value;
		} extended;
		struct {
			uint32_t code;
			struct cursor diagnostic, name;
			struct ber credentials; /* of a bind: serverSaslCreds */
			bool has_credentials;
		} result;
	};
};

/*
 * Reads the message that begins here, sent in this direction: MATCH; NEED_MORE with *need bytes;
 * NO_MATCH. Of a large one the beginning is enough.
 */
enum verdict ldap_message_read(struct cursor bytes, enum direction from, struct ldap_message *, size_t *need);

#endif
