#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The parts of HTTP that nginx does not speak: Digest and WebSocket. usage: http_server.py PORT

Users and passwords are made up: hanna, digest-dill-8. A WebSocket text is echoed.
"""
import base64
import hashlib
import http.server
import re
import struct
import sys

PASSWORDS = {'hanna': 'digest-dill-8'}
NONCE = 'ZmVubmVsLWZyb25kLW5vbmNl'


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    server_version, sys_version = 'herbs/1.0', ''

    def answer(self, status, body, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace('_', '-'), value)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def digest_is_right(self, name, hashed):
        fields = dict((k, v.strip('"')) for k, v in re.findall(r'(\w+)=("[^"]*"|[^,]*)', self.headers.get('Authorization', '')))
        if 'response' not in fields or fields.get('nonce') != NONCE:
            return False
        digest = lambda text: hashed(text.encode()).hexdigest()
        a1 = digest('%s:herbs:%s' % (fields['username'], PASSWORDS.get(fields['username'], '')))
        a2 = digest('%s:%s' % (self.command, fields['uri']))
        return fields['response'] == digest(':'.join((a1, NONCE, fields['nc'], fields['cnonce'], fields['qop'], a2)))

    def do_GET(self):
        if self.path.startswith('/digest'):
            name, hashed = ('SHA-256', hashlib.sha256) if '256' in self.path else ('MD5', hashlib.md5)
            if self.digest_is_right(name, hashed):
                return self.answer(200, b'{"served":true}')
            return self.answer(401, b'no', WWW_Authenticate='Digest realm="herbs", nonce="%s", algorithm=%s, qop="auth"' % (NONCE, name))
        if self.headers.get('Upgrade', '').lower() == 'websocket':
            return self.websocket()
        return self.answer(200, b'{"leaf":"basil"}')

    def websocket(self):
        accept = hashlib.sha1((self.headers['Sec-WebSocket-Key'] + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').encode()).digest()
        self.send_response(101)
        for name, value in (('Upgrade', 'websocket'), ('Connection', 'Upgrade'), ('Sec-WebSocket-Accept', base64.b64encode(accept).decode())):
            self.send_header(name, value)
        self.end_headers()
        self.close_connection = True
        while True:
            head = self.rfile.read(2)
            if len(head) < 2:
                return
            size = head[1] & 0x7f
            mask = self.rfile.read(4)
            data = bytes(b ^ mask[i % 4] for i, b in enumerate(self.rfile.read(size)))
            if head[0] & 0xf == 8:
                self.wfile.write(struct.pack('!BB', 0x88, len(data)) + data)
                return
            data = b'echo: ' + data
            self.wfile.write(struct.pack('!BB', 0x81, len(data)) + data)

    def log_message(self, *_):
        pass


http.server.ThreadingHTTPServer(('', int(sys.argv[1])), Handler).serve_forever()
