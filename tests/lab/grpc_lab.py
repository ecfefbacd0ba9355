#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A gRPC server and client without generated code (messages are bytes), for record-grpc.

  grpc_lab.py serve ADDRESS:PORT TOKEN [CERTIFICATE KEY [CA]]
  grpc_lab.py call ADDRESS:PORT METHOD [NAME=VALUE...] [--ca FILE [--cert FILE --key FILE]]

Methods of shop.Stock: Count (open to all), Guarded (wants "authorization: Bearer TOKEN", "x-api-key: TOKEN" or
"token: TOKEN"; UNAUTHENTICATED otherwise), Forbidden (knows the caller likewise, PERMISSION_DENIED), Missing
(NOT_FOUND), Watch (answers five times), Fill (is sent five messages), Talk (both).
"""
import sys
import time
from concurrent import futures

import grpc


def known(context, token):
    metadata = dict(context.invocation_metadata())
    return metadata.get('authorization') == 'Bearer ' + token or token in (metadata.get('x-api-key'), metadata.get('token'))


class Stock(grpc.GenericRpcHandler):
    def __init__(self, token):
        self.token = token

    def guarded(self, request, context):
        if not known(context, self.token):
            context.abort(grpc.StatusCode.UNAUTHENTICATED, 'who are you?')
        return b'\x08\x07'

    def forbidden(self, request, context):
        self.guarded(request, context)
        context.abort(grpc.StatusCode.PERMISSION_DENIED, 'not for you')

    def watch(self, request, context):
        self.guarded(request, context)
        for i in range(5):
            yield bytes((8, i))
            time.sleep(0.02)

    def service(self, details):
        unary, stream = grpc.unary_unary_rpc_method_handler, grpc.unary_stream_rpc_method_handler
        return {
            '/shop.Stock/Count': unary(lambda request, context: b'\x08\x07'),
            '/shop.Stock/Guarded': unary(self.guarded),
            '/shop.Stock/Forbidden': unary(self.forbidden),
            '/shop.Stock/Missing': unary(lambda request, context: context.abort(grpc.StatusCode.NOT_FOUND, 'no such thing')),
            '/shop.Stock/Watch': stream(self.watch),
            '/shop.Stock/Fill': grpc.stream_unary_rpc_method_handler(lambda requests, context: bytes((8, sum(1 for _ in requests)))),
            '/shop.Stock/Talk': grpc.stream_stream_rpc_method_handler(lambda requests, context: (request for request in requests)),
        }.get(details.method)


def read(path):
    with open(path, 'rb') as f:
        return f.read()


def serve(address, token, certificate=None, key=None, ca=None):
    server = grpc.server(futures.ThreadPoolExecutor(4))
    server.add_generic_rpc_handlers((Stock(token),))
    if certificate:
        pair = [(read(key), read(certificate))]
        server.add_secure_port(address, grpc.ssl_server_credentials(pair, read(ca) if ca else None, bool(ca)))
    else:
        server.add_insecure_port(address)
    server.start()
    server.wait_for_termination()


def call(address, method, arguments):
    options, metadata = {}, []
    while arguments:
        argument = arguments.pop(0)
        if argument.startswith('--'):
            options[argument[2:]] = read(arguments.pop(0))
        else:
            metadata.append(tuple(argument.split('=', 1)))
    if 'ca' in options:
        credentials = grpc.ssl_channel_credentials(options['ca'], options.get('key'), options.get('cert'))
        channel = grpc.secure_channel(address, credentials, (('grpc.ssl_target_name_override', 'stock.example'),))
    else:
        channel = grpc.insecure_channel(address)
    path, five = '/shop.Stock/' + method, (bytes((8, i)) for i in range(5))
    try:
        if method == 'Fill':
            answers = [channel.stream_unary(path)(five, timeout=8, metadata=metadata)]
        elif method == 'Talk':
            answers = list(channel.stream_stream(path)(five, timeout=8, metadata=metadata))
        elif method == 'Watch':
            answers = list(channel.unary_stream(path)(b'', timeout=8, metadata=metadata))
        else:
            answers = [channel.unary_unary(path)(b'', timeout=8, metadata=metadata)]
        print('OK', len(answers), answers[0].hex())
    except grpc.RpcError as e:
        print(e.code().name)
    channel.close()


if sys.argv[1] == 'serve':
    serve(*sys.argv[2:])
else:
    call(sys.argv[2], sys.argv[3], sys.argv[4:])
