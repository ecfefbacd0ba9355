/* SPDX-License-Identifier: Apache-2.0 */
/* SSH algorithms: RFC 4253 6, RFC 4344, 4419, 4432, 4462, 5656, 6668, 8268, 8308, 8731, 8732, 9142, OpenSSH's PROTOCOL. */
#include <config.h>

#include "ssh_algorithms.h"

#include <string.h>

static const char *const key_exchanges[] = {
	"mlkem768x25519-sha256",
	"mlkem768nistp256-sha256",
	"mlkem1024nistp384-sha384",
	"sntrup761x25519-sha512",
	"sntrup761x25519-sha512@openssh.com",
	"sntrup4591761x25519-sha512@tinyssh.org",
	"curve25519-sha256",
	"curve25519-sha256@libssh.org",
	"curve448-sha512",
	"ecdh-sha2-nistp256",
	"ecdh-sha2-nistp384",
	"ecdh-sha2-nistp521",
	"ecdh-sha2-1.3.132.0.10",
	"ecmqv-sha2",
	"diffie-hellman-group-exchange-sha1",
	"diffie-hellman-group-exchange-sha256",
	"diffie-hellman-group-exchange-sha224@ssh.com",
	"diffie-hellman-group-exchange-sha384@ssh.com",
	"diffie-hellman-group-exchange-sha512@ssh.com",
	"diffie-hellman-group1-sha1",
	"diffie-hellman-group14-sha1",
	"diffie-hellman-group14-sha256",
	"diffie-hellman-group14-sha224@ssh.com",
	"diffie-hellman-group14-sha256@ssh.com",
	"diffie-hellman-group15-sha256@ssh.com",
	"diffie-hellman-group15-sha384@ssh.com",
	"diffie-hellman-group16-sha384@ssh.com",
	"diffie-hellman-group16-sha512@ssh.com",
	"diffie-hellman-group18-sha512@ssh.com",
	"diffie-hellman-group15-sha512",
	"diffie-hellman-group16-sha256",
	"diffie-hellman-group16-sha512",
	"diffie-hellman-group17-sha512",
	"diffie-hellman-group18-sha512",
	"kexguess2@matt.ucc.asn.au",
	"rsa1024-sha1",
	"rsa2048-sha256",
	NULL,
};

/* GSS-API key exchanges end in the base64 of a mechanism (RFC 4462 2, RFC 8732 4): the method alone is named. */
static const char *const gss_key_exchanges[] = {
	"gss-gex-sha1",
	"gss-group1-sha1",
	"gss-group14-sha1",
	"gss-group14-sha256",
	"gss-group15-sha512",
	"gss-group16-sha512",
	"gss-group17-sha512",
	"gss-group18-sha512",
	"gss-nistp256-sha256",
	"gss-nistp384-sha384",
	"gss-nistp521-sha512",
	"gss-curve25519-sha256",
	"gss-curve448-sha512",
	NULL,
};

static const char *const ciphers[] = {
	"none",
	"chacha20-poly1305",
	"chacha20-poly1305@openssh.com",
	"aes128-gcm",
	"aes256-gcm",
	"aes128-gcm@openssh.com",
	"aes256-gcm@openssh.com",
	"AEAD_AES_128_GCM",
	"AEAD_AES_256_GCM",
	"AEAD_CAMELLIA_128_GCM",
	"AEAD_CAMELLIA_256_GCM",
	"aes128-ctr",
	"aes192-ctr",
	"aes256-ctr",
	"camellia128-ctr",
	"camellia192-ctr",
	"camellia256-ctr",
	"serpent128-ctr",
	"serpent192-ctr",
	"serpent256-ctr",
	"twofish128-ctr",
	"twofish192-ctr",
	"twofish256-ctr",
	"blowfish-ctr",
	"cast128-ctr",
	"idea-ctr",
	"3des-ctr",
	"aes128-cbc",
	"aes192-cbc",
	"aes256-cbc",
	"rijndael128-cbc",
	"rijndael192-cbc",
	"rijndael256-cbc",
	"rijndael-cbc@lysator.liu.se",
	"camellia128-cbc",
	"camellia192-cbc",
	"camellia256-cbc",
	"serpent128-cbc",
	"serpent192-cbc",
	"serpent256-cbc",
	"twofish-cbc",
	"twofish128-cbc",
	"twofish192-cbc",
	"twofish256-cbc",
	"seed-cbc@ssh.com",
	"blowfish-cbc",
	"cast128-cbc",
	"cast128-12-cbc@ssh.com",
	"idea-cbc",
	"3des-cbc",
	"des-cbc",
	"des-cbc@ssh.com",
	"rc2-cbc@ssh.com",
	"arcfour",
	"arcfour128",
	"arcfour256",
	NULL,
};

static const struct {
	const char *name;
	int size;
} macs[] = {
	{ "none", 0 },
	{ "hmac-md5", 16 },
	{ "hmac-md5-96", 12 },
	{ "hmac-md5-etm@openssh.com", 16 },
	{ "hmac-md5-96-etm@openssh.com", 12 },
	{ "hmac-sha1", 20 },
	{ "hmac-sha1-96", 12 },
	{ "hmac-sha1-etm@openssh.com", 20 },
	{ "hmac-sha1-96-etm@openssh.com", 12 },
	{ "hmac-sha2-256", 32 },
	{ "hmac-sha2-256-96", 12 },
	{ "hmac-sha2-256-etm@openssh.com", 32 },
	{ "hmac-sha2-512", 64 },
	{ "hmac-sha2-512-96", 12 },
	{ "hmac-sha2-512-etm@openssh.com", 64 },
	{ "hmac-ripemd160", 20 },
	{ "hmac-ripemd160@openssh.com", 20 },
	{ "hmac-ripemd160-etm@openssh.com", 20 },
	{ "umac-64@openssh.com", 8 },
	{ "umac-64-etm@openssh.com", 8 },
	{ "umac-128@openssh.com", 16 },
	{ "umac-128-etm@openssh.com", 16 },
};

static const char *
find(const char *const names[], struct cursor name)
{
	for (size_t i = 0; names[i] != NULL; i++)
		if (cursor_equals(&name, names[i]))
			return names[i];
	return NULL;
}

const char *
ssh_key_exchange_name(struct cursor name)
{
	for (size_t i = 0; gss_key_exchanges[i] != NULL; i++)
		if (cursor_starts_with(&name, gss_key_exchanges[i]) && cursor_peek(&name, strlen(gss_key_exchanges[i])) == '-')
			return gss_key_exchanges[i];
	return find(key_exchanges, name);
}

const char *
ssh_cipher_name(struct cursor name)
{
	return find(ciphers, name);
}

int
ssh_mac_size(struct cursor name)
{
	for (size_t i = 0; i < sizeof(macs) / sizeof(macs[0]); i++)
		if (cursor_equals(&name, macs[i].name))
			return macs[i].size;
	return -1;
}

const char *
ssh1_cipher_name(uint8_t number)
{
	static const char *const names[] = { "none", "idea-cbc", "des-cbc", "3des-cbc", NULL, "arcfour", "blowfish-cbc" };

	return number < sizeof(names) / sizeof(names[0]) ? names[number] : NULL;
}
