#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same networks in samcore, PyTorch and ONNX Runtime on this computer, as a Markdown table.

  1. samcore makes the embeddings and logits of the sample picture in float32, which all are compared with
  2. the networks of networks.py are exported to ONNX; the weights of their products also as bytes
  3. rounds: everything once, in turn, in the other direction every second time
  4. medians of the rounds; ratios are medians of the rounds' own

Each time is that of a process of its own: one run to warm up, then the median of as many as fit into half a second.
"""
import argparse
import glob
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

HERE = Path(__file__).resolve().parent
# family, and whether it is the encoder; the click is that of all SAM's and MobileSAM's networks
NETWORKS = {'builtin': 'Built-in, encoder', 'vit_t': 'MobileSAM, encoder', 'click': "SAM's decoder, first click",
            'sam2.1_hiera_tiny': 'SAM 2.1 Hiera tiny, encoder', 'vit_b': 'SAM ViT-B, encoder'}
SHORT = 'builtin', 'click'  # are over in some milliseconds
POINT = 288, 120  # on the sample picture

# ---- in processes of their own: `compare.py WORKER ...` ------------------------


def time_it(run, path):
    values = run()
    if path:
        values.tofile(path)
    times = []
    while not times or sum(times) < 0.5:
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    print(1e3 * median(times))


def load(name, work):
    """The network, and what it is given."""
    import networks
    import torch

    checkpoint = json.loads((work / 'checkpoints.json').read_text())['vit_t' if name == 'click' else name]
    if name != 'click':
        return networks.encoder(name, checkpoint), [networks.picture(name)]
    with networks.safe_open(work / 'vit_t.safetensors', 'pt') as f:
        embedding = f.get_tensor('embedding')[None]
    return networks.click(checkpoint), [embedding, networks.on_model(POINT)]


def export(name, work):
    # in this order: the distribution's ONNX Runtime registers its operators in the same library as onnx
    import onnx.reference
    import networks
    import torch
    from onnxruntime.quantization import QuantType, quantize_dynamic

    net, inputs = load(name, work)
    names = [f'x{i}' for i in range(len(inputs))]
    for networks.Conv.as_products in (True, False):
        with torch.inference_mode():
            torch.onnx.export(net, tuple(inputs), work / f'{name}.f32.onnx', opset_version=17, input_names=names,
                              dynamo=False)
        if networks.Conv.as_products:  # the first time; convolutions of bytes are slower, where there are any
            graph = onnx.load(work / f'{name}.f32.onnx').graph
            flat = {weights.name for weights in graph.initializer if len(weights.dims) == 2}
            quantize_dynamic(work / f'{name}.f32.onnx', work / f'{name}.int8.onnx', per_channel=True,
                             op_types_to_quantize=['MatMul', 'Gemm'], weight_type=QuantType.QInt8,
                             # ViT's relative positions, a matrix for each row: ONNX Runtime refuses them
                             nodes_to_exclude=[node.name for node in graph.node
                                               if node.op_type == 'MatMul' and node.input[1] not in flat])
    for key, x in zip(names, inputs):
        x.numpy().tofile(work / f'{name}.{key}')
    (work / f'{name}.inputs').write_text(' '.join(f'{key}={work / name}.{key}:{",".join(map(str, x.shape))}'
                                                  for key, x in zip(names, inputs)))


def run_torch(name, work, precision, threads, mode, path=None):
    import torch

    torch.set_num_threads(int(threads))
    net, inputs = load(name, work)
    if precision == 'bf16':
        net, inputs = net.bfloat16(), [x.bfloat16() for x in inputs]
    if mode == 'compiled':
        import torch._inductor.config
        torch._inductor.config.freezing = True
        net = torch.compile(net)
    with torch.inference_mode():
        net(*inputs)  # compiles

        def run():
            y = net(*inputs)
            return (y if torch.is_tensor(y) else y[0]).float().numpy()

        time_it(run, path)


def run_ort(name, work, precision, threads, path=None):
    import numpy as np
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = int(threads)
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
    session = ort.InferenceSession(work / f'{name}.{precision}.onnx', options, ['CPUExecutionProvider'])
    inputs = {}
    for given in (work / f'{name}.inputs').read_text().split():
        key, rest = given.split('=', 1)
        file, shape = rest.rsplit(':', 1)
        inputs[key] = np.fromfile(file, np.float32).reshape([int(n) for n in shape.split(',')])
    time_it(lambda: session.run(None, inputs)[0], path)


# ---- all of it -------------------------------------------------------------------

def call(*command, **environment):
    done = subprocess.run([str(part) for part in command], env=os.environ | environment, text=True,
                          capture_output=True)
    if done.returncode:
        sys.exit(f'{" ".join(map(str, command))}\n{done.stderr[-3000:]}')
    return done.stdout


def measure(engine, precision, name, threads, work, npm, path=''):
    """milliseconds"""
    n = str(threads)
    end = [path] if path else []
    if engine == 'ort.mjs':
        inputs = (work / f'{name}.inputs').read_text().split()
        return float(call('node', HERE / 'ort.mjs', npm, work / f'{name}.{precision}.onnx', n, path, *inputs))
    me = sys.executable, __file__
    if engine == 'ort':
        return float(call(*me, 'ort', name, work, precision, n, *end))
    # OpenBLAS's own threads beside OpenMP's would wait for each other; compiled code needs a symbol that Debian's
    # libtorch keeps to itself
    libraries = glob.glob('/usr/lib/*/openblas-openmp') + [os.environ.get('LD_LIBRARY_PATH', '')]
    more = {'LD_PRELOAD': 'libsleef.so.3'} if engine == 'compiled' else {}
    return float(call(*me, 'torch', name, work, precision, n, engine, *end, OMP_NUM_THREADS=n, OPENBLAS_NUM_THREADS=n,
                      LD_LIBRARY_PATH=':'.join(filter(None, libraries)),
                      TORCHINDUCTOR_CACHE_DIR=str(work / 'inductor'), **more))


def bench(samcore, checkpoint, threads, precisions, runs):
    """{precision: {'encode_again': ms, 'click': ms}}, medians of runs; float32 is measured with each of the others."""
    found = {}
    for precision in precisions:
        out = json.loads(call(samcore, 'bench', '--json', '--runs', runs, '--threads', threads, '--model', checkpoint,
                              SAM_PRECISION=precision))
        for case in out['cases']:
            found[case['precision']] = {what: case[f'{what}_ms'] for what in ('encode_again', 'click')}
    return found


def reference(name, work, samcore, checkpoint):
    import networks
    import numpy as np

    picture = networks.PICTURE
    if name == 'click':
        call(samcore, 'segment', '--model', checkpoint, '--no-cache', '--quick', '--point', '{},{}'.format(*POINT),
             '--logits', work / 'click.safetensors', picture)
        key = 'logits'
    else:
        call(samcore, 'embed', '--model', checkpoint, '-o', work / f'{name}.safetensors', picture)
        key = 'embedding'
    with networks.safe_open(work / f'{name}.safetensors', 'np') as f:
        return np.array(f.get_tensor(key))


def compare(path, expected):
    """Root mean square, in standard deviations."""
    import numpy as np

    values = np.fromfile(path, np.float32)[-expected.size:]
    return float(np.sqrt(np.mean((values - expected.ravel()) ** 2)) / expected.std())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--samcore', required=True, help='the program')
    parser.add_argument('--checkpoints', required=True, type=Path, help='folder with vit_b.safetensors and so on')
    parser.add_argument('--npm', help='the node_modules with onnxruntime-node')
    parser.add_argument('--work', type=Path, default=Path('engines-work'), help='folder for what is made on the way')
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--threads', type=int, nargs='+', default=[1, 2])
    parser.add_argument('--precisions', nargs='+', default=['bf16', 'int8'], help="samcore's, beside f32")
    parser.add_argument('--networks', nargs='+', default=list(NETWORKS), choices=list(NETWORKS))
    parser.add_argument('--check', action='store_true', help='compare results only')
    args = parser.parse_args()
    work = args.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    npm = args.npm and str(Path(args.npm).resolve())

    names = {'eager': 'PyTorch', 'compiled': 'PyTorch, compiled', 'ort': "ONNX Runtime, the distribution's",
             'ort.mjs': "ONNX Runtime, npm's"}
    engines = [('eager', 'f32'), ('compiled', 'f32'), ('ort', 'f32'), ('ort.mjs', 'f32'),
               ('eager', 'bf16'), ('compiled', 'bf16'), ('ort', 'int8'), ('ort.mjs', 'int8')]
    engines = [e for e in engines if npm or e[0] != 'ort.mjs']
    engines = {name: [e for e in engines if e[1] != 'int8' or name != 'builtin']  # which is convolutions alone
               for name in args.networks}
    checkpoints = {name: str((args.checkpoints / f'{name}.safetensors').resolve()) for name in NETWORKS}
    checkpoints |= {'builtin': str(HERE.parents[1] / 'data' / 'models' / 'builtin.safetensors'),
                    'click': checkpoints['vit_t']}
    (work / 'checkpoints.json').write_text(json.dumps(checkpoints))

    errors = {}
    for name in args.networks:
        if name == 'click':
            reference('vit_t', work, args.samcore, checkpoints['vit_t'])
        expected = reference(name, work, args.samcore, checkpoints[name])
        call(sys.executable, __file__, 'export', name, work)
        for engine in engines[name]:
            measure(*engine, name, args.threads[-1], work, npm, str(work / 'out'))
            errors[name, engine] = compare(work / 'out', expected)
            print(f'{name}: {names[engine[0]]}, {engine[1]}: error {errors[name, engine]:.1e}', file=sys.stderr)
    if args.check:
        return

    times = {}
    for r in range(args.rounds):
        for name in args.networks:
            for threads in args.threads[::-1 if r % 2 else 1]:
                # the others repeat for half a second
                ours = bench(args.samcore, checkpoints[name], threads, args.precisions, 5 if name in SHORT else 1)
                for precision, case in ours.items():
                    times.setdefault((name, ('samcore', precision), threads), []).append(
                        case['click' if name == 'click' else 'encode_again'])
                for engine in engines[name][::-1 if r % 2 else 1]:
                    ms = measure(*engine, name, threads, work, npm)
                    times.setdefault((name, engine, threads), []).append(ms)
                    print(f'{name}: {names[engine[0]]}, {engine[1]}, threads {threads}: {ms:.1f} ms', file=sys.stderr)
        print(f'round {r + 1} of {args.rounds}', file=sys.stderr)
        (work / 'times.json').write_text(json.dumps([[*key, value] for key, value in times.items()]))

    print('| network | engine | precision |' + ''.join(f' {n} thread{"s" * (n > 1)} | x samcore |' for n in args.threads)
          + ' error |\n|---|---|---|' + '---|---|' * len(args.threads) + '---|')
    for name in args.networks:
        ours = [('samcore', p) for p in ['f32'] + args.precisions]
        for engine in ours + engines[name]:
            row = f'| {NETWORKS[name]} | {names.get(engine[0], engine[0])} | {engine[1]} |'
            for threads in args.threads:
                own, base = times[name, engine, threads], times[name, ('samcore', engine[1]), threads]
                ms = median(own)
                row += f' {ms:.0f} ms |' if ms >= 100 else f' {ms:.1f} ms |'
                row += ' |' if engine in ours else f' {median(a / b for a, b in zip(own, base)):.2f} |'
            print(row + (' |' if engine in ours else f' {errors[name, engine]:.1e} |'))


if __name__ == '__main__':
    worker = {'export': export, 'torch': run_torch, 'ort': run_ort}.get(sys.argv[1] if len(sys.argv) > 1 else '')
    if worker:
        worker(sys.argv[2], Path(sys.argv[3]), *sys.argv[4:])
    else:
        main()
