#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A small Cassandra server, from the specifications of CQL's native protocol, versions 3 to 5.

usage: cassandra_server.py PORT [--auth] [--versions 3,4] [--tls CERT KEY CA [1.2]]

Knows OPTIONS, STARTUP, logins as PasswordAuthenticator has them, REGISTER, QUERY, PREPARE; version 5
in frames with checksums; LZ4 where it is asked for. Of queries it knows what a driver asks of a
server's system tables, a table of fruit, and one that a reader is not allowed. Users and passwords are
made up.
"""
import argparse
import socketserver
import ssl
import struct
import uuid
import zlib

import lz4.block

USERS = {'carla': 'celery-5', 'reader': 'radicchio-8'}
ERROR, STARTUP, READY, AUTHENTICATE, OPTIONS, SUPPORTED, QUERY, RESULT, PREPARE, EXECUTE, REGISTER, AUTH_RESPONSE, AUTH_SUCCESS = 0, 1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 15, 16
VARCHAR, UUID, INET, LIST, SET, MAP = b'\0\x0d', b'\0\x0c', b'\0\x10', b'\0\x20', b'\0\x22', b'\0\x21'
HOST = uuid.UUID('11111111-2222-3333-4444-555555555555')


def string(text):
    return struct.pack('>H', len(text.encode())) + text.encode()


def cell(data):
    return struct.pack('>i', -1) if data is None else struct.pack('>i', len(data)) + data


def rows(keyspace, table, columns, values):
    out = struct.pack('>iii', 2, 1, len(columns)) + string(keyspace) + string(table)
    out += b''.join(string(name) + kind for name, kind in columns)
    return RESULT, out + struct.pack('>i', len(values)) + b''.join(cell(v) for row in values for v in row)


def error(code, text):
    return ERROR, struct.pack('>i', code) + string(text)


LOCAL = [('key', VARCHAR, b'local'), ('cluster_name', VARCHAR, b'Example'), ('data_center', VARCHAR, b'dc1'), ('rack', VARCHAR, b'r1'), ('release_version', VARCHAR, b'3.11.0'),
         ('partitioner', VARCHAR, b'org.apache.cassandra.dht.Murmur3Partitioner'), ('host_id', UUID, HOST.bytes), ('schema_version', UUID, HOST.bytes),
         ('rpc_address', INET, bytes((10, 42, 0, 32))), ('tokens', SET + VARCHAR, struct.pack('>i', 1) + cell(b'0'))]


def crc24(data):
    crc = 0x875060
    for byte in data:
        crc ^= byte << 16
        for _ in range(8):
            crc <<= 1
            if crc & 0x1000000:
                crc ^= 0x1974f0b
    return crc


def frame(payload, compress):
    whole, bits, size = payload, len(payload) | 1 << 17, 3
    if compress:
        whole = lz4.block.compress(payload, store_size=False)
        bits, size = len(whole) | len(payload) << 17 | 1 << 34, 5
    header = bits.to_bytes(size, 'little')
    return header + crc24(header).to_bytes(3, 'little') + whole + zlib.crc32(whole, zlib.crc32(b'\xfa\x2d\x55\xca')).to_bytes(4, 'little')


class Connection(socketserver.BaseRequestHandler):
    def receive(self, size):
        out = b''
        while len(out) < size:
            more = self.request.recv(size - len(out))
            if not more:
                raise EOFError
            out += more
        return out

    def take_envelope(self, receive):
        version, flags, stream, opcode, size = struct.unpack('>BBhBi', receive(9))
        body = receive(size)
        if flags & 1:
            body = lz4.block.decompress(body[4:], uncompressed_size=struct.unpack('>i', body[:4])[0])
        return version, flags, stream, opcode, body

    def take_frame(self):
        size = 5 if self.compress else 3
        bits = int.from_bytes(self.receive(size), 'little')
        self.receive(3)
        payload = self.receive(bits & 0x1ffff)
        self.receive(4)
        if self.compress and bits >> 17 & 0x1ffff:
            payload = lz4.block.decompress(payload, uncompressed_size=bits >> 17 & 0x1ffff)
        return payload

    def envelopes(self):
        while not self.framed:
            yield self.take_envelope(self.receive)
        while True:
            payload = self.take_frame()
            at = 0

            def receive(size):
                nonlocal at
                at += size
                return payload[at - size:at]
            while at < len(payload):
                yield self.take_envelope(receive)

    def setup(self):
        self.framed = self.compress = False
        self.user = None

    def startup(self, body):
        self.compress = b'lz4' in body
        if self.server.options.auth:
            return AUTHENTICATE, string('org.apache.cassandra.auth.PasswordAuthenticator')
        return READY, b''

    def login(self, body):
        _, user, password = body[4:].decode().split('\0')
        if USERS.get(user) != password:
            return error(0x0100, 'Provided username %s and/or password are incorrect' % user)
        self.user = user
        return AUTH_SUCCESS, struct.pack('>i', -1)

    def query(self, body):
        size, = struct.unpack_from('>i', body)
        text = body[4:4 + size].decode().lower()
        if self.server.options.auth and self.user is None:
            return error(0x000a, 'Unexpected message QUERY, expecting SASL_RESPONSE')
        if 'system.local' in text:
            return rows('system', 'local', [(n, k) for n, k, _ in LOCAL], [[v for _, _, v in LOCAL]])
        if 'system.peers' in text or 'system_schema' in text or 'system_virtual' in text:
            return rows('system', 'peers', [('peer', INET)], [])
        if text.startswith('use '):
            return RESULT, struct.pack('>i', 3) + string(text.split()[1])
        if self.user == 'reader' and not text.startswith('select'):
            return error(0x2100, 'User reader has no MODIFY permission on <table shop.fruit> or any of its parents')
        if text.startswith('select'):
            return rows('shop', 'fruit', [('name', VARCHAR)], [[b'pear']] * (4000 if 'grain' in text else 1))
        return RESULT, struct.pack('>i', 1)

    def prepare(self, body):
        return RESULT, struct.pack('>i', 4) + string('0123456789abcdef') + struct.pack('>iii', 0, 0, 0) + struct.pack('>ii', 4, 0)

    def answer(self, opcode, body):
        if opcode == OPTIONS:
            return SUPPORTED, struct.pack('>H', 2) + string('CQL_VERSION') + struct.pack('>H', 1) + string('3.4.5') + string('COMPRESSION') + struct.pack('>H', 1) + string('lz4')
        if opcode == REGISTER:
            return READY, b''
        return {STARTUP: self.startup, AUTH_RESPONSE: self.login, QUERY: self.query, PREPARE: self.prepare}[opcode](body)

    def handle(self):
        try:
            for version, flags, stream, opcode, body in self.envelopes():
                if version not in self.server.versions:
                    opcode, body = error(0x000a, 'Invalid or unsupported protocol version (%d)' % version)
                    self.request.sendall(struct.pack('>BBhBi', 0x80 | max(self.server.versions), 0, stream, opcode, len(body)) + body)
                    return
                was, framed = opcode, self.framed
                opcode, body = self.answer(opcode, body)
                legacy = self.compress and version < 5 and was not in (OPTIONS, STARTUP)
                if legacy:
                    body = struct.pack('>i', len(body)) + lz4.block.compress(body, store_size=False)
                out = struct.pack('>BBhBi', 0x80 | version, 1 if legacy else 0, stream, opcode, len(body)) + body
                self.request.sendall(frame(out, self.compress) if framed else out)
                if version >= 5 and was == STARTUP:
                    self.framed = True
        except (EOFError, ConnectionError, ssl.SSLError):
            pass


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True

    def __init__(self, options):
        self.options, self.tls = options, None
        self.versions = [int(v) for v in options.versions.split(',')]
        if options.tls:
            certificate, key, ca = options.tls[:3]
            self.tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=ca)
            self.tls.load_cert_chain(certificate, key)
            self.tls.verify_mode = ssl.CERT_OPTIONAL
            if options.tls[3:]:
                self.tls.maximum_version = ssl.TLSVersion.TLSv1_2
        super().__init__(('0.0.0.0', options.port), Connection)

    def get_request(self):
        connection, address = super().get_request()
        return (self.tls.wrap_socket(connection, server_side=True) if self.tls else connection), address

    def handle_error(self, request, client_address):
        if self.tls is None:
            super().handle_error(request, client_address)


if __name__ == '__main__':
    parser = argparse.ArgumentParser()
    parser.add_argument('port', type=int)
    parser.add_argument('--auth', action='store_true')
    parser.add_argument('--versions', default='3,4,5')
    parser.add_argument('--tls', nargs='+')
    Server(parser.parse_args()).serve_forever()
