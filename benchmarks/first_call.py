"""Measures what the first call costs in a new process: with nothing compiled before, and with what is kept.

Run: python benchmarks/first_call.py. Replaces results/first_call.jsonl.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from typing import Any

import records

from kldiv.benchmark.case import Case
from kldiv.benchmark.circumstances import circumstances
from kldiv.benchmark.pair import FAR, draw
from kldiv.benchmark.peers import peers_of

FILE = records.RESULTS / "first_call.jsonl"
CASES = [
    Case(64, 32000),
    Case(64, 32000, "bfloat16"),
    Case(64, 32000, divergence="js"),
    Case(65536, 10),
]
# Who compiles and keeps it, and the variable that says where.
_CACHES = {"kldiv": "NUMBA_CACHE_DIR", "torch.compile": "TORCHINDUCTOR_CACHE_DIR"}


def child(peer_name: str, case: Case) -> None:
    """Time the first call of this process, and the second, and print them."""
    peer = next(each for each in peers_of(case.divergence) if each.name == peer_name)
    pair = draw(case, FAR)
    start = time.perf_counter()
    work = peer.prepare(case).bind(pair)
    work.call()
    between = time.perf_counter()
    work.call()
    seconds = {"first_seconds": between - start, "second_seconds": time.perf_counter() - between}
    print(json.dumps({**seconds, **circumstances(peer.packages)}))


def measured(peer_name: str, case: Case, cache: str, folder: str) -> dict[str, Any]:
    """The record of one first call, from a process of its own."""
    command = [sys.executable, __file__, peer_name, json.dumps(asdict(case))]
    environment = os.environ | {_CACHES[peer_name]: folder}
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
    record: dict[str, Any] = {
        **asdict(case),
        "logits_bytes": case.logits_bytes,
        "peer": peer_name,
        "cache": cache,
    }
    if done.returncode:
        record["error"] = (done.stderr.strip().splitlines() or ["no message"])[-1]
    else:
        record |= {"error": None, **json.loads(done.stdout.splitlines()[-1])}
    taken = record.get("first_seconds") or record["error"]
    print(f"{case.divergence} {case.dtype} {peer_name}, {cache} cache: {taken}", flush=True)
    return record


def main() -> None:
    """Measure every case with an empty cache and again with what that left, or what the parent asks for."""
    if len(sys.argv) > 1:
        child(sys.argv[1], Case(**json.loads(sys.argv[2])))
        return
    found = []
    for case in CASES:
        for peer in _CACHES:
            with tempfile.TemporaryDirectory() as folder:
                found += [measured(peer, case, cache, folder) for cache in ("empty", "warm")]
    records.write(FILE, found)


if __name__ == "__main__":
    main()
