from __future__ import annotations

from collections.abc import Hashable, Mapping

import pytest

from kpistream.stream.pulse import SILENT_S, Pulse, Sign

NOON = 1_772_366_400.0


class Watched:
    """A pulse that is felt once a second, as a worker does, by a clock of the test's."""

    def __init__(self) -> None:
        self.now_s = 1_000.0
        self.pulse = Pulse(lambda: self.now_s, lambda: NOON + self.now_s - 1_000)
        self._answers = 0

    def look(self, signs: Mapping[Hashable, object], after_s: float = 1.0) -> None:
        self.now_s += after_s
        self.pulse.look(
            {
                source: sign if isinstance(sign, Sign) else Sign(sign, is_asked=sign is not None)
                for source, sign in signs.items()
            }
        )

    def watch(self, seconds: int, **signs: object) -> None:
        """Look each second; a sign of `...` is another each time."""
        for _ in range(seconds):
            self._answers += 1
            self.look({s: self._answers if sign is ... else sign for s, sign in signs.items()})

    def silent_since(self) -> float | None:
        return self.pulse.silent_since


@pytest.fixture
def watched() -> Watched:
    return Watched()


class TestAPulse:
    def test_is_there_while_every_sign_is_another_each_time(self, watched: Watched) -> None:
        watched.watch(120, clicks=..., group=...)
        assert watched.silent_since() is None

    def test_is_missed_since_the_last_answer_after_a_while(self, watched: Watched) -> None:
        watched.watch(10, clicks=...)
        watched.watch(1, clicks="the last")
        watched.watch(int(SILENT_S) - 1, clicks="the last")
        assert watched.silent_since() is None
        watched.watch(1, clicks="the last")
        assert watched.silent_since() == NOON + 11
        watched.watch(60, clicks="the last")
        assert watched.silent_since() == NOON + 11

    def test_comes_back_with_the_next_answer(self, watched: Watched) -> None:
        watched.watch(30, clicks="the last")
        assert watched.silent_since() is not None
        watched.watch(1, clicks="another")
        assert watched.silent_since() is None

    def test_is_missed_when_one_of_many_sources_is_silent(self, watched: Watched) -> None:
        watched.watch(30, clicks=..., orders="the last", group=...)
        assert watched.silent_since() == NOON + 1

    def test_is_not_missed_of_what_is_asked_for_nothing(self, watched: Watched) -> None:
        watched.watch(30, clicks=None, writing=None, group=...)
        assert watched.silent_since() is None
        watched.watch(10, clicks="the last", writing=4, group=...)
        assert watched.silent_since() is None

    def test_is_not_missed_of_a_partition_that_another_worker_has_now(
        self, watched: Watched
    ) -> None:
        watched.watch(30, clicks="the last", group=...)
        watched.watch(1, group=...)
        assert watched.silent_since() is None
        watched.watch(5, clicks="the last", group=...)
        assert watched.silent_since() is None

    def test_of_a_source_without_a_first_answer_is_missed_since_it_was_asked(
        self, watched: Watched
    ) -> None:
        watched.watch(5, group=...)
        watched.watch(20, group=..., clicks=0)
        assert watched.silent_since() == NOON + 6

    def test_is_not_missed_for_the_time_in_which_nobody_looked(self, watched: Watched) -> None:
        watched.watch(10, writing=7)
        watched.look({"writing": 7}, after_s=3_600)
        assert watched.silent_since() is None
        watched.watch(int(SILENT_S), writing=7)
        assert watched.silent_since() == NOON + 3_610


class TestASource:
    def test_is_unheard_for_as_long_as_its_sign_stays_the_same(self, watched: Watched) -> None:
        watched.watch(8, clicks="the last", orders=...)
        assert watched.pulse.unheard_s("clicks") == 7
        assert watched.pulse.unheard_s("orders") == 0
        assert watched.pulse.unheard_s("carts") == 0

    def test_is_unheard_while_its_newest_answer_waits_here_but_not_missed(
        self, watched: Watched
    ) -> None:
        watched.watch(60, clicks=Sign("the newest", is_asked=False))
        assert watched.pulse.unheard_s("clicks") == 59
        watched.watch(1, clicks="the newest")
        assert watched.pulse.unheard_s("clicks") == 60
        assert watched.silent_since() is None

    def test_is_unheard_for_the_time_in_which_nobody_looked(self, watched: Watched) -> None:
        watched.watch(10, clicks=...)
        watched.now_s += 600
        assert watched.pulse.unheard_s("clicks") == 600

    def test_is_unheard_after_that_until_another_answer_than_what_was_there_by_then(
        self, watched: Watched
    ) -> None:
        watched.watch(10, clicks=...)
        watched.look({"clicks": "answered before, and read only now"}, after_s=600)
        assert watched.pulse.unheard_s("clicks") == 600
        watched.look({"clicks": "another"})
        assert watched.pulse.unheard_s("clicks") == 0
