"""What a learner knows of sessions between itself and its leader."""

from __future__ import annotations

from zabcheck.implementation.peer_sessions import Heard


def test_a_leader_that_is_lost_says_of_no_session_that_it_is_dead() -> None:
    heard = Heard()
    answers: list[bool] = []
    heard.touch(7, 1000)
    heard.ask(7, answers.append)
    heard.forget()
    heard.answer(7, valid=True)
    assert answers == []
    assert heard.taken() == ()
