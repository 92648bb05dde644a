from __future__ import annotations

from kpistream.core.reporting.findings import KpiFacts, Measured, Point
from kpistream.core.reporting.parts import MOST_MEMBERS, breakdown, movers, part_of


def amount(now: float, before: float, sample: int = 10) -> Measured:
    return Measured(Point(now, now, None, sample), Point(before, before, None, sample))


def rate(now: tuple[float, float], before: tuple[float, float]) -> Measured:
    def point(above: float, below: float) -> Point:
        return Point(above / below if below else None, above, below, int(below))

    return Measured(point(*now), point(*before))


def facts(kpi: str, **more: object) -> KpiFacts:
    return KpiFacts(
        id=kpi,
        name={"en": kpi},
        description={"en": kpi},
        unit="count",
        has_money=False,
        direction="up",
        **more,  # type: ignore[arg-type]
    )


def test_of_an_amount_a_member_adds_what_it_grew_by() -> None:
    part = part_of(amount(100, 80), amount(30, 45))

    assert part is not None
    assert (part.adds, part.mix) == (-15, 0)


def test_the_parts_of_a_ratio_add_up_to_its_change() -> None:
    total = rate((30, 300), (40, 200))
    ads, email = rate((10, 200), (10, 100)), rate((20, 100), (30, 100))

    parts = [part_of(total, ads), part_of(total, email)]

    found = [part for part in parts if part is not None]
    assert len(found) == 2
    assert abs(sum(part.adds for part in found) - (0.1 - 0.2)) < 1e-12
    # ads went from half to two thirds of the visits at (0.1 + 0.05) / 2, against 0.15 overall.
    assert abs(found[0].mix - (2 / 3 - 1 / 2) * (0.075 - 0.15)) < 1e-12


def test_a_value_that_is_no_quotient_has_no_parts() -> None:
    total = Measured(Point(0.9, 0.1, 1.0, 10), Point(0.8, 0.2, 1.0, 10))

    assert part_of(total, total) is None


def test_those_who_moved_a_kpi_are_named_and_those_who_did_not_are_not() -> None:
    members = {
        "channel": {
            "ads": {"orders": amount(10, 50)},
            "email": {"orders": amount(40, 41)},
            "social": {"orders": amount(30, 10)},
        }
    }

    [mover] = movers(amount(80, 101), members, "orders")

    assert (mover.dimension, mover.member, mover.adds) == ("channel", "ads", -40)


def test_members_are_shown_from_the_largest_and_the_rest_is_counted() -> None:
    members = {f"m{number}": {"orders": amount(number, 1)} for number in range(1, 13)}
    total = {"orders": amount(78, 12)}

    found = breakdown("channel", [facts("orders")], total, members, left_out=5)

    assert found is not None
    assert [row.member for row in found.rows][:2] == ["m12", "m11"]
    assert len(found.rows) == MOST_MEMBERS
    assert found.more == 12 - MOST_MEMBERS + 5
    assert found.rows[0].share == 12 / 78
    assert found.rows[0].adds == 11


def test_the_north_star_is_what_members_are_measured_by() -> None:
    members = {"ads": {"orders": amount(1, 1), "revenue": amount(2, 1)}}
    kpis = [facts("orders"), facts("revenue", north_star=True)]

    found = breakdown("channel", kpis, {"revenue": amount(2, 1)}, members, 0)

    assert found is not None
    assert found.kpis == ("revenue", "orders")


def test_members_without_any_value_are_left_out() -> None:
    members = {"ads": {"orders": Measured(Point())}}

    assert breakdown("channel", [facts("orders")], {}, members, 0) is None


def test_a_cell_says_whether_it_rests_on_enough() -> None:
    members = {"ads": {"orders": amount(5, 5, sample=5)}, "email": {"orders": amount(4, 4, 50)}}

    found = breakdown("channel", [facts("orders", minimum_sample=30)], {}, members, 0)

    assert found is not None
    assert [row.cells["orders"].enough for row in found.rows] == [False, True]
