from __future__ import annotations

from dataclasses import replace

import numpy as np
from vosapp_fakes import BOXES, mask_of

from core.prompts.request import BoxPrompt, PointPrompt
from core.prompts.segment import segment
from vosapp.project.edits import LockObject
from vosapp.session.prompting import PromptAsk


def around(object_id, margin=3):
    top, left, bottom, right = BOXES[object_id]
    return BoxPrompt((left - margin, top - margin, right + margin, bottom + margin))


def answer(qtbot, workspace, ask):
    with qtbot.waitSignal(workspace.prompting.answered, timeout=10000) as caught:
        workspace.prompting.ask(ask)
    return caught.args[0]


def test_a_box_proposes_a_mask_and_changes_nothing(qtbot, workspace):
    found = answer(qtbot, workspace, PromptAsk(box=around(1)))
    overlap = (found.mask & mask_of(0, 1)).sum() / (found.mask | mask_of(0, 1)).sum()
    assert overlap > 0.9
    workspace.session.drain()
    assert not workspace.session.project.label_map(0).any()
    assert workspace.session.project.history() == ()


def test_only_the_newest_question_is_answered(qtbot, workspace):
    answers = []
    workspace.prompting.answered.connect(answers.append)
    for margin in range(1, 6):
        workspace.prompting.ask(PromptAsk(box=around(1, margin)))
    qtbot.waitUntil(lambda: not workspace.prompting.busy)
    assert len(answers) <= 2
    assert answers[-1].ask.box == around(1, 5)


def test_a_locked_object_is_left_alone(qtbot, tracked):
    session = tracked.session
    session.do(LockObject(2, True))
    qtbot.waitUntil(lambda: any(item.locked for item in session.objects))
    session.select_object(1)
    found = answer(qtbot, tracked, PromptAsk(points=(PointPrompt(12, 15), PointPrompt(25, 35))))
    assert not (found.mask & mask_of(0, 2)).any()


def test_a_prompt_that_makes_no_sense_is_refused(qtbot, workspace):
    with qtbot.waitSignal(workspace.prompting.failed) as caught:
        workspace.prompting.ask(PromptAsk(box=BoxPrompt((-90.0, -90.0, -80.0, -80.0))))
    assert caught.args[0].hint
    assert np.array_equal(workspace.session.view.label_map, np.zeros((48, 64)))


def test_what_was_taken_is_answered_though_more_was_asked(qtbot, workspace):
    prompting, taken, answers = workspace.prompting, [], []
    prompting.answered.connect(answers.append)
    for margin in range(1, 5):
        ask = PromptAsk(box=around(1, margin))
        prompting.ask(ask)
        assert prompting.keep(ask, 0, lambda mask, m=margin: taken.append((m, mask.any())))
    prompting.ask(PromptAsk(box=around(2)))
    assert prompting.owing
    with qtbot.waitSignal(prompting.settled, timeout=10000):
        pass
    qtbot.waitUntil(lambda: not prompting.busy)
    assert taken == [(1, True), (2, True), (3, True), (4, True)]
    assert [found.ask.box for found in answers] == [around(2)]
    assert not prompting.keep(PromptAsk(box=around(2)), 0, taken.append)


def test_what_was_taken_is_answered_before_it_is_closed(qtbot, workspace):
    prompting, taken = workspace.prompting, []
    for object_id in (1, 2):
        ask = PromptAsk(box=around(object_id))
        prompting.ask(ask)
        prompting.keep(ask, 0, lambda mask, i=object_id: taken.append((i, mask.any())))
    prompting.ask(PromptAsk(box=around(1, 6)))
    prompting.forget()
    prompting.finish()
    assert taken == [(1, True), (2, True)]
    assert not prompting.busy


def test_one_click_more_begins_where_the_last_answer_ended(qtbot, tracked, monkeypatch):
    """And gives what all clicks at once give."""
    asked, control, session = [], tracked.prompting, tracked.session
    monkeypatch.setattr(
        "core.prompts.segment.segment", lambda request: asked.append(request) or segment(request)
    )
    session.select_object(0)
    points = (PointPrompt(50.0, 10.0), PointPrompt(55.0, 20.0), PointPrompt(50.0, 40.0, False))
    for count in (1, 2, 3):
        with qtbot.waitSignal(control.answered, timeout=20_000) as caught:
            control.ask(PromptAsk(points=points[:count]), 0)
    assert [request.previous is None for request in asked] == [True, False, False]
    whole = segment(replace(asked[0], points=points, previous=None))
    assert np.array_equal(caught.args[0].mask, whole)
    session.go_to(3)
    qtbot.waitUntil(lambda: session.view.frame_index == 3 and session.view.exact)
    with qtbot.waitSignal(control.answered, timeout=20_000):
        control.ask(PromptAsk(points=points), 0)
    assert asked[-1].previous is None
