"""Signing in and out at /desk through an OpenID Connect provider that runs as a process of its own, in a real browser.

The browser meets the provider at "localhost" and the desk at 127.0.0.1: two sites, as in life, so that cookies are kept
from each other as they would be there.
"""

import subprocess
import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect
from service import share_prepared, start, stop
from shift import add_account
from test_desk_access import violations
from visit import ANSWER_MS

from api.settings import CHECKOUT

SIGN_IN = {"zh": "用单位账号登录", "en": "Sign in with your organisation’s account"}
SIGN_OUT = {"zh": "退出登录", "en": "Sign out"}
NOT_KNOWN = {"zh": "还没有开通", "en": "not known here yet"}


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    """The address of a running provider."""
    command = [sys.executable, str(CHECKOUT / "tests" / "contract" / "provider.py")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        yield process.stdout.readline().strip()
        process.terminate()


@pytest.fixture(scope="module")
def site(tmp_path_factory, provider) -> Iterator[str]:
    """The address of a service with this provider, where li has an account."""
    data_dir = tmp_path_factory.mktemp("provider")
    share_prepared(data_dir)
    add_account(data_dir, "li", "--role", "agent")
    known = {"ISSUER": provider, "CLIENT_ID": "bangban", "CLIENT_SECRET": "a secret of the two"}
    running = start(data_dir, **{f"BANGBAN_OIDC_{name}": value for name, value in known.items()})
    yield running.url
    stop(running)


def go_to_provider(page, site, provider, language):
    """From the login page to where the provider asks who one is."""
    page.route("https://**", lambda route: route.abort())  # The provider's page would load its looks from afar.
    page.goto(f"{site}/desk/login")
    page.get_by_role("link", name=SIGN_IN[language]).click()
    page.wait_for_url(f"{provider}/oauth2/authorize?**")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_helper_signs_in_at_the_provider_and_signing_out_ends_both(site, provider, new_context, language):
    page = new_context(language).new_page()
    go_to_provider(page, site, provider, language)
    page.locator("[name=sub]").first.fill("7001")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{site}/desk")
    expect(page.locator(".connection")).to_contain_text("●", timeout=ANSWER_MS)
    expect(page.locator("[data-act=settings] .label")).to_have_text("li")
    page.locator(".presence.online").click()
    expect(page.locator("[name=presence][value=online]")).to_be_checked()
    page.reload()
    expect(page.locator("[name=presence][value=online]")).to_be_checked(timeout=ANSWER_MS)

    page.keyboard.press("m")
    page.get_by_role("button", name=SIGN_OUT[language]).click()
    page.wait_for_url(f"{provider}/oauth2/end_session?**")
    page.get_by_role("button", name="End session").click()
    page.wait_for_url(f"{site}/desk/login?state=**")
    page.goto(f"{site}/desk")
    page.wait_for_url(f"{site}/desk/login")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_who_has_no_account_here_is_told_so_on_the_login_page(site, provider, new_context, language):
    page = new_context(language, reduced_motion="reduce").new_page()
    go_to_provider(page, site, provider, language)
    page.locator("[name=sub]").first.fill("7003")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{site}/desk/login?refused=no-account")
    expect(page.get_by_role("alert")).to_contain_text(NOT_KNOWN[language])
    assert violations(page) == []
    page.goto(f"{site}/desk")
    page.wait_for_url(f"{site}/desk/login")
