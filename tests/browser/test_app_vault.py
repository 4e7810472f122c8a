"""What the app keeps in a browser: keys that nobody can read, and that outlive a sign-out."""

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import NewContext
from tests.browser.library import run
from tests.browser.person import Person
from tests.services.server import ServerProcess

KEEP = """
    const { privateKey, publicKey } = await keys.makeKeys();
    const wrapKey = await vault.makeWrapKey();
    await vault.keep({
      device: "phone", name: "Pixel 8", state: "active", privateKey, wrapKey, totp: null,
      addedAt: 1, clockOffset: 0,
    });
    return frames.b64(publicKey);
"""
SIGNS = """
    const frame = frames.utf8("signed afterwards");
    const { privateKey } = await vault.account("phone");
    return keys.verify(frames.unb64(argument), frame, await keys.sign(privateKey, frame));
"""


@pytest.fixture
def page(server: ServerProcess, new_context: NewContext) -> Page:
    page = new_context().new_page()
    page.goto(f"{server.origin}/login/")
    return page


def test_d31_a_key_is_kept_over_a_reload_and_signs(page: Page) -> None:
    public_key = run(page, KEEP)
    page.reload()
    assert run(page, SIGNS, public_key) is True


def test_d31_no_key_in_the_vault_can_be_exported(page: Page) -> None:
    run(page, KEEP)
    refusals = run(
        page,
        """
        const { privateKey, wrapKey } = await vault.account("phone");
        const word = ([format, key]) => crypto.subtle.exportKey(format, key).catch((e) => e.name);
        const tries = [["pkcs8", privateKey], ["jwk", privateKey], ["raw", wrapKey]];
        const words = await Promise.all(tries.map(word));
        return [privateKey.extractable, wrapKey.extractable, ...words];
        """,
    )
    assert refusals == [False, False, *["InvalidAccessError"] * 3]


def test_d102_signing_out_of_the_site_leaves_the_keys_where_they_are(person: Person) -> None:
    person.signs_up()
    public_key = run(person.page, KEEP)
    person.signs_out()
    assert run(person.page, SIGNS, public_key) is True


def refusing(place: str, name: str) -> str:
    return f"{place} = () => {{ throw new DOMException('', '{name}'); }};"


@pytest.mark.parametrize(
    ("spoiled", "code"),
    [
        (refusing("IDBObjectStore.prototype.put", "DataCloneError"), "no_storage"),
        (refusing("IDBFactory.prototype.open", "SecurityError"), "no_storage"),
        (refusing("crypto.subtle.generateKey", "NotSupportedError"), "no_keys"),
        ("", ""),
    ],
)
def test_d31_a_browser_that_cannot_keep_keys_is_found_out_before_it_links(
    page: Page, spoiled: str, code: str
) -> None:
    page.add_init_script(spoiled)
    page.reload()
    found = run(page, "return vault.tryOut().then(() => '', ({ code }) => code);")
    assert found == code


def test_trying_out_leaves_nothing_behind(page: Page) -> None:
    run(page, "await vault.tryOut();")
    assert run(page, "return vault.accounts();") == []


def test_a_secret_is_kept_sealed_and_opens_for_its_own_account_only(page: Page) -> None:
    run(page, KEEP)
    opened, kept, foreign = run(
        page,
        """
        const account = await vault.account("phone");
        await vault.sealSecret(account, frames.utf8("twenty secret bytes."));
        const kept = await vault.account("phone");
        const read = (bytes) => new TextDecoder().decode(bytes);
        return [
          read(await vault.openSecret(kept)),
          read(kept.totp.sealed),
          await vault.openSecret({ ...kept, device: "other" }).catch(({ name }) => name),
        ];
        """,
    )
    assert opened == "twenty secret bytes."
    assert "secret" not in kept
    assert foreign == "OperationError"


def test_a_change_is_heard_in_every_tab(page: Page) -> None:
    other = page.context.new_page()
    other.goto(page.url)
    for tab in (page, other):
        run(tab, "window.heard = []; vault.onChange((device) => heard.push(device));")
    run(page, KEEP)
    for tab in (page, other):
        tab.wait_for_function("() => window.heard.includes('phone')")


def test_an_account_that_was_forgotten_meanwhile_does_not_come_back(page: Page) -> None:
    run(page, KEEP)
    came_back = run(
        page,
        """
        const account = await vault.account("phone");
        await vault.forget("phone");
        return [await vault.change(account, { clockOffset: 5 }), await vault.account("phone")];
        """,
    )
    assert came_back == [False, None]


def test_two_changes_of_one_account_do_not_undo_each_other(page: Page) -> None:
    run(page, KEEP)
    kept = run(
        page,
        """
        const [one, other] = [await vault.account("phone"), await vault.account("phone")];
        await vault.change(one, { clockOffset: 5 });
        await vault.change(other, { name: "Pixel 9" });
        const { clockOffset, name } = await vault.account("phone");
        return [clockOffset, name];
        """,
    )
    assert kept == [5, "Pixel 9"]
