/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Advice by protocol. The settings named are those of the server most used for it; for every other
 * protocol the general line says what to reach rather than how.
 */
#include <config.h>

#include "advice.h"

#include <stddef.h>
#include <string.h>

struct advice {
	const char *protocol;
	const char *encrypt;
	const char *authenticate;
};

static const char encrypt_web[] = "serve it over TLS (HTTPS), or put the pair into the mesh's mutual TLS";
static const char authenticate_web[] = "require a client certificate (mutual TLS) or a short-lived token of every client";

static const char encrypt_tunnel[] = "turn on encryption between the nodes in the CNI (WireGuard or IPsec)";

static const struct advice table[] = {
	{ "http", encrypt_web, authenticate_web },
	{ "http2", encrypt_web, authenticate_web },
	{ "websocket", encrypt_web, authenticate_web },
	{ "grpc", "give the server TLS credentials, or put the pair into the mesh's mutual TLS", authenticate_web },
	{ "grpc-web", encrypt_web, authenticate_web },
	{ "postgresql", "set ssl=on and allow network clients by hostssl lines of pg_hba.conf only; connect with sslmode=verify-full",
		"replace trust in pg_hba.conf by hostssl lines with scram-sha-256 or cert" },
	{ "mysql", "set require_secure_transport=ON; connect with --ssl-mode=VERIFY_IDENTITY",
		"give every account a password or a certificate (REQUIRE X509) and drop the anonymous ones" },
	{ "mysqlx", "set require_secure_transport=ON; connect with --ssl-mode=VERIFY_IDENTITY", NULL },
	{ "redis", "set tls-port and port 0; connect with TLS",
		"set requirepass, or ACL users with a password and the default user off" },
	{ "mongodb", "set net.tls.mode: requireTLS; connect with tls=true",
		"set security.authorization: enabled and create users with SCRAM-SHA-256 or X.509" },
	{ "cassandra", "set client_encryption_options: enabled: true, optional: false",
		"set authenticator: PasswordAuthenticator and change the default account" },
	{ "elasticsearch", "set xpack.security.http.ssl.enabled: true (and xpack.security.transport.ssl.enabled: true)",
		"set xpack.security.enabled: true and require API keys or users" },
	{ "etcd", "start etcd with --cert-file and --key-file, and https:// in its client URLs",
		"start etcd with --client-cert-auth and --trusted-ca-file, or turn on its users with etcdctl auth enable" },
	{ "zookeeper", "set secureClientPort with key and trust stores, and remove clientPort",
		"require SASL or client certificates, and set ACLs" },
	{ "kafka", "give the broker's listeners the protocol SSL or SASL_SSL, not PLAINTEXT",
		"give the broker's listeners the protocol SASL_SSL with SCRAM-SHA-512, or SSL with ssl.client.auth=required" },
	{ "amqp", "set listeners.ssl and listeners.tcp = none; connect with amqps://",
		"remove anonymous logins and give every client its own user or certificate" },
	{ "mqtt", "give the listener certfile and keyfile (port 8883) and close the plain one",
		"set allow_anonymous false with a password file or require_certificate true" },
	{ "nats", "add a tls block to the server's configuration",
		"add an authorization block, or accounts with nkeys" },
	{ "stomp", "set stomp.listeners.ssl and stomp.listeners.tcp = none (RabbitMQ), or a stomp+ssl connector alone (ActiveMQ)",
		"remove the default user (stomp.default_user) and anonymous access, and give every client its own login" },
	{ "memcached", "start memcached with --enable-ssl, or keep it to localhost behind a proxy with TLS",
		"start memcached with SASL (-S) or an authfile (-Y), over TLS" },
	{ "ldap", "require LDAPS or StartTLS before any bind",
		"refuse anonymous and unauthenticated binds" },
	{ "smtp", "require STARTTLS, or use the TLS port 465", "require AUTH after STARTTLS of clients that submit mail" },
	{ "imap", "require STARTTLS before login, or use the TLS port 993", NULL },
	{ "pop3", "require STLS before login, or use the TLS port 995", NULL },
	{ "xmpp", "require STARTTLS of clients and servers, or direct TLS (XEP-0368)", NULL },
	{ "ftp", "require AUTH TLS and PROT P, or replace it by SFTP", "refuse anonymous logins" },
	{ "vxlan", encrypt_tunnel, NULL },
	{ "geneve", encrypt_tunnel, NULL },
	{ "gre", encrypt_tunnel, NULL },
	{ "ipip", encrypt_tunnel, NULL },
	{ "socks5", "put TLS inside the tunnel, or reach the proxy over TLS", "give every client its own user, over TLS" },
	{ "ike", "its first messages are readable by design: exempt it with that as the reason", NULL },
	{ "kerberos", "names in its messages are readable by design: exempt it with that as the reason, or use FAST (RFC 6113)",
		"demand pre-authentication of every principal (requires_preauth)" },
	{ "ah", "use ESP with an encrypting algorithm in place of AH, which only signs", NULL },
	{ "esp", "choose an encrypting algorithm (AES-GCM) in place of ENCR_NULL", NULL },
	{ "ssh", "take the cipher none, and version 1, out of the server's configuration", NULL },
	{ "telnet", "replace it by SSH", "replace it by SSH with keys" },
	{ "snmp", "use SNMPv3 at security level authPriv", "use SNMPv3 at security level authPriv" },
	{ "syslog", "send it over TLS (RFC 5425)", "send it over TLS with client certificates (RFC 5425)" },
	{ "nfs", "mount with sec=krb5p, or with xprtsec=mtls", "mount with sec=krb5 or better instead of sec=sys" },
	{ "dns", "forward over TLS (RFC 7858) where a query leaves the cluster; exempt the hop to the cluster's own resolver if it is accepted", NULL },
};

static const struct advice general = {
	.encrypt = "turn on TLS at the server and refuse clients without it, or put the pair into the mesh's mutual TLS",
	.authenticate = "require a login or a client certificate (mutual TLS) of every client",
};

static const struct advice *
find(const char *protocol)
{
	for (size_t i = 0; protocol != NULL && i < sizeof(table) / sizeof(table[0]); i++)
		if (strcmp(table[i].protocol, protocol) == 0)
			return &table[i];
	return &general;
}

const char *
advice_encrypt(const char *protocol)
{
	return find(protocol)->encrypt;
}

const char *
advice_authenticate(const char *protocol)
{
	const struct advice *a = find(protocol);

	return a->authenticate != NULL ? a->authenticate : general.authenticate;
}
