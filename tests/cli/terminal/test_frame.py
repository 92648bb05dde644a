from __future__ import annotations

from typing import Any

import msgspec
import pytest

from kpistream.cli.failures import Failure
from kpistream.cli.terminal.frame import Frame, patched
from kpistream.cli.terminal.query import Query
from kpistream.cli.terminal.vocabulary import Vocabulary
from tests.cli.terminal.live_worker import VOCABULARY, alert, overview, tile


class TestPatched:
    def test_a_patch_replaces_what_it_names_and_leaves_the_rest(self) -> None:
        whole = patched(overview(), {"as_of": "2026-03-01T10:00:10Z", "alerts": [alert()]})
        assert whole == overview(as_of="2026-03-01T10:00:10Z", alerts=[alert()])

    def test_of_tiles_it_brings_only_those_that_changed(self) -> None:
        changed = tile("visitors", 5)
        whole = patched(overview(), {"tiles": {"visitors": changed}})
        assert whole["tiles"] == {**overview()["tiles"], "visitors": changed}

    def test_it_can_take_a_breakdown_away(self) -> None:
        assert patched(overview(), {"breakdown": None})["breakdown"] is None
        assert "visitors" not in patched(overview(), {"tiles": {"visitors": None}})["tiles"]

    def test_the_frame_before_it_stays_as_it_was(self) -> None:
        before = overview()
        patched(before, {"tiles": {"visitors": tile("visitors", 5)}})
        assert before == overview()


class TestFrame:
    def test_texts_are_printable_wherever_they_stand(self) -> None:
        member = "\x1b]0;owned\x07\x9b2J\u202eevil\nline"
        document = overview(silent_topics=[member])
        document["breakdown"]["rows"][0]["member"] = member
        document["query"]["slice"] = {member: member}
        frame = Frame.of(document)
        assert frame.breakdown is not None
        part = dict(frame.query.slice)
        for text in (*part, *part.values(), frame.breakdown.rows[0].member, *frame.silent_topics):
            assert text == "?]0;owned??2J?evil line"

    def test_keys_of_tomorrow_are_let_be(self) -> None:
        assert Frame.of(overview(weather="fine")) == Frame.of(overview())

    @pytest.mark.parametrize("wrong", [[], {"tiles": []}, {"alerts": [{}]}, {"as_of": 5}, "no"])
    def test_what_is_no_frame_is_refused(self, wrong: Any) -> None:
        with pytest.raises(msgspec.ValidationError):
            Frame.of(wrong)

    def test_it_knows_how_many_alerts_fire(self) -> None:
        alerts = [alert("1"), alert("2", state="pending"), alert("3", state="resolved")]
        assert Frame.of(overview(alerts=alerts)).firing == 1


class TestVocabulary:
    @pytest.mark.parametrize(
        ("query", "problem"),
        [
            (Query(board="overvew"), "--board 'overvew' is not known; did you mean 'overview'?"),
            (Query(window="9y"), "--window '9y' is not known; there are 5m, 1h, 24h"),
            (Query(by="colour"), "--by 'colour' is not known; there are channel, campaign"),
            (Query(kpi="revnue"), "--kpi 'revnue' is not known; did you mean 'revenue'?"),
            (Query(kpi="zzz"), "--kpi 'zzz' is not known"),
        ],
    )
    def test_what_there_is_not_cannot_be_asked_for(self, query: Query, problem: str) -> None:
        with pytest.raises(Failure) as failed:
            Vocabulary.of(VOCABULARY).check(query)
        assert (str(failed.value), failed.value.code) == (problem, 2)

    def test_what_there_is_can_be_asked_for(self) -> None:
        query = Query("overview", "1h", "channel", "revenue")
        Vocabulary.of(VOCABULARY).check(query)
        assert Query(board="sales").parameters == {"board": "sales"}

    @pytest.mark.parametrize("wrong", [{}, [], {"kpis": [{}]}, {"kpis": "none"}])
    def test_an_answer_that_is_no_vocabulary_is_refused(self, wrong: Any) -> None:
        with pytest.raises(Failure, match="not as expected"):
            Vocabulary.of(wrong)

    def test_kpis_are_in_the_order_of_their_board(self) -> None:
        order = Vocabulary.of(VOCABULARY).in_order("overview", ["orders", "visitors", "revenue"])
        assert order == ["revenue", "visitors", "orders"]
