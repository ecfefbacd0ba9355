#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A TLS 1.3 server that asks for the client's certificate after the handshake, or not at all.

usage: tls_server.py PORT CERTIFICATE KEY CA [post-handshake]
Answers a line backwards; asks for the certificate before it answers.
"""
import socket
import ssl
import sys


def serve(connection, post):
    line = connection.recv(100)
    if post:
        connection.verify_client_post_handshake()
        connection.write(b'one moment\n')
        connection.recv(100)  # the client's certificate comes with what it says next
    connection.write(line.strip()[::-1] + b'\n')


def main():
    port, certificate, key, ca = sys.argv[1:5]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    context.load_verify_locations(ca)
    post = len(sys.argv) > 5
    if post:
        context.verify_mode = ssl.CERT_REQUIRED
        context.post_handshake_auth = True
    listener = socket.create_server(('0.0.0.0', int(port)))
    while True:
        try:
            serve(context.wrap_socket(listener.accept()[0], server_side=True), post)
        except OSError as error:
            print(error, file=sys.stderr, flush=True)


main()
