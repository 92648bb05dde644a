from __future__ import annotations

from itertools import islice

from bench.clicks import CAMPAIGNS, CHANNELS, Clicks, campaign_names
from kpistream.core.events.decode import Decoder, Rejected
from kpistream.core.events.events import Click

NOW_MS = 1_795_000_000_000


def decoded(count: int, seed: int = 1) -> list[Click]:
    decoder = Decoder(Click)
    events = [decoder.decode(value) for value in Clicks(seed).values(count, NOW_MS)]
    return [event for event in events if not isinstance(event, Rejected)]


def test_every_click_is_an_event_with_an_id_of_its_own() -> None:
    events = decoded(2_000)

    assert len({event.event_id for event in events}) == 2_000


def test_clicks_are_of_forty_campaigns_each_in_one_of_six_channels() -> None:
    pairs = {(event.channel, event.campaign) for event in decoded(5_000)}

    assert {campaign for _, campaign in pairs} == set(campaign_names(CAMPAIGNS))
    assert {channel for channel, _ in pairs} == set(CHANNELS)
    assert len(pairs) == CAMPAIGNS


def test_clicks_happened_within_the_minute_before_they_arrive() -> None:
    ages_s = [NOW_MS / 1000 - event.occurred_at.timestamp() for event in decoded(2_000)]

    assert 0 <= min(ages_s) <= max(ages_s) <= 60


def test_a_click_has_a_realistic_size() -> None:
    sizes = [len(value) for value in Clicks(1).values(1_000, NOW_MS)]

    assert 150 <= min(sizes) <= max(sizes) <= 250


def test_the_same_seed_gives_the_same_clicks() -> None:
    first, again = (list(islice(Clicks(7).values(50, NOW_MS), 50)) for _ in range(2))

    assert first == again
