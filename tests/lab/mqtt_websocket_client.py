#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""MQTT over WebSocket, by paho. usage: mqtt_websocket_client.py ADDRESS PORT PATH VERSION [USER PASSWORD [TOPIC [CA]]]

VERSION is 3.1, 3.1.1 or 5. Publishes with QoS 1, prints what came of it."""
import socket
import sys

import paho.mqtt.client as mqtt

VERSIONS = {'3.1': mqtt.MQTTv31, '3.1.1': mqtt.MQTTv311, '5': mqtt.MQTTv5}
# paho's own is a TCP connection, and takes the one port that this client may use.
mqtt._socketpair_compat = socket.socketpair


def main():
    address, port, path, version = sys.argv[1:5]
    user, password, topic, ca = (sys.argv[5:] + [''] * 4)[:4]
    client = mqtt.Client('lab', transport='websockets', protocol=VERSIONS[version])
    client.ws_set_options(path=path)
    if user:
        client.username_pw_set(user, password or None)
    if ca:
        client.tls_set(ca)
        client.tls_insecure_set(True)  # it goes to an address, without a name

    def on_connect(_client, _data, _flags, code, *_):
        print('connected', int(getattr(code, 'value', code)))
        if code == 0:
            client.publish(topic or 'fruit/ripe', 'apple', qos=1)
        else:
            client.disconnect()

    def on_publish(*_):
        print('published')
        client.disconnect()

    def on_disconnect(_client, _data, code, *_):
        print('disconnected', int(code))
        sys.exit(0)

    client.on_connect, client.on_publish, client.on_disconnect = on_connect, on_publish, on_disconnect
    client.connect(address, int(port))
    client.loop_forever(retry_first_connection=False)


main()
