#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Interfaces come and go under podwire monitor: a pod that is added, one that is taken away, one that takes its address, a bridge that is made last."""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lab'))

import live_lab
from live_sensor import Sensor, monitor_missing
from live_shop import World, wrong_with
from tap import done, ok, skip_all


def main():
    live_lab.enter()
    why = monitor_missing()
    if why:
        skip_all(why)
    world = World('t', netfilter=True)
    try:
        sensor = Sensor(world.node)
        connections = []
        world.lab.truth_begin()
        connections.append(world.shop.http(world.web, world.api.address + ':8080'))
        seen = world.lab.truth_end()
        for turn in ('added while it runs', 'added again with the same address'):
            late = world.node.pod('late', 77)
            sensor.wait_captures(late.port)
            world.lab.truth_begin()
            made = [world.shop.http(late, world.api.address + ':8080'), world.shop.redis(late, '10.43.0.79:6379', service='10.43.0.79:6379')]
            seen_now = world.lab.truth_end()
            wrong = wrong_after(sensor, made, seen_now)
            ok(not wrong, 'a pod %s is seen' % turn, '\n'.join(wrong))
            world.node.delete(late)
        world.lab.truth_begin()
        connections.append(world.shop.tls(world.web, world.api.address + ':8443'))
        seen.update(world.lab.truth_end())
        ok(sensor.process.running() and sensor.ready(), 'the sensor goes on, and is ready', sensor.process.text())
        records = sensor.stop()
        ok(any(r['client']['port'] == connections[1].port for r in records), 'the pods that stayed are still seen after that', [r['client'] for r in records])
    finally:
        world.close()
    later_bridge()
    done()


def wrong_after(sensor, connections, seen, seconds=60):
    """What is wrong with these connections, as soon as all of them have been told of or time is up."""
    end = time.monotonic() + seconds
    while True:
        wrong = wrong_with(sensor.flows(), connections, sensor.node, seen)
        if not wrong or time.monotonic() > end:
            return wrong
        time.sleep(0.5)


def later_bridge():
    """On a fresh node the CNI plugin makes the bridge with the first pod: the sensor may be there before."""
    lab = live_lab.Lab('later')
    try:
        node = live_lab.Node(lab, 'node-1', 1)
        sensor = Sensor(node, waits_for_readiness=False)
        live_lab.wait_until(lambda: sensor.get('/healthz')[0] == 200, 'the sensor')
        one, two = node.pod('one', 21), node.pod('two', 22)
        sensor.wait_captures('cni0', one.port, two.port)
        two.serve('server', 'python3', '-m', 'http.server', '8000', '--directory', live_lab.HOME + '/log', port=8000)
        one.exec(*live_lab.CURL, '-o', '/dev/null', 'http://%s:8000/' % two.address)
        records = sensor.stop()
        ok(any(r['client']['ip'] == one.address and r['server']['port'] == 8000 for r in records), 'a bridge and its ports that come later are captured', records)
    finally:
        lab.close()


main()
