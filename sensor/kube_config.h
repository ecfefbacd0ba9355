/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the Kubernetes API is and how to prove oneself to it: what a pod is given, a kubeconfig
 * file, or options. Files are named here, not read, where they may be replaced while the sensor runs.
 */
#ifndef PODWIRE_KUBE_CONFIG_H
#define PODWIRE_KUBE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KUBE_SERVICE_ACCOUNT "/var/run/secrets/kubernetes.io/serviceaccount"

struct kube_config {
	char host[256];        /* a name or an address, without brackets */
	uint16_t port;
	bool tls;              /* false only to a loopback address (kubectl proxy), and without credentials */
	char prefix[256];      /* of every path, "" or "/..." without a slash at its end */
	char server_name[256]; /* that the certificate must have, where it is not the host's */

	/* Owned; NULL where not given. A file goes before data. */
	char *ca_file, *ca_data; /* neither: the system's */
	char *token_file, *token;
	char *certificate_file, *certificate_data, *key_file, *key_data;
};

/* In a pod: KUBERNETES_SERVICE_HOST and _PORT, and directory (KUBE_SERVICE_ACCOUNT) with token and ca.crt, both of which must be readable. */
bool kube_config_in_cluster(struct kube_config *, const char *directory, char *error, size_t error_size);

/* The current context of a kubeconfig file. Plugins and passwords are refused. */
bool kube_config_load(struct kube_config *, const char *path, char *error, size_t error_size);

/*
 * --kube-url, --kube-ca and --kube-token-file, each NULL where not given, over what is in *config
 * (all 0 where nothing is). Another URL makes another server: of what was known, nothing is kept.
 */
bool kube_config_override(struct kube_config *, const char *url, const char *ca_file, const char *token_file, char *error, size_t error_size);

/* Reads "https://HOST[:PORT][/PREFIX]" into host, port, tls and prefix. */
bool kube_config_read_url(struct kube_config *, const char *url, char *error, size_t error_size);

/* "HOST:PORT" for the Host header and for people, with brackets where needed. */
void kube_config_authority(const struct kube_config *, char *out, size_t size);

/* Whether the host is an address; its bytes to out (4 or 16), their number to *size. */
bool kube_config_address(const struct kube_config *, uint8_t out[16], size_t *size);

/* Whether all the files that it names can be read by who asks. They are read again and again, by whom the sensor has become. */
bool kube_config_check_files(const struct kube_config *, char *error, size_t error_size);

void kube_config_clear(struct kube_config *);

#endif
