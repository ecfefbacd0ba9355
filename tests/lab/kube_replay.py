# SPDX-License-Identifier: Apache-2.0
"""A small Kubernetes API over TLS for tests: lists, watches, and every fault put into its way.

It keeps objects with versions as the API does, and answers with the bytes that the API's rules ask
for, or with recorded ones. A fault sees each request first and may answer in its place.
"""
import json
import os
import socket
import ssl
import struct
import subprocess
import threading
import time
from urllib.parse import parse_qs, urlsplit

PATHS = {
    'pods': '/api/v1/pods', 'services': '/api/v1/services', 'nodes': '/api/v1/nodes', 'namespaces': '/api/v1/namespaces',
    'endpointslices': '/apis/discovery.k8s.io/v1/endpointslices', 'networkpolicies': '/apis/networking.k8s.io/v1/networkpolicies',
}
KINDS = {'pods': 'Pod', 'services': 'Service', 'nodes': 'Node', 'namespaces': 'Namespace', 'endpointslices': 'EndpointSlice', 'networkpolicies': 'NetworkPolicy'}
HEAD = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n'
END = b'0\r\n\r\n'


def run(*arguments):
    subprocess.run(arguments, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def certificates(folder):
    """ca.crt, server.crt (addresses and api.test), name.crt (a name only), client.crt, other-ca.crt, and their keys."""
    def path(name):
        return os.path.join(folder, name)

    def authority(name):
        run('openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=' + name, '-keyout', path(name + '.key'), '-out', path(name + '.crt'))

    def sign(name, alternatives):
        run('openssl', 'req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=' + name, '-keyout', path(name + '.key'), '-out', path(name + '.csr'))
        with open(path(name + '.ext'), 'w') as f:
            f.write('subjectAltName=' + alternatives + '\n')
        run('openssl', 'x509', '-req', '-in', path(name + '.csr'), '-CA', path('ca.crt'), '-CAkey', path('ca.key'), '-CAcreateserial', '-days', '2', '-extfile', path(name + '.ext'), '-out', path(name + '.crt'))
    authority('ca')
    authority('other-ca')
    sign('server', 'IP:127.0.0.1,IP:::1,DNS:api.test')
    sign('name', 'DNS:127.0.0.1,DNS:kubernetes.default.svc')
    sign('client', 'DNS:sensor')


def chunk(data):
    return b'%x\r\n%s\r\n' % (len(data), data)


def line(what, obj):
    return json.dumps({'type': what, 'object': obj}, separators=(',', ':')).encode() + b'\n'


def status(code, reason='', **more):
    return dict({'kind': 'Status', 'apiVersion': 'v1', 'metadata': {}, 'status': 'Failure', 'message': 'refused for the test', 'reason': reason, 'code': code}, **more)


def refusal(code, body=None, kind='application/json', headers=''):
    body = json.dumps(status(code)).encode() if body is None else body
    return ('HTTP/1.1 %d X\r\nContent-Type: %s\r\n%sContent-Length: %d\r\n\r\n' % (code, kind, headers, len(body))).encode() + body


class Answer:
    """Bytes instead of an answer; then: keep, close (orderly), kill (reset, in the middle), or hang."""

    def __init__(self, data=b'', then='keep', pieces=None):
        self.data, self.then, self.pieces = data, then, pieces


class Request:
    def __init__(self, text, number, connection):
        lines = text.decode('latin-1').split('\r\n')
        self.method, self.target = lines[0].split(' ')[:2]
        self.headers = {k.lower(): v for k, v in (h.split(': ', 1) for h in lines[1:] if h)}
        parts = urlsplit(self.target)
        self.path, self.query = parts.path, {k: v[0] for k, v in parse_qs(parts.query).items()}
        self.kind = next((k for k, p in PATHS.items() if p == self.path), None)
        self.watch, self.initial = self.query.get('watch') == '1', self.query.get('sendInitialEvents') == 'true'
        self.ask = 'initial' if self.initial else 'watch' if self.watch else 'list'
        self.number, self.connection = number, connection


class Api:
    def __init__(self, folder, host='127.0.0.1', certificate='server', plain=False):
        self.lock = threading.RLock()
        self.objects = {k: {} for k in PATHS}
        self.log = {k: [] for k in PATHS}
        self.version, self.oldest = 100, 0
        self.page, self.token = 500, None
        self.watch_list, self.bookmarks = True, True
        self.requests, self.faults, self.sni, self.peers, self.sent = [], [], [], [], 0
        self.connections, self.stopped, self.ended_watches = 0, False, 0
        self.plain = plain
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(os.path.join(folder, certificate + '.crt'), os.path.join(folder, certificate + '.key'))
        self.context.load_verify_locations(os.path.join(folder, 'ca.crt'))
        self.context.verify_mode = ssl.CERT_OPTIONAL
        self.context.sni_callback = lambda sock, name, context: self.sni.append(name)
        self.listener = socket.socket(socket.AF_INET6 if ':' in host else socket.AF_INET)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind((host, 0))
        self.listener.listen(64)
        self.port = self.listener.getsockname()[1]
        self.authority = ('[%s]:%d' if ':' in host else '%s:%d') % (host, self.port)
        self.url = ('http://' if plain == 'http' else 'https://') + self.authority
        self.acceptor = threading.Thread(target=self._accept, daemon=True)
        self.acceptor.start()

    # The cluster.

    def put(self, kind, name, space='n', uid=None, event=None, **more):
        with self.lock:
            self.version += 1
            uid = uid or 'u-' + name
            new = uid not in self.objects[kind]
            obj = dict({'kind': KINDS[kind], 'apiVersion': 'v1', 'metadata': {'name': name, 'namespace': space, 'uid': uid, 'resourceVersion': str(self.version)}}, **more)
            self.objects[kind][uid] = obj
            self.log[kind].append((self.version, event or ('ADDED' if new else 'MODIFIED'), obj))

    def delete(self, kind, uid):
        with self.lock:
            self.version += 1
            obj = json.loads(json.dumps(self.objects[kind].pop(uid)))
            obj['metadata']['resourceVersion'] = str(self.version)
            self.log[kind].append((self.version, 'DELETED', obj))

    def compact(self):
        """Forgets all history."""
        with self.lock:
            self.version += 1
            self.oldest = self.version

    def table(self):
        with self.lock:
            return {k: {u: '%s/%s %s' % (o['metadata'].get('namespace', ''), o['metadata']['name'], o['metadata']['resourceVersion']) for u, o in objects.items()} for k, objects in self.objects.items()}

    def fault(self, answer, ask=None, kind=None, times=1):
        """answer: an Answer, or a function of the request that returns one, or None to let it pass."""
        self.faults.append([answer, ask, kind, times])

    def stop(self):
        """From here on nobody listens: who waits in accept() would still take one."""
        self.stopped = True
        self.listener.shutdown(socket.SHUT_RDWR)
        self.acceptor.join()
        self.listener.close()

    # Connections.

    def _accept(self):
        while not self.stopped:
            try:
                raw = self.listener.accept()[0]
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(raw, self.connections), daemon=True).start()

    def _serve(self, raw, connection):
        try:
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.plain == 'refuse':  # what answers on this port speaks no TLS
                raw.recv(4096)
                raw.sendall(b'HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\nplain HTTP\n')
                raw.close()
                return
            sock = raw if self.plain else self.context.wrap_socket(raw, server_side=True, suppress_ragged_eofs=True)
            if not self.plain and sock.getpeercert():
                self.peers.append(sock.getpeercert()['subject'])
            self._requests(sock, raw, connection)
        except (OSError, ssl.SSLError, ValueError):
            pass
        finally:
            raw.close()

    def _requests(self, sock, raw, connection):
        buffered = b''
        while not self.stopped:
            while b'\r\n\r\n' not in buffered:
                got = sock.recv(65536)
                if not got:
                    return
                buffered += got
            text, buffered = buffered.split(b'\r\n\r\n', 1)
            request = Request(text, len(self.requests), connection)
            with self.lock:
                self.requests.append(request)
            answer = self._fault_of(request) or self._answer(request, sock)
            if answer is not None and not self._give(answer, sock, raw):
                return

    def _fault_of(self, request):
        for fault in list(self.faults):
            if fault[3] > 0 and fault[1] in (None, request.ask) and fault[2] in (None, request.kind):
                answer = fault[0](request) if callable(fault[0]) else fault[0]
                if answer is not None:
                    fault[3] -= 1
                    return answer
        return None

    def _give(self, answer, sock, raw):
        """False where the connection is over."""
        at = 0
        for size in answer.pieces or ():
            sock.sendall(answer.data[at:at + size])
            at += size
            time.sleep(0.001)
        self._send(sock, answer.data[at:])
        if answer.then == 'hang':
            while not self.stopped:
                time.sleep(0.05)
            return False
        if answer.then == 'kill':
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
            sock.close()
            return False
        if answer.then == 'close':
            try:
                sock.unwrap()
            except (OSError, ValueError, AttributeError):
                pass
            sock.close()
            return False
        if answer.then == 'eof':  # as a process that ends: no close_notify
            sock.close()
            return False
        return True

    def _send(self, sock, data):
        self.sent += len(data)
        if data:
            sock.sendall(data)

    # Answers.

    def _answer(self, request, sock):
        if self.token is not None and request.headers.get('authorization') != 'Bearer ' + self.token:
            return Answer(refusal(401))
        if request.kind is None:
            return Answer(refusal(404))
        if request.ask == 'list':
            return Answer(self._list(request))
        if request.initial and not self.watch_list:
            return Answer(refusal(422))
        return self._watch(request, sock)

    def _of(self, request):
        node = request.query.get('fieldSelector', '')
        node = node[len('spec.nodeName='):] if node.startswith('spec.nodeName=') else None
        return [o for o in self.objects[request.kind].values() if node is None or o.get('spec', {}).get('nodeName') == node]

    def _list(self, request):
        with self.lock:
            start, version = 0, self.version
            if 'continue' in request.query:
                start, version = map(int, request.query['continue'].split('@'))
                if version < self.oldest:
                    return refusal(410)
            elif int(request.query.get('resourceVersion', '0')) > self.version:
                return refusal(504, json.dumps(status(504, 'Timeout', details={'causes': [{'reason': 'ResourceVersionTooLarge'}]})).encode(), headers='Retry-After: 1\r\n')
            objects = self._of(request)
            size = min(self.page, int(request.query.get('limit', '100000')))
            metadata = {'resourceVersion': str(version)}
            if start + size < len(objects):
                metadata['continue'] = '%d@%d' % (start + size, version)
            items = [{k: v for k, v in o.items() if k not in ('kind', 'apiVersion')} for o in objects[start:start + size]]
            body = json.dumps({'kind': KINDS[request.kind] + 'List', 'apiVersion': 'v1', 'metadata': metadata, 'items': items}, separators=(',', ':')).encode()
        if len(body) < 2048:
            return b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s' % (len(body), body)
        return HEAD + chunk(body[:2048]) + chunk(body[2048:]) + END if len(body) > 2048 else HEAD + chunk(body) + END

    def _bookmark(self, request, annotations=None):
        metadata = {'resourceVersion': str(self.version)}
        if annotations:
            metadata['annotations'] = annotations
        return line('BOOKMARK', {'kind': KINDS[request.kind], 'apiVersion': 'v1', 'metadata': metadata, 'spec': {'containers': None}})

    def _watch(self, request, sock):
        with self.lock:
            data, at = HEAD, self.version
            if request.initial:
                data += b''.join(chunk(line('ADDED', o)) for o in self._of(request)) + chunk(self._bookmark(request, {'k8s.io/initial-events-end': 'true'}))
            else:
                at = int(request.query['resourceVersion'])
                if at < self.oldest:
                    return Answer(HEAD + chunk(line('ERROR', status(410, 'Expired'))) + END)
        self._send(sock, data)
        until, beat = time.monotonic() + float(request.query.get('timeoutSeconds', '60')), time.monotonic() + 0.5
        while not self.stopped and time.monotonic() < until:
            with self.lock:
                new = [e for e in self.log[request.kind] if e[0] > at]
                at = max([at] + [e[0] for e in new])
            self._send(sock, b''.join(chunk(line(e[1], e[2])) for e in new))
            if self.bookmarks and time.monotonic() > beat:
                with self.lock:
                    data, at = self._bookmark(request), max(at, self.version) if not [e for e in self.log[request.kind] if e[0] > at] else at
                self._send(sock, chunk(data) if at == self.version else b'')
                beat = time.monotonic() + 0.5
            time.sleep(0.005)
        self.ended_watches += 1
        return Answer(END)
