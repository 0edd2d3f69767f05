"""The page of recommendations without the frame: opened by its parts, clicked and read by tests."""

from __future__ import annotations

from collections.abc import Callable

from streamlit.testing.v1 import AppTest

from core.contracts import Metric
from core.store.registry import registry
from core.store.versions import Version
from core.ui.shop_visitor import Visitor

SLUG = "recommendations"
Open = Callable[[str], AppTest]


def opened_part(part: str) -> AppTest:
    """A part of the page."""

    def script(part: str) -> None:
        from core.catalog import sector
        from core.ui.card import show_card
        from core.ui.shop_answer import show_shop
        from core.ui.shop_map import show_catalogue
        from core.ui.shop_quality import show_shop_quality

        parts = {
            "answer": show_shop,
            "catalogue": show_catalogue,
            "quality": show_shop_quality,
            "card": show_card,
        }
        parts[part](sector("recommendations"))

    return checked(AppTest.from_function(script, args=(part,), default_timeout=60).run())


def linked(**parameters: str) -> AppTest:
    """The answer as somebody sees it who was sent a link."""

    def script() -> None:
        from core.catalog import sector
        from core.ui.shop_answer import show_shop

        show_shop(sector("recommendations"))

    page = AppTest.from_function(script, default_timeout=60)
    for name, value in parameters.items():
        page.query_params[name] = value
    return checked(page.run())


def checked(page: AppTest) -> AppTest:
    assert not page.exception, [entry.value for entry in page.exception]
    assert not page.error, [entry.value for entry in page.error]
    return page


def press(page: AppTest, name: str) -> AppTest:
    page.button(key=f"{SLUG}.{name}").click()
    return checked(page.run())


def choose(page: AppTest, kind: str, name: str, value: object) -> AppTest:
    getattr(page, kind)(key=f"{SLUG}.{name}").set_value(value)
    return checked(page.run())


def bundled() -> Version:
    return registry().resolve(SLUG, "bundled")


def interval(metric: Metric, digits: int = 3, sign: str = "") -> str:
    return f"{metric.value:{sign}.{digits}f} [{metric.low:{sign}.{digits}f}, {metric.high:{sign}.{digits}f}]"


def ahead_of(name: str) -> Metric:
    """By how much the bundled version is ahead of another model, as its manifest says."""
    return Metric(**bundled().manifest["others"][name]["ahead"])


def listed(page: AppTest) -> list[str]:
    """Ids of the list, in order."""
    beginning = f"{SLUG}.list.remove."
    return [button.key.removeprefix(beginning) for button in page.button if (button.key or "").startswith(beginning)]


def drawn(page: AppTest) -> str:
    """What is drawn as HTML of our own, without its rules."""
    return " ".join(block.proto.body.split("</style>", 1)[1] for block in page.get("html"))


def visitor(page: AppTest) -> Visitor:
    found: Visitor = page.session_state[f"{SLUG}.shop"]
    return found
