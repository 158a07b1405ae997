"""The plugin as pytest loads it, in a process of its own."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parents[2]
RECORDINGS = ROOT / "tests/data/recordings"


def run(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    pytester.makeini("[pytest]\naddopts = --strict-markers -p no:cacheprovider\nfilterwarnings = error\n")
    return pytester.runpytest_subprocess(*arguments)


def test_the_plugin_costs_nothing_until_it_is_used(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import sys

        def test_nothing_of_it_is_loaded():
            loaded = {name for name in sys.modules if name.startswith("zabcheck")}
            assert loaded == {"zabcheck", "zabcheck.testing", "zabcheck.testing.plugin"}
        """
    )
    run(pytester).assert_outcomes(passed=1)


def test_models_in_tests(pytester: pytest.Pytester) -> None:
    shutil.copy(ROOT / "tests/models/two_phase_commit.py", pytester.path)
    pytester.makepyfile(
        """
        def test_it_holds(check):
            check("two_phase_commit.py").holds()

        def test_it_does_not(check):
            check("two_phase_commit.py", variant="hasty").holds()

        def test_a_mistake(check):
            check("two_phase_commit.py", rsm=2).holds()
        """
    )
    result = run(pytester)
    result.assert_outcomes(passed=1, failed=2)
    text = result.stdout.str()
    assert "test_models_in_tests.py:5: it does not hold: consistent is violated" in text
    assert "Counterexample: consistent  5 steps from an initial state" in text
    assert "test_models_in_tests.py:8: unknown option --rsm, did you mean --rms?" in text
    assert "Traceback" not in text
    assert "site-packages" not in text
    assert "checking.py" not in text


def test_recordings_as_tests(pytester: pytest.Pytester) -> None:
    folder = pytester.mkdir("kept")
    shutil.copy(RECORDINGS / "zxid-rollover.tar.gz", folder)
    folder.joinpath("empty.log").write_text("nothing\n", encoding="utf-8")
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.recordings("kept/*.tar.gz", release="3.8.0")
        def test_it_conforms(recording):
            outcome = recording.conforms()
            assert outcome is recording.outcome

        @pytest.mark.recordings("kept/*.tar.gz")
        def test_it_is_not_rejected(recording):
            recording.rejected_by("P1s")

        @pytest.mark.recordings("kept/empty.log")
        def test_nothing_to_read(recording):
            recording.conforms()

        def test_without_a_marker(recording):
            recording.conforms()
        """
    )
    result = run(pytester)
    result.assert_outcomes(passed=1, failed=2, errors=1)
    text = result.stdout.str()
    assert "test_it_is_not_rejected[zxid-rollover.tar.gz]" in text
    assert "it does not violate P1s" in text
    assert "needs @pytest.mark.recordings" in text


def test_a_pattern_that_matches_nothing_is_an_error(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.recordings("kept/*")
        def test_it_conforms(recording):
            recording.conforms()
        """
    )
    result = run(pytester)
    assert result.ret != 0
    assert "no recording matches kept/* in" in result.stdout.str()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--variant", "hasty"], 'question.along(*STEPS).violates("consistent")'),
        (["--property", "all_committed", "--max-depth", "3"], ""),
    ],
)
def test_a_written_test_passes(pytester: pytest.Pytester, arguments: list[str], said: str) -> None:
    folder = pytester.mkdir("models")
    shutil.copy(ROOT / "tests/models/two_phase_commit.py", folder)
    target = pytester.path / "test_written.py"
    command = [
        sys.executable,
        "-m",
        "zabcheck",
        "check",
        "models/two_phase_commit.py",
        "--write-test",
        str(target),
    ]
    result = pytester.run(*command, *arguments)
    if not said:
        assert not target.exists()
        assert "no test is written" in result.stderr.str()
        return
    assert result.ret == 1
    source = target.read_text(encoding="utf-8")
    assert said in source
    assert '"models/two_phase_commit.py",' in source
    run(pytester, str(target)).assert_outcomes(passed=1)
    target.write_text(source.replace("violates(", "keeps("), encoding="utf-8")
    run(pytester, str(target)).assert_outcomes(failed=1)
    target.write_text(
        source.replace("violates(", "keeps(").replace('        variant="hasty",\n', ""), encoding="utf-8"
    )
    result = run(pytester, "-rP", str(target))
    result.assert_outcomes(passed=1)
    assert "is not possible any more: decide_commit()" in result.stdout.str()
