#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The sensor's HTTP server against curl, and against clients that mean no good."""
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import tempfile
import time
import warnings

from network import wait_for
from pages import Pages
from tap import done, equal, ok, skip, skip_all

if not shutil.which('curl'):
    skip_all('needs curl')


def curl(url, *arguments):
    """Status, headers and body of a request; status 0 where there was no answer."""
    r = subprocess.run(['curl', '-s', '-i', '--max-time', '60', *arguments, url], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    head, _, body = r.stdout.partition(b'\r\n\r\n')
    lines = head.decode('latin-1').split('\r\n')
    status = int(lines[0].split()[1]) if lines[0].startswith('HTTP/') else 0
    return status, {l.split(':', 1)[0].lower(): l.split(':', 1)[1].strip() for l in lines[1:] if ':' in l}, body


def seconds(url, *arguments):
    """How long curl took for an answer, without its own start; what is more than anything where there was none."""
    r = subprocess.run(['curl', '-s', '-o', '/dev/null', '-w', '%{http_code} %{time_total}', '--max-time', '60', *arguments, url], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    status, taken = r.stdout.decode().split()
    return float(taken) if status == '200' else float('inf')


def raw(pages, data, wait=30.0, shut=False):
    """All that the server says to these bytes until it closes."""
    with socket.create_connection((pages.host, pages.port), timeout=wait) as s:
        try:
            s.sendall(data)
            if shut:
                s.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        return read(s)


def read(s):
    got = b''
    try:
        while True:
            part = s.recv(65536)
            if not part:
                break
            got += part
    except OSError:
        pass
    return got


GET = b'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n'
REFUSED = 'what was in force stays'
LAST = b'GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'


def status_of(answer):
    match = re.match(rb'HTTP/1\.1 (\d+) ', answer)
    return int(match.group(1)) if match else 0


def check_pages():
    with Pages('pairs=20') as p:
        for path, kind in (('/metrics', 'text/plain; version=0.0.4; charset=utf-8'), ('/healthz', 'text/plain; charset=utf-8'), ('/readyz', 'text/plain; charset=utf-8'),
                           ('/', 'text/plain; charset=utf-8'), ('/api/v1/pairs', 'application/json'), ('/api/v1/findings', 'application/json'),
                           ('/api/v1/flows', 'application/json'), ('/api/v1/status', 'application/json')):
            status, headers, body = curl(p.url + path)
            ok(status == 200 and headers['content-type'] == kind and body, '%s is served' % path, (status, headers))
            if kind == 'application/json':
                equal(json.loads(body)['schema'], 'podwire.api/1', '%s is JSON with its schema' % path)
        ok(headers['x-content-type-options'] == 'nosniff' and headers['cache-control'] == 'no-store' and 'content-security-policy' in headers, 'answers say how they may be used', headers)
        pairs = json.loads(curl(p.url + '/api/v1/pairs?limit=3')[2])
        equal((len(pairs['pairs']), pairs['total']), (3, 20), 'a list is cut to its limit, and says its total')
        one = json.loads(curl(p.url + '/api/v1/pairs/' + pairs['pairs'][0]['id'])[2])
        ok(one['pair']['id'] == pairs['pairs'][0]['id'] and len(one['explanation']) == 7, 'a pair is explained', one)
        c = sum(t['weight'] * t['value'] for t in one['explanation'] if t['value'] is not None and t['flows']) / sum(t['weight'] for t in one['explanation'] if t['value'] is not None and t['flows'])
        ok(abs(c - one['pair']['c']) < 1e-5, 'whose terms make its C', (c, one['pair']['c']))
        for path, want in (('/api/v1/pairs/0123456789abcdef', 404), ('/api/v1/pairs/x', 404), ('/api/v1/pairs/', 404), ('/nothing', 404), ('/metrics/', 404),
                           ('/api/v1/pairs?limit=x', 400), ('/api/v1/findings?severity=bad', 400), ('/api/v1/flows?limit=1001', 400), ('/api/v1/pairs?a=b', 400)):
            status, headers, body = curl(p.url + path)
            ok(status == want and json.loads(body)['error']['status'] == want and body.count(b'\n') == 1, '%s is refused with %d and one line' % (path, want), (status, body))
        status, headers, body = curl(p.url + '/metrics', '-X', 'POST')
        ok(status == 405 and headers['allow'] == 'GET, HEAD', 'POST is not allowed', (status, headers))
        equal(curl(p.url + '/metrics', '-d', 'body')[0], 405, 'nor with a body')
        equal(curl(p.url + '/metrics', '-X', 'GET', '-d', 'body')[0], 413, 'GET with a body is refused')
        status, headers, body = curl(p.url + '/metrics', '-I')
        ok(status == 200 and not body and int(headers['content-length']) > 10000, 'HEAD tells the length and sends nothing', headers)
        plain = subprocess.run(['curl', '-s', p.url + '/api/v1/pairs'], stdout=subprocess.PIPE).stdout
        packed = subprocess.run(['curl', '-s', '--compressed', p.url + '/api/v1/pairs'], stdout=subprocess.PIPE).stdout
        status, headers, body = curl(p.url + '/api/v1/pairs', '-H', 'Accept-Encoding: gzip')
        ok(headers.get('content-encoding') == 'gzip' and len(body) < len(plain) / 4 and json.loads(packed)['pairs'] == json.loads(plain)['pairs'], 'gzip where it is asked for', headers)
        ok('content-encoding' not in curl(p.url + '/metrics', '-H', 'Accept-Encoding: gzip;q=0, br')[1], 'and not where it is refused')
    equal(p.code, 0, 'the server ends well')


def check_raw():
    with Pages('pairs=3') as p:
        many = raw(p, GET * 20 + LAST)
        equal(many.count(b'HTTP/1.1 200 OK'), 21, 'pipelined requests are answered one after the other')
        answer = raw(p, GET + b'\x00\x01\xffrubbish\r\n\r\n')
        equal((answer.count(b'HTTP/1.1 200'), answer.count(b'HTTP/1.1 400')), (1, 1), 'pipelined rubbish is refused after the answer to what came before')
        for name, data, want in (('rubbish', b'\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n', 400), ('no Host', b'GET / HTTP/1.1\r\n\r\n', 400),
                                 ('HTTP/2', b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 505), ('two lengths', b'GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n', 400),
                                 ('a huge header', b'GET / HTTP/1.1\r\nHost: x\r\nA: ' + b'a' * 100000, 431), ('a head of 1 MiB', b'GET / HTTP/1.1\r\n' + b'A: b\r\n' * 180000, 431),
                                 ('a huge target', b'GET /' + b'a' * 20000 + b' HTTP/1.1\r\nHost: x\r\n\r\n', 431), ('many headers', b'GET / HTTP/1.1\r\nHost: x\r\n' + b'A: b\r\n' * 100 + b'\r\n', 431)):
            answer = raw(p, data)
            ok(status_of(answer) == want and b'Connection: close' in answer, '%s is refused with %d' % (name, want), answer[:200])
        answer = raw(p, LAST, shut=True)
        equal(status_of(answer), 200, 'who has sent all and closed that half still hears the answer')
        answer = raw(p, GET * 3, shut=True)
        equal(answer.count(b'HTTP/1.1 200'), 3, 'and to all that was sent')
        equal(raw(p, b'GET / HT', shut=True), b'', 'half a request and no more is closed')
        started = time.monotonic()
        with socket.create_connection((p.host, p.port)) as s:
            for byte in GET:
                s.sendall(bytes([byte]))
            s.settimeout(30)
            equal(status_of(s.recv(4096)), 200, 'a request may come byte by byte')
            s.sendall(GET[:30])
            time.sleep(0.1)
            s.sendall(GET[30:])
            equal(status_of(s.recv(4096)), 200, 'and another on the same connection')
        ok(time.monotonic() - started < 3, 'without delay')
        equal(curl(p.url + '/healthz')[0], 200, 'and after all of that it serves')
    equal(p.code, 0, 'the server ends well')


def timed_out(url, *arguments):
    """Connections that the server has cut because they took too long."""
    return json.loads(curl(url + '/api/v1/status', *arguments)[2])['http']['timed_out']


def check_times():
    with Pages('request=1000', 'idle=1500', 'stall=1500', 'pairs=20000') as p:
        # A time begins before what the server counts it from.
        started = time.monotonic()
        with socket.create_connection((p.host, p.port), timeout=30) as s:
            s.sendall(b'GET / HTTP/1.1\r\n')
            try:
                while time.monotonic() - started < 8:
                    s.sendall(b'A: b\r\n')
                    time.sleep(0.05)
            except OSError:
                pass
            ok(0.9 < time.monotonic() - started < 3, 'slowloris is cut though it never falls silent', time.monotonic() - started)
        started = time.monotonic()
        with socket.create_connection((p.host, p.port), timeout=30) as s:
            equal(s.recv(10), b'', 'who says nothing is closed')
        ok(0.9 < time.monotonic() - started < 3, 'after the time for a request', time.monotonic() - started)
        with socket.create_connection((p.host, p.port), timeout=30) as s:
            started = time.monotonic()
            s.sendall(GET)
            s.recv(4096)
            equal(s.recv(10), b'', 'an idle connection is closed')
            ok(1.2 < time.monotonic() - started < 4, 'after the idle time', time.monotonic() - started)
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            s.connect((p.host, p.port))
            before = timed_out(p.url)
            s.sendall(b'GET /api/v1/pairs?limit=10000 HTTP/1.1\r\nHost: x\r\n\r\n')
            wait_for(lambda: timed_out(p.url) > before)
            s.settimeout(30)
            whole = len(read(s))
        ok(0 < whole < 20 << 20, 'a client that does not read is cut', whole)
        ok(wait_for(lambda: timed_out(p.url) >= 3), 'and all of them were counted', timed_out(p.url))
    equal(p.code, 0, 'the server ends well')


def check_crowd():
    with Pages('pairs=20') as p:
        crowd = []
        slowest = 0.0
        for i in range(1000):
            try:
                crowd.append(socket.create_connection((p.host, p.port), timeout=30))
            except OSError:
                continue
            if i % 100 == 50:
                slowest = max(slowest, seconds(p.url + '/metrics'))
        for _ in range(10):
            slowest = max(slowest, seconds(p.url + '/metrics'))
        ok(slowest < 1, 'with 1000 idle connections curl is answered within a second (%.0f ms)' % (slowest * 1000), slowest)
        files = len(os.listdir('/proc/%d/fd' % p.process.pid))
        ok(files < 300, 'and the server holds no more than it may', files)
        for s in crowd:
            s.close()
        # Those who keep asking while others come are not the ones who go.
        with socket.create_connection((p.host, p.port), timeout=30) as s:
            good = 0
            crowd = []
            for i in range(600):
                crowd.append(socket.create_connection((p.host, p.port), timeout=30))
                if i % 50 == 0:
                    s.sendall(GET)
                    good += status_of(s.recv(4096)) == 200
            equal(good, 12, 'a connection in use outlives idle ones')
            for c in crowd:
                c.close()
        # Clients that leave before their answer.
        for _ in range(300):
            with socket.create_connection((p.host, p.port), timeout=30) as s:
                s.sendall(b'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n')
                s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b'\x01\x00\x00\x00\x00\x00\x00\x00')
        # The server may learn that they are gone a moment after the next one asks.
        answers = []
        wait_for(lambda: answers.append(curl(p.url + '/metrics')[0]) or answers[-1] != 503, step=0.5)
        equal(answers[-1], 200, 'clients that leave before their answer do no lasting harm')
        time.sleep(0.5)
    equal(p.code, 0, 'the server ends well')


def check_greedy():
    """Many who ask for large pages and read none of them take a bounded part of the sensor's memory."""
    with Pages('pairs=10000') as p:
        def resident():
            with open('/proc/%d/statm' % p.process.pid) as f:
                return int(f.read().split()[1]) * os.sysconf('SC_PAGESIZE') >> 20

        wait_for(lambda: curl(p.url + '/api/v1/pairs?limit=1')[2].count(b'"id"') > 0, step=0.2)
        before, most, crowd = resident(), 0, []
        for _ in range(60):
            s = socket.socket()
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            s.connect((p.host, p.port))
            s.sendall(b'GET /api/v1/pairs?limit=10000 HTTP/1.1\r\nHost: x\r\n\r\n')
            crowd.append(s)
        begun, refused = time.monotonic(), 0
        # Ten seconds show what is kept; where there are sanitizers and others at work it takes longer until many were answered.
        while time.monotonic() - begun < 10 or (refused <= 20 and time.monotonic() - begun < 180):
            most = max(most, resident())
            time.sleep(0.05)
            refused = 0
            for s in crowd:
                try:
                    refused += status_of(s.recv(100, socket.MSG_PEEK | socket.MSG_DONTWAIT)) == 503
                except OSError:
                    pass
        for s in crowd:
            s.close()
        ok(refused > 20, 'of many who ask for large pages and do not read them most are told to come again', refused)
        sanitized = 'asan' in subprocess.run(['ldd', Pages.PROGRAM], stdout=subprocess.PIPE, check=False).stdout.decode()
        if sanitized:
            skip('and the rest take a bounded part of memory', 'a sanitizer keeps what was freed')
        else:
            ok(most - before < 160, 'and the rest take a bounded part of memory', (before, most))


# TLS and the token.

def openssl(folder, *arguments):
    subprocess.run(['openssl', *arguments], cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def make_authority(folder, name):
    openssl(folder, 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=' + name,
            '-addext', 'basicConstraints=critical,CA:true', '-addext', 'keyUsage=critical,keyCertSign', '-keyout', name + '.key', '-out', name + '.pem')


def make_certificate(folder, authority, name):
    with open(os.path.join(folder, name + '.ext'), 'w') as f:
        f.write('subjectAltName=IP:127.0.0.1\nauthorityKeyIdentifier=keyid\nsubjectKeyIdentifier=hash\n')
    openssl(folder, 'req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=' + name, '-keyout', name + '.key', '-out', name + '.csr')
    openssl(folder, 'x509', '-req', '-in', name + '.csr', '-CA', authority + '.pem', '-CAkey', authority + '.key', '-CAcreateserial', '-days', '2',
            '-extfile', name + '.ext', '-out', name + '.pem')


def check_tls(folder):
    def path(name):
        return os.path.join(folder, name)
    make_authority(folder, 'authority')
    make_authority(folder, 'stranger')
    for authority, name in (('authority', 'one'), ('authority', 'two'), ('authority', 'client'), ('stranger', 'other')):
        make_certificate(folder, authority, name)
    # As a mounted Secret is: a link to a folder that is swapped whole.
    for n in ('one', 'two'):
        os.mkdir(path('data-' + n))
        shutil.copy(path(n + '.pem'), path('data-%s/tls.crt' % n))
        shutil.copy(path(n + '.key'), path('data-%s/tls.key' % n))
    os.symlink('data-one', path('data'))
    trust = ['--cacert', path('authority.pem')]
    with Pages('cert=' + path('data/tls.crt'), 'key=' + path('data/tls.key'), 'pairs=3') as p:
        equal(curl(p.secure + '/metrics', *trust)[0], 200, 'TLS serves')
        equal(curl(p.url + '/metrics')[0], 0, 'and nothing else does')
        equal(curl(p.secure + '/metrics', '--tls-max', '1.2', *trust)[0], 200, 'TLS 1.2 too')
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_ciphers('ALL:@SECLEVEL=0')
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.maximum_version = ssl.TLSVersion.TLSv1_1
        refused = False
        try:
            context.wrap_socket(socket.create_connection((p.host, p.port), timeout=30)).close()
        except (ssl.SSLError, OSError):
            refused = True
        ok(refused, 'TLS 1.1 does not')
        refused = ''
        context = ssl.create_default_context(cafile=path('authority.pem'))
        context.set_alpn_protocols(['h2'])
        try:
            context.wrap_socket(socket.create_connection((p.host, p.port), timeout=30), server_hostname='127.0.0.1').close()
        except (ssl.SSLError, OSError) as e:
            refused = str(e)
        ok('application protocol' in refused.lower().replace('_', ' '), 'who wants HTTP/2 alone is told', refused)
        crowd = [socket.create_connection((p.host, p.port)) for _ in range(300)]
        ok(seconds(p.secure + '/metrics', *trust) < 1, 'connections that begin no handshake do not disturb')
        for s in crowd:
            s.close()
        os.symlink('data-two', path('data-new'))
        os.rename(path('data-new'), path('data'))
        subject, deadline = '', time.monotonic() + 60
        while 'two' not in subject and time.monotonic() < deadline:
            time.sleep(0.5)
            r = subprocess.run(['openssl', 's_client', '-connect', '%s:%d' % (p.host, p.port)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            subject = (re.findall(r'subject=.*', r.stdout.decode('utf-8', 'replace')) or [''])[0]
        ok('two' in subject, 'a certificate swapped by its link is served within seconds', subject)
        shutil.copy(path('one.key'), path('data-two/tls.key'))
        wait_for(lambda: REFUSED in p.said())
        equal(curl(p.secure + '/metrics', *trust)[0], 200, 'a key that does not fit leaves what was in force')
    ok(REFUSED in p.errors, 'and is logged', p.errors[-300:])
    with Pages('cert=' + path('one.pem'), 'key=' + path('one.key'), 'pairs=5000', 'stall=1500') as p:
        status, headers, body = curl(p.secure + '/api/v1/pairs?limit=10000', *trust)
        ok(status == 200 and len(body) == int(headers['content-length']) > 5 << 20 and len(json.loads(body)['pairs']) == 5000, 'a large answer comes whole over TLS', (status, len(body)))
        context = ssl.create_default_context(cafile=path('authority.pem'))
        plain = socket.socket()
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        plain.connect((p.host, p.port))
        with context.wrap_socket(plain, server_hostname='127.0.0.1') as s:
            s.sendall(b'GET /api/v1/pairs?limit=10000 HTTP/1.1\r\nHost: x\r\n\r\n')
            wait_for(lambda: timed_out(p.secure, *trust) > 0)
            equal(timed_out(p.secure, *trust), 1, 'who does not read over TLS is cut')
    equal(p.code, 0, 'the server ends well')
    with Pages('cert=' + path('one.pem'), 'key=' + path('one.key'), 'ca=' + path('authority.pem'), 'pairs=3') as p:
        mine = ['--cert', path('client.pem'), '--key', path('client.key')]
        other = ['--cert', path('other.pem'), '--key', path('other.key')]
        equal(curl(p.secure + '/metrics', *trust, *mine)[0], 200, 'a client with its certificate is served')
        equal(curl(p.secure + '/metrics', *trust)[0], 0, 'without one it is not')
        equal(curl(p.secure + '/metrics', *trust, '--tls-max', '1.2')[0], 0, 'over TLS 1.2 neither')
        equal(curl(p.secure + '/metrics', *trust, *other)[0], 0, 'nor with that of a stranger')
    for arguments, part in ((['cert=' + path('one.pem')], 'go together'), (['cert=' + path('one.pem'), 'key=' + path('two.key')], 'two.key'), (['cert=/nowhere', 'key=/nowhere'], '/nowhere'),
                            (['ca=' + path('authority.pem')], 'client certificates need'), (['cert=' + path('one.pem'), 'key=' + path('one.key'), 'ca=' + path('one.key')], 'one.key'),
                            (['listen=127.0.0.1'], '127.0.0.1'), (['listen=:70000'], ':70000'), (['listen=[::1:1'], '[::1:1'), (['listen=203.0.113.1:1'], '203.0.113.1:1'), (['token=/nowhere'], '/nowhere')):
        r = subprocess.run([Pages.PROGRAM, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
        ok(r.returncode == 1 and part in r.stderr.decode() and r.stderr.count(b'\n') == 1, '%s is refused with one line' % ' '.join(a.split('=')[0] for a in arguments), r.stderr)


def check_token(folder):
    token = os.path.join(folder, 'token')
    with open(token, 'w') as f:
        f.write('first-token\nsecond line\n')
    with Pages('token=' + token, 'pairs=3') as p:
        def asked(path, value=None, scheme='Bearer'):
            return curl(p.url + path, *(['-H', 'Authorization: %s %s' % (scheme, value)] if value is not None else []))
        status, headers, _ = asked('/metrics')
        ok(status == 401 and headers['www-authenticate'].startswith('Bearer'), 'no token, no metrics', headers)
        equal(asked('/metrics', 'first-token')[0], 200, 'the token opens')
        equal(asked('/metrics', 'first-token', 'bearer')[0], 200, 'its scheme is written in any case')
        for wrong in ('', 'first-toke', 'first-token2', 'second line', 'x' * 8000):
            equal(asked('/metrics', wrong)[0], 401, 'a wrong token of %d bytes does not' % len(wrong))
        equal(asked('/metrics', 'first-token', 'Basic')[0], 401, 'nor another scheme')
        equal((asked('/healthz')[0], asked('/readyz')[0], asked('/nothing')[0], asked('/api/v1/flows')[0]), (200, 200, 401, 401), 'only health and readiness are open')
        with open(token + '.new', 'w') as f:
            f.write('new-token')
        os.rename(token + '.new', token)
        wait_for(lambda: asked('/metrics', 'new-token')[0] == 200, step=0.5)
        equal((asked('/metrics', 'new-token')[0], asked('/metrics', 'first-token')[0]), (200, 401), 'a changed token file is read again')
        open(token, 'w').close()
        wait_for(lambda: REFUSED in p.said())
        equal((asked('/metrics', 'new-token')[0], asked('/metrics', '')[0]), (200, 401), 'an empty one leaves the old token in force')
    ok('token' not in re.sub(r'[\w/.-]*/token|a token of', '', p.errors), 'no token is in the log', p.errors)


def check_ipv6():
    try:
        socket.socket(socket.AF_INET6).bind(('::1', 0))
    except OSError:
        skip('an IPv6 address', 'there is no IPv6 here')
        return
    with Pages('listen=[::1]:0') as p:
        equal(curl(p.url + '/healthz', '-g')[0], 200, 'an IPv6 address is served')
    with Pages('listen=:0') as p:
        equal((curl('http://127.0.0.1:%d/healthz' % p.port)[0], curl('http://[::1]:%d/healthz' % p.port, '-g')[0]), (200, 200), 'and every address')


check_pages()
check_raw()
check_times()
check_crowd()
check_greedy()
with tempfile.TemporaryDirectory() as f:
    check_token(f)
if shutil.which('openssl'):
    with tempfile.TemporaryDirectory() as f:
        check_tls(f)
else:
    skip('TLS', 'needs openssl')
check_ipv6()
done()
