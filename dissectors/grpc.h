/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gRPC calls: the service in their path, and the few messages that tell who asks. That is etcd's
 * login (etcd, api/etcdserverpb/rpc.proto), its watches, which are refused in a message, and the
 * trailers that gRPC-Web has in its body. HTTP/2 itself is in http2.c.
 */
#ifndef PODWIRE_GRPC_H
#define PODWIRE_GRPC_H

#include <stdbool.h>
#include <stddef.h>

#include "cursor.h"
#include "evidence.h"
#include "http_exchange.h"

/* What kind of a call a path is of. */
enum rpc_kind {
	RPC_OTHER,
	RPC_ETCD,
	RPC_ETCD_AUTHENTICATE, /* its request holds name and password, its answer a token */
	RPC_ETCD_WATCH,        /* its answer may say that it is refused */
};

/* The name of the service, of which calls are kept, and the kind of the call; false where path is that of no gRPC call. */
bool grpc_path(struct cursor path, char *service, size_t size, enum rpc_kind *);

/* How many bytes of a message are looked at. */
enum { GRPC_LOOK = 1024 };

/* Whether the beginning of a request's messages is an AuthenticateRequest with a password. May tell a principal. */
bool grpc_etcd_password(struct cursor messages, struct evidence *);

/*
 * What the beginning of the answers to a watch says. Up to etcd 3.4 "permission denied" is said to those
 * it does not know as well.
 */
enum rpc_outcome grpc_etcd_watch(struct cursor messages);

/* What the beginning of a gRPC-Web answer's body says (gRPC-Web, Protocol differences vs gRPC over HTTP2). */
enum rpc_outcome grpc_web_body(struct cursor body, bool text);

#endif
