#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The Kubernetes client against a small API over TLS: after each fault its table is the API's."""
import base64
import json
import os
import random
import re
import selectors
import shutil
import socket
import subprocess
import sys
import tempfile
import time

from network import wait_for
from tap import PODWIRE, SHARED, SOURCE, done, equal, ok, skip, skip_all

sys.path.insert(0, os.path.join(SOURCE, 'tests', 'lab'))
import kube_replay  # noqa: E402
from kube_replay import END, HEAD, PATHS, Answer, Api, chunk, line, refusal, status  # noqa: E402

TOOL = os.path.join(os.path.dirname(PODWIRE), 'tests', 'sensor', 'kube_tool')
RECORDED = os.path.join(SHARED, 'kubernetes')
FOLDER = tempfile.mkdtemp(prefix='kube_client_test.')
TOKEN = 'eyJhbGciOi.first-token.c2ln'
WAIT = 90  # s, for what takes a moment
# Of the client's own times, so that a test need not wait for them; the API here answers well within them also on a slow machine.
DIVISOR = 50


def path(*names):
    return os.path.join(FOLDER, *names)


def write(name, text):
    with open(path(name), 'w') as f:
        f.write(text)
    return path(name)


class Tool:
    """kube_tool, which is asked for its table and status."""
    secrets = [TOKEN]

    def __init__(self, *arguments, divisor=DIVISOR, env=None, kinds=None):
        command = [TOOL, '--divisor', str(divisor)] + [str(a) for a in arguments] + (['--kinds', kinds] if kinds else [])
        self.errors = open(path('stderr'), 'w+')
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, env=dict(os.environ, **(env or {})))
        self.told = ''

    def ask(self, what):
        self.process.stdin.write(what.encode() + b'\n')
        self.process.stdin.flush()
        with selectors.DefaultSelector() as s:
            s.register(self.process.stdout, selectors.EVENT_READ)
            if not s.select(WAIT):
                raise RuntimeError('kube_tool does not answer')
        text = self.process.stdout.readline().decode()
        self.told += text
        return json.loads(text)

    def table(self):
        return self.ask('table')

    def status(self):
        return self.ask('status')

    def wait(self, condition, seconds=WAIT):
        return wait_for(lambda: condition(self), seconds, 0.01)

    def wait_table(self, api, kinds=None):
        return self.wait(lambda t: same(t.table(), api.table(), kinds))

    def stop(self):
        """The lines it logged; False in place of them where it did not end well, or told a secret."""
        self.process.stdin.close()
        code = self.process.wait(WAIT)
        self.errors.seek(0)
        text = self.errors.read()
        self.errors.close()
        if code != 0 or any(s in text or s in self.told for s in self.secrets):
            print('# kube_tool ended with %s: %s' % (code, text.replace('\n', '\n# ')[-3000:]))
            return False
        return text


def same(got, want, kinds=None):
    return all(got[k] == want[k] for k in kinds or want)


def connect(api, *more, **named):
    return Tool('--url', api.url, '--ca', path('ca.crt'), '--token-file', path('token'), *more, **named)


def shop(api):
    for name in ('a', 'b', 'c', 'd', 'e', 'f', 'g'):
        api.put('pods', name, spec={'nodeName': 'node-1' if name in 'abc' else 'node-2'})
    for kind in PATHS:
        api.put(kind, kind + '-1')


def serve(**named):
    api = Api(FOLDER, **named)
    api.token = TOKEN
    shop(api)
    return api


def follow(api, tool, kinds=None):
    """Changes of each sort, and whether the client has them."""
    api.put('pods', 'x%d' % api.version)
    api.put('pods', 'a')
    api.put('services', 's%d' % api.version)
    uid = next(u for u in api.objects['pods'] if u.startswith('u-x'))
    api.delete('pods', uid)
    return tool.wait_table(api, kinds)


def test_sync():
    api = serve()
    tool = connect(api, divisor=1)  # no watch ends meanwhile: each is one request
    ok(tool.wait_table(api) and tool.wait(lambda t: t.status()['synced']), 'all kinds are taken in', tool.status())
    ok(follow(api, tool), 'changes are followed')
    s = tool.status()
    ok(s['pods']['objects'] == len(api.table()['pods']) and s['pods']['connected'] and s['pods']['bytes'] > 0 and time.time() - s['time'] / 1e9 < 5, 'the status tells of it', s)
    first = api.requests[0]
    ok(re.match(r'podwire/\d', first.headers['user-agent']) and first.headers['accept'] == 'application/json' and first.headers['host'] == api.authority, 'requests say who asks, and for what', first.headers)
    ok(api.sni and all(name is None for name in api.sni), 'no server name is sent for an address', api.sni)
    equal(len(api.requests), 6, 'one request for each kind')
    ok(tool.stop() is not False, 'it ends in order')
    api.stop()


def test_ipv6():
    try:
        api = serve(host='::1')
    except OSError as e:
        skip('an IPv6 address is named in brackets', e)
        return
    tool = connect(api, kinds='pods')
    ok(tool.wait_table(api, ['pods']) and api.requests[0].headers['host'] == '[::1]:%d' % api.port, 'an IPv6 address is named in brackets')
    tool.stop()
    api.stop()


def error_of(api, *more):
    """What a client that cannot be served says; it must not have sent a request."""
    tool = connect(api, *more, kinds='pods')
    tool.wait(lambda t: t.status()['pods']['error'] != '')
    s = tool.status()
    ok(tool.stop() is not False and not s['pods']['synced'], 'a client that is not served goes on trying')
    return s['pods']['error']


def test_identity():
    api = serve(certificate='name')
    ok('certificate: IP address mismatch' in error_of(api) and not api.requests, 'a certificate without the address is refused, and gets no token')
    api.stop()
    api = serve()
    shutil.copy(path('other-ca.crt'), path('moving-ca.crt'))
    tool = Tool('--url', api.url, '--ca', path('moving-ca.crt'), '--token-file', path('token'), kinds='pods')
    ok(tool.wait(lambda t: 'certificate' in t.status()['pods']['error']) and not api.requests, 'so is one that nobody known has signed', tool.status())
    shutil.copy(path('ca.crt'), path('moving-ca.crt.new'))
    os.rename(path('moving-ca.crt.new'), path('moving-ca.crt'))
    ok(tool.wait_table(api, ['pods']), 'a new authority file counts from the next connection on')
    tool.stop()
    api.stop()
    api = serve(plain='refuse')
    ok('plain HTTP' in error_of(api), 'a port that speaks plain HTTP is told of')
    api.stop()
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))  # nobody else's meanwhile
        tool = Tool('--url', 'https://127.0.0.1:%d' % s.getsockname()[1], '--ca', path('ca.crt'), kinds='pods')
        ok(tool.wait(lambda t: 'refused' in t.status()['pods']['error']), 'so is a port on which nobody listens', tool.status()['pods'])
        tool.stop()


def test_names():
    api = serve()
    user = {'name': 'u', 'user': {'token': TOKEN, 'client-certificate-data': encoded('client.crt'), 'client-key-data': encoded('client.key')}}
    config = {'current-context': 'c', 'contexts': [{'name': 'c', 'context': {'cluster': 'k', 'user': 'u'}}], 'users': [user],
              'clusters': [{'name': 'k', 'cluster': {'server': 'https://localhost:%d' % api.port, 'tls-server-name': 'api.test', 'certificate-authority-data': encoded('ca.crt')}}]}
    tool = Tool('--kubeconfig', write('kubeconfig', json.dumps(config)), kinds='pods')
    ok(tool.wait_table(api, ['pods']), 'a kubeconfig with all in it', tool.status()['pods'])
    ok(api.sni[0] == 'api.test' and api.peers and api.peers[0] == ((('commonName', 'client'),),), 'its server name is asked for, its certificate shown', (api.sni, api.peers))
    tool.stop()
    user['user'] = {'exec': {'command': 'aws'}, 'token': TOKEN}
    r = subprocess.run([TOOL, '--kubeconfig', write('kubeconfig', json.dumps(config))], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    ok(r.returncode == 1 and r.stderr.count(b'\n') == 1 and b'no program is run' in r.stderr and TOKEN.encode() not in r.stderr, 'a plugin is refused in one line', r.stderr)
    os.makedirs(path('account'), exist_ok=True)
    shutil.copy(path('ca.crt'), path('account', 'ca.crt'))
    write('account/token', TOKEN + '\n')
    tool = Tool('--in-cluster', path('account'), kinds='pods', env={'KUBERNETES_SERVICE_HOST': '127.0.0.1', 'KUBERNETES_SERVICE_PORT': str(api.port)})
    ok(tool.wait_table(api, ['pods']), 'what a pod is given is enough')
    tool.stop()
    api.stop()
    api = serve(plain='http')
    api.token = None
    tool = Tool('--url', api.url, kinds='pods')
    ok(tool.wait_table(api, ['pods']) and 'authorization' not in api.requests[0].headers, 'a proxy on loopback is asked without TLS and without a token')
    tool.stop()
    api.stop()


def encoded(name):
    with open(path(name), 'rb') as f:
        return base64.b64encode(f.read()).decode()


def test_token():
    """As the kubelet writes: a new folder, and a symbolic link that is swapped."""
    for version, token in (('1', TOKEN), ('2', 'second.token.value')):
        os.makedirs(path('volume', version), exist_ok=True)
        write('volume/%s/token' % version, token + '\n')
    os.symlink('1', path('volume', '..data'))
    os.symlink('..data/token', path('volume', 'token'))
    Tool.secrets.append('second.token.value')
    api = serve()
    tool = Tool('--url', api.url, '--ca', path('ca.crt'), '--token-file', path('volume', 'token'), kinds='pods', divisor=20)
    ok(tool.wait_table(api, ['pods']), 'a token from a volume')
    api.token = 'second.token.value'
    api.compact()
    api.fault(Answer(HEAD + END), ask='watch')
    os.symlink('2', path('volume', '..new'))
    os.rename(path('volume', '..new'), path('volume', '..data'))
    api.put('pods', 'after')
    ok(tool.wait(lambda t: api.requests[-1].headers.get('authorization') == 'Bearer second.token.value', 60), 'a swapped token is used', tool.status()['pods'])
    write('volume/2/token', '\n')
    api.fault(Answer(refusal(401)), times=2)
    api.compact()
    ok(follow(api, tool, ['pods']), 'an empty token file leaves the one before')
    ok(tool.wait(lambda t: api.faults[-1][3] == 0 or t.status()['pods']['unauthorized'] > 0, 60) and follow(api, tool, ['pods']), '401 is survived', tool.status()['pods'])
    ok(tool.stop() is not False, 'no token is told')
    api.stop()


def broken(data, then='close'):
    return Answer(data, then)


TEXT = 'text/plain; charset=utf-8'
ANSWERS = {
    '429 as text, with Retry-After': broken(refusal(429, b'Too many requests, please try again later.\n', TEXT, 'Retry-After: 2\r\n'), 'keep'),
    '429 of a server that stops': broken(refusal(429, b'The apiserver is shutting down, please try again later.\n', TEXT, 'Retry-After: 5\r\nConnection: close\r\n')),
    '401': broken(refusal(401), 'keep'),
    '403': broken(refusal(403), 'keep'),
    '404': broken(refusal(404), 'keep'),
    '400': broken(refusal(400), 'keep'),
    '422': broken(refusal(422), 'keep'),
    '410': broken(refusal(410), 'keep'),
    '500 as text': broken(refusal(500, b'etcd failed: reason withheld\n', TEXT), 'keep'),
    '502 of a proxy': broken(refusal(502, b'<html><h1>502 Bad Gateway</h1></html>\n', 'text/html')),
    '503 with Retry-After': broken(refusal(503, b'<html>\n', 'text/html', 'Retry-After: 1\r\n')),
    '504, the version is too large': broken(refusal(504, json.dumps(status(504, details={'causes': [{'reason': 'ResourceVersionTooLarge'}]})).encode()), 'keep'),
    '410 inside a 200': broken(HEAD + chunk(line('ERROR', status(410, 'Expired'))) + END, 'keep'),
    '500 inside a 200': broken(HEAD + chunk(line('ERROR', status(500))) + END, 'keep'),
    'a page to log in, as 200': broken(refusal(200, b'<html>log in</html>', 'text/html'), 'keep'),
    'HTTP/1.0': broken(b'HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n'),
    'nothing, and an end': broken(b''),
    'nothing, and a reset': broken(b'', 'kill'),
    'bytes that are no HTTP': broken(b'\x00\x01\x02 what is this\r\n\r\n'),
    'no answer at all': broken(b'', 'hang'),
    'a head that never ends': broken(b'HTTP/1.1 200 OK\r\n' + b'X: ' + b'x' * 100000),
    'a head, then silence': broken(HEAD, 'hang'),
    'a chunk that is none': broken(HEAD + b'zz\r\n'),
    'an empty answer in order': broken(HEAD + END, 'keep'),
    'an event that is no JSON': broken(HEAD + chunk(b'{"type":"ADDED","object":{}\n'), 'hang'),
    'an event of a type nobody knows': broken(HEAD + chunk(line('SYNCED', {'x': 1})) + END, 'keep'),
    'gzip that nobody asked for': broken(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n\x1f\x8b', 'keep'),
    'an event longer than 8 MiB': broken(HEAD + chunk(b'{"type":"ADDED","object":"' + b'x' * (9 << 20)), 'hang'),
}


def check_answers(ask, prepare):
    """Each of them in the place of a first request, a list, or a watch: then all goes on."""
    for name, answer in ANSWERS.items():
        api = serve()
        prepare(api)
        if ask == 'watch':
            api.fault(Answer(HEAD + b''.join(chunk(line('ADDED', o)) for o in list(api.objects['pods'].values())) + chunk(mark(api)) + END), ask='initial', kind='pods')
        api.fault(answer, ask=ask, kind='pods')
        tool = connect(api)
        struck = tool.wait(lambda t: api.faults[-1][3] == 0)
        good = tool.wait_table(api) and follow(api, tool)
        s = tool.status()
        ok(struck and good and s['flaw'] == '', '%s: %s' % (ask, name), (struck, s, tool.table(), api.table()))
        ok(all(s[k]['errors'] + s[k]['gone'] + s[k]['forbidden'] + s[k]['throttled'] == 0 for k in PATHS if k != 'pods'), '%s: %s: other kinds are not touched' % (ask, name), s)
        if tool.stop() is False:
            ok(False, '%s: %s: it ends in order' % (ask, name))
        api.stop()


def mark(api):
    return line('BOOKMARK', {'kind': 'Pod', 'metadata': {'resourceVersion': str(api.version), 'annotations': {'k8s.io/initial-events-end': 'true'}}, 'spec': {'containers': None}})


def old_server(api):
    api.watch_list, api.page = False, 3


def test_answers_initial():
    check_answers('initial', lambda api: None)


def test_answers_list():
    check_answers('list', old_server)


def test_answers_watch():
    check_answers('watch', lambda api: None)


def test_cuts():
    """A watch, then a list, cut at one offset after another, in each way a connection can end."""
    for then in ('close', 'kill', 'eof'):
        api = serve()
        offset = [0]

        def cut_watch(request):
            with api.lock:
                since = int(request.query['resourceVersion'])
                events = [e for e in api.log['pods'] if e[0] > since]
                if not events:
                    api.put('pods', 'p%d' % (offset[0] % 5), pad='\u00e9' * (offset[0] % 3))
                    events = [e for e in api.log['pods'] if e[0] > since]
                    api.put('pods', 'q')
                    events.append(api.log['pods'][-1])
            data = HEAD + chunk(b''.join(line(e[1], e[2]) for e in events)) + END
            offset[0] += 3
            return Answer(data[:offset[0]], then) if offset[0] < len(data) else None
        api.fault(Answer(HEAD + chunk(mark(api)) + END), ask='initial', kind='pods')
        for uid in list(api.objects['pods']):
            del api.objects['pods'][uid]
        api.fault(cut_watch, ask='watch', kind='pods', times=1000)
        tool = connect(api, kinds='pods', divisor=2000)
        ok(tool.wait(lambda t: offset[0] > 450, 300) and follow(api, tool, ['pods']), 'a watch cut at each offset (%s) goes on where it was' % then, (offset, tool.status(), tool.table()['pods'], api.table()['pods']))
        equal(tool.status()['pods']['relists'], 0, 'and nothing is listed again (%s)' % then)
        tool.stop()
        api.stop()

        api = serve()
        api.watch_list = False
        tool = connect(api, kinds='pods', divisor=2000)
        ok(tool.wait_table(api, ['pods']), 'a server without initial events is listed')
        before = tool.table()['pods']
        offset[0], wrong = 0, []

        def cut_list(request):
            data = api._list(request)
            offset[0] += 13
            return Answer(data[:offset[0]], then) if offset[0] < len(data) else None
        api.fault(cut_list, ask='list', kind='pods', times=1000)
        with api.lock:
            api.delete('pods', 'u-g')
            api.log['pods'].clear()
            api.compact()
        api.fault(Answer(HEAD + chunk(line('ERROR', status(410))) + END), ask='watch', kind='pods')
        size = len(api._list(api.requests[-2]))
        while offset[0] < size - 13:
            got = tool.table()['pods']
            if 'u-g' not in got and offset[0] < size - 13:
                wrong.append(offset[0])
            if not tool.wait(lambda t: offset[0] > 0):
                break
        ok(before and not wrong, 'a list cut short (%s) removes nothing' % then, wrong)
        ok(follow(api, tool, ['pods']), 'and the whole one counts (%s)' % then, (tool.status()['pods'], tool.table()['pods'], api.table()['pods']))
        tool.stop()
        api.stop()


def test_splits():
    """TLS records that begin and end anywhere."""
    api = serve()
    data = HEAD + b''.join(chunk(line('ADDED', o)) for o in api.objects['pods'].values()) + chunk(mark(api))
    good = 0
    for offset in list(range(1, 400, 23)) + [len(data) - 1]:
        api.fault(Answer(data + END, 'close', [offset, 1, 1, 50]), ask='initial', kind='pods')
    for _ in range(18):
        tool = connect(api, kinds='pods')
        good += tool.wait_table(api, ['pods']) and tool.status()['pods']['errors'] == 0
        tool.stop()
    equal(good, 18, 'initial events split at many offsets')
    api.stop()


def test_connections():
    api = serve()
    api.watch_list = False
    api.fault(lambda r: Answer(api._list(r), 'close'), ask='list', kind='pods')
    tool = connect(api, kinds='pods')
    ok(tool.wait_table(api, ['pods']) and follow(api, tool, ['pods']) and tool.status()['pods']['errors'] == 0, 'a connection that dies while idle is opened again, and the GET sent once more', tool.status()['pods'])
    ok(api.connections == 2, 'else it is kept', api.connections)
    tool.stop()
    api.stop()

    api = serve()
    tool = connect(api, kinds='pods', divisor=60)
    tool.wait_table(api, ['pods'])
    api.fault(Answer(HEAD, 'hang'), ask='watch', kind='pods')
    ok(tool.wait(lambda t: api.faults[-1][3] == 0), 'a watch that ends by its timeout is followed by another')
    api.put('pods', 'late')
    ok(tool.wait_table(api, ['pods']) and follow(api, tool, ['pods']), 'a half-open connection is given up')
    tool.stop()
    api.stop()

    api = serve()
    tool = connect(api, kinds='pods')
    tool.wait_table(api, ['pods'])
    ok(tool.wait(lambda t: api.ended_watches > 0 and api.requests[-1].ask == 'watch') and api.connections == 1, 'watch after watch on one connection', (api.ended_watches, api.connections))
    ok(all(300 // DIVISOR <= int(r.query['timeoutSeconds']) <= 600 // DIVISOR for r in api.requests), 'each ends by itself, after 5 to 10 minutes', [r.target for r in api.requests])
    tool.stop()
    api.stop()

    api = serve()
    api.fault(Answer(HEAD + END), ask='watch', times=100000)
    api.fault(Answer(HEAD + chunk(mark(api)) + END), ask='initial', times=100000)
    tool = connect(api, kinds='services', divisor=10)
    tool.wait(lambda t: api.requests)
    time.sleep(3)
    count = len(api.requests)
    ok(count <= 20 and tool.wait(lambda t: len(api.requests) >= 3), 'watches that end as they begin make no hot loop', (count, len(api.requests)))
    tool.stop()
    api.stop()


def test_relist():
    api = serve()
    tool = connect(api)
    tool.wait_table(api)
    api.compact()
    with api.lock:
        for uid in ('u-a', 'u-b'):
            api.delete('pods', uid)
        api.put('pods', 'c', uid='u-c-second')
        for kind in PATHS:
            api.log[kind].clear()
        api.compact()
    api.fault(Answer(HEAD + chunk(line('ERROR', status(410))) + END), ask='watch', times=6)
    ok(tool.wait_table(api) and tool.wait(lambda t: all(t.status()[k]['gone'] for k in PATHS), 60), 'history is gone: all kinds are taken in anew', (tool.status(), tool.table(), api.table()))
    ok(follow(api, tool), 'and followed')
    ok(any(r.initial and 'resourceVersion' in r.query for r in api.requests), 'first with the version known')
    tool.stop()
    api.stop()
    api = serve()
    tool = connect(api, kinds='pods')
    tool.wait_table(api, ['pods'])
    with api.lock:
        api.objects['pods'].clear()
        api.log['pods'].clear()
        api.compact()
        api.fault(Answer(HEAD + chunk(line('ERROR', status(410))) + END), ask='watch')
    ok(tool.wait_table(api, ['pods']), 'an end mark with nothing before it empties the table')
    tool.stop()
    api.stop()


def test_rights():
    api = serve()
    api.fault(Answer(refusal(403)), kind='networkpolicies', times=100000)
    api.fault(Answer(refusal(403)), kind='nodes', times=3)
    tool = connect(api)
    kinds = [k for k in PATHS if k != 'networkpolicies']
    ok(tool.wait_table(api, kinds) and follow(api, tool, kinds), 'a kind that is forbidden does not stop the others')
    s = tool.status()
    ok(s['synced'] and s['networkpolicies']['refused'] and s['networkpolicies']['forbidden'] > 0 and not s['nodes']['refused'], 'a 403 may be temporary, and is told of where it is not', s)
    log = tool.stop()
    ok(log and 'kubernetes networkpolicies: HTTP 403' in log and log.count('networkpolicies: HTTP 403') == 1, 'in one line, once', log)
    api.stop()
    api = serve()
    tool = connect(api, '--node', 'node-1', kinds='pods,services,nodes')
    want = {u: v for u, v in api.table()['pods'].items() if u in ('u-a', 'u-b', 'u-c')}
    ok(tool.wait(lambda t: t.table()['pods'] == want and same(t.table(), api.table(), ['services'])), 'with a node, only its pods are asked for', tool.table())
    equal({r.query.get('fieldSelector') for r in api.requests if r.kind == 'services'}, {None}, 'other kinds are asked for whole')
    equal({r.query.get('fieldSelector') for r in api.requests if r.kind == 'nodes'}, {'metadata.name=node-1'}, 'but nodes, of which there are many')
    tool.stop()
    api.stop()


# The recorded bytes of a real server.

def recorded(*names):
    with open(os.path.join(RECORDED, *names), 'rb') as f:
        return f.read()


def body_of(data):
    """As HTTP says, without the code under test."""
    head, rest = data.split(b'\r\n\r\n', 1)
    if b'chunked' not in head.lower():
        return rest
    out = b''
    while rest:
        size, rest = rest.split(b'\r\n', 1)
        n = int(size, 16)
        if n == 0:
            break
        out += rest[:n]
        rest = rest[n + 2:]
    return out


def entry(obj):
    m = obj['metadata']
    return m['uid'], '%s/%s %s' % (m.get('namespace', ''), m['name'], m['resourceVersion'])


def table_of(data, table):
    """What a table is after a recorded answer."""
    text = body_of(data)
    if text.startswith(b'{"kind":'):
        return dict(entry(o) for o in json.loads(text)['items'])
    for event in text.split(b'\n')[:-1]:
        event = json.loads(event)
        if event['type'] in ('ADDED', 'MODIFIED'):
            table.update([entry(event['object'])])
        elif event['type'] == 'DELETED':
            table.pop(event['object']['metadata']['uid'], None)
    return table


def pieces_of(data, seed):
    r, sizes = random.Random(seed), []
    while sum(sizes) < len(data):
        sizes.append(r.choice((1, 2, 7, 100, 1000, 5000, 20000)))
    return sizes if len(sizes) < 300 else [len(data) // 100] * 100


def replay(name, kind, answers, want):
    """Answers one request after another with the recorded bytes; later ones wait."""
    api = Api(FOLDER)
    todo = list(answers)

    def next_answer(request):
        if not todo:
            return Answer(HEAD, 'hang')
        ask, answer = todo[0]
        if ask != request.ask:
            return Answer(refusal(422)) if request.initial else Answer(HEAD, 'hang')
        todo.pop(0)
        return answer
    api.fault(next_answer, times=100000)
    tool = connect(api, kinds=kind)
    good = tool.wait(lambda t: not todo and t.table()[kind] == want)
    s = tool.status()
    ok(good and s['flaw'] == '', 'recorded: ' + name, (s[kind], len(todo), {k: v for k, v in tool.table()[kind].items() if want.get(k) != v}, len(want)))
    if tool.stop() is False:
        ok(False, 'recorded: %s: it ends in order' % name)
    api.stop()


def test_recorded_lists():
    for file, kind in (('pods-all', 'pods'), ('services', 'services'), ('nodes', 'nodes'), ('namespaces', 'namespaces'), ('networkpolicies', 'networkpolicies'), ('endpointslices', 'endpointslices'),
                       ('pods-empty', 'pods')):
        data = recorded('lists', file + '.http')
        replay('lists/' + file, kind, [('list', Answer(data, 'keep', pieces_of(data, file)))], table_of(data, {}))
    pages = [recorded('lists', 'pods-page-%d.http' % n) for n in (1, 2, 3)]
    want = {}
    for p in pages:
        want.update(table_of(p, {}))
    replay('three pages', 'pods', [('list', Answer(p)) for p in pages], want)
    cut = recorded('connection', 'list-cut-inside-body.http')
    replay('a list cut inside its body, then whole', 'pods', [('list', Answer(cut, 'kill'))] + [('list', Answer(p)) for p in pages], want)
    replay('410 on a page, then from the start', 'pods', [('list', Answer(pages[0])), ('list', Answer(recorded('errors', '410-continue-expired.http')))] + [('list', Answer(p)) for p in pages], want)


def test_recorded_watches():
    folder = os.path.join(RECORDED, 'watch')
    start = table_of(recorded('lists', 'pods-all.http'), {})
    for file in sorted(os.listdir(folder)):
        kind = file.split('-')[0].split('.')[0]
        kind = kind if kind in PATHS else 'pods'
        data = recorded('watch', file)
        if 'protobuf' in file or 'table' in file:
            continue  # never asked for
        if 'initial-events' in file and 'no-bookmarks' not in file:
            replay('watch/' + file, kind, [('initial', Answer(data, 'keep', pieces_of(data, file)))], table_of(data, {}))
            continue
        listed = recorded('lists', ('pods-all' if kind == 'pods' else kind) + '.http')
        replay('watch/' + file, kind, [('list', Answer(listed)), ('watch', Answer(data, 'keep', pieces_of(data, file)))], table_of(data, dict(table_of(listed, {}))))
    for file in ('watch-cut-inside-event.http', 'watch-server-stops-sigterm.http', 'watch-planned-shutdown.http'):
        data = recorded('connection', file)
        replay('connection/' + file, 'pods', [('list', Answer(recorded('lists', 'pods-all.http'))), ('watch', Answer(data, 'kill' if 'cut' in file else 'eof'))], table_of(data, dict(start)))


def test_recorded_refusals():
    initial = recorded('watch', 'pods-initial-events.http')
    want = table_of(initial, {})
    files = [('errors', f) for f in sorted(os.listdir(os.path.join(RECORDED, 'errors')))] + [('connection', f) for f in ('429-shutting-down.http', 'starting-up-403.http', 'shutting-down-readyz.http')]
    for folder, file in files:
        if file.startswith('200'):
            continue
        data = recorded(folder, file)
        api = Api(FOLDER)
        steps = [Answer(data, 'keep' if b'Content-Length' in data or b'chunked' in data else 'kill')]
        api.fault(lambda r, steps=steps: steps.pop() if steps else None, times=1)
        api.fault(lambda r: Answer(initial), ask='initial', times=100000)
        api.fault(lambda r: Answer(HEAD + END), ask='watch', times=100000)
        listed = json.dumps({'kind': 'PodList', 'metadata': {'resourceVersion': '2073'}, 'items': [json.loads(e)['object'] for e in body_of(initial).split(b'\n') if b'"ADDED"' in e[:20]]}).encode()
        api.fault(lambda r: Answer(refusal(200, listed)), ask='list', times=100000)
        tool = connect(api, kinds='pods')
        ok(tool.wait(lambda t: t.table()['pods'] == want) and not steps, 'recorded: %s/%s' % (folder, file), tool.status()['pods'])
        tool.stop()
        api.stop()


def main():
    if not os.path.exists(TOOL):
        skip_all('kube_tool is not built')
    if shutil.which('openssl') is None:
        skip_all('openssl, which makes the certificates, is not installed')
    kube_replay.certificates(FOLDER)
    write('token', TOKEN + '\n')
    tests = [test_sync, test_ipv6, test_identity, test_names, test_token, test_answers_initial, test_answers_list, test_answers_watch,
             test_cuts, test_splits, test_connections, test_relist, test_rights]
    only = sys.argv[1:]
    try:
        for test in tests:
            if not only or test.__name__ in only:
                test()
        for test in (test_recorded_lists, test_recorded_watches, test_recorded_refusals):
            if only and test.__name__ not in only:
                continue
            if os.path.isdir(RECORDED):
                test()
            else:
                skip(test.__name__.replace('_', ' '), 'the recorded answers are not beside this source tree')
    finally:
        shutil.rmtree(FOLDER, ignore_errors=True)
    done()


main()
