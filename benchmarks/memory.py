"""Measures the memory that a divergence of logits takes beyond its inputs, each peer in a process of its own.

Run: python benchmarks/memory.py, on Linux. Replaces results/memory.jsonl.
"""

import gc
import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import records

from kldiv.benchmark.case import Case
from kldiv.benchmark.circumstances import circumstances
from kldiv.benchmark.measuring import first_line
from kldiv.benchmark.pair import FAR, draw
from kldiv.benchmark.peer import Peer, split_by_presence
from kldiv.benchmark.peers import peers_of

FILE = records.RESULTS / "memory.jsonl"
CASES = [Case(256, 32000), Case(64, 128256, "bfloat16")]
# Larger blocks go back to the system when they are freed, so that its counters see what is in use.
_ENVIRONMENT = {"MALLOC_MMAP_THRESHOLD_": "65536"}


def peak_beyond_inputs(peer: Peer, case: Case) -> int:
    """The most bytes in use during one call, less those in use before it; its gradient counts."""
    pair = draw(case, FAR)
    bind = peer.prepare(case).bind
    bind(pair).call()  # whatever is compiled or loaded is so from here on
    work = bind(pair)
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # begins the peak anew
    before = _status("VmRSS")
    result = work.call()
    peak = _status("VmHWM")
    del result
    return peak - before


def _status(name: str) -> int:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))


def child(peer_name: str, case: Case) -> None:
    """Measure one peer in this process and print its record."""
    peer = next(each for each in peers_of(case.divergence) if each.name == peer_name)
    record: dict[str, Any] = {**asdict(case), "logits_bytes": case.logits_bytes, "peer": peer.name}
    record |= {"beyond_inputs_bytes": None, "error": None}
    try:
        record["beyond_inputs_bytes"] = peak_beyond_inputs(peer, case)
    except Exception as error:
        record["error"] = first_line(error)
    print(json.dumps({**record, **circumstances(peer.packages)}))


def measured(peer: Peer, case: Case) -> dict[str, Any]:
    """The record of one peer, from a process of its own."""
    command = [sys.executable, __file__, peer.name, json.dumps(asdict(case))]
    done = subprocess.run(
        command, check=True, stdout=subprocess.PIPE, text=True, env=os.environ | _ENVIRONMENT
    )
    record: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    print(
        f"{case.shape} {case.dtype} {peer.name}: {record['beyond_inputs_bytes'] or record['error']}",
        flush=True,
    )
    return record


def main() -> None:
    """Measure everybody who has a gradient, or the one that the parent process asks for."""
    if len(sys.argv) > 1:
        child(sys.argv[1], Case(**json.loads(sys.argv[2])))
        return
    found = []
    for case in CASES:
        present, _ = split_by_presence(peer for peer in peers_of(case.divergence) if not peer.forward_alone)
        found += [measured(peer, case) for peer in present]
    records.write(FILE, found)


if __name__ == "__main__":
    main()
