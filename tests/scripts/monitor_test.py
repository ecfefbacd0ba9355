#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`podwire monitor` as its user runs it: a bridge with two pods in namespaces, a web server and its client. What it shows, what
it survives, what it refuses, and how it ends."""
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

from network import Namespace, connect, missing, wait_for
from tap import PODWIRE, SOURCE, done, equal, ok, podwire, skip

sys.path.insert(0, os.path.join(SOURCE, 'tests', 'lab'))
from kube_replay import Api, certificates  # noqa: E402

PORT = 19764
WEB = '10.9.0.3'
CLUSTER = {
    'kind': 'List', 'apiVersion': 'v1', 'items': [
        {'kind': 'Pod', 'apiVersion': 'v1', 'metadata': {'name': name, 'namespace': 'shop', 'uid': name, 'labels': {}},
         'spec': {'nodeName': 'n', 'containers': []}, 'status': {'phase': 'Running', 'podIP': ip, 'podIPs': [{'ip': ip}]}}
        for name, ip in (('client', '10.9.0.2'), ('web', WEB))]}


def check_refusals():
    """What cannot be is told in one line, with exit code 1, before anything starts."""
    for words, expected in (
            (['--filter', 'tcp and and'], '--filter'),
            (['-i', ''], '--interface'),
            (['-i', 'longer-than-any-interface'], '--interface'),
            (['--workers', '0'], '--workers'),
            (['--workers', 'many'], '--workers'),
            (['--window', '10'], '--window'),
            (['--window', '1w'], '--window'),
            (['--pods', 'all'], '--pods'),
            (['--relist-spread', '0'], '--relist-spread'),
            (['--pods', 'node', '--kubernetes'], '--pods'),
            (['--tls-cert', '/nowhere'], '--tls-key'),
            (['--client-ca', '/nowhere'], '--client-ca'),
            (['--listen', 'nonsense'], 'nonsense'),
            (['--nonsense'], "podwire: unrecognized option '--nonsense'"),
            (['--window'], "podwire: option '--window'"),
            (['--policy', '/nowhere/policy.yaml'], '/nowhere/policy.yaml'),
            (['--cluster', '/nowhere/cluster.json'], '/nowhere/cluster.json'),
            (['--kubeconfig', '/nowhere/config'], '/nowhere/config'),
            (['--cluster', '/nowhere', '--kubernetes'], '--cluster'),
            (['--geoip', '/nowhere.mmdb'], '/nowhere.mmdb'),
            (['capture.pcap'], 'capture.pcap')):
        result = podwire('monitor', *words, env={'NODE_NAME': '', 'KUBERNETES_SERVICE_HOST': ''})
        lines = result.errors.splitlines()
        ok(result.code == 1 and len(lines) == 1 and expected in lines[0] and not result.out, 'refused: monitor ' + ' '.join(words),
           'code %d\n%s%s' % (result.code, result.errors, result.text))


class Place:
    """A node with a bridge, a client's pod and a web server's."""

    def __init__(self, bridge='cni0'):
        self.node, self.client, self.web = Namespace('node'), Namespace('client'), Namespace('web')
        self.node.ip('link add %s type bridge' % bridge, 'link set %s up' % bridge, 'addr add 10.9.0.1/24 dev %s' % bridge)
        connect(self.node, 'veth1', self.client, '10.9.0.2/24', master=bridge)
        connect(self.node, 'veth2', self.web, WEB + '/24', master=bridge)
        self.directory = tempfile.mkdtemp()
        os.chmod(self.directory, 0o755)
        self.web.start('python3', '-u', '-m', 'http.server', '80', '--bind', WEB, cwd=self.directory, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if not wait_for(lambda: self.fetch() == 0):
            raise RuntimeError('the web server does not answer')

    def fetch(self, times=1):
        """Requests from the client's pod; how many failed."""
        return sum(self.client.run('curl', '-s', '-o', '/dev/null', '--max-time', '20', 'http://%s/' % WEB, check=False).returncode != 0 for _ in range(times))

    def sent(self):
        """Segments that the client's pod has sent."""
        names, values = (line.split()[1:] for line in self.client.text('cat', '/proc/net/snmp').splitlines() if line.startswith('Tcp:'))
        counters = dict(zip(names, map(int, values)))
        return counters['OutSegs'] + counters['RetransSegs']

    def file(self, name, text):
        path = os.path.join(self.directory, name)
        with open(path, 'w') as f:
            f.write(text)
        os.chmod(path, 0o644)
        return path

    def close(self):
        for namespace in (self.web, self.client, self.node):
            namespace.close()
        shutil.rmtree(self.directory)


def children(pid):
    with open('/proc/%d/task/%d/children' % (pid, pid)) as f:
        return list(map(int, f.read().split()))


class Monitor:
    def __init__(self, place, *options, before=(), wanted=200):
        self.place = place
        # Read by a descriptor of our own: one that is shared has one offset, and reading would move where the program writes.
        self.events, self.log = (os.path.join(place.directory, name) for name in ('events', 'log'))
        with open(self.events, 'wb') as events, open(self.log, 'wb') as log:
            self.process = place.node.start(*before, PODWIRE, 'monitor', '--listen', '127.0.0.1:%d' % PORT, *options, stdout=events, stderr=log,
                                            env=dict(os.environ, ASAN_OPTIONS='handle_segv=0'))
        # Not asked before there is a worker: it may not have its filter yet, and would hear the questions.
        wait_for(lambda: self.process.poll() is not None or self.worker())
        self.ready = wait_for(lambda: self.process.poll() is not None or self.get('/readyz')[0] == wanted)

    def get(self, path):
        """(status, body), or status 0."""
        connection = http.client.HTTPConnection('127.0.0.1', PORT)
        try:
            connection.sock = self.place.node.inside(lambda: socket.create_connection(('127.0.0.1', PORT), 60))
            connection.request('GET', path, headers={'Connection': 'close'})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except (OSError, http.client.HTTPException):
            return 0, ''
        finally:
            connection.close()

    def json(self, path):
        try:
            return json.loads(self.get(path)[1])
        except ValueError:
            raise SystemExit('no JSON at %s: %s' % (path, self.said())) from None

    def metric(self, name):
        """The sum of a metric's series; what is equal to nothing where there is none."""
        values = re.findall(r'^%s(?:\{[^\n]*\})? ([0-9.e+-]+)$' % name, self.get('/metrics')[1], re.M)
        return sum(map(float, values)) if values else float('nan')

    def warnings(self):
        return [e for e in self.lines() if e['type'] == 'warning']

    def lines(self):
        with open(self.events, 'rb') as f:
            return [json.loads(line) for line in f if line.endswith(b'\n')]

    def said(self):
        with open(self.log, 'rb') as f:
            return f.read().decode(errors='replace')

    def worker(self):
        """The pid of the worker, the supervisor's child's child, that has shut itself in; None where there is none."""
        try:
            for launcher in children(self.pid()):
                for worker in children(launcher):
                    with open('/proc/%d/status' % worker) as f:
                        if re.search(r'^Seccomp:\t2$', f.read(), re.M):
                            return worker
        except OSError:
            pass
        return None

    def pid(self):
        return self.process.pid  # nsenter and setpriv put it in their own place

    def stop(self, number=signal.SIGTERM):
        os.kill(self.pid(), number)
        try:
            return self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return 'not within a minute'


def check_shown(place):
    m = Monitor(place, '--log-flows', '--cluster', place.file('cluster.json', json.dumps(CLUSTER)))
    if not ok(m.ready and m.process.poll() is None, 'monitor becomes ready', m.said()):
        m.stop()
        return
    ok(wait_for(lambda: m.metric('podwire_capturing') == 1 and m.metric('podwire_worker_running') == 1, 3), '/metrics says what /readyz says, from the first second or two on',
       m.get('/metrics')[1][:2000])
    ok('msg=begun version=' in m.said() and 'neither a token' not in m.said(), 'the log says what has begun', m.said())
    equal(place.fetch(20), 0, 'the pods are not disturbed')
    ok(wait_for(lambda: m.metric('podwire_flows_total') == 20), '/metrics counts the flows', m.get('/metrics')[1][:2000])
    text = m.get('/metrics')[1]
    ok(re.search(r'^podwire_pair_score\{[^}]*source_workload="client"[^}]*destination_workload="web"', text, re.M) or
       re.search(r'^podwire_pair_score\{[^}]*destination_workload="web"[^}]*source_workload="client"', text, re.M), 'and scores the pair', text[:2000])
    if shutil.which('promtool'):
        check = subprocess.run(['promtool', 'check', 'metrics'], input=text.encode(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        equal((check.returncode, check.stdout.decode()), (0, ''), 'promtool finds nothing to say of /metrics')
    else:
        skip('promtool finds nothing to say of /metrics', 'needs promtool (prometheus)')
    pairs = m.json('/api/v1/pairs')['pairs']
    equal([(p['source']['workload'], p['destination']['workload'], p['flows']) for p in pairs], [('client', 'web', 20)], '/api/v1/pairs has the pair')
    pair = m.json('/api/v1/pairs/' + pairs[0]['id'])
    ok('plaintext' in json.dumps(pair), '/api/v1/pairs/{id} explains it')
    findings = m.json('/api/v1/findings')['findings']
    equal(sorted(f['type'] for f in findings), ['plaintext-service', 'unauthenticated-service'], '/api/v1/findings has what is wrong')
    status = m.json('/api/v1/status')
    equal([i['name'] for i in status['interfaces'] if i['captured']], ['cni0', 'veth1', 'veth2'], '/api/v1/status names the interfaces')
    equal((m.get('/healthz')[0], m.get('/nothing')[0], m.get('/api/v1/pairs?limit=x')[0]), (200, 404, 400), 'other answers')
    flows = m.json('/api/v1/flows')['flows']
    ok(len(flows) == 20 and all(f['server']['workload'] == 'shop/web' and f['packets']['client'] >= 4 for f in flows), '/api/v1/flows has them', flows[:1])
    equal(m.stop(), 0, 'SIGTERM ends it with code 0')
    events = m.lines()
    ok(all(list(e)[:3] == ['type', 'schema', 'time'] and e['schema'] == 'podwire.event/1' for e in events), 'events name their schema', events[:1])
    equal(sum(e['type'] == 'flow' for e in events), 20, '--log-flows prints each flow once')
    equal(sorted(e['finding']['type'] for e in events if e['type'] == 'finding' and e['change'] == 'new'), ['plaintext-service', 'unauthenticated-service'], 'each finding is told of once')
    equal(place.node.text('ip', '-d', 'link', 'show', 'cni0').count('promiscuity 0'), 1, 'nothing was made promiscuous')


def check_open_to_all(place):
    """Who serves others than the host itself, and asks them for nothing, is told."""
    for options, told in ((['--listen', '0.0.0.0:%d' % PORT], True), (['--listen', ':%d' % PORT, '--token-file', place.file('token', 'secret\n')], False)):
        m = Monitor(place, *options)
        equal((m.ready, 'neither a token' in m.said()), (True, told), 'served to all %s' % ('without a token: the log says so' if told else 'with a token'))
        m.stop()


def check_state_nowhere(place):
    """A state that can never be saved is told of at the start, in the log and as an event."""
    m = Monitor(place, '--state', '/proc/nowhere/state.json')
    ok(m.ready and 'the state could not be saved' in m.said() and '/proc/nowhere' in m.said(), 'a place where no state can be is told of', m.said())
    ok(wait_for(lambda: [e['warning'] for e in m.warnings()] == ['state-not-saved']), 'by an event too', m.lines())
    m.stop()


def check_stop_tells_all(place):
    """Flows that are still open when it is told to stop are told of."""
    m = Monitor(place, '--log-flows')
    held = place.client.start('python3', '-c', 'import socket,time\ns=socket.create_connection(("%s",80))\ns.sendall(b"GET / HTTP/1.1\\r\\nHost: w\\r\\n\\r\\n")\ns.recv(9)\nprint("answered",flush=True)\ntime.sleep(600)' % WEB,
                              stdout=subprocess.PIPE)
    held.stdout.readline()
    begun = time.monotonic()
    equal(m.stop(), 0, 'it ends with a connection open')
    ok(time.monotonic() - begun < 10, 'within the grace period')
    equal([f['flow']['protocol'] for f in m.lines() if f['type'] == 'flow'], ['http'], 'and tells of that connection')
    held.kill()
    held.wait()


def check_reload(place):
    strict = 'schema: podwire.policy/1\nname: strict\npolicies:\n  encryption: {weight: 9}\n'
    folder = os.path.join(place.directory, 'config')
    os.mkdir(folder)
    for version, text in (('1', 'schema: podwire.policy/1\nname: first\n'), ('2', 'schema: podwire.policy/1\nname: [broken\n'), ('3', strict)):
        os.mkdir(os.path.join(folder, version))
        with open(os.path.join(folder, version, 'policy.yaml'), 'w') as f:
            f.write(text)
    os.symlink('1', os.path.join(folder, '..data'))
    os.symlink('..data/policy.yaml', os.path.join(folder, 'policy.yaml'))

    def swap(version):
        os.symlink(version, os.path.join(folder, '..new'))
        os.rename(os.path.join(folder, '..new'), os.path.join(folder, '..data'))

    m = Monitor(place, '--policy', os.path.join(folder, 'policy.yaml'), '--log-flows')
    place.fetch(3)
    swap('2')
    ok(wait_for(lambda: m.json('/api/v1/status')['policy']['errors'] == 1), 'a bad policy set is refused')
    ok('policy.yaml:' in m.json('/api/v1/status')['policy']['error'], 'with file and line', m.said())
    swap('3')
    ok(wait_for(lambda: m.json('/api/v1/status')['policy']['loads'] == 1), 'a good one is taken, by a symlink swap as of a ConfigMap')
    os.kill(m.pid(), signal.SIGHUP)
    ok(wait_for(lambda: m.json('/api/v1/status')['policy']['loads'] == 2), 'SIGHUP reads it again')
    ok(wait_for(lambda: 'podwire_policy_weight{policy="encryption"} 9' in m.get('/metrics')[1]), 'its weights are in force', m.get('/metrics')[1][:3000])
    place.fetch(3)
    m.stop()
    equal(sum(e['type'] == 'flow' for e in m.lines()), 6, 'no flow was lost over it')
    equal([(e['warning'], 'policy.yaml:' in e['reason']) for e in m.warnings()], [('policy-refused', True)], 'the refusal was an event')


def check_cluster_file(place):
    """Read beside the loop; a bad one changes nothing."""
    path = os.path.join(place.directory, 'cluster.json')

    def write(text):
        with open(path + '.new', 'w') as f:
            f.write(text)
        os.rename(path + '.new', path)

    def pods(count):
        return json.dumps({'kind': 'PodList', 'apiVersion': 'v1', 'metadata': {}, 'items': [{'metadata': {'name': 'p%d' % i, 'namespace': 'n', 'uid': 'u%d' % i}} for i in range(count)]})

    write(pods(2))
    m = Monitor(place, '--cluster', path)
    ok(wait_for(lambda: m.json('/api/v1/status')['inventory_objects'] == 2), 'a cluster file is read')
    write(pods(2000))
    ok(wait_for(lambda: m.json('/api/v1/status')['inventory_objects'] == 2000), 'and again when it changed')
    write('{"kind":"PodList","items":[')
    ok(wait_for(m.warnings) and m.json('/api/v1/status')['inventory_objects'] == 2000, 'a broken one is told of, and what was known stays')
    write(pods(3))
    os.kill(m.pid(), signal.SIGHUP)
    os.kill(m.pid(), signal.SIGHUP)
    ok(wait_for(lambda: m.json('/api/v1/status')['inventory_objects'] == 3), 'SIGHUP, also while it is read')
    os.kill(m.pid(), signal.SIGHUP)
    m.stop()


def unread(m):
    """Packets that workers had when they died."""
    found = re.search(r'^podwire_capture_dropped_total\{interface="all",reason="unread"\} (\d+)', m.get('/metrics')[1], re.M)
    return int(found.group(1)) if found else -1


def check_worker_dies(place):
    m = Monitor(place, '--log-flows')
    place.fetch(10)
    ok(wait_for(lambda: m.metric('podwire_capture_packets_total') > 50), 'packets are counted')
    wait_for(lambda: m.metric('podwire_flows_total') == 10)
    before = {name: m.metric(name) for name in ('podwire_flows_total', 'podwire_bytes_total', 'podwire_capture_packets_total')}
    worker = m.worker()
    os.kill(worker, signal.SIGSEGV)
    begun = time.monotonic()
    # What is asked before the end of the old one was noticed is answered as if nothing had happened.
    ok(wait_for(lambda: m.worker() not in (None, worker) and 'signal 11' in m.said(), step=0.005), 'a worker that died is started again')
    ok(wait_for(lambda: m.get('/readyz')[0] == 200, step=0.005) and time.monotonic() - begun < 2.5, 'within a second or so', m.said())
    place.fetch(5)
    ok(wait_for(lambda: m.metric('podwire_flows_total') == 15), 'and counts on', m.metric('podwire_flows_total'))
    ok(all(m.metric(name) >= value for name, value in before.items()), 'no counter went back')
    equal(m.metric('podwire_worker_restarts_total'), 1, 'the restart is counted')
    ok('signal 11' in m.said(), 'and told of', m.said())
    equal([(e['warning'], e['worker'], e['by'][:9]) for e in m.warnings()], [('worker-restarted', 0, 'signal 11')], 'as an event too')
    # As one that hostile bytes keep going round in a circle: alive, and of no use.
    worker = m.worker()
    os.kill(worker, signal.SIGSTOP)
    place.fetch(10)
    ok(wait_for(lambda: m.worker() not in (None, worker)), 'a worker that says nothing any more is ended, and started again', m.said())
    ok(wait_for(lambda: 'says nothing' in m.said() and 'signal 9' in m.said()), 'which is told of', m.said())
    ok(wait_for(lambda: m.get('/readyz')[0] == 200), 'and all is well again')
    # Ten connections of at least ten packets, or twice that, lay in its ring.
    ok(wait_for(lambda: unread(m) >= 100), 'what it had not read is counted as lost', m.get('/metrics')[1])
    ok(wait_for(lambda: 0 <= m.metric('podwire_worker_received_total') - m.metric('podwire_capture_packets_total') - unread(m) - m.metric('podwire_worker_dropped_total') < 20),
       'and every packet that the kernel had for it was looked at, or is counted as lost, but for some between opening and plan', m.get('/metrics')[1])
    m.stop()


def flows_saved(path):
    saved = podwire('score', '--format', 'json', path)
    return sum(p['flows'] for p in saved.json['pairs']) if saved.code == 0 else 0


def check_state(place):
    home = os.path.join(place.directory, 'state')
    os.mkdir(home)
    os.chown(home, 65534, 65534)
    path = os.path.join(home, 'state.json')
    options = ('--state', path, '--state-interval', '1')
    m = Monitor(place, *options)
    place.fetch(7)
    ok(wait_for(lambda: m.metric('podwire_flows_total') == 7), 'seven flows are counted')
    wait_for(lambda: flows_saved(path) == 7)
    m.stop(signal.SIGKILL)
    m = Monitor(place, *options)
    ok(wait_for(lambda: m.metric('podwire_flows_total') == 7), 'they are known again after kill -9', m.said())
    equal([p['flows'] for p in m.json('/api/v1/pairs')['pairs']], [7], 'the window as well')
    equal(m.stop(), 0, 'it ends')
    with open(path) as f:
        text = f.read()
    place.file('state/state.json', text[:len(text) // 2])
    os.chown(path, 65534, 65534)
    m = Monitor(place, *options)
    # It is read beside the loop.
    ok(m.ready and wait_for(lambda: any(name.startswith('state.json.damaged') for name in os.listdir(home))), 'a damaged state is set aside', m.said())
    ok(wait_for(lambda: 'level=warn' in m.said() or 'level=error' in m.said()), 'and told of', m.said())
    m.stop()
    equal([e['warning'] for e in m.warnings()], ['state-damaged'], 'as an event too')


def check_least_privilege(place):
    if not shutil.which('setpriv'):
        skip('monitor with nothing but CAP_NET_RAW', 'needs setpriv')
        return
    m = Monitor(place, before=('setpriv', '--reuid', '1000', '--regid', '1000', '--clear-groups', '--inh-caps=-all,+net_raw', '--ambient-caps=-all,+net_raw', '--bounding-set=-all,+net_raw'))
    ok(m.ready and m.process.poll() is None, 'monitor with nothing but CAP_NET_RAW', m.said())
    place.fetch(2)
    ok(wait_for(lambda: m.metric('podwire_flows_total') == 2), 'works')
    equal(m.stop(), 0, 'and ends')
    result = place.node.run('setpriv', '--reuid', '1000', '--regid', '1000', '--clear-groups', '--inh-caps=-all', '--bounding-set=-all', PODWIRE, 'monitor', check=False, timeout=60)
    ok(result.returncode == 1 and b'CAP_NET_RAW' in result.stderr and result.stderr.count(b'\n') == 1, 'without it: one line that says so', result.stderr.decode())


def check_promiscuous(place):
    m = Monitor(place, '--promiscuous')
    ok(wait_for(lambda: 'promiscuity 1' in place.node.text('ip', '-d', 'link', 'show', 'cni0')), '--promiscuous does as it says', m.said())
    ok('level=warn msg="bridges are held promiscuous' in m.said(), 'and warns of it', m.said())
    equal(m.stop(), 0, 'it ends')
    ok(wait_for(lambda: 'promiscuity 0' in place.node.text('ip', '-d', 'link', 'show', 'cni0')), 'and lets go')


def check_start_time(place):
    m = Monitor(place)
    begun = time.monotonic()
    m.stop()
    # Packets sent as soon as it is ready must be seen: the filter is in place before it says so.
    m = Monitor(place, '--log-flows')
    before = place.sent()
    place.fetch(1)
    sent = place.sent() - before
    m.stop()
    equal([e['flow']['packets']['client'] for e in m.lines() if e['type'] == 'flow'], [sent], 'what is sent once it is ready is seen whole')
    ok(time.monotonic() - begun < 15, 'starting and stopping takes no long time')


def put_pod(api, name, ip):
    api.put('pods', name, 'shop', spec={'nodeName': 'n1', 'containers': []}, status={'phase': 'Running', 'podIP': ip, 'podIPs': [{'ip': ip}]})


def check_kubernetes(place):
    folder = os.path.join(place.directory, 'kube')
    os.mkdir(folder)
    certificates(folder)
    token = place.file('kube/token', 'a-token-of-this-test\n')
    api = place.node.inside(lambda: Api(folder))
    api.token = 'a-token-of-this-test'
    put_pod(api, 'client', '10.9.0.2')
    m = Monitor(place, '--log-flows', '--kube-url', api.url, '--kube-ca', os.path.join(folder, 'ca.crt'), '--kube-token-file', token)
    ok(m.ready and m.process.poll() is None, 'monitor is ready once it has asked the API', m.said())
    begun = time.monotonic()
    place.fetch(3)
    time.sleep(max(0, begun + 7 - time.monotonic()))  # of the ten that they wait
    put_pod(api, 'web', WEB)
    ok(wait_for(lambda: [(p['source']['workload'], p['destination']['workload'], p['flows']) for p in m.json('/api/v1/pairs')['pairs']] == [('client', 'web', 3)]),
       'flows wait for a pod that the API tells of late', m.get('/api/v1/pairs')[1])
    ok('podwire_inventory_age_seconds' in m.get('/metrics')[1], 'the age of the inventory is a metric')
    api.stop()
    place.fetch(2)
    ok(wait_for(lambda: m.metric('podwire_flows_total') == 5), 'while the API is away flows are counted')
    equal([(p['source']['workload'], p['destination']['workload'], p['flows']) for p in m.json('/api/v1/pairs')['pairs']], [('client', 'web', 5)], 'by the inventory there was')
    ok(wait_for(lambda: m.metric('podwire_inventory_age_seconds') > 2), 'which grows old')
    equal(m.stop(), 0, 'it ends without the API')
    ok('a-token-of-this-test' not in m.said() + json.dumps(m.lines()), 'the token is in no output')


def check_kinds(place):
    """Which kinds are asked for, of an API that has none."""
    log = place.file('http.log', '')
    with open(log, 'wb') as out:
        api = place.node.start('python3', '-u', '-m', 'http.server', '8001', '--bind', '127.0.0.1', cwd=place.directory, stdout=out, stderr=out)
    wait_for(lambda: place.node.run('curl', '-s', '--max-time', '20', 'http://127.0.0.1:8001/', check=False).returncode == 0)
    m = Monitor(place, '--kube-url', 'http://127.0.0.1:8001', '--no-endpointslices', '--relist-spread', '60s', wanted=503)
    kinds = 'pods', 'services', 'nodes', 'namespaces', 'networkpolicies'
    with open(log) as f:
        asked = []
        ok(wait_for(lambda: asked.append(f.read()) or all('/%s?' % kind in ''.join(asked) for kind in kinds)), '--no-endpointslices leaves the other kinds', m.said())
    ok(wait_for(lambda: sorted(m.json('/api/v1/status')['kubernetes'] or ()) == sorted(kinds)) and 'endpointslices' not in ''.join(asked), 'and asks for none', asked)
    m.stop()
    api.terminate()


def check_docker():
    """A host with containers and no Kubernetes: the table of docs/monitor.md."""
    place = Place('docker0')
    try:
        home = os.path.join(place.directory, 'state')
        os.mkdir(home)
        os.chown(home, 65534, 65534)
        m = Monitor(place, '--state', os.path.join(home, 'state.json'))
        place.fetch(3)
        place.node.run('curl', '-s', '-o', '/dev/null', 'http://%s/' % WEB)
        equal(m.stop(), 0, 'monitor on docker0 without options')
        table = podwire('score', os.path.join(home, 'state.json'), '--color', 'never')
        for source, flows in (('10.9.0.2', 3), ('10.9.0.1', 1)):
            ok(re.search(r'^0\.\d+ +\d+%% +%s +-> +%s +http:80 +plaintext +none +%d$' % (re.escape(source), re.escape(WEB), flows), table.text, re.M), 'the state gives a table by addresses: ' + source, table.text + m.said())
    finally:
        place.close()


def main():
    check_refusals()
    why = missing() or (None if shutil.which('curl') else 'needs curl')
    if why:
        skip('monitor on a bridge', why)
        done()
    place = Place()
    try:
        for check in (check_shown, check_open_to_all, check_state_nowhere, check_stop_tells_all, check_reload, check_cluster_file, check_worker_dies, check_state, check_least_privilege, check_kinds, check_promiscuous, check_start_time, check_kubernetes):
            check(place)
    finally:
        place.close()
    check_docker()
    done()


main()
