#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A Kafka broker that is just enough for a client to log in and ask for metadata.

Written from the protocol's specification (https://kafka.apache.org/protocol) for the lab, as Debian has no
Kafka. usage: kafka_server.py PORT [--sasl] [--old] [--tls CRT KEY [CA]] USER:PASSWORD...
  --sasl  demands SASL: PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER (unsecured tokens of a known user)
  --old   SaslHandshake of version 0: tokens without a header
  CA      clients must have a certificate of it
Topics whose name begins with "secret" are refused by authorization.
"""
import base64
import hashlib
import hmac
import json
import os
import socket
import socketserver
import ssl
import struct
import sys

METADATA, SASL_HANDSHAKE, API_VERSIONS, SASL_AUTHENTICATE = 3, 17, 18, 36
MECHANISMS = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER']
TOPIC_AUTHORIZATION_FAILED, UNSUPPORTED_MECHANISM, ILLEGAL_STATE, AUTHENTICATION_FAILED = 29, 33, 34, 58


def text(s):
    return struct.pack('>h', -1) if s is None else struct.pack('>h', len(s)) + s.encode()


class Refused(Exception):
    pass


class Scram:
    def __init__(self, name, users):
        self.hash, self.users, self.step = ('sha256' if name.endswith('256') else 'sha512'), users, 0

    def mac(self, key, data):
        return hmac.new(key, data, self.hash).digest()

    def answer(self, token):
        self.step += 1
        fields = dict(f.split('=', 1) for f in token.decode().split(',') if '=' in f)
        if self.step == 1:
            self.password = self.users.get(fields['n'])
            self.first = token.decode().split(',', 2)[2]
            self.salt, nonce = os.urandom(12), fields['r'] + base64.b64encode(os.urandom(9)).decode()
            self.server_first = 'r=%s,s=%s,i=4096' % (nonce, base64.b64encode(self.salt).decode())
            return self.server_first.encode(), False
        if self.password is None:
            raise Refused
        salted = hashlib.pbkdf2_hmac(self.hash, self.password.encode(), self.salt, 4096)
        client_key = self.mac(salted, b'Client Key')
        message = ','.join((self.first, self.server_first, token.decode().rsplit(',p=', 1)[0])).encode()
        signature = self.mac(hashlib.new(self.hash, client_key).digest(), message)
        proof = bytes(a ^ b for a, b in zip(client_key, signature))
        if base64.b64decode(fields['p']) != proof:
            raise Refused
        return b'v=' + base64.b64encode(self.mac(self.mac(salted, b'Server Key'), message)), True


class Plain:
    def __init__(self, name, users):
        self.users = users

    def answer(self, token):
        _, user, password = token.decode().split('\0')
        if self.users.get(user) != password:
            raise Refused
        return b'', True


class Bearer:
    def __init__(self, name, users):
        self.users = users

    def answer(self, token):
        if token == b'\x01':
            raise Refused
        jwt = token.split(b'auth=Bearer ')[1].split(b'\x01')[0].split(b'.')[1]
        claims = json.loads(base64.urlsafe_b64decode(jwt + b'=' * (-len(jwt) % 4)))
        if claims['sub'] not in self.users:
            return b'{"status":"invalid_token"}', False
        return b'', True


class Broker(socketserver.StreamRequestHandler):
    def read_frame(self):
        head = self.rfile.read(4)
        if len(head) < 4:
            return None
        return self.rfile.read(struct.unpack('>i', head)[0])

    def send(self, data):
        self.wfile.write(struct.pack('>i', len(data)) + data)

    def metadata(self, body):
        count = struct.unpack('>i', body[:4])[0]
        topics, at = [], 4
        for _ in range(max(count, 0)):
            size = struct.unpack('>h', body[at:at + 2])[0]
            topics.append(body[at + 2:at + 2 + size].decode())
            at += 2 + size
        host, port = self.server.advertised
        out = struct.pack('>ii', 1, 1) + text(host) + struct.pack('>i', port) + text(None) + struct.pack('>i', 1)
        topics = topics or ['news']
        out += struct.pack('>i', len(topics))
        for topic in topics:
            if topic.startswith('secret'):
                out += struct.pack('>h', TOPIC_AUTHORIZATION_FAILED) + text(topic) + struct.pack('>bi', 0, 0)
            else:
                out += struct.pack('>h', 0) + text(topic) + struct.pack('>bi', 0, 1) + struct.pack('>hiiiiii', 0, 0, 1, 1, 1, 1, 1)
        return out

    def handshake(self, version, body):
        name = body[2:].decode()
        self.mechanism = {'PLAIN': Plain, 'SCRAM-SHA-256': Scram, 'SCRAM-SHA-512': Scram, 'OAUTHBEARER': Bearer}.get(name)
        error = ILLEGAL_STATE if not self.server.sasl else 0 if self.mechanism else UNSUPPORTED_MECHANISM
        if error == 0:
            self.mechanism = self.mechanism(name, self.server.users)
            self.raw = version == 0
        names = MECHANISMS if self.server.sasl else []
        return struct.pack('>hi', error, len(names)) + b''.join(text(n) for n in names)

    def authenticate(self, body):
        try:
            answer, self.done = self.mechanism.answer(body[4:])
        except Refused:
            return struct.pack('>h', AUTHENTICATION_FAILED) + text('Authentication failed') + struct.pack('>i', 0)
        return struct.pack('>h', 0) + text(None) + struct.pack('>i', len(answer)) + answer

    def handle_raw(self, token):
        try:
            answer, self.done = self.mechanism.answer(token)
        except Refused:
            return False
        self.raw = not self.done
        self.send(answer)
        return True

    def handle_request(self, frame):
        key, version, correlation, size = struct.unpack('>hhih', frame[:10])
        body = frame[10 + max(size, 0):]
        if key == API_VERSIONS:
            apis = [(METADATA, 0, 1), (SASL_HANDSHAKE, 0, 1), (API_VERSIONS, 0, 2), (SASL_AUTHENTICATE, 0, 0)]
            if self.server.old:
                apis = [(METADATA, 0, 1), (SASL_HANDSHAKE, 0, 0), (API_VERSIONS, 0, 0)]
            out = struct.pack('>hi', 35 if version > 2 else 0, len(apis)) + b''.join(struct.pack('>hhh', *a) for a in apis)
            out += struct.pack('>i', 0) if 1 <= version <= 2 else b''
        elif key == SASL_HANDSHAKE:
            out = self.handshake(version, body)
        elif key == SASL_AUTHENTICATE and self.mechanism:
            out = self.authenticate(body)
        elif key == METADATA and version == 1 and (self.done or not self.server.sasl):
            out = self.metadata(body)
        elif key == METADATA and version == 0 and (self.done or not self.server.sasl):
            host, port = self.server.advertised
            out = struct.pack('>ii', 1, 1) + text(host) + struct.pack('>i', port)
            out += struct.pack('>ih', 1, 0) + text('news') + struct.pack('>ihiiiiii', 1, 0, 0, 1, 1, 1, 1, 1)
        else:
            return False
        self.send(struct.pack('>i', correlation) + out)
        return True

    def handle(self):
        self.mechanism, self.raw, self.done = None, False, False
        while (frame := self.read_frame()) is not None:
            if not (self.handle_raw(frame) if self.raw else self.handle_request(frame)):
                return


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    address_family = socket.AF_INET
    context = None

    def get_request(self):
        connection, address = super().get_request()
        if self.context:
            connection = self.context.wrap_socket(connection, server_side=True)
        return connection, address


def main():
    arguments = sys.argv[1:]
    server = Server(('10.42.0.32', int(arguments.pop(0))), Broker)
    server.advertised = server.server_address
    server.sasl = server.old = False
    while arguments and arguments[0].startswith('--'):
        option = arguments.pop(0)
        if option == '--tls':
            server.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            server.context.load_cert_chain(arguments.pop(0), arguments.pop(0))
            server.context.maximum_version = ssl.TLSVersion.TLSv1_2
            if arguments and '/' in arguments[0]:
                server.context.load_verify_locations(arguments.pop(0))
                server.context.verify_mode = ssl.CERT_REQUIRED
        else:
            setattr(server, option[2:], True)
    server.users = dict(a.split(':', 1) for a in arguments)
    server.serve_forever()


main()
