/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates made here, with OpenSSL and fresh keys, each with one thing to tell. */
#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "dissectors/certificate.h"
#include "dissectors/certificate_chain.h"
#include "dissectors/evidence.h"

enum { FOREVER = 1900000000 };

struct wish {
	const char *subject; /* common name, or NULL: none */
	size_t subject_size; /* 0: strlen */
	const char *issuer;  /* common name; NULL: as the subject */
	const char *names;   /* as OpenSSL's configuration writes them, or NULL */
	const char *constraints;
	const char *not_before, *not_after; /* generalized times, or NULL */
	const char *key;     /* "RSA", "ED25519", NULL: EC */
	bool other_signer;
	void (*change)(X509 *);
};

static EVP_PKEY *keys[4];

static EVP_PKEY *
make_key(const char *type)
{
	if (type == NULL)
		return EVP_EC_gen("P-256");
	if (strcmp(type, "RSA") == 0)
		return EVP_RSA_gen(2048);
	return EVP_PKEY_Q_keygen(NULL, NULL, type);
}

static int
make_keys(void **state)
{
	static const char *const types[] = { NULL, NULL, "RSA", "ED25519" };

	(void)state;
	for (size_t i = 0; i < 4; i++)
		if ((keys[i] = make_key(types[i])) == NULL)
			return -1;
	return 0;
}

static int
free_keys(void **state)
{
	(void)state;
	for (size_t i = 0; i < 4; i++)
		EVP_PKEY_free(keys[i]);
	return 0;
}

static void
add_extension(X509 *x509, int nid, const char *value)
{
	X509_EXTENSION *e;

	if (value == NULL)
		return;
	e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
	assert_non_null(e);
	X509_add_ext(x509, e, -1);
	X509_EXTENSION_free(e);
}

static X509_NAME *
make_name(const char *common_name, size_t size)
{
	X509_NAME *name = X509_NAME_new();

	X509_NAME_add_entry_by_txt(name, "O", MBSTRING_UTF8, (const unsigned char *)"Shop", -1, -1, 0);
	if (common_name != NULL)
		X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)common_name, size != 0 ? (int)size : -1, -1, 0);
	return name;
}

/* The DER bytes of a certificate as wished; the caller frees them. */
static unsigned char *
make(const struct wish *w, int *size)
{
	EVP_PKEY *key = keys[w->key == NULL ? 0 : strcmp(w->key, "RSA") == 0 ? 2 : 3];
	EVP_PKEY *signer = w->other_signer ? keys[1] : key;
	X509 *x509 = X509_new();
	X509_NAME *subject = make_name(w->subject, w->subject_size), *issuer = w->issuer != NULL ? make_name(w->issuer, 0) : X509_NAME_dup(subject);
	unsigned char *der = NULL;

	X509_set_version(x509, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(x509), 0x1f00ab);
	X509_set_subject_name(x509, subject);
	X509_set_issuer_name(x509, issuer);
	ASN1_TIME_set_string(X509_getm_notBefore(x509), w->not_before != NULL ? w->not_before : "20200101000000Z");
	ASN1_TIME_set_string(X509_getm_notAfter(x509), w->not_after != NULL ? w->not_after : "20400101000000Z");
	X509_set_pubkey(x509, key);
	add_extension(x509, NID_subject_alt_name, w->names);
	add_extension(x509, NID_basic_constraints, w->constraints);
	if (w->change != NULL)
		w->change(x509);
	assert_int_not_equal(X509_sign(x509, signer, w->key != NULL && strcmp(w->key, "ED25519") == 0 ? NULL : EVP_sha256()), 0);
	*size = i2d_X509(x509, &der);
	assert_in_range(*size, 1, 65536);
	X509_NAME_free(subject);
	X509_NAME_free(issuer);
	X509_free(x509);
	return der;
}

/* Puts a certificate of subject by issuer behind those in list. */
static size_t
add_to_chain(uint8_t *list, size_t at, const char *subject, const char *issuer)
{
	int size;
	unsigned char *der = make(&(struct wish){ .subject = subject, .issuer = issuer }, &size);

	list[at] = 0;
	list[at + 1] = (uint8_t)(size >> 8);
	list[at + 2] = (uint8_t)size;
	memcpy(list + at + 3, der, (size_t)size);
	OPENSSL_free(der);
	return at + 3 + (size_t)size;
}

static void
tells_disorder_of_a_chain(void **state)
{
	static const struct {
		const char *names[8]; /* subject, issuer, and so on */
		bool disordered;
	} cases[] = {
		{ { "api", "CA" }, false },
		{ { "api", "CA", "CA", "Root" }, false },
		{ { "api", "CA", "CA", "Root", "Root", "Root" }, false },
		{ { "api", "CA", "Root", "Root", "CA", "Root" }, true },
		{ { "CA", "Root", "api", "CA" }, true },
		{ { "api", "CA", "other", "Root" }, false },             /* nobody needs it */
		{ { "api", "CA", "CA", "Root", "CA", "CA" }, false },    /* twice, signed by another */
		{ { "api", "CA", "x", "x", "CA", "Root" }, true },
		{ { "api", "api" }, false },
	};
	static uint8_t list[16384];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t size = 0;

		for (size_t k = 0; k < 8 && cases[i].names[k] != NULL; k += 2)
			size = add_to_chain(list, size, cases[i].names[k], cases[i].names[k + 1]);
		assert_int_equal(certificate_chain_disordered(cursor_over(list, size)), cases[i].disordered);
		/* What is cut or damaged tells nothing, and nothing is read that is not there. */
		for (size_t cut = 0; cut < size; cut += 3) {
			uint8_t *copy = malloc(cut + 1);

			memcpy(copy, list, cut);
			if (!cases[i].disordered)
				assert_false(certificate_chain_disordered(cursor_over(copy, cut)));
			free(copy);
		}
		for (size_t at = 0; at < 60 && at < size; at++) {
			uint8_t was = list[at];

			for (int change = 1; change < 256; change += 31) {
				list[at] = (uint8_t)(was ^ change);
				(void)certificate_chain_disordered(cursor_over(list, size));
			}
			list[at] = was;
		}
	}
	assert_false(certificate_chain_disordered(cursor_over("\0\0\4\x30\x80\0\0", 7)));
	assert_false(certificate_chain_disordered(cursor_over("\0\0\7\x30\x85\0\0\0\0\0", 10)));
}

static struct certificate
parse(const struct wish *w)
{
	struct certificate c;
	int size;
	unsigned char *der = make(w, &size);

	assert_true(certificate_parse(cursor_over(der, (size_t)size), &c));
	assert_int_equal(ERR_peek_error(), 0);
	OPENSSL_free(der);
	return c;
}

static void
reads_a_leaf(void **state)
{
	struct certificate c = parse(&(struct wish){ .subject = "api", .issuer = "CA", .other_signer = true, .constraints = "CA:FALSE",
	    .names = "DNS:api.shop.test,IP:10.0.0.1,IP:2001:db8::1,URI:spiffe://shop.test/ns/shop/sa/api,email:ops@shop.test,RID:1.2.3.4" });

	(void)state;
	assert_string_equal(c.subject, "CN=api,O=Shop");
	assert_string_equal(c.issuer, "CN=CA,O=Shop");
	assert_string_equal(c.names, "DNS:api.shop.test IP:10.0.0.1 IP:2001:db8::1 URI:spiffe://shop.test/ns/shop/sa/api email:ops@shop.test");
	assert_string_equal(c.spiffe_id, "spiffe://shop.test/ns/shop/sa/api");
	assert_string_equal(c.serial, "1f00ab");
	assert_int_equal(c.not_before, 1577836800);
	assert_int_equal(c.not_after, INT64_C(2208988800));
	assert_string_equal(c.key_type, "EC");
	assert_int_equal(c.key_bits, 256);
	assert_string_equal(c.signature, "ecdsa-with-SHA256");
	assert_false(c.self_signed);
	assert_false(c.ca);
}

static void
reads_keys(void **state)
{
	struct certificate rsa = parse(&(struct wish){ .subject = "legacy", .key = "RSA" }), ed = parse(&(struct wish){ .subject = "new", .key = "ED25519" });

	(void)state;
	assert_string_equal(rsa.key_type, "RSA");
	assert_int_equal(rsa.key_bits, 2048);
	assert_string_equal(rsa.signature, "sha256WithRSAEncryption");
	assert_string_equal(ed.key_type, "Ed25519");
	assert_string_equal(ed.signature, "ED25519");
	assert_true(rsa.self_signed);
	assert_true(ed.self_signed);
}

static void
tells_self_signed_from_self_named(void **state)
{
	struct certificate own = parse(&(struct wish){ .subject = "me", .constraints = "critical,CA:TRUE" });
	struct certificate claimed = parse(&(struct wish){ .subject = "me", .other_signer = true });

	(void)state;
	assert_true(own.self_signed);
	assert_true(own.ca);
	assert_false(claimed.self_signed);
}

static void
escapes_names(void **state)
{
	struct certificate c = parse(&(struct wish){ .subject = "a\0b\n\xc3\xa9,x", .subject_size = 8 });

	(void)state;
	assert_string_equal(c.subject, "CN=a\\00b\\0A\\C3\\A9\\,x,O=Shop");
	for (const char *at = c.subject; *at != '\0'; at++)
		assert_in_range(*at, ' ', '~');
}

/* GeneralName with bytes that OpenSSL's configuration cannot write. */
static void
add_strange_names(X509 *x509)
{
	static const struct {
		int type;
		const char *bytes;
		int size;
	} strange[] = { { GEN_DNS, "api.shop.test\0.evil.test", 24 }, { GEN_DNS, "a b\\c", 5 }, { GEN_DNS, "", 0 } };
	GENERAL_NAMES *names = GENERAL_NAMES_new();
	GENERAL_NAME *address = GENERAL_NAME_new();
	ASN1_OCTET_STRING *five = ASN1_OCTET_STRING_new();

	for (size_t i = 0; i < sizeof(strange) / sizeof(strange[0]); i++) {
		GENERAL_NAME *name = GENERAL_NAME_new();
		ASN1_IA5STRING *value = ASN1_IA5STRING_new();

		ASN1_STRING_set(value, strange[i].bytes, strange[i].size);
		GENERAL_NAME_set0_value(name, strange[i].type, value);
		sk_GENERAL_NAME_push(names, name);
	}
	ASN1_STRING_set(five, "12345", 5);
	GENERAL_NAME_set0_value(address, GEN_IPADD, five);
	sk_GENERAL_NAME_push(names, address);
	X509_add1_ext_i2d(x509, NID_subject_alt_name, names, 0, X509V3_ADD_APPEND);
	GENERAL_NAMES_free(names);
}

static void
never_matches_strange_names(void **state)
{
	struct certificate c = parse(&(struct wish){ .subject = "x", .change = add_strange_names });

	(void)state;
	assert_string_equal(c.names, "DNS:api.shop.test\\00.evil.test DNS:a\\20b\\5Cc DNS: IP:?");
	assert_false(certificate_matches(&c, "api.shop.test"));
	assert_false(certificate_matches(&c, "a"));
	assert_false(certificate_matches(&c, ""));
	assert_false(certificate_matches(&c, "."));
}

/* A list that does not fit is cut between names and says so, and the rest of it may hold any name. */
static void
cuts_long_lists_between_names(void **state)
{
	char names[4096] = "";
	struct certificate c;
	size_t size;

	(void)state;
	for (int i = 0; i < 100; i++) {
		char one[64];

		snprintf(one, sizeof(one), "%sDNS:host-%03d.shop.test", i > 0 ? "," : "", i);
		strcat(names, one);
	}
	c = parse(&(struct wish){ .subject = "x", .names = names });
	size = strlen(c.names);
	assert_in_range(size, sizeof(c.names) - 30, sizeof(c.names) - 1);
	assert_string_equal(c.names + size - 8, "test ...");
	assert_true(certificate_matches(&c, "host-007.shop.test"));
	assert_false(certificate_matches(&c, "host-099.shop.test"));
	assert_false(certificate_flags(&c, FOREVER, "host-099.shop.test") & CERTIFICATE_NAME_MISMATCH);
	assert_true(certificate_flags(&c, FOREVER, "") == (CERTIFICATE_SEEN | CERTIFICATE_SELF_SIGNED));
}

static void
keeps_no_part_of_a_long_name(void **state)
{
	char name[400] = "URI:spiffe://shop.test/";
	struct certificate c;

	(void)state;
	memset(name + strlen(name), 'a', 350);
	c = parse(&(struct wish){ .subject = "x", .names = name });
	assert_string_equal(c.spiffe_id, "");
	assert_string_equal(c.names, " ...");
}

static void
wants_one_spiffe_id(void **state)
{
	struct certificate two = parse(&(struct wish){ .subject = "x", .names = "URI:spiffe://shop.test/a,URI:spiffe://shop.test/b" });
	struct certificate other = parse(&(struct wish){ .subject = "x", .names = "URI:https://shop.test/" });

	(void)state;
	assert_string_equal(two.spiffe_id, "");
	assert_string_equal(other.spiffe_id, "");
}

static void
matches_by_rfc_9525(void **state)
{
	static const struct {
		const char *name;
		bool matches;
	} cases[] = {
		{ "api.shop.test", true }, { "API.Shop.Test", true }, { "api.shop.test.", true }, { "xapi.shop.test", false }, { "api.shop.tes", false },
		{ "one.cart.shop.test", true }, { "cart.shop.test", false }, { "a.b.cart.shop.test", false }, { ".cart.shop.test", false }, { "*.cart.shop.test", true },
		{ "web1.part.test", false }, { "web", false }, { "common", false }, { "10.0.0.1", true }, { "10.0.0.10", false }, { "2001:DB8:0::1", true }, { "2001:db8::2", false },
		{ "spiffe://shop.test/x", false }, { "IP:10.0.0.1", false }, { "one.two.shop.test", false }, { "server:443", false },
	};
	struct certificate c = parse(&(struct wish){ .subject = "common",
	    .names = "DNS:api.shop.test,DNS:*.cart.shop.test,DNS:web*.part.test,DNS:one.*.shop.test,DNS:*,IP:10.0.0.1,IP:2001:db8::1,URI:spiffe://shop.test/x" });

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (certificate_matches(&c, cases[i].name) != cases[i].matches)
			fail_msg("%s", cases[i].name);
}

static void
flags_what_is_wrong(void **state)
{
	struct certificate leaf = parse(&(struct wish){ .subject = "api", .issuer = "CA", .other_signer = true, .names = "DNS:api.shop.test", .not_after = "99991231235959Z" });
	struct certificate bare = parse(&(struct wish){ .subject = "api.shop.test", .issuer = "CA", .other_signer = true, .constraints = "CA:TRUE" });

	(void)state;
	assert_int_equal(certificate_flags(&leaf, FOREVER, "api.shop.test"), CERTIFICATE_SEEN);
	assert_int_equal(certificate_flags(&leaf, FOREVER, "db.shop.test"), CERTIFICATE_SEEN | CERTIFICATE_NAME_MISMATCH);
	assert_int_equal(leaf.not_after, INT64_C(253402300799));
	assert_int_equal(certificate_flags(&leaf, INT64_C(253402300800), ""), CERTIFICATE_SEEN | CERTIFICATE_EXPIRED);
	assert_int_equal(certificate_flags(&leaf, leaf.not_after, ""), CERTIFICATE_SEEN);
	assert_int_equal(certificate_flags(&leaf, leaf.not_before - 1, ""), CERTIFICATE_SEEN | CERTIFICATE_NOT_YET_VALID);
	/* No fall back to the common name. */
	assert_int_equal(certificate_flags(&bare, FOREVER, "api.shop.test"), CERTIFICATE_SEEN | CERTIFICATE_NAME_MISMATCH | CERTIFICATE_CA);
}

static void
refuses_what_is_no_certificate(void **state)
{
	static const struct certificate none;
	struct certificate c;
	int size;
	unsigned char *der = make(&(struct wish){ .subject = "api", .names = "DNS:api.shop.test" }, &size);

	(void)state;
	for (int cut = 0; cut < size; cut++) {
		unsigned char *copy = malloc((size_t)cut + 1);

		assert_non_null(copy);
		memcpy(copy, der, (size_t)cut);
		assert_false(certificate_parse(cursor_over(copy, (size_t)cut), &c));
		assert_memory_equal(&c, &none, sizeof(c));
		assert_int_equal(ERR_peek_error(), 0);
		free(copy);
	}
	OPENSSL_free(der);
}

/* Whatever byte is wrong, it is read or refused, and OpenSSL's errors are not left behind. */
static void
survives_every_wrong_byte(void **state)
{
	struct certificate c;
	int size;
	unsigned char *der = make(&(struct wish){ .subject = "api", .names = "DNS:api.shop.test,IP:10.0.0.1", .constraints = "CA:TRUE" }, &size);

	(void)state;
	for (int at = 0; at < size; at++)
		for (int bit = 0; bit < 8; bit += 3) {
			der[at] ^= (unsigned char)(1 << bit);
			(void)certificate_parse(cursor_over(der, (size_t)size), &c);
			assert_int_equal(ERR_peek_error(), 0);
			assert_non_null(memchr(c.subject, '\0', sizeof(c.subject)));
			assert_non_null(memchr(c.names, '\0', sizeof(c.names)));
			(void)certificate_flags(&c, FOREVER, "api.shop.test");
			der[at] ^= (unsigned char)(1 << bit);
		}
	OPENSSL_free(der);
}

static void
make_serial_negative(X509 *x509)
{
	ASN1_INTEGER_set(X509_get_serialNumber(x509), -255);
}

static void
make_key_unknown(X509 *x509)
{
	X509_ALGOR *algorithm;

	X509_PUBKEY_get0_param(NULL, NULL, NULL, &algorithm, X509_get_X509_PUBKEY(x509));
	X509_ALGOR_set0(algorithm, OBJ_nid2obj(NID_dhpublicnumber), V_ASN1_UNDEF, NULL);
}

static void
reads_rare_fields(void **state)
{
	struct certificate negative = parse(&(struct wish){ .subject = "x", .change = make_serial_negative });
	struct certificate unknown = parse(&(struct wish){ .subject = "x", .change = make_key_unknown });

	(void)state;
	assert_string_equal(negative.serial, "-ff");
	assert_string_equal(unknown.key_type, "dhpublicnumber");
	assert_int_equal(unknown.key_bits, 0);
	assert_false(unknown.self_signed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_disorder_of_a_chain),
		cmocka_unit_test(reads_a_leaf),
		cmocka_unit_test(reads_keys),
		cmocka_unit_test(tells_self_signed_from_self_named),
		cmocka_unit_test(escapes_names),
		cmocka_unit_test(never_matches_strange_names),
		cmocka_unit_test(cuts_long_lists_between_names),
		cmocka_unit_test(keeps_no_part_of_a_long_name),
		cmocka_unit_test(wants_one_spiffe_id),
		cmocka_unit_test(matches_by_rfc_9525),
		cmocka_unit_test(flags_what_is_wrong),
		cmocka_unit_test(refuses_what_is_no_certificate),
		cmocka_unit_test(survives_every_wrong_byte),
		cmocka_unit_test(reads_rare_fields),
	};

	return cmocka_run_group_tests_name("dissectors/certificate", tests, make_keys, free_keys);
}
