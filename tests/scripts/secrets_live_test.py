#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Plants secrets of this run alone in every server of the lab, and looks for them in all that podwire puts out.

Each script of tests/lab that records captures is run anew from a copy in which every word of
pcaps/secrets.txt is another, made up now. Of every capture podwire makes every output, a saved
result, and, ended by a signal in the middle, no core file. No secret may be in any of them: as it
is, in hexadecimal, in base64 at any offset. The verdicts are compared with truth.tsv too.

Needs root and the servers that tests/lab/README.md lists; runs with PODWIRE_LIVE=1 (`make check-live`),
for PODWIRE_LIVE_SCRIPTS="record-redis ..." only those scripts, otherwise for all.
"""
import base64
import glob
import json
import os
import re
import resource
import secrets
import shutil
import signal
import string
import subprocess
import tempfile
import time

import truth
from tap import PCAPS, PODWIRE, SOURCE, done, ok, skip, skip_all

FORMS = ('table', 'json', 'ndjson')
SIGNED = re.compile(rb'eyJ[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{20,}')
BASIC = re.compile(rb'(?:Basic|Bearer) ([A-Za-z0-9+/=._-]{8,})')


def planted():
    """A word for each of pcaps/secrets.txt: as long, with its hyphens and digits where they were."""
    words = {}
    with open(os.path.join(PCAPS, 'secrets.txt')) as f:
        for line in f:
            word = line.strip()
            if not word or word.startswith('#'):
                continue
            words[word] = ''.join(c if not c.isalnum() else secrets.choice(string.digits if c.isdigit() else string.ascii_uppercase if c.isupper() else string.ascii_lowercase) for c in word)
    return words


def needles_of(words):
    needles = set()
    for word in words:
        raw = word.encode()
        needles |= {raw, raw.hex().encode(), raw.hex().upper().encode()}
        for shift in range(3):
            # The characters of base64 that depend on the word alone, wherever it begins.
            text = base64.b64encode(bytes(shift) + raw)
            first, last = (shift * 8 + 5) // 6, (shift + len(raw)) * 8 // 6
            needles.add(text[first:last])
    return {n for n in needles if len(n) >= 6}


def copy_lab(folder, words):
    """A copy of tests/lab, with other secrets."""
    lab = os.path.join(folder, 'tests', 'lab')
    shutil.copytree(os.path.join(SOURCE, 'tests', 'lab'), lab)
    pattern = re.compile('|'.join(re.escape(w) for w in sorted(words, key=len, reverse=True)))
    for name in os.listdir(lab):
        path = os.path.join(lab, name)
        with open(path, encoding='utf-8') as f:
            text = f.read()
        with open(path, 'w', encoding='utf-8') as f:
            f.write(pattern.sub(lambda m: words[m.group(0)], text))
    return lab


def run(*args, **kwargs):
    return subprocess.run([PODWIRE, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120, check=False, **kwargs)


def killed(folder, capture):
    """Ends podwire while it holds the capture's packets; what it leaves in its folder is returned."""
    process = subprocess.Popen([PODWIRE, 'analyze', '-'], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=folder,
                               preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (resource.getrlimit(resource.RLIMIT_CORE)[1],) * 2))
    with open(capture, 'rb') as f:
        process.stdin.write(f.read())
    process.stdin.flush()
    time.sleep(0.3)
    process.send_signal(signal.SIGSEGV)
    out, err = process.communicate()
    left = [os.path.join(folder, n) for n in os.listdir(folder)]
    return out + err + b''.join(open(n, 'rb').read() for n in left), left


def outputs(folder, capture):
    saved, text = os.path.join(folder, 'saved.json'), b''
    for form in FORMS:
        r = run('analyze', '--flows', '--show-principals', '--format', form, capture)
        text += r.stdout + r.stderr
    run('analyze', '--format', 'json', '-o', saved, capture)
    with open(saved, 'rb') as f:
        text += f.read()
    pairs = json.load(open(saved)).get('pairs', [])
    r = run('score', saved)
    text += r.stdout + r.stderr
    for pair in pairs[:3]:
        r = run('explain', saved, pair['id'])
        text += r.stdout + r.stderr
    os.remove(saved)
    return text


def check_truth(recorded):
    wrong = []
    for row in truth.rows(os.path.join(recorded, 'truth.tsv')):
        r = run('analyze', '--format', 'json', '--flows', os.path.join(recorded, row['file']))
        flow = truth.find(json.loads(r.stdout)['flows'], row)
        wrong += ['%s %s: %s' % (row['file'], row['client'], d) for d in (truth.differences(row, flow) if flow else ['not found'])]
    return wrong


def check_script(folder, lab, script, needles, plain):
    recorded, work = os.path.join(folder, script), os.path.join(folder, 'work')
    shutil.rmtree(work, ignore_errors=True)
    os.mkdir(work)
    r = subprocess.run([os.path.join(lab, script), recorded], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if b'is not installed' in r.stdout:
        skip(script, r.stdout.decode().strip().splitlines()[-1])
        return
    captures = sorted(glob.glob(os.path.join(recorded, '*.pcap*')))
    ok(r.returncode == 0 and captures, '%s recorded %d captures' % (script, len(captures)), r.stdout.decode(errors='replace')[-2000:])
    wire, found, crossed = b'', [], set()
    for capture in captures:
        bytes_ = open(capture, 'rb').read()
        wire += bytes_
        here = needles | set(SIGNED.findall(bytes_)) | set(BASIC.findall(bytes_))
        left_over, left = killed(work, capture)
        text = outputs(work, capture) + left_over
        found += ['%s of %s' % (n.decode(), os.path.basename(capture)) for n in here if n in text]
        found += ['%s left by %s' % (n, os.path.basename(capture)) for n in left]
    crossed = {w for w in plain if w.encode() in wire}
    ok(not found, '%s: of %d secrets that crossed the wire as they are, none is in any output' % (script, len(crossed)), '\n'.join(found))
    if os.path.exists(os.path.join(recorded, 'truth.tsv')):
        wrong = check_truth(recorded)
        ok(not wrong, '%s: verdicts are as its truth.tsv says' % script, '\n'.join(wrong))


def main():
    if not os.environ.get('PODWIRE_LIVE'):
        skip_all('set PODWIRE_LIVE=1, or make check-live: runs the servers of the lab')
    if os.geteuid() != 0:
        skip_all('needs root: it makes network namespaces')
    words = planted()
    needles = needles_of(words.values())
    scripts = os.environ.get('PODWIRE_LIVE_SCRIPTS', '').split() or sorted(os.path.basename(p) for p in glob.glob(os.path.join(SOURCE, 'tests', 'lab', 'record-*')))
    folder = tempfile.mkdtemp()
    try:
        lab = copy_lab(folder, words)
        for script in scripts:
            check_script(folder, lab, script, needles, words.values())
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    done()


main()
