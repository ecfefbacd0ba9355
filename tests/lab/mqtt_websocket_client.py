#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Connects by MQTT over a WebSocket, subscribes, leaves. usage: mqtt_websocket_client.py ADDRESS PORT USER PASSWORD"""
import sys
import time

import paho.mqtt.client as mqtt


def on_connect(client, _userdata, _flags, code):
    print('CONNACK', code)
    if code == 0:
        client.subscribe('fruit/#')
    else:
        client.disconnect()


client = mqtt.Client('lab', transport='websockets')
client.ws_set_options(path='/ws')
client.username_pw_set(sys.argv[3], sys.argv[4])
client.on_connect = on_connect
client.on_subscribe = lambda *_: client.disconnect()
client.connect(sys.argv[1], int(sys.argv[2]))
end = time.time() + 5
while time.time() < end and client.loop(0.2) == mqtt.MQTT_ERR_SUCCESS:
    pass
