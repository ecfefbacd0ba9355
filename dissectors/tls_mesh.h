/* SPDX-License-Identifier: Apache-2.0 */
/* Which service mesh's proxies made a TLS connection, by the names that are theirs alone. */
#ifndef PODWIRE_TLS_MESH_H
#define PODWIRE_TLS_MESH_H

#include "evidence.h"

/* "istio", "linkerd", "cilium", "consul" by what the encryption's members say so far; NULL where none is told. */
const char *tls_mesh(const struct encryption *);

#endif
