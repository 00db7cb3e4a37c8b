"""A real headless browser that reaches no network, and what it complained about."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, sync_playwright

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@dataclass
class Watched:
    """A page, and everything that it did besides showing itself."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium")
    assert chromium, "the dashboard is looked at in Debian's chromium: `make chromium`, or apt-get install chromium"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture
def opened(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens a file at a fragment: `opened(path, "health")`. At the end nothing may have been asked of any network, and
    nothing complained about."""
    watched: list[Watched] = []

    def open_at(path: Path, fragment: str = "", **options: str) -> Page:
        context = browser.new_context(viewport={"width": 1440, "height": 900}, **options)
        one = Watched(context.new_page())
        watched.append(one)

        def asked(route: Route) -> None:
            if route.request.url.split("#")[0] == path.as_uri():
                route.continue_()
            else:
                one.requests.append(route.request.url)
                route.abort()

        context.route("**/*", asked)
        one.page.on("console", lambda said: one.complaints.append(f"{said.type}: {said.text}"))
        one.page.on("pageerror", lambda error: one.complaints.append(str(error)))
        one.page.on("dialog", lambda dialog: (one.complaints.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        one.page.goto(f"{path.as_uri()}#{fragment}")
        return one.page

    yield open_at
    for one in watched:
        one.page.context.close()
        assert one.requests == []
        assert one.complaints == []
