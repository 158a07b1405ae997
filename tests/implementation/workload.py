"""Clients that write and read all the time, and keep a history of it that `zabcheck validate` reads."""

from __future__ import annotations

import json
import threading
import time
from random import Random
from typing import TYPE_CHECKING, Any

from kazoo.client import KazooClient
from kazoo.exceptions import KazooException, NodeExistsError, NoNodeError
from kazoo.handlers.threading import KazooTimeoutError

if TYPE_CHECKING:
    from pathlib import Path

REGISTERS = 3
"""nodes that all clients write"""
ANSWERED = 2.0
"""Seconds after which a client does not wait for an answer any more: it does not know what became of a write."""
AGAIN = {"max_tries": -1, "delay": 0.05, "backoff": 1, "max_jitter": 0.5}
"""How a client looks for a server."""
THINKS = 0.01
"""Seconds between two requests, at most: recordings stay small."""


class Client(threading.Thread):
    """One client; each value that it writes is written once."""

    def __init__(self, name: str, hosts: str, folder: Path, seed: int) -> None:
        super().__init__(name=name, daemon=True)
        self.acknowledged: dict[str, str] = {}
        """nodes that it made and was told of, with their values"""
        self.unknown = 0
        """writes of which it was not told"""
        self.read = 0
        self.wrong: list[str] = []
        """reads that contradict what it was told before"""
        self._random = Random(seed)
        self._over = threading.Event()
        self._writing = threading.Lock()
        self._history = (folder / f"client-{name}.jsonl").open("a", encoding="utf-8")
        self._client = KazooClient(hosts, timeout=4.0, connection_retry=AGAIN)
        self._client.add_listener(self._heard)
        self._made = 0

    def connect(self, patience: float) -> None:
        """Find a server."""
        self._client.start(patience)

    def run(self) -> None:
        """Write and read until `end`."""
        while not self._over.is_set():
            choice = self._random.random()
            if choice < 0.5:
                self._create()
            elif choice < 0.7:
                self._set()
            elif choice < 0.85 and self.acknowledged:
                self._get(self._random.choice(list(self.acknowledged)))
            else:
                self._get(f"/r{self._random.randrange(REGISTERS)}")
            self._over.wait(self._random.random() * THINKS)

    def end(self, patience: float) -> None:
        """Stop, but not before one more write was acknowledged: the ensemble has no fault any more."""
        before, end = len(self.acknowledged), time.monotonic() + patience
        while self.is_alive() and len(self.acknowledged) == before and time.monotonic() < end:
            time.sleep(0.05)
        if len(self.acknowledged) == before:
            self.wrong.append(f"{self.name} could not write any more")
        self._over.set()
        self.join()
        self._client.stop()
        self._client.close()
        self._history.close()

    def _value(self) -> str:
        self._made += 1
        return f"{self.name}{self._made}"

    def _create(self) -> None:
        value = self._value()
        path = f"/c/{value}"
        answer = self._ask("create", path, value, self._client.create_async, include_data=True)
        if answer is None:
            self.unknown += 1
        elif isinstance(answer, KazooException):
            self.wrong.append(f"{self.name} makes {path}: {type(answer).__name__}")
        else:
            self.acknowledged[path] = value

    def _set(self) -> None:
        path = f"/r{self._random.randrange(REGISTERS)}"
        self.unknown += self._ask("set", path, self._value(), self._client.set_async) is None

    def _get(self, path: str) -> None:
        answer = self._ask("get", path, None, self._client.get_async)
        if answer is None:
            return
        self.read += 1
        wanted = self.acknowledged.get(path)
        if isinstance(answer, KazooException):
            self.wrong.append(f"{self.name} reads {path}: {type(answer).__name__}")
        elif wanted is not None and answer[0].decode() != wanted:
            self.wrong.append(f"{self.name} reads {answer[0]!r} from {path}, and had written {wanted}")

    def _ask(self, op: str, path: str, value: str | None, ask: Any, **options: Any) -> Any:
        """Ask, and note what was answered: a result, a refusal, or ``None`` for no answer."""
        args = {"path": path} | ({} if value is None else {"value": value})
        line: dict[str, Any] = {"op": op, "args": args, "start": time.time(), "ok": None}
        answer: Any = None
        try:
            given = (path,) if value is None else (path, value.encode())
            answer = ask(*given, **options).get(timeout=ANSWERED)
            line |= {"ok": True, "hdr_zxid": self._client.last_zxid}
            if op == "get":
                line |= {"value": answer[0].decode(), "mzxid": answer[1].mzxid, "version": answer[1].version}
            else:
                line["zxid"] = (answer[1] if op == "create" else answer).mzxid
        except (NoNodeError, NodeExistsError) as error:
            answer = error
            line |= {"ok": False, "hdr_zxid": self._client.last_zxid, "error": type(error).__name__}
        except (KazooException, KazooTimeoutError) as error:
            line["error"] = type(error).__name__
        self._note(line)
        return answer

    def _heard(self, state: str) -> None:
        self._note({"op": "state", "state": state})

    def _note(self, line: dict[str, Any]) -> None:
        with self._writing:
            if not self._history.closed:
                self._history.write(json.dumps({"client": self.name, **line, "end": time.time()}) + "\n")
                self._history.flush()
