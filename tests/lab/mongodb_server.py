#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A small MongoDB server, from the specifications of the wire protocol and of authentication.

usage: mongodb_server.py PORT [--auth] [--wire-version N] [--tls CERT KEY CA [1.2]]

Speaks OP_MSG, OP_COMPRESSED (zlib), OP_QUERY, OP_GET_MORE and the old writes; knows hello, SCRAM-SHA-1
and -256 (also within the hello), PLAIN, MONGODB-X509, MONGODB-CR; keeps documents in memory and finds
them all. Answers and error codes are those of a mongod with and without security.authorization. Users
and passwords are made up.
"""
import argparse
import base64
import datetime
import hashlib
import hmac
import os
import socketserver
import ssl
import struct
import zlib

USERS = {'ann': 'apricot-9', 'reader': 'rosehip-3', '__system': 'key-of-kohlrabi'}
SUBJECTS = {'worker'}  # common names of certificates
FREE = {'hello', 'ismaster', 'ping', 'buildinfo', 'whatsmyuri', 'connectionstatus', 'getnonce', 'logout', 'getlasterror', 'endsessions',
        'saslstart', 'saslcontinue', 'authenticate'}
ITERATIONS = 10000


# BSON.

class ObjectId(bytes):
    pass


def encode(document):
    out = b''
    for name, value in document.items():
        if value is None:
            kind, data = 10, b''
        elif isinstance(value, bool):
            kind, data = 8, bytes([value])
        elif isinstance(value, int):
            kind, data = (16, struct.pack('<i', value)) if -2**31 <= value < 2**31 else (18, struct.pack('<q', value))
        elif isinstance(value, float):
            kind, data = 1, struct.pack('<d', value)
        elif isinstance(value, str):
            text = value.encode() + b'\0'
            kind, data = 2, struct.pack('<i', len(text)) + text
        elif isinstance(value, ObjectId):
            kind, data = 7, bytes(value)
        elif isinstance(value, bytes):
            kind, data = 5, struct.pack('<iB', len(value), 0) + value
        elif isinstance(value, list):
            kind, data = 4, encode({str(n): item for n, item in enumerate(value)})
        elif isinstance(value, datetime.datetime):
            kind, data = 9, struct.pack('<q', int(value.timestamp() * 1000))
        else:
            kind, data = 3, encode(value)
        out += bytes([kind]) + name.encode() + b'\0' + data
    return struct.pack('<i', len(out) + 5) + out + b'\0'


def decode(data, at=0):
    """(document, offset behind it)."""
    size, = struct.unpack_from('<i', data, at)
    end, at, out = at + size - 1, at + 4, {}
    while at < end:
        kind, zero = data[at], data.index(b'\0', at + 1)
        name, at = data[at + 1:zero].decode(), zero + 1
        if kind in (1, 9, 17, 18):
            out[name], at = struct.unpack_from({1: '<d', 9: '<q', 17: '<Q', 18: '<q'}[kind], data, at)[0], at + 8
        elif kind == 2:
            size, = struct.unpack_from('<i', data, at)
            out[name], at = data[at + 4:at + 3 + size].decode(), at + 4 + size
        elif kind in (3, 4):
            value, at = decode(data, at)
            out[name] = list(value.values()) if kind == 4 else value
        elif kind == 5:
            size, = struct.unpack_from('<i', data, at)
            out[name], at = data[at + 5:at + 5 + size], at + 5 + size
        elif kind == 7:
            out[name], at = ObjectId(data[at:at + 12]), at + 12
        elif kind == 8:
            out[name], at = data[at] != 0, at + 1
        elif kind == 10:
            out[name] = None
        elif kind == 16:
            out[name], at = struct.unpack_from('<i', data, at)[0], at + 4
        else:
            raise ValueError('type %d' % kind)
    return out, end + 1


class Refused(Exception):
    def __init__(self, code, name, text):
        super().__init__(text)
        self.document = {'ok': 0.0, 'errmsg': text, 'code': code, 'codeName': name}


AUTHENTICATION_FAILED = Refused(18, 'AuthenticationFailed', 'Authentication failed.')


# Logins.

def scram_password(mechanism, user):
    password = USERS.get(user, '')
    return password if mechanism == 'SCRAM-SHA-256' else hashlib.md5(('%s:mongo:%s' % (user, password)).encode()).hexdigest()


class Scram:
    """RFC 5802, the server's side."""
    def __init__(self, mechanism, skip_empty):
        self.mechanism, self.hash, self.skip_empty = mechanism, mechanism[6:].replace('-', '').lower(), skip_empty
        self.step = 0

    def answer(self, payload):
        self.step += 1
        if self.step == 1:
            self.bare = payload.decode()[3:]
            fields = dict(f.split('=', 1) for f in self.bare.split(','))
            self.user, self.nonce = fields['n'], fields['r'] + base64.b64encode(os.urandom(18)).decode()
            self.salt = os.urandom(16 if self.hash == 'sha1' else 28)
            self.first = 'r=%s,s=%s,i=%d' % (self.nonce, base64.b64encode(self.salt).decode(), ITERATIONS)
            return self.first.encode(), False
        if self.step == 3:
            return b'', True
        without_proof, proof = payload.decode().rsplit(',p=', 1)
        salted = hashlib.pbkdf2_hmac(self.hash, scram_password(self.mechanism, self.user).encode(), self.salt, ITERATIONS)
        key = hmac.digest(salted, b'Client Key', self.hash)
        message = ','.join((self.bare, self.first, without_proof)).encode()
        signature = hmac.digest(hashlib.new(self.hash, key).digest(), message, self.hash)
        if self.user not in USERS or hashlib.new(self.hash, bytes(a ^ b for a, b in zip(base64.b64decode(proof), signature))).digest() != hashlib.new(self.hash, key).digest():
            raise AUTHENTICATION_FAILED
        server_key = hmac.digest(salted, b'Server Key', self.hash)
        return b'v=' + base64.b64encode(hmac.digest(server_key, message, self.hash)), self.skip_empty


class Plain:
    def answer(self, payload):
        _, self.user, password = payload.decode().split('\0')
        if USERS.get(self.user) != password:
            raise AUTHENTICATION_FAILED
        return b'', True


class Connection(socketserver.BaseRequestHandler):
    def setup(self):
        self.user = self.login = self.nonce = None
        self.last_error = None

    # Commands; each gives the answer's document.

    def hello(self, command):
        version = self.server.options.wire_version
        out = {'ismaster': True, 'maxBsonObjectSize': 16777216, 'maxMessageSizeBytes': 48000000, 'maxWriteBatchSize': 100000,
               'localTime': datetime.datetime.now(), 'minWireVersion': 0, 'maxWireVersion': version, 'readOnly': False}
        if version >= 6:
            out['logicalSessionTimeoutMinutes'] = 30
            out['connectionId'] = 7
        if 'compression' in command and 'zlib' in command['compression']:
            out['compression'] = ['zlib']
        if 'saslSupportedMechs' in command:
            out['saslSupportedMechs'] = ['SCRAM-SHA-1', 'SCRAM-SHA-256']
        if 'speculativeAuthenticate' in command and version >= 9:
            inner = command['speculativeAuthenticate']
            try:
                out['speculativeAuthenticate'] = self.authenticate(inner) if 'authenticate' in inner else self.sasl_start(inner)
                out['speculativeAuthenticate'].pop('ok', None)
            except Refused:
                pass
        out['ok'] = 1.0
        return out

    def sasl_step(self, payload):
        answer, done = self.login.answer(bytes(payload))
        if done:
            self.user = self.login.user
        return {'conversationId': 1, 'done': done, 'payload': answer, 'ok': 1.0}

    def sasl_start(self, command):
        mechanism = command['mechanism']
        if mechanism in ('SCRAM-SHA-1', 'SCRAM-SHA-256'):
            self.login = Scram(mechanism, command.get('options', {}).get('skipEmptyExchange', False))
        elif mechanism == 'PLAIN':
            self.login = Plain()
        else:
            raise Refused(334, 'MechanismUnavailable', 'Unsupported mechanism')
        return self.sasl_step(command['payload'])

    def sasl_continue(self, command):
        return self.sasl_step(command['payload'])

    def authenticate(self, command):
        if command.get('mechanism', 'MONGODB-CR') == 'MONGODB-X509':
            certificate = self.request.getpeercert() if isinstance(self.request, ssl.SSLSocket) else None
            name = dict(part for parts in certificate['subject'] for part in parts).get('commonName') if certificate else None
            if name not in SUBJECTS:
                raise AUTHENTICATION_FAILED
            self.user = 'CN=%s,O=Example' % name
            return {'dbname': '$external', 'user': self.user, 'ok': 1.0}
        user = command['user']
        hashed = hashlib.md5(('%s:mongo:%s' % (user, USERS.get(user, ''))).encode()).hexdigest()
        if command['nonce'] != self.nonce or user not in USERS or command['key'] != hashlib.md5((self.nonce + user + hashed).encode()).hexdigest():
            raise Refused(18, 'AuthenticationFailed', 'auth failed')
        self.user = user
        return {'ok': 1.0}

    def get_nonce(self, command):
        self.nonce = os.urandom(8).hex()
        return {'nonce': self.nonce, 'ok': 1.0}

    def insert(self, command):
        self.server.documents.setdefault(command['insert'], []).extend(command['documents'])
        return {'n': len(command['documents']), 'ok': 1.0}

    def find(self, command):
        return {'cursor': {'firstBatch': self.server.documents.get(command['find'], []), 'id': 0, 'ns': 'shop.' + command['find']}, 'ok': 1.0}

    def drop(self, command):
        self.server.documents.pop(command['drop'], None)
        return {'nIndexesWas': 1, 'ns': 'shop.' + command['drop'], 'ok': 1.0}

    def ok(self, command):
        return {'ok': 1.0}

    def build_info(self, command):
        return {'version': '4.4.0', 'gitVersion': 'none', 'ok': 1.0}

    def get_last_error(self, command):
        return dict({'n': 0, 'err': None, 'ok': 1.0}, **self.last_error or {})

    COMMANDS = {'hello': hello, 'ismaster': hello, 'saslstart': sasl_start, 'saslcontinue': sasl_continue, 'authenticate': authenticate,
                'getnonce': get_nonce, 'insert': insert, 'find': find, 'drop': drop, 'ping': ok, 'buildinfo': build_info, 'endsessions': ok,
                'createuser': ok, 'replsetheartbeat': ok, 'getlasterror': get_last_error}

    def run(self, command):
        name = next(iter(command))
        if name.lower() not in self.COMMANDS:
            return {'ok': 0.0, 'errmsg': "no such command: '%s'" % name, 'code': 59, 'codeName': 'CommandNotFound'}
        try:
            self.permit(name)
            return self.COMMANDS[name.lower()](self, command)
        except Refused as refusal:
            return refusal.document

    def permit(self, name):
        if not self.server.options.auth or name.lower() in FREE:
            return
        if self.user is None:
            raise Refused(13, 'Unauthorized', 'command %s requires authentication' % name)
        if self.user == 'reader' and name not in ('find', 'ping'):
            raise Refused(13, 'Unauthorized', 'not authorized on shop to execute command { %s: 1 }' % name)

    # Operations; each gives the operation and body of the answer, or None.

    def message(self, body):
        flags, at, command, end = struct.unpack_from('<I', body)[0], 4, {}, len(body)
        if flags & 1:
            end -= 4
        sequences = {}
        while at < end:
            kind, at = body[at], at + 1
            if kind == 0:
                command, at = decode(body, at)
                continue
            size, = struct.unpack_from('<i', body, at)
            stop, zero = at + size, body.index(b'\0', at + 4)
            name, at, documents = body[at + 4:zero].decode(), zero + 1, []
            while at < stop:
                document, at = decode(body, at)
                documents.append(document)
            sequences[name] = documents
        answer = self.run(dict(command, **sequences))
        return None if flags & 2 else (2013, b'\0\0\0\0\0' + encode(answer))

    def query(self, body):
        zero = body.index(b'\0', 4)
        collection, (query, _) = body[4:zero].decode(), decode(body, zero + 9)
        if collection.endswith('.$cmd'):
            answers = [self.run(query.get('$query', query))]
        else:
            try:
                self.permit('find')
                answers = self.find({'find': collection.split('.', 1)[1]})['cursor']['firstBatch']
            except Refused:
                return 1, struct.pack('<IqII', 2, 0, 0, 1) + encode({'$err': 'not authorized for query on ' + collection, 'code': 16550})
        return 1, struct.pack('<IqII', 8, 0, 0, len(answers)) + b''.join(map(encode, answers))

    def old_insert(self, body):
        zero = body.index(b'\0', 4)
        collection, at, documents = body[4:zero].decode(), zero + 1, []
        while at < len(body):
            document, at = decode(body, at)
            documents.append(document)
        try:
            self.permit('insert')
            self.insert({'insert': collection.split('.', 1)[1], 'documents': documents})
            self.last_error = None
        except Refused:
            self.last_error = {'err': 'not authorized for insert on ' + collection, 'code': 16544}

    def receive(self, size):
        out = b''
        while len(out) < size:
            more = self.request.recv(size - len(out))
            if not more:
                raise EOFError
            out += more
        return out

    def handle(self):
        number = 1000
        try:
            while True:
                size, request, _, operation = struct.unpack('<iiii', self.receive(16))
                body, compressed = self.receive(size - 16), operation == 2012
                if compressed:
                    operation, body = struct.unpack_from('<i', body)[0], zlib.decompress(body[9:])
                answer = {2013: self.message, 2004: self.query, 2002: self.old_insert}[operation](body)
                if answer is None:
                    continue
                operation, body = answer
                if compressed:
                    operation, body = 2012, struct.pack('<iiB', operation, len(body), 2) + zlib.compress(body)
                number += 1
                self.request.sendall(struct.pack('<iiii', 16 + len(body), number, request, operation) + body)
        except (EOFError, ConnectionError, ssl.SSLError):
            pass


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True

    def __init__(self, options):
        self.options, self.documents, self.tls = options, {}, None
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
    parser.add_argument('--wire-version', type=int, default=9)
    parser.add_argument('--tls', nargs='+')
    Server(parser.parse_args()).serve_forever()
