/* SPDX-License-Identifier: Apache-2.0 */
/* The list of SASL mechanisms. */
#include <config.h>

#include "sasl.h"

#include <stddef.h>

static const struct sasl_mechanism mechanisms[] = {
	{ "PLAIN", "sasl-plain", true }, /* RFC 4616 */
	{ "LOGIN", "sasl-login", true },
	{ "AMQPLAIN", "sasl-amqplain", true }, /* RabbitMQ: a field table with the password */
	{ "XOAUTH", "sasl-xoauth", true },
	{ "XOAUTH2", "sasl-xoauth2", true },
	{ "OAUTHBEARER", "sasl-oauthbearer", true }, /* RFC 7628 */
	{ "OAUTH10A", "sasl-oauth10a", false },      /* RFC 7628: signed */
	{ "OPENID20", "sasl-openid20", false },
	{ "ANONYMOUS", "sasl-anonymous", false },    /* RFC 4505 */
	{ "EXTERNAL", "sasl-external", false },      /* RFC 4422 A */
	{ "SCRAM-SHA-1", "scram-sha-1", false },     /* RFC 5802 */
	{ "SCRAM-SHA-1-PLUS", "scram-sha-1-plus", false },
	{ "SCRAM-SHA-256", "scram-sha-256", false }, /* RFC 7677 */
	{ "SCRAM-SHA-256-PLUS", "scram-sha-256-plus", false },
	{ "SCRAM-SHA-384", "scram-sha-384", false },
	{ "SCRAM-SHA-512", "scram-sha-512", false },
	{ "SCRAM-SHA-512-PLUS", "scram-sha-512-plus", false },
	{ "CRAM-MD5", "sasl-cram-md5", false },      /* RFC 2195 */
	{ "DIGEST-MD5", "sasl-digest-md5", false },  /* RFC 2831 */
	{ "NTLM", "sasl-ntlm", false },
	{ "GSSAPI", "sasl-gssapi", false },          /* RFC 4752 */
	{ "GSS-SPNEGO", "sasl-gss-spnego", false },
	{ "GS2-KRB5", "sasl-gs2-krb5", false },      /* RFC 5801 */
	{ "KERBEROS_V4", "sasl-kerberos_v4", false },
	{ "OTP", "sasl-otp", false },                /* RFC 2444 */
	{ "SKEY", "sasl-skey", false },
	{ "SRP", "sasl-srp", false },
	{ "SECURID", "sasl-securid", false },
	{ "PASSDSS-3DES-1", "sasl-passdss-3des-1", false },
	{ "ECDSA-NIST256P-CHALLENGE", "sasl-ecdsa-nist256p-challenge", false },
	{ "RABBIT-CR-DEMO", "sasl-rabbit-cr-demo", true }, /* the password in the second step */
	{ "AWS_MSK_IAM", "sasl-aws_msk_iam", false },      /* a signed request, short-lived */
	{ "MSSBCBS", "sasl-mssbcbs", false },              /* Azure: nothing is sent with it */
	{ "MONGODB-X509", "mongodb-x509", false },
	{ "MONGODB-AWS", "mongodb-aws", false },
	{ "MONGODB-OIDC", "mongodb-oidc", true },
	{ "MONGODB-CR", "mongodb-cr", false },
};

static const struct sasl_mechanism other = { "", "sasl-other", false };

static const struct sasl_mechanism *
find(struct cursor name)
{
	for (size_t i = 0; i < sizeof(mechanisms) / sizeof(mechanisms[0]); i++)
		if (cursor_equals_nocase(&name, mechanisms[i].name))
			return &mechanisms[i];
	return NULL;
}

const struct sasl_mechanism *
sasl_mechanism(struct cursor name)
{
	const struct sasl_mechanism *known = find(name);

	return known != NULL ? known : &other;
}

bool
sasl_is_known(struct cursor name)
{
	return find(name) != NULL;
}

bool
sasl_is_name(struct cursor name)
{
	size_t size = cursor_left(&name);

	if (!cursor_ok(&name) || size == 0 || size > 24) /* some in use are longer than the RFC's 20 */
		return false;
	while (cursor_left(&name) > 0) {
		uint8_t b = cursor_u8(&name);
		bool letter = (b >= 'A' && b <= 'Z') || (b >= 'a' && b <= 'z');

		if (!letter && !(b >= '0' && b <= '9') && b != '-' && b != '_')
			return false;
	}
	return true;
}
