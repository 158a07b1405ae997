"""Runs the steps of the composite action as GitHub does: what a runner documents of them, and no more than they use."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
CONTEXT = {"runner.os": "Linux", "github.run_id": "77", "github.run_attempt": "1"}


@dataclass
class Job:
    """What came of the steps."""

    status: int = 0
    log: str = ""
    summary: str = ""
    outputs: dict[str, str] = field(default_factory=dict)
    used: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    """the other actions that would run, with their inputs"""


def run(folder: Path, path: str, checkout: Path = ROOT, **inputs: str) -> Job:
    """The job in ``folder``, with programs found through ``path``."""
    context = dict(CONTEXT)
    for name, described in ACTION["inputs"].items():
        context[f"inputs.{name}"] = inputs.get(name.replace("-", "_"), described["default"])
    job = Job()
    for step in ACTION["runs"]["steps"]:
        if not _is_due(step.get("if", ""), context, job):
            continue
        if "uses" in step:
            job.used.append((step["uses"], {k: _filled(v, context) for k, v in step["with"].items()}))
        else:
            _run(step, folder, path, checkout, context, job)
    job.outputs = {name: _filled(output["value"], context) for name, output in ACTION["outputs"].items()}
    return job


def _is_due(condition: str, context: dict[str, str], job: Job) -> bool:
    *always, rest = condition.split("always() && ")
    asked = re.fullmatch(r"(?:([\w.]+) == '(\w+)')?", rest)
    assert asked, condition
    return (bool(always) or job.status == 0) and (not asked[1] or context[asked[1]] == asked[2])


def _filled(text: str, context: dict[str, str]) -> str:
    """A text with its expressions replaced; an output that a step did not set is empty."""

    def found(expression: re.Match[str]) -> str:
        name = expression[1]
        return context.get(name, "") if name.startswith("steps.") else context[name]

    return re.sub(r"\$\{\{ ([\w.-]+) \}\}", found, text)


def _run(
    step: dict[str, Any], folder: Path, path: str, checkout: Path, context: dict[str, str], job: Job
) -> None:
    assert step["shell"] == "bash"
    assert "${{" not in step["run"], "an input would become part of a script"
    files = {name: folder.parent / f"{folder.name}.{name}" for name in ("output", "summary", "script")}
    for file in files.values():
        file.write_text("", encoding="utf-8")
    files["script"].write_text(step["run"], encoding="utf-8")
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(files["script"])],
        cwd=folder,
        env={
            **os.environ,
            "PATH": path,
            "GITHUB_ACTION_PATH": str(checkout),
            "GITHUB_OUTPUT": str(files["output"]),
            "GITHUB_STEP_SUMMARY": str(files["summary"]),
            **{name: _filled(value, context) for name, value in step.get("env", {}).items()},
        },
        check=False,
        capture_output=True,
        text=True,
    )
    job.log += done.stdout + done.stderr
    job.status = done.returncode
    job.summary += files["summary"].read_text(encoding="utf-8")
    for line in files["output"].read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition("=")
        context[f"steps.{step['id']}.outputs.{name}"] = value
