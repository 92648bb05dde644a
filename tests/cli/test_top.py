"""`kpistream top` where no terminal is: a page, or lines of JSON."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import typer
from typer.core import TyperGroup
from typer.testing import CliRunner

from kpistream.cli.failures import told
from kpistream.cli.top import top
from kpistream.edges.web.readiness import broker_silent
from tests.cli.conftest import Ran
from tests.cli.terminal.live_worker import TOKEN, VOCABULARY, LiveWorker, Served, alert, overview


class _Told(TyperGroup):
    def invoke(self, ctx: Any) -> Any:
        with told():
            return super().invoke(ctx)


program = typer.Typer(cls=_Told)


@program.callback()
def _options() -> None:
    pass


program.command("top")(top)


@pytest.fixture
def served() -> Iterator[LiveWorker]:
    with Served() as worker:
        yield worker


def run(worker: LiveWorker, *words: str) -> Ran:
    return run_at(worker.url, *words)


def run_at(url: str, *words: str) -> Ran:
    result = CliRunner().invoke(program, ["top", "--url", url, *words])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Ran(result.exit_code, result.stdout, result.stderr)


class TestOnce:
    def test_it_prints_what_there_is_and_ends(self, served: LiveWorker) -> None:
        served.frame = overview(alerts=[alert()])
        ran = run(served, "--once")
        assert (ran.code, ran.err) == (0, "")
        for text in (
            "● live  1 firing  Overview, 1h  as of 2026-03-01 10:00:00 UTC",
            "128,431 EUR  ▲ 13 % better",
            "3.12 %  ▼ 0.33 pp worse",
            "✓ target 4",
            "Revenue by channel",
            "52,000 EUR",
            "Funnel: Shop",
            "↳ 73 %",
            "● CRITICAL roas_below_one  channel=ads, campaign=autumn",
            "120.00 EUR an hour at stake",
            "→ Pause the campaign.",
        ):
            assert text in ran.out

    def test_it_is_what_a_pipe_gets_without_being_asked(self, served: LiveWorker) -> None:
        assert "128,431 EUR" in run(served).out

    def test_it_speaks_french(self, served: LiveWorker) -> None:
        out = run(served, "--once", "--language", "fr").out.replace("\u00a0", " ")
        for text in ("● en direct", "128 431 EUR", "▲ 13 % mieux", "Aucune alerte."):
            assert text in out

    def test_it_says_in_french_what_rules_say_and_why(self, served: LiveWorker) -> None:
        fell = alert()
        fell["why"]["segments"] = [
            {
                **{"dimension": "campaign", "member": "autumn", "value": 0.4, "before": 2.2},
                **{"mix": -0.1, "rate": -1.1},
            }
        ]
        served.frame = overview(alerts=[fell])
        out = run(served, "--once", "--language", "fr").out.replace("\u00a0", " ")
        for text in (
            "Chiffre d'affaires par canal",
            "Entonnoir : Boutique",
            "canal=ads, campagne=autumn",
            "A baissé de 2,1 à 0,8 : 92 % par campagne autumn.",
            "→ Suspendre la campagne.",
        ):
            assert text in out

    def test_it_names_in_french_what_is_shown_and_what_stands_still(
        self, served: LiveWorker
    ) -> None:
        still = {"worker": "http://b:1", "reason": broker_silent(0), "slices": []}
        query = {**overview()["query"], "window": "today", "slice": {"channel": "ads"}}
        served.frame = overview(missing=[still], query=query)
        out = run(served, "--once", "--language", "fr").out.replace("\u00a0", " ")
        assert "Vue d'ensemble, aujourd'hui, canal=ads" in out
        still_since = "le broker ne répond plus depuis 1970-01-01 00:00:00 UTC"
        assert f"! figé : http://b:1 ({still_since})" in out

    def test_what_is_no_member_is_told_in_words(self, served: LiveWorker) -> None:
        rows = [{"member": name, "value": 1.0} for name in ("(not set)", "__other__", "ads")]
        served.frame = overview(breakdown={"by": "channel", "kpi": "revenue", "rows": rows})
        out = run(served, "--once", "--language", "fr").out
        assert all(name in out for name in ("non renseigné", "tous les autres", "ads"))
        assert "__other__" not in out
        assert "(not set)" not in out

    def test_a_funnel_has_room_for_the_names_of_its_steps(self, served: LiveWorker) -> None:
        steps = [{"kpi": kpi, "value": 10.0} for kpi in ("return_on_ad_spend", "visitors")]
        served.frame = overview(funnel={"name": "shop", "steps": steps})
        names = {kpi["id"]: kpi["name"]["en"] for kpi in VOCABULARY["kpis"]}
        assert len(names["return_on_ad_spend"]) > 20
        assert f"{names['return_on_ad_spend']} 10 " in run(served, "--once").out

    def test_it_asks_for_what_is_wanted(self, served: LiveWorker) -> None:
        words = ("--board", "sales", "--window", "24h", "--by", "campaign", "--kpi", "orders")
        assert "Sales, 24h" in run(served, "--once", *words).out
        asked = {"board": "sales", "window": "24h", "by": "campaign", "kpi": "orders"}
        assert served.asked == [asked]

    def test_hostile_names_steer_nothing(self, served: LiveWorker) -> None:
        served.frame = overview(silent_topics=["\x1b[2J[red]\x9b\u202e"])
        served.frame["breakdown"]["rows"][0]["member"] = "\x1b]0;x\x07"
        out = run(served, "--once").out
        assert "?[2J[red]??" in out
        assert not {"\x1b", "\x9b", "\x07", "\u202e"} & set(out)

    def test_it_waits_for_a_worker_that_is_not_ready_and_says_so(self, served: LiveWorker) -> None:
        served.refusals = [(503, "recovering: 2 partitions")]
        ran = run(served, "--once")
        assert (ran.code, ran.err) == (0, "recovering: 2 partitions\n")
        assert "128,431 EUR" in ran.out


class TestJson:
    def test_once_it_is_one_object(self, served: LiveWorker) -> None:
        ran = run(served, "--once", "--json")
        assert ran.code == 0
        assert json.loads(ran.out) == overview()
        assert ran.out.count("\n") == 1

    def test_it_is_ascii_which_steers_no_terminal(self, served: LiveWorker) -> None:
        served.frame = overview(silent_topics=["\x9b2J\u202eé"])
        out = run(served, "--once", "--json").out
        assert out.isascii()
        assert json.loads(out)["silent_topics"] == ["\x9b2J\u202eé"]

    def test_it_goes_on_with_a_line_for_each_state(self) -> None:
        with (served := Served()) as worker:
            script = "import typer; from kpistream.cli.top import top; typer.run(top)"
            command = [sys.executable, "-c", script, "--json", "--url", worker.url]
            with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
                assert process.stdout is not None
                assert json.loads(process.stdout.readline()) == overview()
                patch = {"as_of": "2026-03-01T10:00:10Z"}
                served.wait_for(worker.send("patch", patch))
                assert json.loads(process.stdout.readline()) == overview(**patch)
                process.terminate()


class TestRefusals:
    def test_without_the_token_it_says_which_option_is_missing(self) -> None:
        with Served(TOKEN) as worker:
            ran = run(worker, "--once")
            assert (ran.code, ran.out) == (1, "")
            assert ran.err == "a token is needed (--token, KPISTREAM_API_TOKEN)\n"
            assert run(worker, "--once", "--token", TOKEN).code == 0

    @pytest.mark.parametrize("words", [("--once",), ("--json",)])
    def test_a_query_that_is_refused_ends_with_2(
        self, served: LiveWorker, words: tuple[str, ...]
    ) -> None:
        served.refusals = [(400, "unknown\x1b board")]
        ran = run(served, *words)
        assert (ran.code, ran.err) == (2, "unknown? board\n")

    def test_a_board_that_there_is_not_ends_with_2(self, served: LiveWorker) -> None:
        ran = run(served, "--board", "overvew")
        assert (ran.code, ran.out) == (2, "")
        assert ran.err == "--board 'overvew' is not known; did you mean 'overview'?\n"
        assert served.asked == []

    def test_what_is_no_vocabulary_is_told(self, served: LiveWorker) -> None:
        served.vocabulary = {**VOCABULARY, "kpis": [1]}
        ran = run(served, "--once")
        assert (ran.code, ran.err) == (1, "the worker's KPIs are not as expected: is it older?\n")

    def test_where_nobody_answers_it_ends(self, nobody: str) -> None:
        ran = run_at(f"http://{nobody}", "--once")
        assert ran.code == 1
        assert "no worker answers at" in ran.err


def test_other_commands_do_not_load_what_draws_pages() -> None:
    script = "import sys, kpistream.cli.top; print({'textual', 'aiohttp'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == "set()\n"
