"""Security keys and passkeys as a second factor: WebAuthn level 3, by py_webauthn.

The browser lets a key sign for the site only that the person is really at, so no false page gets
anything of use: of all methods this one resists phishing. The server keeps public keys only.
"""

import hmac
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import webauthn
from cryptography.exceptions import UnsupportedAlgorithm
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from webauthn.helpers import (
    decode_credential_public_key,
    decoded_public_key_to_cryptography,
    options_to_json,
    parse_authentication_credential_json,
    parse_registration_credential_json,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AttestationConveyancePreference,
    AuthenticationCredential,
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from accounts import audit, clock, notices, people, policies, throttling
from accounts.models import EventKind, User
from accounts.visitors import Visitor
from devices import keys, names, tampering
from twofactor import ceremonies, methods, recoveries
from twofactor.exceptions import KeyRefused
from twofactor.method_models import SecurityKey

# The name that keys belong to: a host, never a port or a scheme.
RP_ID = urlsplit(settings.KAUTH_ORIGIN).hostname or ""
TIMEOUT = int(settings.KAUTH_KEY_CEREMONY_LIFETIME.total_seconds() * 1000)
# What reading an answer stumbles over when it was not made by a browser.
UNREADABLE = (
    WebAuthnException,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    RecursionError,
    UnsupportedAlgorithm,
)


def possible() -> bool:
    """Keys belong to a host name; a site that is reached by an address alone cannot have them."""
    try:
        ip_address(RP_ID)
    except ValueError:
        return True
    return False


def registration_options(user: User, *, binding: str, visitor: Visitor = audit.NOBODY) -> str:
    """What the browser is to make a new key of, as JSON. Raises TooManyMethods, NotAllowed."""
    policies.check_allowed(user, SecurityKey.KIND, visitor=visitor)
    methods.check_room(user, SecurityKey)
    challenge = ceremonies.begin(user=user, binding=binding, purpose=ceremonies.REGISTER)
    options = webauthn.generate_registration_options(
        rp_id=RP_ID,
        rp_name=settings.KAUTH_SERVICE_NAME,
        user_id=user.pk.bytes,
        user_name=user.login_id,
        challenge=challenge,
        timeout=TIMEOUT,
        attestation=AttestationConveyancePreference.NONE,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED,
            user_verification=UserVerificationRequirement.PREFERRED,
        ),
        exclude_credentials=_descriptors(user),
    )
    return options_to_json(options)


def register(
    user: User,
    *,
    answer: str,
    name: str,
    binding: str,
    visitor: Visitor,
    recovered_in: UUID | None = None,
) -> SecurityKey:
    """The new key that `answer` proves, from now on a method of `user`.

    `recovered_in` is the session that adds it, if a recovery opened that: then it is new for a day.
    Raises KeyRefused, TooManyMethods, NotAllowed.
    """
    policies.check_allowed(user, SecurityKey.KIND, visitor=visitor)
    try:
        key = _made(user, answer, name, binding)
        with transaction.atomic():
            account = people.locked(user.pk)
            methods.check_room(account, SecurityKey)
            key.save()
            methods.begin_using(account, visitor=visitor)
            recoveries.mark_new(key, recovered_in)
    except (KeyRefused, IntegrityError):
        # Another account may have this very key: the answer does not tell.
        audit.record(EventKind.KEY_REFUSED, user=user, visitor=visitor, method="key_setup")
        raise KeyRefused from None
    methods.tell_added(key, visitor=visitor)
    return key


def sign_in_options(user: User, *, binding: str, purpose: str) -> str:
    """What the browser is to ask a key of `user` for, as JSON."""
    options = webauthn.generate_authentication_options(
        rp_id=RP_ID,
        challenge=ceremonies.begin(user=user, binding=binding, purpose=purpose),
        timeout=TIMEOUT,
        allow_credentials=_descriptors(user),
        user_verification=UserVerificationRequirement.PREFERRED,
    )
    return options_to_json(options)


def redeem(
    *, user: User, code: str, visitor: Visitor, counter: str, binding: str, purpose: str
) -> SecurityKey:
    """The key of `user` that has signed the challenge of this session and purpose.

    `code` is the browser's answer as JSON. The attempt is counted, and the challenge used up,
    before anything is judged. Raises KeyRefused, Throttled.
    """
    throttling.reserve(counter, throttling.SECURITY_KEY)
    try:
        challenge = ceremonies.take(user=user, binding=binding, purpose=purpose)
        credential = _read(user, code)
        key = _own(user, credential)
        count = _verified(key, credential, challenge)
    except KeyRefused:
        audit.record(EventKind.KEY_REFUSED, user=user, visitor=visitor, method="key")
        raise
    _count_up(key, count, visitor)
    throttling.clear(counter)
    audit.record(EventKind.KEY_ACCEPTED, user=user, visitor=visitor, device_name=key.name)
    return key


def _made(user: User, answer: str, name: str, binding: str) -> SecurityKey:
    challenge = ceremonies.take(user=user, binding=binding, purpose=ceremonies.REGISTER)
    try:
        credential = parse_registration_credential_json(answer)
        proof = webauthn.verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=RP_ID,
            expected_origin=settings.KAUTH_ORIGIN,
        )
        decoded_public_key_to_cryptography(
            decode_credential_public_key(proof.credential_public_key)
        )
    except UNREADABLE as error:
        raise KeyRefused from error
    key = SecurityKey(
        user=user,
        name=names.clean(name) if name.strip() else methods.free_name(user, SecurityKey),
        created_at=clock.now(),
        credential_id=proof.credential_id,
        public_key=proof.credential_public_key,
        sign_count=proof.sign_count,
        transports=[transport.value for transport in credential.response.transports or []],
    )
    key.key_seal = _seal_of(key)
    return key


def _read(user: User, answer: str) -> AuthenticationCredential:
    try:
        credential = parse_authentication_credential_json(answer)
    except UNREADABLE as error:
        raise KeyRefused from error
    if credential.response.user_handle not in (None, b"", user.pk.bytes):
        raise KeyRefused
    return credential


def _own(user: User, credential: AuthenticationCredential) -> SecurityKey:
    key: SecurityKey | None = (
        SecurityKey.objects.of(user).filter(credential_id=credential.raw_id).first()
    )
    if key is None:
        raise KeyRefused
    if not hmac.compare_digest(bytes(key.key_seal), _seal_of(key)):
        tampering.alert("key", f"security key {key.public_id}", user=user, device_name=key.name)
        raise KeyRefused
    return key


def _verified(key: SecurityKey, credential: AuthenticationCredential, challenge: bytes) -> int:
    """The key's count of its uses; that it has grown is judged by the row, in one statement."""
    try:
        proof = webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=RP_ID,
            expected_origin=settings.KAUTH_ORIGIN,
            credential_public_key=bytes(key.public_key),
            credential_current_sign_count=0,
        )
    except UNREADABLE as error:
        raise KeyRefused from error
    return proof.new_sign_count


def _count_up(key: SecurityKey, count: int, visitor: Visitor) -> None:
    """Refuses a count that has not grown: then there are two of this key. Many never count."""
    rows = SecurityKey.objects.filter(pk=key.pk)
    older = rows.filter(sign_count__lt=count) if count else rows.filter(sign_count=0)
    if older.update(sign_count=count, last_used_at=Now()):
        return
    audit.record(EventKind.KEY_COPIED, user=key.user, visitor=visitor, device_name=key.name)
    notices.send("key_copied", key.user, visitor=visitor, device_name=key.name)
    raise KeyRefused


def _descriptors(user: User) -> list[PublicKeyCredentialDescriptor]:
    return [
        PublicKeyCredentialDescriptor(
            id=bytes(key.credential_id),
            transports=[AuthenticatorTransport(name) for name in key.transports] or None,
        )
        for key in SecurityKey.objects.of(user)
    ]


def _seal_of(key: Any) -> bytes:
    """Whoever can write the table still cannot plant a key."""
    return keys.row_mac(
        "security-key",
        str(key.public_id).encode(),
        str(key.user_id).encode(),
        bytes(key.credential_id),
        bytes(key.public_key),
    )
