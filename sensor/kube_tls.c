/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS sessions for kube_http.c. An API server is usually reached by its address, so that the
 * certificate's iPAddress names count, and no server name is sent (RFC 6066 3).
 */
#include <config.h>

#include "kube_tls.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

/* "what: why", of the library's last error. */
static bool
refuse(char *error, size_t error_size, const char *what)
{
	unsigned long code = ERR_peek_error(); /* the first: later ones say where it was */
	const char *reason = ERR_SYSTEM_ERROR(code) ? strerror(ERR_GET_REASON(code)) : ERR_reason_error_string(code);

	(void)snprintf(error, error_size, "%s: %s", what, reason != NULL ? reason : "not usable");
	ERR_clear_error();
	return false;
}

static bool
trust_data(SSL_CTX *context, const char *pem)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	X509 *certificate;
	int count = 0;

	while (bio != NULL && (certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
		count += X509_STORE_add_cert(SSL_CTX_get_cert_store(context), certificate);
		X509_free(certificate);
	}
	BIO_free(bio);
	return count > 0;
}

static bool
trust(SSL_CTX *context, const struct kube_config *config, char *error, size_t error_size)
{
	if (config->ca_file != NULL)
		return SSL_CTX_load_verify_locations(context, config->ca_file, NULL) == 1 || refuse(error, error_size, config->ca_file);
	if (config->ca_data != NULL)
		return trust_data(context, config->ca_data) || refuse(error, error_size, "the certificate authority's data");
	return SSL_CTX_set_default_verify_paths(context) == 1 || refuse(error, error_size, "the system's certificate authorities");
}

/* The first certificate is ours, the others lead to who signed it. */
static bool
show_data(SSL_CTX *context, const char *pem)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	X509 *certificate = bio != NULL ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
	bool good = certificate != NULL && SSL_CTX_use_certificate(context, certificate) == 1;

	X509_free(certificate);
	while (good && (certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL)
		if (SSL_CTX_add_extra_chain_cert(context, certificate) != 1) {
			X509_free(certificate);
			good = false;
		}
	BIO_free(bio);
	return good;
}

static int
no_passphrase(char *buffer, int size, int writing, void *argument)
{
	(void)buffer;
	(void)size;
	(void)writing;
	(void)argument;
	return 0;
}

static bool
key_data(SSL_CTX *context, const char *pem)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	EVP_PKEY *key = bio != NULL ? PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL) : NULL;
	bool good = key != NULL && SSL_CTX_use_PrivateKey(context, key) == 1;

	EVP_PKEY_free(key);
	BIO_free(bio);
	return good;
}

/* A client certificate, where there is one. */
static bool
show(SSL_CTX *context, const struct kube_config *config, char *error, size_t error_size)
{
	SSL_CTX_set_default_passwd_cb(context, no_passphrase); /* never ask the terminal */
	if (config->certificate_file != NULL && SSL_CTX_use_certificate_chain_file(context, config->certificate_file) != 1)
		return refuse(error, error_size, config->certificate_file);
	if (config->certificate_file == NULL && config->certificate_data != NULL && !show_data(context, config->certificate_data))
		return refuse(error, error_size, "the client certificate's data");
	if (config->key_file != NULL && SSL_CTX_use_PrivateKey_file(context, config->key_file, SSL_FILETYPE_PEM) != 1)
		return refuse(error, error_size, config->key_file);
	if (config->key_file == NULL && config->key_data != NULL && !key_data(context, config->key_data))
		return refuse(error, error_size, "the client key's data");
	return true;
}

/* Whom the certificate must name. */
static bool
expect(SSL *ssl, const struct kube_config *config)
{
	const char *name = config->server_name[0] != '\0' ? config->server_name : config->host;
	struct kube_config named = { .tls = true };
	uint8_t address[16];
	size_t size;

	(void)snprintf(named.host, sizeof(named.host), "%s", name);
	if (kube_config_address(&named, address, &size))
		return X509_VERIFY_PARAM_set1_ip(SSL_get0_param(ssl), address, size) == 1;
	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return SSL_set1_host(ssl, name) == 1 && SSL_set_tlsext_host_name(ssl, name) == 1;
}

SSL *
kube_tls_new(const struct kube_config *config, char *error, size_t error_size)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	SSL *ssl = NULL;

	ERR_clear_error();
	if (context == NULL || SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1) {
		(void)refuse(error, error_size, "TLS");
	} else if (trust(context, config, error, error_size) && show(context, config, error, error_size)) {
		SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
		ssl = SSL_new(context);
		if (ssl == NULL || !expect(ssl, config)) {
			(void)refuse(error, error_size, "TLS");
			SSL_free(ssl);
			ssl = NULL;
		}
	}
	SSL_CTX_free(context);
	return ssl;
}

void
kube_tls_explain(const SSL *ssl, unsigned long code, char *out, size_t size)
{
	long verified = SSL_get_verify_result(ssl);
	const char *reason = ERR_reason_error_string(code);

	if (verified != X509_V_OK)
		(void)snprintf(out, size, "the server's certificate: %s", X509_verify_cert_error_string(verified));
	else if (code != 0 && ERR_GET_REASON(code) == SSL_R_WRONG_VERSION_NUMBER)
		(void)snprintf(out, size, "TLS: the server answers with something else, such as plain HTTP");
	else if (ERR_SYSTEM_ERROR(code))
		(void)snprintf(out, size, "%s", strerror(ERR_GET_REASON(code)));
	else
		(void)snprintf(out, size, "TLS: %s", reason != NULL ? reason : "the connection broke");
}
