/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads X.509 certificates (RFC 5280) with OpenSSL: parsing only, no chain is built and nothing is
 * trusted. The bytes are whatever a peer sent; all text is escaped before it is kept.
 */
#include <config.h>

#include "certificate.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "evidence.h"

/* Ends a list of names that did not all fit. */
static const char more_names[] = " ...";
static const char spiffe[] = "spiffe://";

/* Text being written into an array of fixed size; what does not fit is left out. */
struct text {
	char *at;
	size_t size, length;
	bool full;
};

static struct text
text_in(char *at, size_t size)
{
	at[0] = '\0';
	return (struct text){ .at = at, .size = size };
}

static void
put(struct text *t, const char *s)
{
	size_t length = strlen(s);

	if (t->full || t->length + length + 1 > t->size) {
		t->full = true;
		return;
	}
	memcpy(t->at + t->length, s, length + 1);
	t->length += length;
}

/* Bytes from the certificate: all but printable ASCII, and the backslash, as \XX. */
static void
put_escaped(struct text *t, const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size && !t->full; i++) {
		char one[4] = { (char)bytes[i] };

		if (bytes[i] <= ' ' || bytes[i] > '~' || bytes[i] == '\\')
			snprintf(one, sizeof(one), "\\%02X", bytes[i]);
		put(t, one);
	}
}

static void
read_name(const X509_NAME *name, char *text, size_t size)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *printed = NULL;
	long length;
	struct cursor all;

	text[0] = '\0';
	if (bio == NULL)
		return;
	/* XN_FLAG_RFC2253 escapes control characters and, as UTF-8, all that is not ASCII. */
	if (X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253) >= 0 && (length = BIO_get_mem_data(bio, &printed)) > 0) {
		all = cursor_over(printed, (size_t)length);
		cursor_copy_text(&all, text, size);
	}
	BIO_free(bio);
}

static void
read_serial(const ASN1_INTEGER *serial, char *text, size_t size)
{
	struct text t = text_in(text, size);
	const uint8_t *bytes = ASN1_STRING_get0_data(serial);

	if (ASN1_STRING_type(serial) == V_ASN1_NEG_INTEGER)
		put(&t, "-");
	for (int i = 0; i < ASN1_STRING_length(serial); i++) {
		char two[3];

		snprintf(two, sizeof(two), "%02x", bytes[i]);
		put(&t, two);
	}
}

/* Seconds since 1970, or otherwise where the time is not one. */
static int64_t
read_time(const ASN1_TIME *time, int64_t otherwise)
{
	struct tm tm = { 0 };

	return ASN1_TIME_to_tm(time, &tm) == 1 ? (int64_t)timegm(&tm) : otherwise;
}

static void
read_address(struct text *t, const ASN1_OCTET_STRING *address)
{
	char printed[INET6_ADDRSTRLEN];
	int size = ASN1_STRING_length(address);

	put(t, "IP:");
	if ((size == 4 || size == 16) && inet_ntop(size == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(address), printed, sizeof(printed)) != NULL)
		put(t, printed);
	else
		put(t, "?");
}

/* One alternative name of the kinds we tell; nothing for others. */
static void
read_alternative(struct text *t, const GENERAL_NAME *name)
{
	static const char *const prefixes[] = { [GEN_EMAIL] = "email:", [GEN_DNS] = "DNS:", [GEN_URI] = "URI:" };
	int type;
	const ASN1_STRING *value = GENERAL_NAME_get0_value(name, &type);

	if (type == GEN_IPADD) {
		read_address(t, value);
	} else if (type == GEN_EMAIL || type == GEN_DNS || type == GEN_URI) {
		put(t, prefixes[type]);
		put_escaped(t, ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value));
	}
}

/* A SPIFFE identity is the only URI of its certificate (X509-SVID 2). */
static void
keep_spiffe_id(struct certificate *out, const char *name, size_t *uris)
{
	if (strncmp(name, "URI:", 4) != 0)
		return;
	if (++*uris > 1 || strncmp(name + 4, spiffe, strlen(spiffe)) != 0)
		out->spiffe_id[0] = '\0';
	else
		snprintf(out->spiffe_id, sizeof(out->spiffe_id), "%s", name + 4);
}

/* Names are kept whole or not at all: a part of a name is another name. */
static void
read_alternatives(X509 *x509, struct certificate *out)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(x509, NID_subject_alt_name, NULL, NULL);
	struct text list = text_in(out->names, sizeof(out->names) - strlen(more_names));
	size_t uris = 0;

	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		char one[sizeof(out->spiffe_id) + 4];
		struct text t = text_in(one, sizeof(one));

		read_alternative(&t, sk_GENERAL_NAME_value(names, i));
		if (t.length == 0)
			continue;
		if (!t.full)
			keep_spiffe_id(out, one, &uris);
		if (t.full || list.length + 1 + t.length + 1 > list.size) {
			list.full = true;
			continue;
		}
		if (list.length > 0)
			put(&list, " ");
		put(&list, one);
	}
	if (list.full)
		strcat(out->names, more_names);
	GENERAL_NAMES_free(names);
}

static void
read_key(X509 *x509, struct certificate *out)
{
	static const struct {
		int id;
		const char *name;
	} types[] = {
		{ EVP_PKEY_RSA, "RSA" }, { EVP_PKEY_RSA_PSS, "RSA-PSS" }, { EVP_PKEY_EC, "EC" }, { EVP_PKEY_DSA, "DSA" }, { EVP_PKEY_DH, "DH" },
		{ EVP_PKEY_ED25519, "Ed25519" }, { EVP_PKEY_ED448, "Ed448" }, { EVP_PKEY_X25519, "X25519" }, { EVP_PKEY_X448, "X448" },
	};
	EVP_PKEY *key = X509_get0_pubkey(x509);
	ASN1_OBJECT *algorithm = NULL;
	const char *name = NULL;
	int bits = key != NULL ? EVP_PKEY_bits(key) : 0;

	for (size_t i = 0; key != NULL && i < sizeof(types) / sizeof(types[0]); i++)
		if (EVP_PKEY_base_id(key) == types[i].id)
			name = types[i].name;
	/* A key that OpenSSL cannot use still has the name of its algorithm. */
	if (name == NULL && X509_PUBKEY_get0_param(&algorithm, NULL, NULL, NULL, X509_get_X509_PUBKEY(x509)) == 1 && OBJ_obj2nid(algorithm) != NID_undef)
		name = OBJ_nid2sn(OBJ_obj2nid(algorithm));
	snprintf(out->key_type, sizeof(out->key_type), "%s", name != NULL ? name : "");
	out->key_bits = bits > 0 && bits <= UINT16_MAX ? (uint16_t)bits : 0;
}

static void
read_signature(const X509 *x509, struct certificate *out)
{
	const X509_ALGOR *algorithm = NULL;
	const ASN1_OBJECT *object = NULL;
	int nid = X509_get_signature_nid(x509);

	if (nid != NID_undef) {
		snprintf(out->signature, sizeof(out->signature), "%s", OBJ_nid2ln(nid));
		return;
	}
	X509_get0_signature(NULL, &algorithm, x509);
	if (algorithm == NULL)
		return;
	X509_ALGOR_get0(&object, NULL, NULL, algorithm);
	OBJ_obj2txt(out->signature, sizeof(out->signature), object, 1);
}

/* The kinds and sizes of key whose check costs no more than a handshake would. */
static bool
is_cheap(const struct certificate *c)
{
	if (strcmp(c->key_type, "RSA") == 0 || strcmp(c->key_type, "RSA-PSS") == 0 || strcmp(c->key_type, "DSA") == 0)
		return c->key_bits <= 8192;
	return (strcmp(c->key_type, "EC") == 0 && c->key_bits <= 521) || strcmp(c->key_type, "Ed25519") == 0 || strcmp(c->key_type, "Ed448") == 0;
}

static bool
is_self_signed(X509 *x509, const struct certificate *c)
{
	EVP_PKEY *key = X509_get0_pubkey(x509);

	if (key == NULL || X509_NAME_cmp(X509_get_subject_name(x509), X509_get_issuer_name(x509)) != 0 || !is_cheap(c))
		return false;
	return X509_verify(x509, key) == 1;
}

static bool
is_ca(X509 *x509)
{
	BASIC_CONSTRAINTS *constraints = X509_get_ext_d2i(x509, NID_basic_constraints, NULL, NULL);
	bool ca = constraints != NULL && constraints->ca != 0;

	BASIC_CONSTRAINTS_free(constraints);
	return ca;
}

bool
certificate_parse(struct cursor der, struct certificate *out)
{
	const unsigned char *at = der.at;
	X509 *x509;

	memset(out, 0, sizeof(*out));
	if (cursor_left(&der) == 0 || der.left > LONG_MAX)
		return false;
	ERR_set_mark();
	x509 = d2i_X509(NULL, &at, (long)der.left);
	if (x509 != NULL) {
		read_name(X509_get_subject_name(x509), out->subject, sizeof(out->subject));
		read_name(X509_get_issuer_name(x509), out->issuer, sizeof(out->issuer));
		read_alternatives(x509, out);
		read_serial(X509_get0_serialNumber(x509), out->serial, sizeof(out->serial));
		out->not_before = read_time(X509_get0_notBefore(x509), 0);
		out->not_after = read_time(X509_get0_notAfter(x509), INT64_MAX);
		read_key(x509, out);
		read_signature(x509, out);
		out->self_signed = is_self_signed(x509, out);
		out->ca = is_ca(x509);
		X509_free(x509);
	}
	ERR_pop_to_mark();
	return x509 != NULL;
}

/* RFC 9525 6.3: equal without case, or "*" as the whole first label in place of exactly one label. */
static bool
matches_dns(const char *pattern, size_t pattern_size, const char *name, size_t name_size)
{
	const char *dot;

	if (pattern_size == name_size && strncasecmp(pattern, name, name_size) == 0)
		return true;
	if (pattern_size < 3 || strncmp(pattern, "*.", 2) != 0)
		return false;
	dot = memchr(name, '.', name_size);
	if (dot == NULL || dot == name)
		return false;
	name_size -= (size_t)(dot - name);
	return pattern_size - 1 == name_size && strncasecmp(pattern + 1, dot, name_size) == 0;
}

static bool
is_address(const char *name, struct in6_addr *binary, int *family)
{
	*family = strchr(name, ':') != NULL ? AF_INET6 : AF_INET;
	return inet_pton(*family, name, binary) == 1;
}

bool
certificate_matches(const struct certificate *c, const char *name)
{
	size_t name_size = strlen(name);
	struct in6_addr binary;
	char address[INET6_ADDRSTRLEN];
	const char *kind = "DNS:";
	int family;

	if (is_address(name, &binary, &family) && inet_ntop(family, &binary, address, sizeof(address)) != NULL) {
		kind = "IP:";
		name = address;
		name_size = strlen(address);
	} else if (name_size > 0 && name[name_size - 1] == '.') {
		name_size--; /* the root's dot, which certificates leave out */
	}
	if (name_size == 0)
		return false;
	for (const char *at = c->names; *at != '\0'; at += strspn(at, " ")) {
		size_t size = strcspn(at, " "), skip = strlen(kind);
		bool of_kind = size > skip && strncmp(at, kind, skip) == 0;

		if (of_kind && kind[0] == 'I' && size - skip == name_size && memcmp(at + skip, name, name_size) == 0)
			return true;
		if (of_kind && kind[0] == 'D' && matches_dns(at + skip, size - skip, name, name_size))
			return true;
		at += size;
	}
	return false;
}

/* Whether the list of names could not be kept whole. */
static bool
is_cut(const struct certificate *c)
{
	size_t length = strlen(c->names), end = strlen(more_names);

	return length >= end && strcmp(c->names + length - end, more_names) == 0;
}

uint16_t
certificate_flags(const struct certificate *c, int64_t when, const char *sni)
{
	uint16_t flags = CERTIFICATE_SEEN;

	if (when > c->not_after)
		flags |= CERTIFICATE_EXPIRED;
	if (when < c->not_before)
		flags |= CERTIFICATE_NOT_YET_VALID;
	if (c->self_signed)
		flags |= CERTIFICATE_SELF_SIGNED;
	/* Of a list that was cut nobody can say that the name is not on it. */
	if (sni[0] != '\0' && !is_cut(c) && !certificate_matches(c, sni))
		flags |= CERTIFICATE_NAME_MISMATCH;
	if (c->ca)
		flags |= CERTIFICATE_CA;
	return flags;
}
