import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";

const opened = [];

class FakeSocket extends EventTarget {
  readyState = 0;

  constructor() {
    super();
    opened.push(this);
  }

  open() {
    this.readyState = 1;
    this.dispatchEvent(new Event("open"));
  }

  say(text) {
    this.dispatchEvent(Object.assign(new Event("message"), { data: text }));
  }

  lose() {
    this.readyState = 3;
    this.dispatchEvent(new Event("close"));
  }
}

Object.assign(globalThis, {
  WebSocket: FakeSocket,
  addEventListener: () => {},
  document: new EventTarget(),
  location: { href: "https://auth.example.org/login/verify/" },
});
const { Doorbell } = await import("../../static/js/lib/doorbell.js");

let asked = 0;

function started() {
  new Doorbell("/ws/login/", () => (asked += 1)).start();
  return opened.at(-1);
}

beforeEach(() => {
  asked = 0;
  opened.length = 0;
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout", "Date"] });
});

test("a page that has just come asks nothing, for it has all there is to say", () => {
  started().open();
  assert.equal(asked, 0);
});

test("it asks when it is rung, and when the bell rings something else it does not", () => {
  const socket = started();
  socket.open();
  socket.say('{"t": "changed"}');
  socket.say('{"t": "approved"}');
  socket.say("no JSON");
  assert.equal(asked, 1);
});

test("without a socket it asks every two seconds, with one every five", () => {
  const socket = started();
  mock.timers.tick(2_000);
  assert.equal(asked, 1);
  socket.open();
  mock.timers.tick(4_999);
  assert.equal(asked, 1);
  mock.timers.tick(1);
  assert.equal(asked, 2);
});

test("a socket that was lost is opened again, and then the page asks what it has missed", () => {
  started().lose();
  assert.equal(asked, 1);
  mock.timers.tick(1_000);
  assert.equal(opened.length, 2);
  asked = 0;
  opened.at(-1).open();
  assert.equal(asked, 1);
});
