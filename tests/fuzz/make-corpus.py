#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the hostile checkpoints of corpus/, and corpus/expected.tsv: what is said of each.

    tests/fuzz/make-corpus.py [FOLDER]

The files are small and kept in the repository; run this after adding a case. A line of expected.tsv is
FOLDER/FILE, a tab, and a piece of the error; "ok" where the file is odd but sound.
"""
import io
import json
import os
import struct
import sys
import zipfile
import zlib

here = os.path.dirname(os.path.abspath(__file__))
out = sys.argv[1] if len(sys.argv) > 1 else os.path.join(here, 'corpus')
expected = []


def save(folder, name, data, reason):
    path = os.path.join(out, folder)
    os.makedirs(path, exist_ok=True)
    with open(os.path.join(path, name), 'wb') as f:
        f.write(data)
    expected.append((folder + '/' + name, reason))


# --- pickles, opcode by opcode

PROTO, STOP = b'\x80\x02', b'.'


def text(s):
    s = s if isinstance(s, bytes) else s.encode()
    return b'X' + struct.pack('<I', len(s)) + s


def name(module, attribute):
    return b'c' + module.encode() + b'\n' + attribute.encode() + b'\n'


def integer(n):
    if -2**31 <= n < 2**31:
        return b'J' + struct.pack('<i', n)
    raw = n.to_bytes((n.bit_length() + 8) // 8, 'little', signed=True)
    return b'\x8a' + bytes([len(raw)]) + raw


def tup(*items):
    return b'(' + b''.join(items) + b't'


def ints(numbers):
    return tup(*[integer(n) for n in numbers])


def storage(kind='FloatStorage', key='0', n=4, extra=()):
    return tup(text('storage'), name('torch', kind), text(key), text('cpu'), integer(n), *extra) + b'Q'


def tensor(where=None, offset=0, size=(4,), stride=(1,)):
    return (name('torch._utils', '_rebuild_tensor_v2')
            + tup(where or storage(), integer(offset), ints(size), ints(stride), b'\x89',
                  name('collections', 'OrderedDict') + b')R') + b'R')


def items(*pairs):
    return b'}(' + b''.join(k + v for k, v in pairs) + b'u'


def state(*pairs):
    return PROTO + items(*pairs) + STOP


MARK = 'mask_decoder.iou_token.weight'


def good():
    return state((text('w'), tensor()))


FLOATS = struct.pack('<4f', 1, 2, 3, 4)


def archive(pickle, storages=None, more=(), method=zipfile.ZIP_STORED, folder='a/'):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, 'w', method) as z:
        entries = [(folder + 'data.pkl', pickle), (folder + 'version', b'3\n')]
        entries += [(folder + 'data/' + k, v) for k, v in (storages or {'0': FLOATS}).items()]
        for entry, data in entries + list(more):
            z.writestr(zipfile.ZipInfo(entry), data, method)
    return buffer.getvalue()


def legacy(pickle, keys=(text('0'),), body=None, magic=0x1950a86a20f9469cfc6c, version=1001, little=b'\x88'):
    raw = magic.to_bytes(10, 'little')
    head = PROTO + b'\x8a\x0a' + raw + STOP
    head += PROTO + integer(version) + STOP
    head += PROTO + items((text('protocol_version'), integer(version)), (text('little_endian'), little)) + STOP
    keys = PROTO + b'](' + b''.join(keys) + b'e' + STOP
    return head + pickle + keys + (struct.pack('<q', 4) + FLOATS if body is None else body)


def pickles():
    call = lambda module, attribute: PROTO + name(module, attribute) + tup(text('true')) + b'R' + STOP
    case = {
        'good': (good(), 'ok'),
        'call-system': (call('os', 'system'), 'an object without tensors'),
        'call-posix': (call('posix', 'system'), 'an object without tensors'),
        'call-eval': (call('builtins', 'eval'), 'an object without tensors'),
        'call-eval-2': (call('__builtin__', 'eval'), 'an object without tensors'),
        'call-getattr': (call('builtins', 'getattr'), 'an object without tensors'),
        'call-subprocess': (call('subprocess', 'Popen'), 'an object without tensors'),
        'call-torch-load': (call('torch', 'load'), 'an object without tensors'),
        'call-numpy': (call('numpy.core.multiarray', '_reconstruct'), 'an object without tensors'),
        'call-module': (call('segment_anything.modeling.sam', 'Sam'), 'an object without tensors'),
        'call-dotted': (call('torch', '_utils._rebuild_tensor_v2'), 'an object without tensors'),
        'call-prefix': (call('torch._util', 's_rebuild_tensor_v2'), 'an object without tensors'),
        'stack-global': (b'\x80\x04' + b'\x8c\x02os' + b'\x8c\x06system' + b'\x93' + STOP, 'a class without tensors'),
        'stack-global-number': (b'\x80\x04' + b'K\x01K\x02\x93' + STOP, 'name is not a string'),
        'global-terminal': (PROTO + b'cos\x1b[31m\nsys\x00tem\n' + STOP, 'a class without tensors'),
        'global-no-end': (PROTO + b'cos', 'unterminated'),
        'inst': (PROTO + b'(ios\nsystem\n' + STOP, 'an object without tensors'),
        'obj': (PROTO + b'(' + name('collections', 'OrderedDict') + b'o' + STOP, 'an object without tensors'),
        'newobj': (PROTO + name('collections', 'OrderedDict') + b')\x81' + STOP, 'a dictionary without tensors'),
        'newobj-ex': (b'\x80\x04' + name('collections', 'OrderedDict') + b')}\x92' + STOP, 'an object without tensors'),
        'ext1': (PROTO + b'\x82\x01' + STOP, 'a class without tensors'),
        'persid-text': (PROTO + b'Pabc\n' + STOP, 'PERSID'),
        'set': (b'\x80\x04\x8f' + STOP, 'a list without tensors'),
        'bytearray': (b'\x80\x05\x96' + struct.pack('<Q', 2**62) + STOP, 'the file ends'),
        'unknown-opcode': (PROTO + b'\xff' + STOP, '0xff'),
        'reduce-text': (PROTO + text('x') + b')R' + STOP, 'not a function'),
        'reduce-call': (PROTO + name('torch', 'Size') + b')R)R' + STOP, 'an object without tensors'),
        'reduce-list': (PROTO + name('torch', 'Size') + b']R' + STOP, 'not a function'),
        'build-tensor': (PROTO + tensor() + b'}b' + STOP, 'a single tensor'),
        'dict-from-text': (PROTO + name('collections', 'OrderedDict') + tup(text('x')) + b'R' + STOP, 'pairs'),
        'dict-from-pairs': (PROTO + name('collections', 'OrderedDict') + tup(
            b'](](' + text('w') + tensor() + b'ee') + b'R' + STOP, 'ok'),
        'odd-items': (PROTO + b'}(' + text('a') + b'u' + STOP, 'without a value'),
        'items-for-list': (PROTO + b'](' + text('a') + text('b') + b'u' + STOP, 'not a container'),
        'append-to-dict': (PROTO + b'}' + text('a') + b'a' + STOP, 'not a container'),
        'pop-under-mark': (PROTO + b'}(0' + STOP, 'nothing on the stack'),
        'tuple-under-mark': (PROTO + b'NN(\x86' + STOP, 'nothing on the stack'),
        'setitem-under-mark': (PROTO + b'}NN(s' + STOP, 'nothing on the stack'),
        'no-mark': (PROTO + b't' + STOP, 'mark is missing'),
        'empty-stack': (PROTO + STOP, 'nothing on the stack'),
        'memo-missing': (PROTO + b'h\x07' + STOP, 'missing memo'),
        'memo-huge-index': (PROTO + b'}r\xff\xff\xff\xff' + b'j\xff\xff\xff\xff' + STOP, 'without tensors'),
        'memo-many': (PROTO + b'}' + b'\x94' * 9000 + STOP, 'without tensors'),
        'memo-bomb': (PROTO + b']q\x00' + b''.join(
            b'](' + bytes([ord('h'), i]) * 10 + b'eq' + bytes([i + 1]) for i in range(100)) + STOP, 'a list without'),
        # each dictionary made of the same pairs, which are written once
        'dict-bomb': (PROTO + b'](' + b'](NNe' * 2000 + b'eq\x00' + name('collections', 'OrderedDict') + b'q\x01'
                      + b'h\x01h\x00\x85R' * 3000 + STOP, 'same pairs'),
        'key-long': (state((text('w'), tensor(storage(key='0' * 300)))), 'not described'),
        # what training programs put beside the weights, and around them
        'beside': (state((text('model'), items((text('w'), tensor()))), (text('args'), name('argparse', 'Namespace')
                   + b')\x81' + items((text('lr'), integer(1))) + b'b'), (text('best'), name('numpy', 'scalar')
                   + tup(name('numpy', 'dtype') + tup(text('f8')) + b'R' + tup(integer(3)) + b'b', text('12345678'))
                   + b'R')), 'ok'),
        'around': (state((text('net'), name('collections', 'defaultdict') + tup(name('builtins', 'list')) + b'R('
                   + text('w') + tensor() + b'u')), 'ok'),
        'module': (PROTO + name('segment_anything', 'Sam') + b')\x81' + items((text('_modules'), items(
            (text('neck'), name('torch.nn', 'Linear') + b')\x81' + items(
                (text('_parameters'), items((text('weight'), tensor())))) + b'b')))) + b'b' + STOP, 'ok'),
        'two-networks': (state(*[(text(key), items((text(MARK), tensor()))) for key in ('student', 'teacher')]),
                         'under "student.", "teacher."'),
        'two-networks-usual': (state(*[(text(key), items((text(MARK), tensor()))) for key in ('ema', 'model')]), 'ok'),
        'names-long': (PROTO + b'}(' + text('n' * 200) + b'}q\x00('
                       + text('a') + tensor() + b'q\x01'
                       + b''.join(b'\x8c\x02' + b'%02x' % i + b'h\x01' for i in range(256)) + b'uu' + STOP, 'longer than the file'),
        'cycle': (PROTO + b'}q\x00' + text('model') + b'h\x00s' + STOP, 'without tensors'),
        'cycle-list': (PROTO + b']q\x00h\x00a' + STOP, 'without tensors'),
        'deep-list': (PROTO + b']' * 9000 + b'a' * 8999 + STOP, 'without tensors'),
        'deep-tuple': (PROTO + b'N' + b'\x85' * 9000 + STOP, 'without tensors'),
        'deep-marks': (PROTO + b'(' * 9000 + STOP, 'nothing on the stack'),
        'deep-dict': (PROTO + (b'}' + text('model')) * 1000 + b'}' + b's' * 1000 + STOP, 'without tensors'),
        'huge-text': (PROTO + b'X\xff\xff\xff\xffabc' + STOP, 'the file ends'),
        'huge-text-8': (b'\x80\x04\x8d' + struct.pack('<Q', 2**63 + 5) + b'abc' + STOP, 'the file ends'),
        'huge-bytes-8': (b'\x80\x04\x8e' + struct.pack('<Q', 2**64 - 1) + b'abc' + STOP, 'the file ends'),
        'huge-long': (PROTO + b'\x8b\xff\xff\xff\xff' + STOP, 'the file ends'),
        'no-stop': (PROTO + b'}', 'the file ends'),
        'empty': (b'', 'the file ends'),
        'protocol-1': (b'\x80\x01}' + STOP, 'protocol'),
        'protocol-6': (b'\x80\x06}' + STOP, 'protocol'),
        'protocol-0': (b'(dp0\n.', 'protocol'),
        'no-dict': (PROTO + text('x') + STOP, 'a string without tensors'),
        'lone-tensor': (PROTO + tensor() + STOP, 'a single tensor'),
        'no-tensors': (state((text('a'), integer(1))), 'a dictionary without tensors'),
        'same-name': (state((text('w'), tensor()), (text('w'), tensor())), 'two tensors "w"'),
        'name-nul': (state((text('w\0x'), tensor()), (text('w'), tensor())), 'name is not text'),
        'name-not-utf8': (state((text(b'w\xff'), tensor()),), 'name is not text'),
        'name-number': (state((integer(3), tensor()), (text('w'), tensor())), 'ok'),
        'missing-storage': (state((text('w'), tensor(storage(key='7')))), 'storage "7" of tensor "w" is missing'),
        'key-path': (state((text('w'), tensor(storage(key='../../etc/passwd')))), 'is missing'),
        'key-nul': (state((text('w'), tensor(storage(key='0\0')))), 'not described'),
        'class-unknown': (state((text('w'), tensor(storage('QInt8Storage')))), '"QInt8Storage"'),
        'class-unread': (state((text('w'), tensor()), (text('x'), tensor(storage('ComplexFloatStorage', '1', 2)))), 'ok'),
        'tensor-unread': (state((text('w'), tensor()), (text('x'), name('torch._utils', '_rebuild_qtensor')
                          + tup(storage()) + b'R')), 'ok'),
        'class-size': (state((text('w'), tensor(storage('Size')))), 'not described'),
        'storage-too-long': (state((text('w'), tensor(storage(n=5)))), '"w" needs a larger storage'),
        'storage-2-62': (state((text('w'), tensor(storage(n=2**62)))), '"w" needs a larger storage'),
        'storage-negative': (state((text('w'), tensor(storage(n=-1)))), 'not described'),
        'storage-2-70': (state((text('w'), tensor(storage(n=2**70)))), 'not described'),
        'too-many': (state((text('w'), tensor(size=(5,)))), '"w" lies outside'),
        'offset': (state((text('w'), tensor(offset=1))), '"w" lies outside'),
        'offset-2-62': (state((text('w'), tensor(offset=2**62))), '"w" lies outside'),
        'offset-negative': (state((text('w'), tensor(offset=-1))), 'not described'),
        'size-negative': (state((text('w'), tensor(size=(-4,)))), 'not described'),
        'size-huge': (state((text('w'), tensor(size=(2**40, 2**40), stride=(0, 0)))), 'impossible shape'),
        'size-expanded': (state((text('w'), tensor(size=(2**40,), stride=(0,)))), 'repeats its data'),
        'size-rank': (state((text('w'), tensor(size=(1,) * 9, stride=(1,) * 9))), 'not described'),
        'size-zero-huge': (state((text('w'), tensor(size=(0, 2**62, 2**62), stride=(1, 1, 1)))), 'impossible'),
        'stride-huge': (state((text('w'), tensor(size=(2, 2), stride=(2**62, 2**62)))), '"w" lies outside'),
        'stride-negative': (state((text('w'), tensor(stride=(-1,)))), 'not described'),
        'stride-rank': (state((text('w'), tensor(stride=(1, 1)))), 'not described'),
        'expanded-small': (state((text('w'), tensor(size=(1000, 4), stride=(0, 1)))), 'ok'),
        'few-arguments': (PROTO + items((text('w'), name('torch._utils', '_rebuild_tensor_v2') + b')R')) + STOP,
                          'not described'),
        'parameter-of-nothing': (PROTO + items(
            (text('w'), name('torch._utils', '_rebuild_parameter') + b')R')) + STOP, 'something else'),
        'parameter-of-parameter': (PROTO + items((text('w'), name('torch._utils', '_rebuild_parameter') + tup(
            name('torch._utils', '_rebuild_parameter') + tup(tensor()) + b'R') + b'R')) + STOP, 'something else'),
        'view': (state((text('w'), tensor(storage(extra=(tup(text('1'), integer(1), integer(2)),)), size=(2,)))), 'ok'),
        'view-outside': (state((text('w'), tensor(storage(
            extra=(tup(text('1'), integer(3), integer(2)),)), size=(2,)))), 'not described'),
        'wrapped-deep': (state((text('model'), items((text('state_dict'), items((text('w'), tensor())))))), 'ok'),
    }
    # alone, as the fuzz target for pickles takes them; and in a whole file
    for key, (data, reason) in case.items():
        save('pickle', key, data, reason)
    for key in ('good', 'storage-2-62', 'view'):
        save('legacy', key, legacy(case[key][0]), case[key][1])
    save('legacy', 'class-unread', legacy(case['class-unread'][0], (text('0'), text('1')), (
        struct.pack('<q', 4) + FLOATS + struct.pack('<q', 2) + bytes(16))), 'ok')
    save('legacy', 'call-system', legacy(case['call-system'][0]), 'belongs to no tensor')


def legacies():
    save('legacy', 'wrong-magic', legacy(good(), magic=0x1950a86a20f9469cfc6d), 'PyTorch did not write')
    save('legacy', 'wrong-version', legacy(good(), version=1002), 'unknown version')
    save('legacy', 'big-endian', legacy(good(), little=b'\x89'), 'big endian')
    save('legacy', 'little-text', legacy(good(), little=text('yes')), 'big endian')
    save('legacy', 'keys-twice', legacy(good(), keys=(text('0'), text('0'))), 'two storages')
    save('legacy', 'keys-unknown', legacy(good(), keys=(text('9'),)), 'belongs to no tensor')
    save('legacy', 'keys-number', legacy(good(), keys=(integer(0),)), 'not text')
    save('legacy', 'keys-none', legacy(good(), keys=(), body=b''), 'is missing')
    save('legacy', 'count-2-63', legacy(good(), body=b'\xff' * 8 + FLOATS), 'ends inside storage "0"')
    save('legacy', 'count-2-62', legacy(good(), body=struct.pack('<Q', 2**62) + FLOATS), 'ends inside')
    save('legacy', 'count-small', legacy(good(), body=struct.pack('<q', 3) + FLOATS[:12]), 'needs a larger storage')
    save('legacy', 'more-behind', legacy(good(), body=struct.pack('<q', 4) + FLOATS + b'x'), '1 bytes after')
    save('legacy', 'two-types', legacy(state((text('a'), tensor()), (text('b'), tensor(storage('HalfStorage'))))),
         'two different types')
    save('legacy', 'only-pickle', PROTO + b'}' + STOP, 'PyTorch did not write')


# --- zip archives, byte by byte

def central_at(data):
    end = data.rindex(b'PK\5\6')
    return struct.unpack('<I', data[end + 16:end + 20])[0], end


def patch(data, at, raw):
    return data[:at] + raw + data[at + len(raw):]


def zips():
    data = archive(good())
    start, end = central_at(data)
    second = data.index(b'PK\1\2', start + 4)
    save('zip', 'good', data, 'ok')
    save('zip', 'good-deflated', archive(good(), method=zipfile.ZIP_DEFLATED), 'ok')
    save('zip', 'no-folder', archive(good(), folder=''), 'ok')
    save('zip', 'crc-pickle', data.replace(good(), good().replace(b'w', b'v')), 'data.pkl" is damaged (wrong CRC)')
    save('zip', 'crc-storage', data.replace(FLOATS, FLOATS[::-1]), '"a/data/0" is damaged (wrong CRC), of tensor "w"')
    save('zip', 'offset-wild', patch(data, start + 42, struct.pack('<I', 0x7fffffff)), 'is not where')
    save('zip', 'offset-elsewhere', patch(data, start + 42, struct.pack('<I', 4)), 'is not where')
    save('zip', 'offset-same', patch(data, second + 42, struct.pack('<I', 0)), 'does not match')
    save('zip', 'offset-in-directory', patch(data, start + 42, struct.pack('<I', start)), 'is not where')
    save('zip', 'size-too-large', patch(data, start + 20, struct.pack('<II', 0x7fffffff, 0x7fffffff)), 'outside')
    save('zip', 'size-overlap', patch(data, start + 20, struct.pack('<II', len(good()) + 8, len(good()) + 8)),
         'overlaps')
    save('zip', 'size-two', patch(data, start + 24, struct.pack('<I', 3)), 'two different sizes')
    save('zip', 'encrypted', patch(data, start + 8, b'\1'), 'encrypted')
    save('zip', 'method', patch(patch(data, start + 10, b'\x0c'), 8, b'\x0c'), 'packed by an unknown method')
    save('zip', 'method-differs', patch(data, start + 10, b'\x08'), 'does not match its directory entry')
    save('zip', 'local-name', patch(data, 30, b'b'), 'does not match')
    save('zip', 'directory-outside', patch(data, end + 16, struct.pack('<I', len(data))), 'outside')
    save('zip', 'directory-size', patch(data, end + 12, b'\xff\xff\xff\x7f'), 'outside')
    save('zip', 'directory-short', patch(data, end + 12, struct.pack('<I', 30)), 'directory is damaged')
    save('zip', 'entries-65534', patch(data, end + 8, b'\xfe\xff\xfe\xff'), 'number of entries')
    save('zip', 'parts', patch(data, end + 4, b'\1'), 'several parts')
    save('zip', 'no-end', data[:end], 'no end')
    save('zip', 'comment', patch(data, end + 20, b'\3\0') + b'abc', 'ok')
    save('zip', 'comment-lies', data + b'abc', 'no end')
    save('zip', 'only-end', b'PK\5\6' + bytes(18), 'no data.pkl')
    save('zip', 'no-pickle', archive(good()).replace(b'data.pkl', b'data.pkx'), 'no data.pkl')
    save('zip', 'two-pickles', archive(good(), more=[('b/data.pkl', good())]), 'two data.pkl')
    save('zip', 'big-endian', archive(good(), more=[('a/byteorder', b'big')]), 'big endian')
    save('zip', 'little-endian', archive(good(), more=[('a/byteorder', b'little')]), 'ok')
    save('zip', 'path-up', archive(good(), more=[('a/../../x', b'')]), 'points out')
    save('zip', 'path-absolute', archive(good(), more=[('/etc/x', b'')]), 'points out')
    save('zip', 'path-windows', archive(good(), more=[('aQQx', b'')]).replace(b'aQQx', b'a\\\\x'), 'points out')
    save('zip', 'path-drive', archive(good(), more=[('C:x', b'')]), 'points out')
    save('zip', 'path-nul', archive(good(), more=[('aQx', b'')]).replace(b'aQx', b'a\0x'), 'bad name')
    twice = archive(good(), more=[('a/data.pkm', b'')])
    save('zip', 'same-name', twice.replace(b'data.pkm', b'data.pkl'), 'two zip entries')
    save('zip', 'bomb', archive(good(), {'0': bytes(4 << 20)}, method=zipfile.ZIP_DEFLATED),
         'unpacks to far more')
    packed = archive(good(), method=zipfile.ZIP_DEFLATED)
    start, end = central_at(packed)
    save('zip', 'deflated-size', patch(packed, start + 24, struct.pack('<I', len(good()) - 1)), 'cannot be unpacked')
    save('zip', 'deflated-size-2', patch(packed, start + 24, struct.pack('<I', len(good()) + 1)), 'cannot be unpacked')
    save('zip', 'deflated-crc', patch(packed, start + 16, b'\0\0\0\0'), 'wrong CRC')
    save('zip', 'deflated-garbage', patch(packed, 30 + len('a/data.pkl'), b'\xff\xff\xff'), 'cannot be unpacked')
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, 'w', zipfile.ZIP_DEFLATED) as z:
        z.writestr(zipfile.ZipInfo('weights.pt'), archive(good()))
    save('zip', 'packed-again', inner.getvalue(), 'ok')
    thrice = io.BytesIO()
    with zipfile.ZipFile(thrice, 'w') as z:
        z.writestr(zipfile.ZipInfo('weights.pt'), inner.getvalue())
    save('zip', 'packed-thrice', thrice.getvalue(), 'archive inside an archive')
    # 32 times as much as the file, twice
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, 'w') as z:
        z.writestr(zipfile.ZipInfo('a/data.pkl'), good())
        z.writestr(zipfile.ZipInfo('a/rest'), bytes(300000))
        z.writestr(zipfile.ZipInfo('a/data/0'), bytes(8 << 20), zipfile.ZIP_DEFLATED)
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, 'w') as z:
        z.writestr(zipfile.ZipInfo('weights.pt'), inner.getvalue(), zipfile.ZIP_DEFLATED)
        z.writestr(zipfile.ZipInfo('rest'), bytes(10000))
    save('zip', 'packed-bomb', bomb.getvalue(), 'unpacks to far more')
    zips64()


def zip64(n_entries=3, size=None, offset=None, end64=None, old=None, broken=None):
    """The good archive with zip64 ends, told lies."""
    data = archive(good())
    start, end = central_at(data)
    size = end - start if size is None else size
    offset = start if offset is None else offset
    record = struct.pack('<4sQHHIIQQQQ', b'PK\6\6', 44, 45, 45, 0, 0, n_entries, n_entries, size, offset)
    locator = struct.pack('<4sIQI', b'PK\6\7', 0, end if end64 is None else end64, 1)
    old = old or struct.pack('<HHII', 0xffff, 0xffff, 0xffffffff, 0xffffffff)
    if broken:
        record = broken + record[len(broken):]
    return data[:end] + record + locator + b'PK\5\6' + bytes(4) + old + bytes(2)


def entry64(sizes):
    """The good archive whose first entry has its sizes in a zip64 field that says @sizes."""
    data = archive(good())
    start, end = central_at(data)
    extra = struct.pack('<HH', 1, 8 * len(sizes)) + b''.join(struct.pack('<Q', s) for s in sizes)
    n_name = len('a/data.pkl')
    data = patch(data, start + 20, b'\xff' * 8)
    data = patch(data, start + 30, struct.pack('<H', len(extra)))
    at = start + 46 + n_name
    data = data[:at] + extra + data[at:]
    return patch(data, end + len(extra) + 12, struct.pack('<I', end - start + len(extra)))


def zips64():
    n = len(good())
    save('zip', 'zip64', zip64(), 'ok')
    save('zip', 'zip64-offset', zip64(offset=2**63), 'outside')
    save('zip', 'zip64-size', zip64(size=2**64 - 1), 'outside')
    save('zip', 'zip64-entries', zip64(n_entries=2**40), 'number of entries')
    save('zip', 'zip64-locator', zip64(end64=2**64 - 8), 'outside')
    save('zip', 'zip64-locator-0', zip64(end64=0), 'zip64 end is damaged')
    save('zip', 'zip64-broken', zip64(broken=b'XXXX'), 'zip64 end is damaged')
    save('zip', 'zip64-two-ends', zip64(old=struct.pack('<HHII', 2, 2, 0xffffffff, 0xffffffff)), 'two different ends')
    save('zip', 'zip64-entry', entry64([n, n]), 'ok')
    save('zip', 'zip64-entry-huge', entry64([2**62, 2**62]), 'outside')
    save('zip', 'zip64-entry-2-64', entry64([2**64 - 1, 2**64 - 1]), 'outside')
    save('zip', 'zip64-entry-short', entry64([n]), 'damaged zip64')


# --- safetensors

def safe(header, data=b'', n=None):
    header = header if isinstance(header, bytes) else header.encode()
    return struct.pack('<Q', len(header) if n is None else n) + header + data


def one(key='a', dtype='F32', shape=(4,), offsets=(0, 16)):
    return {key: {'dtype': dtype, 'shape': list(shape), 'data_offsets': list(offsets)}}


def safetensors():
    def js(*parts):
        merged = {}
        for part in parts:
            merged.update(part)
        return json.dumps(merged)
    save('safetensors', 'good', safe(js(one()), FLOATS), 'ok')
    save('safetensors', 'header-2-60', safe('{}', n=2**60), '1152921504606846976 bytes')
    save('safetensors', 'header-2-64', safe('{}', n=2**64 - 1), 'should have')
    save('safetensors', 'header-0', safe('', FLOATS), 'neither')
    save('safetensors', 'header-longer', safe(js(one()), FLOATS, n=500), 'should have')
    save('safetensors', 'not-json', safe('{nonsense}', FLOATS), 'expected')
    save('safetensors', 'deep', safe('{"a":' + '[' * 9000, FLOATS), 'expected')
    save('safetensors', 'deep-objects', safe('{"a":' * 2000, FLOATS), 'has "a"')
    save('safetensors', 'twice', safe('{' + js(one())[1:-1] + ',' + js(one())[1:-1] + '}', FLOATS), 'two tensors')
    save('safetensors', 'twice-escaped', safe(
        '{' + js(one())[1:-1] + ',' + js(one())[1:-1].replace('"a"', '"\\u0061"') + '}', FLOATS), 'two tensors')
    save('safetensors', 'overlap', safe(js(one(), one('b', offsets=(8, 24))), FLOATS * 2), 'overlaps')
    save('safetensors', 'overlap-same', safe(js(one(), one('b')), FLOATS), 'overlaps')
    save('safetensors', 'gap', safe(js(one(), one('b', offsets=(20, 36))), FLOATS * 3), 'gap')
    save('safetensors', 'outside', safe(js(one(offsets=(0, 16))), FLOATS[:8]), 'outside')
    save('safetensors', 'outside-2-63', safe(js(one(offsets=(2**63, 2**63 + 16))), FLOATS), 'outside')
    save('safetensors', 'offset-2-64', safe(js(one(offsets=(0, 2**64))), FLOATS), 'too large')
    save('safetensors', 'backwards', safe(js(one(offsets=(16, 0))), FLOATS), 'outside')
    save('safetensors', 'shape-overflow', safe(js(one(shape=(2**32, 2**32, 4))), FLOATS), 'do not match')
    save('safetensors', 'shape-overflow-0', safe(js(one(shape=(0, 2**63, 2**63), offsets=(0, 0))), b''), 'do not match')
    save('safetensors', 'shape-bytes', safe(js(one(shape=(2**62,))), FLOATS), 'do not match')
    save('safetensors', 'shape-wrong', safe(js(one(shape=(5,))), FLOATS), 'do not match')
    save('safetensors', 'shape-many', safe(js(one(shape=(1,) * 5000 + (4,))), FLOATS), 'more than 8')
    save('safetensors', 'shape-negative', safe(js(one(shape=(-4,))), FLOATS), 'expected')
    save('safetensors', 'shape-float', safe(js(one(shape=(4.0,))), FLOATS), 'expected')
    save('safetensors', 'shape-exponent', safe(js(one()).replace('[4]', '[4e0]'), FLOATS), 'expected')
    save('safetensors', 'dtype', safe(js(one(dtype='C64')), FLOATS), 'type "C64"')
    save('safetensors', 'dtype-beside', safe(js(one(), one('b', 'F8_E4M3', (4,), (16, 20))), FLOATS + bytes(4)), 'ok')
    save('safetensors', 'dtype-long', safe(js(one(dtype='F' * 7000)), FLOATS), 'unknown type')
    save('safetensors', 'name-terminal', safe(js(one('\x1b]0;x\x07\n', shape=(5,))), FLOATS), r'\x1b]0;x\x07\x0a')
    save('safetensors', 'name-nul', safe('{"a\\u0000b":1}', FLOATS), 'cannot be in a string')
    save('safetensors', 'name-empty', safe(js(one('')), FLOATS), 'ok')
    save('safetensors', 'name-latin1', safe(b'{"\xe9":1}', FLOATS), 'UTF-8')
    save('safetensors', 'surrogates', safe('{"\\ud83d\\ude00":1}', FLOATS), 'expected')
    save('safetensors', 'surrogate-half', safe('{"\\ud83d":1}', FLOATS), 'surrogate')
    save('safetensors', 'many', safe(js(*[one('t%d' % i, 'U8', (1,), (i, i + 1)) for i in range(300)]), bytes(300)),
         'ok')
    save('safetensors', 'metadata-number', safe('{"__metadata__":{"a":1}}', b''), 'expected')
    save('safetensors', 'metadata-twice', safe('{"__metadata__":{"a":"1","a":"2"}}', b''), 'given twice')
    save('safetensors', 'scale-wrong', safe(js({'__metadata__': {'quantisation': 'int8-rows'}},
         one('a.int8_scale', shape=(4,)), one('a', 'I8', (3,), (16, 19))), FLOATS + bytes(3)), 'do not match')
    save('safetensors', 'scale-unknown', safe(js({'__metadata__': {'quantisation': 'q4'}}, one()), FLOATS),
         'unknown way')
    save('safetensors', 'scale-alone', safe(js({'__metadata__': {'quantisation': 'int8-rows'}},
         one('a.int8_scale')), FLOATS), 'no tensors')
    save('safetensors', 'behind', safe(js(one()), FLOATS + b'x'), '1 bytes after')


def strangers():
    """What people have in place of a model."""
    save('safetensors', 'lfs', b'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 4\n', 'git lfs pull')
    save('safetensors', 'page', b'<!DOCTYPE html>\n<html></html>\n', 'web page')
    save('safetensors', 'answer', b'{"error":"Access to this model is restricted"}', 'JSON')
    save('safetensors', 'gzip', b'\x1f\x8b\x08' + bytes(40), 'unpack it first')
    save('safetensors', 'gguf', b'GGUF\x03' + bytes(40), 'GGUF')
    save('safetensors', 'onnx', b'\x08\x08\x12\x07pytorch' + bytes(40), 'ONNX')
    save('safetensors', 'zeros', bytes(100), 'zeros')


strangers()
pickles()
legacies()
zips()
safetensors()
with open(os.path.join(out, 'expected.tsv'), 'w') as f:
    for path, reason in sorted(expected):
        f.write(path + '\t' + reason + '\n')
