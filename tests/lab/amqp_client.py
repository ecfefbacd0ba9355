#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An AMQP client: pika for 0-9-1, Proton for 1.0. usage: amqp_client.py 0-9-1|1.0 ADDRESS PORT MECHANISM [USER PASSWORD [QUEUE [CA]]]

MECHANISM is PLAIN, AMQPLAIN, ANONYMOUS, RABBIT-CR-DEMO or, for 1.0, none (no SASL at all). Prints what came of it."""
import socket
import ssl
import struct
import sys


def field(text):
    return struct.pack('>I', len(text)) + text


class Credentials:
    """Of a mechanism that pika does not have."""
    erase_on_connect = False

    def __init__(self, mechanism, user, password):
        self.mechanism = mechanism
        self.responses = {'AMQPLAIN': b'\x05LOGINS' + field(user) + b'\x08PASSWORDS' + field(password), 'ANONYMOUS': b'anyone'}

    def response_for(self, start):
        return self.mechanism, self.responses[self.mechanism]

    def erase_credentials(self):
        pass


def socket_pair(*_):
    """For pika, whose own is a TCP connection, and takes the one port that this client may use."""
    pair = socket.socketpair()
    for end in pair:
        end.setblocking(False)
    return pair


def classic(address, port, mechanism, user, password, queue, ca):
    import pika
    import pika.compat
    import pika.credentials
    pika.compat._nonblocking_socketpair = socket_pair
    pika.credentials.VALID_TYPES.append(Credentials)
    credentials = pika.PlainCredentials(user, password) if mechanism == 'PLAIN' else Credentials(mechanism, user.encode(), password.encode())
    options = pika.SSLOptions(ssl.create_default_context(cafile=ca), 'amqp.example') if ca else None
    host = 'forbidden' if queue == 'host' else '/'
    connection = pika.BlockingConnection(pika.ConnectionParameters(address, port, host, credentials, ssl_options=options, connection_attempts=1))
    channel = connection.channel()
    channel.queue_declare(queue, exclusive=True)
    channel.basic_publish('', queue, b'apple')
    print('declared', channel.basic_get(queue)[2])
    connection.close()


def modern(address, port, mechanism, user, password, queue, _ca):
    from proton import Message
    from proton.utils import BlockingConnection
    scheme = 'amqp://%s:%s@' % (user, password) if mechanism == 'PLAIN' else 'amqp://'
    connection = BlockingConnection('%s%s:%d' % (scheme, address, port), timeout=5, sasl_enabled=mechanism != 'none', allowed_mechs=mechanism, allow_insecure_mechs=True)
    if queue == 'secrets':
        connection.create_receiver('/queue/' + queue)
    sender = connection.create_sender('/queue/' + queue)
    sender.send(Message('apple'), timeout=5)
    print('sent')
    connection.close()


def main():
    version, address, port, mechanism = sys.argv[1:5]
    user, password, queue, ca = (sys.argv[5:] + [''] * 4)[:4]
    try:
        (classic if version == '0-9-1' else modern)(address, int(port), mechanism, user, password, queue or 'fruit', ca)
    except Exception as error:
        print(type(error).__name__, error)


main()
