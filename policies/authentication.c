/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who authenticated to the service, and how strong is the method? Where TLS hides what happens
 * inside, nothing is concluded, unless the policy set demands mutual TLS: then the client's
 * certificate is the answer.
 */
#include <config.h>

#include "policy.h"

#include <string.h>

#include "advice.h"
#include "dissectors/evidence.h"

enum { METHODS, OTHER_METHOD, WEAK_BELOW, MUTUAL };

/*
 * What a listener or an impostor gains is the measure: 1 proves possession of a key or resists
 * guessing by those who watched; 0.9 needs a step more care; 0.7 and 0.8 are bearer tokens, better the
 * shorter they live; 0.5 and 0.6 are passwords, sent or weakly hashed; below that is guessed, replayed
 * or simply claimed.
 */
static const struct named_value methods[] = {
	/* Keys and certificates. */
	{ "tls-client-cert", 1 },
	{ "tls-psk", 0.9 },
	{ "sasl-external", 1 },
	{ "ssh-publickey", 1 },
	{ "ssh-gssapi", 1 },
	{ "client_ed25519", 1 },
	{ "nats-nkey", 1 },
	{ "mongodb-x509", 1 },
	{ "mongodb-aws", 0.9 },
	{ "sigv4", 0.9 },
	{ "wireguard-keys", 1 },
	{ "zookeeper-x509", 1 },
	{ "ike-certificate", 1 },
	{ "ike-public-key", 1 },
	{ "ike-hybrid", 0.8 }, /* the gateway by certificate, the client by password inside */
	{ "ike-psk", 0.8 },
	{ "ike-xauth-certificate", 1 },
	{ "ike-xauth-public-key", 1 },
	{ "ike-xauth-psk", 0.8 },
	{ "dns-sig0", 1 },
	{ "dns-tsig-gss", 1 },
	{ "dns-tsig-hmac-sha224", 1 },
	{ "dns-tsig-hmac-sha256", 1 },
	{ "dns-tsig-hmac-sha384", 1 },
	{ "dns-tsig-hmac-sha512", 1 },
	{ "dns-tsig-hmac-sha1", 0.8 },
	{ "dns-tsig-hmac-md5", 0.6 },
	{ "dns-tkey-dh", 0.6 }, /* agreed on with nobody in particular */
	/* Kerberos and what carries it. */
	{ "krb5", 1 },
	{ "krb5-ap-req", 1 },
	{ "krb5-pkinit", 1 },
	{ "krb5-preauth", 0.9 }, /* a listener can guess at the password */
	{ "krb5-spake", 1 },
	{ "krb5-fast", 1 },
	{ "kerberos", 1 },
	{ "http-negotiate", 1 },
	{ "sasl-gssapi", 1 },
	{ "socks5-gssapi", 1 },
	{ "sasl-gss-spnego", 1 },
	{ "sasl-gss-spnego-krb5", 1 },
	{ "dns-tkey-gss", 1 },
	/* Salted challenge and response (RFC 5802). */
	{ "scram-sha-1", 0.9 },
	{ "scram-sha-256", 1 },
	{ "scram-sha-256-plus", 1 },
	{ "scram-sha-512", 1 },
	{ "sasl-scram-sha-1", 0.9 },
	{ "sasl-scram-sha-256", 1 },
	{ "sasl-scram-sha-512", 1 },
	/* Tokens. */
	{ "http-bearer-jwt", 0.8 },
	{ "sasl-oauthbearer", 0.8 },
	{ "sasl-aws_msk_iam", 0.9 }, /* a signed request */
	{ "mongodb-oidc", 0.8 },
	{ "sasl-xoauth2", 0.8 },
	{ "http-bearer", 0.7 },
	{ "bearer-subprotocol", 0.7 },
	{ "etcd-token", 0.6 },
	{ "nats-jwt", 0.9 }, /* mostly with a signature over the nonce */
	{ "nats-token", 0.6 },
	{ "stomp-token", 0.6 },
	{ "http-api-key", 0.6 },
	{ "http-cookie", 0.6 },
	{ "http-query", 0.3 }, /* ends up in logs */
	/* Challenge and response that can be guessed offline by who listens. */
	{ "caching_sha2_password", 0.9 },
	{ "sha256_password", 0.9 },
	{ "mqtt5-enhanced-auth", 0.8 },
	{ "snmp-usm-authpriv", 0.9 },
	{ "snmp-usm-authnopriv", 0.6 },
	{ "http-digest", 0.6 },
	{ "sip-digest", 0.6 },
	{ "sasl-digest-md5", 0.6 },
	{ "sasl-cram-md5", 0.5 },
	{ "mysql_native_password", 0.6 },
	{ "o5logon", 0.6 },
	{ "radius-eap", 0.8 },
	{ "radius-chap", 0.5 },
	{ "mongodb-cr", 0.5 },
	{ "md5", 0.5 },
	{ "xmpp-component", 0.6 },
	{ "xmpp-digest", 0.3 },
	{ "xmpp-password", 0.3 },
	{ "mysql41", 0.6 },
	{ "sha256_memory", 0.9 },
	{ "tcp-md5", 0.5 },
	{ "ntlmssp", 0.5 },
	{ "sasl-ntlm", 0.5 },
	{ "krb4", 0.3 }, /* DES */
	{ "vnc-challenge", 0.3 },
	/* Passwords as they are. */
	{ "http-basic", 0.5 },
	{ "etcd-password", 0.5 },
	{ "redis-auth", 0.5 },
	{ "memcached-auth", 0.5 },
	{ "cassandra-credentials", 0.5 },
	{ "sasl-plain", 0.5 },
	{ "sasl-login", 0.5 },
	{ "ldap-simple", 0.5 },
	{ "mqtt-userpass", 0.5 },
	{ "nats-userpass", 0.5 },
	{ "stomp-userpass", 0.5 },
	{ "sasl-amqplain", 0.5 },
	{ "sasl-rabbit-cr-demo", 0.5 },
	{ "ssh-password", 0.5 },
	{ "ssh-keyboard-interactive", 0.5 },
	{ "ssh-hostbased", 0.5 },
	{ "imap-login", 0.5 },
	{ "pop3-user-pass", 0.5 },
	{ "pop3-apop", 0.5 },
	{ "ftp-user-pass", 0.5 },
	{ "ftp-otp", 0.6 },
	{ "socks5-userpass", 0.5 },
	{ "zookeeper-digest", 0.3 }, /* any is taken; ACLs compare */
	{ "openwire-userpass", 0.5 },
	{ "radius-pap", 0.3 },
	{ "cleartext-password", 0.3 },
	{ "mysql_clear_password", 0.3 },
	{ "mysql_old_password", 0.2 },
	{ "snmp-community", 0.2 },
	/* Claims without proof. */
	{ "auth_sys", 0.1 },
	{ "xmpp-dialback", 0.1 }, /* as good as DNS */
	{ "socks4-ident", 0.1 },
	{ "elasticsearch-context", 0.1 },
	{ "snmp-usm-noauthnopriv", 0 },
	{ "sasl-anonymous", 0 },
	{ "ftp-anonymous", 0 },
	{ NULL, 0 },
};

static double
method_strength(const struct policy_setting *setting, const char *method)
{
	return policy_table_value(&setting->parameters[METHODS], method, setting->parameters[OTHER_METHOD].number);
}

static bool
demands_mutual(const struct policy_setting *setting, const struct evidence_class *e)
{
	return strcmp(setting->parameters[MUTUAL].word, "required") == 0 && evidence_class_is_tls(e);
}

/* Under "mutual: required" the client's certificate decides; a refused client proves nothing against the service. */
static struct policy_value
mutual_value(const struct policy_setting *setting, const struct evidence_class *e)
{
	if (e->result == AUTH_FAILURE || e->result == AUTH_ATTEMPTED)
		return POLICY_NOT_OBSERVED;
	switch (e->mutual) {
	case MUTUAL_NO:
	case MUTUAL_REQUESTED:
		return POLICY_OBSERVED(0);
	case MUTUAL_YES:
		return POLICY_OBSERVED(method_strength(setting, "tls-client-cert"));
	default:
		return POLICY_NOT_OBSERVED;
	}
}

static struct policy_value
authentication_value(const struct policy_setting *setting, const struct evidence_class *e)
{
	if (!evidence_class_has_content(e) || evidence_class_is_icmp(e))
		return POLICY_NOT_APPLICABLE;
	if (e->result == AUTH_NOT_APPLICABLE)
		return POLICY_NOT_APPLICABLE;
	if (demands_mutual(setting, e))
		return mutual_value(setting, e);
	switch (e->result) {
	case AUTH_NONE:
		return POLICY_OBSERVED(0);
	case AUTH_SUCCESS:
		return POLICY_OBSERVED(method_strength(setting, e->method));
	default:
		return POLICY_NOT_OBSERVED;
	}
}

static size_t
authentication_violations(const struct policy_setting *setting, const struct evidence_class *e, struct violation out[POLICY_VIOLATIONS_MAX])
{
	bool mutual = demands_mutual(setting, e);

	if (mutual && e->mutual != MUTUAL_YES)
		out[0] = (struct violation){ .type = "mutual-tls-missing",
			.advice = "let the server require a client certificate, and give this client one of its own" };
	else if (!mutual && e->result == AUTH_NONE)
		out[0] = (struct violation){ .type = "unauthenticated-service", .advice = advice_authenticate(e->protocol) };
	else if (authentication_value(setting, e).value < setting->parameters[WEAK_BELOW].number)
		out[0] = (struct violation){ .type = "weak-authentication", .severity_shift = -1,
			.advice = "change to a method that proves possession without sending the secret: a client certificate, SCRAM-SHA-256 or Kerberos" };
	else
		return 0;
	return 1;
}

static const char *const mutual_words[] = { "optional", "required", NULL };

const struct policy authentication_policy = {
	.name = "authentication",
	.pillar = "authentication",
	.title = "clients authenticate, by a strong method",
	.weight = 3,
	.severity = SEVERITY_HIGH,
	.parameters = {
		[METHODS] = { .name = "methods", .type = PARAMETER_TABLE, .maximum = 1, .table = methods, .open_table = true,
			.meaning = "strength of each method" },
		[OTHER_METHOD] = { .name = "other-method", .type = PARAMETER_NUMBER, .maximum = 1, .number = 0.5,
			.meaning = "strength of methods that the table does not name" },
		[WEAK_BELOW] = { .name = "weak-below", .type = PARAMETER_NUMBER, .maximum = 1, .number = 0.5,
			.meaning = "strength below which a method is reported as weak-authentication" },
		[MUTUAL] = { .name = "mutual", .type = PARAMETER_WORD, .words = mutual_words,
			.meaning = "whether TLS without a client certificate counts as unauthenticated" },
	},
	.value = authentication_value,
	.violations = authentication_violations,
};
