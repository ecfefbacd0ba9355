/* SPDX-License-Identifier: Apache-2.0 */
/* TLS as a client of a Kubernetes API: whom to trust, whom to expect, what to show. */
#ifndef PODWIRE_KUBE_TLS_H
#define PODWIRE_KUBE_TLS_H

#include <openssl/ssl.h>
#include <stddef.h>

#include "kube_config.h"

/*
 * A new session, with all files read anew: they are replaced while the sensor runs. NULL, with a
 * line in error, where one is no good. Returns owned.
 */
SSL *kube_tls_new(const struct kube_config *, char *error, size_t error_size);

/* Why a handshake failed; code as of ERR_get_error(), 0 where there is none. One line. */
void kube_tls_explain(const SSL *, unsigned long code, char *out, size_t size);

#endif
