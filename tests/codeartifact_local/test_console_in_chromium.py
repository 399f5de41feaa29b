"""The console in a real Chromium: what people see, and what their browser does with strangers' text."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait
from tests.codeartifact_local.conftest import DOMAIN, Client, FakePublicIndex, sdist, wheel
from tests.codeartifact_local.process import debian_tool

from codeartifact_local.console.picture import BOX_WIDTH
from codeartifact_local.settings import Settings
from codeartifact_local.testing import LocalCodeArtifact, local_codeartifact

pytestmark = pytest.mark.slow
QUIET = (
    "--headless",
    "--no-sandbox",  # tests may run as root, in a container
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SIZES = {"desktop": (1200, 900), "phone": (390, 844)}
PASSWORD = "correct horse battery staple"
HOSTILE = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"


@contextmanager
def chromium(profile: Path, *options: str) -> Iterator[Any]:
    """Run Debian's Chromium with a profile of its own."""
    driver, browser = debian_tool("chromedriver", "chromium-driver"), debian_tool("chromium")
    chosen = webdriver.ChromeOptions()
    chosen.binary_location = browser
    chosen.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    for option in (*QUIET, f"--user-data-dir={profile}", *options):
        chosen.add_argument(option)
    service = webdriver.ChromeService(driver)
    started = webdriver.Chrome(options=chosen, service=service)
    try:
        yield started
    finally:
        started.quit()


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Give one Chromium to the tests here."""
    with chromium(tmp_path_factory.mktemp("chromium")) as started:
        yield started


def look(browser: Any, url: str, *, size: tuple[int, int] = SIZES["desktop"], scheme: str = "light") -> None:
    """Open a page in a window of this size, with this colour scheme."""
    metrics = {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": size[0] < 600}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    browser.get(url)


def wait_for(browser: Any, selector: str, text: str) -> None:
    """Return when an element with this text is there: a form that is sent does not keep the driver waiting."""

    def is_there(page: Any) -> bool:
        return any(found.text == text for found in page.find_elements(By.CSS_SELECTOR, selector))

    errors = (StaleElementReferenceException,)
    WebDriverWait(browser, 20, ignored_exceptions=errors).until(is_there, f"no {selector} {text!r}")


def told(name: str, version: str, body: str) -> str:
    """Return core metadata with a readme in Markdown."""
    lines = ("Metadata-Version: 2.4", f"Name: {name}", f"Version: {version}", f"Summary: {HOSTILE}")
    return "\n".join([*lines, "Description-Content-Type: text/markdown", "", body])


@pytest.fixture
def filled(client: Client) -> LocalCodeArtifact:
    """Give a server with repositories in a chain, a package with versions, and hostile text in it."""
    chain = {"dev": ("staging", "pypi-store"), "staging": ("prod",), "prod": ("pypi-store",)}
    client.api.create_repository(domain=DOMAIN, repository="staging")
    for name, upstreams in chain.items():
        client.api.update_repository(
            domain=DOMAIN, repository=name, upstreams=[{"repositoryName": one} for one in upstreams]
        )
    client.api.update_repository(domain=DOMAIN, repository="dev", description=HOSTILE)
    readme = f"# Title\n\n{HOSTILE}\n\n![picture](https://elsewhere.example/x.png)\n\n" + "wide " * 300
    for version in ("1.0", "1.1"):
        client.upload("dev", wheel("pkg", version, metadata=told("pkg", version, readme)))
        client.upload("dev", sdist("pkg", version, metadata=told("pkg", version, readme)))
    return client.local


PAGES = (
    "",
    f"{DOMAIN}",
    f"{DOMAIN}/dev",
    f"{DOMAIN}/dev/pypi/pkg",
    f"{DOMAIN}/dev/pypi/pkg/1.1",
    "-/search?q=pkg",
)


def test_people_find_a_version_by_clicking(browser: Any, filled: LocalCodeArtifact) -> None:
    """From the domain through the picture to the hash of a file, and by search."""
    look(browser, filled.url)
    browser.find_element(By.LINK_TEXT, DOMAIN).click()
    browser.find_element(By.CSS_SELECTOR, f'svg a[href="/console/{DOMAIN}/dev"]').click()
    browser.find_element(By.LINK_TEXT, "pkg").click()
    browser.find_element(By.LINK_TEXT, "1.0").click()
    assert browser.find_element(By.TAG_NAME, "h1").text == "pkg 1.0 Published"
    sha256 = browser.find_element(By.CSS_SELECTOR, ".hash code").text
    assert len(sha256) == 64
    browser.find_element(By.NAME, "q").send_keys(sha256, Keys.ENTER)
    wait_for(browser, "tbody th", "pkg 1.0")


def test_strangers_text_runs_nothing_and_loads_nothing(browser: Any, filled: LocalCodeArtifact) -> None:
    """No page is renamed by a script, and the browser's log tells of no address but this server's."""
    browser.get_log("browser")
    for page in PAGES:
        look(browser, f"{filled.url}/console/{page}")
        assert "codeartifact-local" in browser.title, page
        names = browser.execute_script("return performance.getEntriesByType('resource').map(one => one.name)")
        assert {name.removeprefix(f"{filled.url}/console/-/") for name in names} <= {
            "console.css",
            "icon.svg",
        }
    assert browser.get_log("browser") == []


def test_the_policy_stops_what_would_run(browser: Any, filled: LocalCodeArtifact) -> None:
    """Were there a script, a style or a picture from elsewhere in a page: no browser would take it."""
    look(browser, filled.url)
    browser.get_log("browser")
    browser.execute_script(
        'document.body.insertAdjacentHTML("beforeend", "<p style=\'color: red\'>x</p>'
        "<img src='//elsewhere.example/x.png' onerror='document.title = 1'>\")"
    )
    log: list[str] = []

    def are_all_refused(page: Any) -> bool:
        log.extend(entry["message"] for entry in page.get_log("browser"))
        refused = ("inline style violates", "inline event handler violates", "Loading the image")
        return all(any(one in message for message in log) for one in refused)

    WebDriverWait(browser, 20).until(are_all_refused)
    assert "codeartifact-local" in browser.title


def test_the_style_is_the_servers_own_and_is_loaded(browser: Any, filled: LocalCodeArtifact) -> None:
    """The policy lets it through: dark is dark, and light is light."""
    found = {}
    for scheme in ("light", "dark"):
        look(browser, filled.url, scheme=scheme)
        found[scheme] = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert found == {"light": "rgb(255, 255, 255)", "dark": "rgb(28, 25, 23)"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_can_be_read(browser: Any, filled: LocalCodeArtifact, scheme: str) -> None:
    """Its contrast is 4.5 to 1 at least (WCAG 2.2, 1.4.3)."""
    for page in PAGES:
        look(browser, f"{filled.url}/console/{page}", scheme=scheme)
        assert browser.execute_script(FAINT_TEXT) == [], page


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
def test_no_page_is_wider_than_its_window(
    browser: Any, filled: LocalCodeArtifact, size: tuple[int, int]
) -> None:
    """Wide tables, pictures and words scroll or break inside it, on a phone too."""
    for page in PAGES:
        look(browser, f"{filled.url}/console/{page}", size=size)
        assert browser.execute_script("return document.documentElement.scrollWidth") <= size[0], page


def test_every_box_of_the_picture_holds_its_name(browser: Any, filled: LocalCodeArtifact) -> None:
    """Also the longest name that a repository can have; the numbers are the order of the search."""
    long = "m" * 100
    filled.client().create_repository(domain=DOMAIN, repository=long, upstreams=[{"repositoryName": "dev"}])
    look(browser, f"{filled.url}/console/{DOMAIN}/{long}")
    widths = browser.execute_script(
        "return [...document.querySelectorAll('svg .label')].map(label => label.clientWidth)"
    )
    assert widths == [BOX_WIDTH] * 6
    order = browser.find_elements(By.CSS_SELECTOR, "svg text.order")
    assert sorted(text.text for text in order) == ["1", "2", "3", "4", "5"]


def test_keys_reach_everything(browser: Any, filled: LocalCodeArtifact) -> None:
    """Tab goes through header, trail, picture and table in the order of the page, and shows where it is."""
    look(browser, f"{filled.url}/console/{DOMAIN}")
    reached = []
    for _ in range(12):
        browser.switch_to.active_element.send_keys(Keys.TAB)
        reached.append(browser.execute_script("return document.activeElement.outerHTML.slice(0, 60)"))
    assert "home" in reached[0]
    assert 'name="q"' in reached[1]
    assert sum("/console/acme/" in element for element in reached) >= 4
    assert browser.execute_script("return getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_the_password_opens_the_page_that_was_asked_for(
    tmp_path: Path, public_index: FakePublicIndex, browser: Any
) -> None:
    """A wrong one does not; logging out closes it again."""
    settings = Settings(durable=False, only_this_machine=False, console_password=PASSWORD)
    with local_codeartifact(tmp_path / "data", public_index=public_index.url, settings=settings) as local:
        local.create(DOMAIN, "dev")
        look(browser, f"{local.url}/console/{DOMAIN}/dev")
        browser.find_element(By.NAME, "password").send_keys("wrong", Keys.ENTER)
        wait_for(browser, "[role=alert]", "This is not the password.")
        browser.find_element(By.NAME, "password").send_keys(PASSWORD, Keys.ENTER)
        wait_for(browser, "h1", "dev")
        assert browser.current_url == f"{local.url}/console/{DOMAIN}/dev"
        browser.find_element(By.CSS_SELECTOR, "button.quiet").click()
        wait_for(browser, "h1", "Log in")


def test_a_page_elsewhere_cannot_read_the_console(tmp_path: Path, filled: LocalCodeArtifact) -> None:
    """A name of a stranger's that leads to this machine shows nothing of what is here (DNS rebinding)."""
    address = filled.url.replace("127.0.0.1", "evil.example")
    with chromium(tmp_path, "--host-resolver-rules=MAP evil.example 127.0.0.1") as browser:
        browser.get(f"{address}/console/{DOMAIN}")
        assert "127.0.0.1 or localhost" in browser.page_source
        assert "pypi-store" not in browser.page_source
        # The control: by its own name the same server shows the page.
        browser.get(f"{filled.url}/console/{DOMAIN}")
        assert "pypi-store" in browser.page_source


FAINT_TEXT = """
const channels = color => color.match(/[\\d.]+/g).map(Number);
const luminance = color => {
  const [r, g, b] = channels(color).map(c => (c /= 255) <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4);
  return .2126 * r + .7152 * g + .0722 * b;
};
const backdrop = element => {
  for (; element; element = element.parentElement) {
    const color = getComputedStyle(element).backgroundColor;
    if (channels(color)[3] !== 0) return color;
  }
  return getComputedStyle(document.body).backgroundColor;
};
const own = element => [...element.childNodes].some(node => node.nodeType === 3 && node.textContent.trim());
return [...document.querySelectorAll('body *')].filter(own).filter(element => {
  const style = getComputedStyle(element);
  const [a, b] = [element.tagName === 'text' ? style.fill : style.color, backdrop(element)].map(luminance);
  return (Math.max(a, b) + .05) / (Math.min(a, b) + .05) < 4.5;
}).map(element => element.outerHTML.slice(0, 100));
"""


def test_the_measure_of_contrast_finds_faint_text(browser: Any, filled: LocalCodeArtifact) -> None:
    """The control: text in nearly the colour of the page is found."""
    look(browser, filled.url)
    browser.execute_script("document.querySelector('h1').style.color = '#999'")
    assert len(browser.execute_script(FAINT_TEXT)) == 1
