/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which server software speaks HTTP, where its requests and answers say so: the APIs of
 * Elasticsearch, OpenSearch, Consul, Vault, Kubernetes, the kubelet and a few more. A field that no
 * other software has tells by itself; a path only once it was answered as one that is there.
 */
#ifndef PODWIRE_HTTP_APPLICATION_H
#define PODWIRE_HTTP_APPLICATION_H

#include "cursor.h"
#include "evidence.h"

/* The application (a static string) that a field of a request or answer tells, or NULL. */
const char *http_application_of_field(struct cursor name, struct cursor value);

/* The application that a request's path asks for, or NULL. */
const char *http_application_of_target(struct cursor target);

/*
 * The application that answered: what a field of the answer or of the request said, else what the
 * path did, if the status says that such a path is there. NULL where nothing tells.
 */
const char *http_application_of_answer(const char *by_field, const char *by_target, unsigned int status);

#endif
