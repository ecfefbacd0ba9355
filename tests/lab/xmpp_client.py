#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An XMPP client that does as it is told: HOST PORT DOMAIN [starttls] MECHANISM [USER PASSWORD].

Prints the server's answer to the login. SCRAM-SHA-1 is RFC 5802's, without channel binding.
"""
import base64
import hashlib
import hmac
import os
import re
import socket
import ssl
import sys

SASL = "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'"


class Stream:
    def __init__(self, host, port, domain):
        self.socket, self.domain = socket.create_connection((host, port), 5), domain
        self.socket.settimeout(5)
        self.open()

    def send(self, text):
        self.socket.sendall(text.encode())

    def receive(self, pattern):
        """Reads until the pattern is there; what came."""
        text = ''
        while not re.search(pattern, text):
            data = self.socket.recv(65536)
            if not data:
                break
            text += data.decode()
        return text

    def open(self):
        self.send("<?xml version='1.0'?><stream:stream to='%s' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>" % self.domain)
        self.receive('</stream:features>|</stream:error>')

    def starttls(self):
        self.send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
        answer = self.receive('<proceed|<failure')
        if '<proceed' not in answer:
            sys.exit(answer)
        context = ssl._create_unverified_context()
        self.socket = context.wrap_socket(self.socket, server_hostname=self.domain)
        self.open()


def scram(stream, user, password):
    bare = 'n=%s,r=%s' % (user, base64.b64encode(os.urandom(12)).decode())
    stream.send("<auth %s mechanism='SCRAM-SHA-1'>%s</auth>" % (SASL, base64.b64encode(('n,,' + bare).encode()).decode()))
    challenge = base64.b64decode(re.search('>([^<]+)</challenge>', stream.receive('</challenge>')).group(1)).decode()
    values = dict(part.split('=', 1) for part in challenge.split(','))
    salted = hashlib.pbkdf2_hmac('sha1', password.encode(), base64.b64decode(values['s']), int(values['i']))
    key = hmac.digest(salted, b'Client Key', 'sha1')
    final = 'c=biws,r=' + values['r']
    signature = hmac.digest(hashlib.sha1(key).digest(), ','.join((bare, challenge, final)).encode(), 'sha1')
    proof = base64.b64encode(bytes(a ^ b for a, b in zip(key, signature))).decode()
    stream.send('<response %s>%s</response>' % (SASL, base64.b64encode((final + ',p=' + proof).encode()).decode()))


def main():
    arguments = sys.argv[1:]
    host, port, domain = arguments.pop(0), int(arguments.pop(0)), arguments.pop(0)
    stream = Stream(host, port, domain)
    if arguments[0] == 'starttls':
        arguments.pop(0)
        stream.starttls()
    how, user, password = (arguments + ['', ''])[:3]
    if how == 'SCRAM-SHA-1':
        scram(stream, user, password)
    elif how == 'PLAIN':
        stream.send("<auth %s mechanism='PLAIN'>%s</auth>" % (SASL, base64.b64encode(b'\0%s\0%s' % (user.encode(), password.encode())).decode()))
    elif how == 'ANONYMOUS':
        stream.send("<auth %s mechanism='ANONYMOUS'/>" % SASL)
    print(stream.receive('<success|<failure|</stream:error>|</stream:stream>'))
    stream.send('</stream:stream>')


main()
