#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The sensor's metrics as Prometheus' own tools see them: promtool, a real Prometheus that scrapes, the shipped rules."""
import json
import os
import random
import re
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.parse
import urllib.request

from network import wait_for
from pages import Pages
from tap import SOURCE, done, equal, ok, skip, skip_all

OPENMETRICS = 'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1'

if not os.path.exists(Pages.PROGRAM):
    skip_all('pages_server is not built')


def get(url, accept=None):
    with urllib.request.urlopen(urllib.request.Request(url, headers={'Accept': accept} if accept else {}), timeout=30) as r:
        return r.read().decode(), r.headers['Content-Type']


def promtool(*arguments, text=None):
    r = subprocess.run(['promtool', *arguments], input=text, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return r.returncode == 0, r.stdout


LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"'
SAMPLE = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)(?:\{(%s(?:,%s)*)\})? ([0-9.eE+-]+|NaN|\+Inf)$' % (LABEL, LABEL))


def check_form(text, openmetrics, name):
    """What both formats demand of the whole: families in one piece, samples of the right name, no series twice."""
    families, seen, current, wrong = {}, set(), None, []
    lines = text.split('\n')
    if openmetrics and lines[-2:] != ['# EOF', '']:
        wrong.append('no EOF at the end')
    for line in lines[:-2] if openmetrics else lines[:-1]:
        if line.startswith('# '):
            what, family = line.split(' ')[1:3]
            if what == 'HELP' and family in families:
                wrong.append('twice: ' + family)
            current = family
            families.setdefault(family, {})[what] = line.split(' ', 3)[3]
            continue
        m = SAMPLE.match(line)
        if not m:
            wrong.append('no sample: ' + line)
            continue
        kind = families[current].get('TYPE')
        suffix = {'counter': '_total', 'info': '_info'}.get(kind, '') if openmetrics else ''
        if m.group(1) != current + suffix:
            wrong.append('%s in family %s' % (m.group(1), current))
        if kind == 'counter' and not m.group(1).endswith('_total'):
            wrong.append('a counter without _total: ' + m.group(1))
        if line.rsplit(' ', 1)[0] in seen:
            wrong.append('twice: ' + line)
        seen.add(line.rsplit(' ', 1)[0])
        if families[current].get('UNIT') and not current.endswith('_' + families[current]['UNIT']):
            wrong.append('the unit is not in the name: ' + current)
    ok(not wrong, '%s: %d families, %d samples, all in their form' % (name, len(families), len(seen)), '\n'.join(wrong[:10]))
    return families


def check_formats():
    for arguments, name in ((['pairs=0'], 'an empty sensor'), (['pairs=50'], 'a full one'), (['pairs=50', 'hostile=1'], 'hostile names')):
        with Pages(*arguments) as p:
            text, kind = get(p.url + '/metrics')
            equal(kind, 'text/plain; version=0.0.4; charset=utf-8', 'text for who does not ask')
            families = check_form(text, False, name + ', text')  # by the names that PromQL uses
            if shutil.which('promtool'):
                good, said = promtool('check', 'metrics', text=text)
                ok(good and not said.strip(), 'promtool check metrics has nothing to say of %s' % name, said)
            else:
                skip('promtool check metrics', 'needs promtool')
            text, kind = get(p.url + '/metrics', OPENMETRICS)
            equal(kind, 'application/openmetrics-text; version=1.0.0; charset=utf-8', 'OpenMetrics for who prefers it')
            check_form(text, True, name + ', OpenMetrics')
    return families


def check_documented(families):
    page = open(os.path.join(SOURCE, 'docs', 'metrics.md')).read()
    missing = [f for f in families if '`%s`' % f not in page]
    ok(not missing, 'docs/metrics.md has every metric', missing)
    extra = [m for m in re.findall(r'^\| `((?:podwire|process)_[a-z_]+)`', page, re.M) if m not in families]
    ok(not extra, 'and no other', extra)


def check_rules(folder):
    for name in ('deploy/prometheus/podwire-rules.yaml', 'tests/scripts/podwire-rules-test.yaml'):
        shutil.copy(os.path.join(SOURCE, name), folder)
    good, said = promtool('check', 'rules', os.path.join(folder, 'podwire-rules.yaml'))
    ok(good, 'promtool check rules', said)
    good, said = promtool('test', 'rules', os.path.join(folder, 'podwire-rules-test.yaml'))
    ok(good, 'promtool test rules: C of the cluster from counters and weights, and every alert', said)


def free_port():
    """Not of those that the kernel gives to whoever asks for any: one of them may be somebody's a moment later."""
    while True:
        with socket.socket() as s:
            port = random.randrange(10000, 32768)
            try:
                s.bind(('127.0.0.1', port))
                return port
            except OSError:
                continue


def check_scrape(folder):
    with Pages('pairs=50', 'hostile=1') as p:
        port = free_port()
        with open(os.path.join(folder, 'prometheus.yml'), 'w') as f:
            f.write('global: {scrape_interval: 1s}\nscrape_configs:\n  - job_name: podwire\n    static_configs: [{targets: ["%s"]}]\n' % p.address)
        log = open(os.path.join(folder, 'log'), 'w+')
        prometheus = subprocess.Popen(['prometheus', '--config.file=prometheus.yml', '--storage.tsdb.path=data', '--web.listen-address=127.0.0.1:%d' % port],
                                      cwd=folder, stdout=log, stderr=log)

        # All is asked of one moment, at which there were samples: a later scrape may take too long.
        moment = [0.0]

        def query(text):
            try:
                return json.loads(get('http://127.0.0.1:%d/api/v1/query?query=%s&time=%.3f' % (port, urllib.parse.quote(text), moment[0]))[0])['data']['result']
            except OSError:
                return []

        def scraped():
            moment[0] = time.time()
            return query('podwire_pair_score')
        try:
            wait_for(lambda: prometheus.poll() is not None or scraped(), 180, 0.5)
            if prometheus.poll() is not None:
                log.seek(0)
                ok(False, 'a real Prometheus runs', log.read()[-2000:])
                return
            pairs = json.loads(get(p.url + '/api/v1/pairs?limit=1000')[0])['pairs']
            want = {(q['source']['namespace'].replace('\\xff', '\ufffd'), q['source']['workload'].replace('\\xff', '\ufffd'), q['destination']['workload']): q['c'] for q in pairs}
            got = {(r['metric']['source_workload_namespace'], r['metric']['source_workload'], r['metric']['destination_workload']): float(r['value'][1]) for r in query('podwire_pair_score')}
            ok(got.keys() == want.keys() and all(abs(got[k] - want[k]) < 1e-5 for k in want), 'Prometheus has the score of every pair, whatever its name', (sorted(want)[:5], sorted(got)[:5]))
            equal([float(r['value'][1]) for r in query('up')], [1.0], 'and calls the sensor up')
            # Of one sensor that has counted all there is, the formula over counters is the sensor's own score.
            formula = 'sum((sum by (policy) (podwire_policy_satisfied_flows_total) / (sum by (policy) (podwire_policy_observed_flows_total) > 0)) * on (policy) podwire_policy_weight)' \
                      ' / sum(podwire_policy_weight and on (policy) (sum by (policy) (podwire_policy_observed_flows_total) > 0))'
            sums, score = query(formula), query('podwire_cluster_score')
            ok(sums and score and abs(float(sums[0]['value'][1]) - float(score[0]['value'][1])) < 1e-6, 'C by PromQL from the counters is the C that is shown', (sums, score))
            flows = sum(float(r['value'][1]) for r in query('sum(podwire_flows_total)'))
            equal(flows, float(sum(q['flows'] for q in pairs)), 'and every flow is counted')
            equal(len(query('podwire_findings_total{severity="critical"}')) > 0, any(True for _ in query('podwire_open_findings{severity="critical"}')), 'findings are there in both forms')
        finally:
            prometheus.terminate()
            prometheus.wait(60)
            log.close()


check_documented(check_formats())
for tool, check in (('promtool', check_rules), ('prometheus', check_scrape)):
    if shutil.which(tool):
        with tempfile.TemporaryDirectory() as f:
            check(f)
    else:
        skip(check.__name__, 'needs ' + tool)
done()
