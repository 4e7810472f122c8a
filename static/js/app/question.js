// The question, over everything else: shown one at a time, until it is answered here or elsewhere.

import { post } from "../lib/questions.js";
import { lines, seen } from "./lines.js";
import { say, wordsFor } from "./markup.js";
import { QuestionRing, secondsLeft } from "./question_ring.js";
import { endOf, endTitleOf, kindOf, titleOf, writeQuestion } from "./question_words.js";
import { drop, first, isWaiting, newsOf, take } from "./questions_waiting.js";

// A tap that was meant for what the question has just covered must not answer it.
const HOLD_STILL = 500;
const SHOW_END_FOR = 6_000;
const SECONDS_TO_SEND = 3;
const SECOND = 1_000;

const element = document.querySelector("[data-question]");
const frame = document.querySelector("[data-frame]");
const title = element.querySelector("[data-title]");
const number = element.querySelector("#question-number");
const steps = [...element.querySelectorAll("[data-step]")];
const ring = new QuestionRing(element.querySelector("[data-question-ring]"), () => end({ state: "expired" }));

let shown = null;
let sending = false;
let timer = 0;
let leaving = false;
let focusedBefore = null;

export function startAsking() {
  lines.addEventListener("request", ({ detail }) => take(detail) && comeUp(detail));
  lines.addEventListener("closed", ({ detail }) => close(detail));
  stepOf("ask").addEventListener("submit", approve);
  element.querySelector("[data-no]").addEventListener("click", askWhy);
  for (const button of element.querySelectorAll("[data-decision]")) {
    button.addEventListener("click", () => send(button.dataset.decision));
  }
  element.querySelector("[data-done]").addEventListener("click", next);
  // A page that goes is hidden too, after this. What it says then may be heard or not, so it says nothing: the next
  // page asks again.
  addEventListener("pagehide", () => (leaving = true));
  addEventListener("pageshow", () => (leaving = false));
  document.addEventListener("visibilitychange", onVisibility);
}

function comeUp(question) {
  const replaced = shown && !isWaiting(shown);
  if (!shown || replaced || isAt("end")) next();
  if (shown === question) navigator.userActivation?.hasBeenActive && navigator.vibrate?.(200);
}

function next() {
  clearTimeout(timer);
  shown = first();
  if (shown) ask();
  else goAway();
}

function ask() {
  if (element.hidden) focusedBefore = document.activeElement;
  element.hidden = false;
  frame.inert = true;
  document.body.classList.add("asking");
  writeQuestion(element, shown);
  prepareNumber();
  ring.start(shown);
  go("ask", titleOf(element, shown));
  (shown.match === "number" ? number : title).focus();
  holdStill();
  if (!document.hidden) seen(shown);
}

function prepareNumber() {
  element.querySelector("[data-number-field]").hidden = shown.match !== "number";
  number.value = "";
  number.maxLength = shown.digits;
}

function goAway() {
  ring.stop();
  element.hidden = true;
  frame.inert = false;
  document.body.classList.remove("asking");
  focusedBefore?.focus();
}

function approve(event) {
  event.preventDefault();
  if (shown.match !== "number") return send("approve");
  const typed = number.value.trim();
  // ASCII only: what other scripts call digits the site does not take.
  if (/^[0-9]+$/.test(typed) && typed.length === shown.digits) return send("approve", typed);
  tell(element.dataset.textNumberMissing);
  number.focus();
}

function askWhy() {
  if (shown.context.practice) return send("deny");
  go("why", stepOf("why").dataset.textTitle);
  title.focus();
  // The second tap of two is no report.
  holdStill();
  timer = setTimeout(sayNo, Math.max(0, secondsLeft(shown) - SECONDS_TO_SEND) * SECOND);
}

/** Whoever said NO and turned away has said NO. */
function sayNo() {
  if (shown && isAt("why") && !sending) send("deny");
}

async function send(decision, digits = "") {
  const question = shown;
  setSending(true);
  tell(element.dataset.textSending);
  try {
    const { state } = await post(question.account, question, decision, digits);
    endOwn(question, { state, device: question.account.device });
  } catch (error) {
    if (error.code === "unreachable" || error.code === "slow_down") tell(wordsFor(element, error.code));
    else endOwn(question, newsOf(question.challenge) ?? { state: error.code });
  } finally {
    setSending(false);
  }
}

function endOwn(question, news) {
  drop(question.challenge, news);
  if (shown === question) end(news);
}

function close(news) {
  if (news.challenge !== shown?.challenge || isAt("end")) return drop(news.challenge, news);
  drop(news.challenge, news);
  // An answer that is under way tells by itself how it went.
  if (!sending) end(news);
}

function end(news) {
  clearTimeout(timer);
  drop(shown.challenge, news);
  ring.stop();
  element.dataset.end = kindOf(news);
  go("end", endTitleOf(element, shown, news));
  say(element.querySelector("[data-outcome]"), endOf(element, shown, news));
  element.querySelector("[data-done]").focus();
  timer = setTimeout(next, SHOW_END_FOR);
}

function onVisibility() {
  if (document.hidden && !leaving) sayNo();
  if (!document.hidden && shown && !isAt("end")) seen(shown);
}

function go(name, heading) {
  for (const step of steps) step.hidden = step.dataset.step !== name;
  element.dataset.at = name;
  title.textContent = heading;
  tell("");
}

function isAt(name) {
  return element.dataset.at === name && !element.hidden;
}

function stepOf(name) {
  return steps.find((step) => step.dataset.step === name);
}

function tell(text) {
  for (const line of element.querySelectorAll("[data-line]")) say(line, text);
}

function holdStill() {
  setDisabled(true);
  setTimeout(() => setDisabled(sending), HOLD_STILL);
}

function setSending(now) {
  sending = now;
  setDisabled(now);
}

function setDisabled(disabled) {
  for (const button of element.querySelectorAll(".answer:not([data-done])")) button.disabled = disabled;
}
