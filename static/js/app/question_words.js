// What a question says, and what its end says. All of it was signed by the site, or stands in the page.

import { serverNow } from "../lib/clock.js";
import { fill, say, textFor, write } from "./markup.js";

const JUST_NOW = 15;
const YES = ["approved", "consumed"];
const NO = ["denied", "reported"];

export function writeQuestion(element, question) {
  const { account, context, created } = question;
  write(element, {
    host: account.host,
    service: context.service,
    login: context.login,
    browser: context.browser,
    network: networkOf(element, context),
    sentence: textFor(element, sentenceOf(context)),
    "number-label": fill(element.dataset.textNumber, question),
  });
  const when = element.querySelector("[data-when]");
  const exact = new Date(created * 1_000);
  when.dateTime = exact.toISOString();
  when.title = exact.toLocaleString(document.documentElement.lang);
  say(when, ageOf(element, serverNow(account) - created));
}

function sentenceOf({ practice, new_browser: isNew }) {
  if (practice) return "practice";
  return isNew ? "new-browser" : "sentence";
}

export function titleOf(element, question) {
  if (question.context.practice) return element.dataset.textTitlePractice;
  return textFor(element, `title-${question.purpose}`) ?? element.dataset.textTitleAction;
}

/** "yes", "no" or "over". */
export function kindOf({ state }) {
  if (YES.includes(state)) return "yes";
  return NO.includes(state) ? "no" : "over";
}

export function endTitleOf(element, question, news) {
  return textFor(element, question.context.practice ? "end-practice" : `end-${kindOf(news)}`);
}

/** How it ended: `news` is {state, device, by}, as far as the site told who answered. */
export function endOf(element, question, news) {
  const { state, device, by } = news;
  const kind = kindOf(news);
  if (question.context.practice && kind !== "over") return element.dataset.textPractised;
  if (kind === "over" || device === question.account.device) return textFor(element, state) ?? element.dataset.textOver;
  return by ? fill(textFor(element, `by-${kind}`), { device: by }) : textFor(element, `elsewhere-${kind}`);
}

function networkOf(element, { place, ip }) {
  return place ? fill(element.dataset.textPlace, { place, ip }) : ip;
}

function ageOf(element, seconds) {
  return seconds < JUST_NOW ? element.dataset.textJustNow : fill(element.dataset.textAgo, { seconds });
}
