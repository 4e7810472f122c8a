"""How the software server speaks: its HTTP calls and its socket (docs/protocol.md, 3 to 6)."""

import base64
import contextlib
import os
import uuid

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from devices import messages, p256, protocol
from devices.messages import bytes_member
from devices.protocol import CloseCode, ErrorCode, b64, unb64
from tests.one_port import HttpRequest, HttpResponse, answer, refusal
from tests.software_device import verified
from tests.software_state import LOGIN, LinkedDevice, Message, ServerState


class Wire(ServerState):
    # HTTP

    async def _on_http(self, request: HttpRequest) -> HttpResponse | None:
        if request.path == protocol.SOCKET_PATH:
            return HttpResponse(503) if self.sockets_blocked else self.blocks_sockets_with
        call = f"{request.method} {request.path.removeprefix('/device/v1/')}"
        self.calls.append(call)
        if self.refusals.get(call):
            return self.refusals[call].pop(0)
        if call == "POST links":
            return self._claim(messages.decode(request.body))
        if call == "POST answers":
            return self._answer_by_http(messages.decode(request.body))
        try:
            device = self._caller(request)
        except PermissionError as error:
            return refusal(ErrorCode(str(error)), time=self.time())
        return await self._signed_call(call, device, request)

    async def _signed_call(
        self, call: str, device: LinkedDevice, request: HttpRequest
    ) -> HttpResponse:
        if request.method == "GET":
            return self._told(call, device)
        if call.endswith(" away"):
            return self._away(request)
        if call == "POST provision":
            return self._provision(device)
        if call == "POST veto":
            self.vetoed.append(messages.decode(request.body)["notice"])
        elif call == "POST provisioned":
            device.provisioned = True
        elif call == "POST seen":
            await self.seen.put(messages.decode(request.body)["challenge"])
        elif call == "DELETE device":
            del self.devices[device.device]
        else:
            return refusal(ErrorCode.NOT_FOUND)
        return HttpResponse(204)

    def _told(self, call: str, device: LinkedDevice) -> HttpResponse:
        if call == "GET device":
            return answer(200, {"device": device.device, "state": device.state})
        if call == "GET requests":
            found = {"requests": list(self.open.values()), "notices": self.notices}
            return answer(200, {"time": self.time(), **found})
        if call == "GET away":
            return answer(200, {"until": self.away})
        return refusal(ErrorCode.NOT_FOUND)

    def _away(self, request: HttpRequest) -> HttpResponse:
        self.away = messages.decode(request.body)["until"] if request.body else None
        return answer(200, {"until": self.away})

    def _claim(self, claim: Message) -> HttpResponse:
        key, nonce = unb64(claim["key"]), unb64(claim["nonce"])
        offer: Message = {
            "origin": self.origin,
            "server_id": self.server_id,
            "token_hash": protocol.sha256(self.token),
            "key": key,
            "nonce_device": nonce,
        }
        frame = protocol.link_device(**offer, name=claim["name"])
        if not verified(key, claim["sig"], frame) or claim["token"] != b64(self.token):
            return refusal(ErrorCode.UNAUTHENTICATED)
        ids: Message = {"device": str(uuid.uuid4()), "account": str(uuid.uuid4())}
        state = self.state_of_claims
        device = LinkedDevice(**ids, key=key, name=claim["name"], state=state)
        self.devices[device.device] = device
        self.claimed.put_nowait(device)
        nonce_server = os.urandom(protocol.NONCE_SIZE)
        signed = protocol.link_server(**offer, **ids, nonce_server=nonce_server)
        self.check_number = protocol.check_number(
            protocol.link_check(**offer, nonce_server=nonce_server)
        )
        signature = p256.sign(self.signs_claims_with or self.key, signed)
        facts = {"login": LOGIN, "state": state, "nonce": b64(nonce_server)}
        server_key = b64(p256.public_bytes(self.greets_with or self.key))
        return answer(201, {**ids, **facts, "server_key": server_key, "sig": b64(signature)})

    def _caller(self, request: HttpRequest) -> LinkedDevice:
        proof = messages.parse_authorization(request.headers["authorization"])
        device = self.devices.get(proof.device)
        frame = protocol.http(
            origin=self.origin,
            server_id=self.server_id,
            device=proof.device,
            method=request.method,
            path=request.path,
            body=request.body,
            time=proof.time,
            nonce=proof.nonce,
        )
        if device is None or not verified(device.key, b64(proof.signature), frame):
            raise PermissionError(ErrorCode.UNAUTHENTICATED)
        if abs(proof.time - self.time()) > 60:
            raise PermissionError(ErrorCode.CLOCK)
        if device.revoked:
            raise PermissionError(ErrorCode.REVOKED)
        return device

    def _provision(self, device: LinkedDevice) -> HttpResponse:
        if device.provisioned or device.state != "active":
            return refusal(ErrorCode.ALREADY_PROVISIONED)
        secret = base64.b32encode(device.totp_secret).decode()
        totp = {"secret": secret, "algorithm": "SHA1", "digits": 6, "period": 30}
        return answer(200, {"totp": totp, "login": LOGIN, "backup_codes": self.backup_codes})

    def _answer_by_http(self, given: Message) -> HttpResponse:
        result = self._judged(self.devices[given["device"]], given)
        if result["ok"]:
            return answer(200, result)
        return refusal(ErrorCode(result["error"]))

    def _judged(self, device: LinkedDevice, given: Message) -> Message:
        asked = self.open.get(given["challenge"])
        if asked is None:
            return {"ok": False, "error": ErrorCode.NOT_PENDING}
        names = ("challenge", "purpose", "match", "created", "expires", "context")
        ids: Message = {"device": device.device, "account": device.account}
        place: Message = {"origin": self.origin, "server_id": self.server_id}
        request = protocol.request(**place, **ids, **{name: asked[name] for name in names})
        frame = protocol.answer(
            **place,
            **ids,
            **{name: asked[name] for name in ("challenge", "purpose", "expires")},
            decision=given["decision"],
            number=given["number"],
            request_frame=request,
        )
        if not verified(device.key, given["sig"], frame):
            return {"ok": False, "error": ErrorCode.UNAUTHENTICATED}
        del self.open[given["challenge"]]
        self.answers.put_nowait(given)
        return self.judge(given)

    # The socket

    async def _on_socket(self, connection: ServerConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            device = await self._greet(connection)
            if device is None:
                return
            device.connection = connection
            self.connected.put_nowait(device)
            for request in list(self.open.values()):
                await self._tell(device, request)
            async for raw in connection:
                await self._hear(device, messages.decode(raw))

    async def _greet(self, connection: ServerConnection) -> LinkedDevice | None:
        nonce = os.urandom(protocol.NONCE_SIZE)
        hello = {"t": "hello", "v": 1, "nonce": b64(nonce), "time": self.time()}
        server_key = p256.public_bytes(self.greets_with or self.key)
        await connection.send(messages.encode({**hello, "server_key": b64(server_key)}))
        auth = messages.decode(await connection.recv())
        device = self.devices.get(auth["device"])
        place: Message = {"origin": self.origin, "server_id": self.server_id}
        nonces: Message = {
            "nonce_server": nonce,
            "nonce_device": bytes_member(auth, "nonce", protocol.NONCE_SIZE),
        }
        frame = protocol.ws_device(**place, device=auth["device"], **nonces)
        if device is None or not verified(device.key, auth["sig"], frame):
            await connection.close(int(CloseCode.NOT_AUTHENTICATED))
            return None
        if device.revoked:
            await connection.close(int(CloseCode.REVOKED))
            return None
        now = self.time()
        signed = protocol.ws_server(**place, device=device.device, **nonces, time=now)
        signature = p256.sign(self.signs_greetings_with or self.key, signed)
        ready = {"t": "ready", "state": device.state, "login": LOGIN, "time": now}
        await connection.send(messages.encode({**ready, "sig": b64(signature)}))
        return device

    async def _hear(self, device: LinkedDevice, message: Message) -> None:
        if message["t"] == "seen":
            self.seen.put_nowait(message["challenge"])
        if message["t"] == "answer":
            result = self._judged(device, message)
            if self.silent_about_answers:
                await self.drop(device)
                return
            await self._tell(device, {"t": "result", "challenge": message["challenge"], **result})
