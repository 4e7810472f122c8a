// Rings: a push wakes the worker, the worker asks the server for each account, checks what comes, and shows it. A
// YES or NO in the notification is signed here, without opening the app.

import { forgetIfRevoked } from "../lib/calls.js";
import { hand } from "../lib/push.js";
import { look, noticed, open, post } from "../lib/questions.js";
import { account, accounts } from "../lib/vault.js";

const QUESTION = "/app/#question";
const OVER = "over";
// The news by which a person can turn a new device away, in the app.
const RECOVERED = "device_recovered";
// A message without a word in it: pages that test the way want to know that it came.
const CAME = { t: "push" };

export class Ringing {
  #pages;
  #texts;
  #icon;
  #mayAnswer;

  constructor({ pages, texts, icon, answerInNotification }) {
    this.#pages = pages;
    this.#texts = texts;
    this.#icon = icon;
    this.#mayAnswer = answerInNotification;
  }

  async ring() {
    await tellPages(CAME);
    const ringing = (await accounts()).filter(({ state }) => state === "active");
    const heard = (await Promise.all(ringing.map((one) => this.#ask(one)))).flat();
    await withdrawAllBut(heard);
    // Browsers want to see something for each push: a request that is over says so, and rings no more.
    if (!heard.length) await this.#tell(OVER, {}, OVER);
  }

  async clicked({ action, notification }) {
    const { device, challenge } = notification.data ?? {};
    notification.close();
    const answers = action === "approve" || action === "deny";
    if (answers && device) await this.#answer({ device, challenge, decision: action });
    else await this.#openApp();
  }

  // The browser has changed where it can be woken: each account that rings tells its server.
  async resubscribe({ oldSubscription, newSubscription }) {
    const options = oldSubscription?.options;
    const subscription = newSubscription ?? (options && (await registration.pushManager.subscribe(options)));
    if (!subscription) return;
    const ringing = (await accounts()).filter(({ notifications }) => notifications);
    await Promise.allSettled(ringing.map((one) => hand(one, subscription)));
  }

  // The tags of what is on screen for `account` now.
  async #ask(account) {
    const { device } = account;
    try {
      const { questions, notices } = await look(account);
      const shown = [...questions.map((question) => this.#show(question)), ...notices.map((news) => this.#showNews(news))];
      await Promise.all(shown);
      return [...questions.map(({ challenge }) => challenge), ...notices.map(({ notice }) => notice)];
    } catch (error) {
      const text = (await forgetIfRevoked(error, account)) ? "unlinked" : "unreachable";
      await this.#tell(text, account, device);
      return [device];
    }
  }

  #show(question) {
    const { account, challenge, context, created } = question;
    const lines = [fill(this.#texts.who, { ...context, place: context.place ?? context.ip })];
    if (question.match === "number") lines.push(this.#texts.number);
    const title = context.practice ? this.#texts.practice : this.#texts.ask;
    return registration.showNotification(fill(title, account), {
      icon: this.#icon,
      body: lines.join("\n"),
      tag: challenge,
      data: { device: account.device, challenge },
      timestamp: created * 1_000,
      requireInteraction: true,
      actions: this.#canBeAnswered(question) ? this.#actions() : [],
    });
  }

  // Shown once: what stands on this screen counts as seen, but for what the app asks about.
  async #showNews(news) {
    const { account, notice, kind, text, time } = news;
    const body = fill(this.#texts.account, account);
    const data = { notice };
    await registration.showNotification(text, { icon: this.#icon, body, tag: notice, data, timestamp: time * 1_000 });
    if (kind === RECOVERED) return;
    // Where the site does not hear it, it tells the same once more, and that takes the place of this.
    await noticed(news).catch(() => {});
  }

  #canBeAnswered({ match }) {
    return match === "tap" && this.#mayAnswer;
  }

  #actions() {
    return [
      { action: "deny", title: this.#texts.no },
      { action: "approve", title: this.#texts.yes },
    ];
  }

  async #answer({ device, challenge, decision }) {
    const kept = await account(device);
    if (!kept) return this.#tell(OVER, {}, challenge);
    const outcome = await this.#outcome(kept, challenge, decision);
    await this.#tell(outcome, kept, challenge);
  }

  // Which of the texts says what happened. The request is asked for anew: what is signed is what is open now.
  async #outcome(account, challenge, decision) {
    try {
      const question = (await open(account)).find((one) => one.challenge === challenge);
      if (!question || !this.#canBeAnswered(question)) return OVER;
      const { state } = await post(account, question, decision);
      return state in this.#texts ? state : OVER;
    } catch (error) {
      if (await forgetIfRevoked(error, account)) return "unlinked";
      return error.code === "unreachable" ? "trouble" : OVER;
    }
  }

  #tell(text, values, tag) {
    return registration.showNotification(fill(this.#texts[text], values), { icon: this.#icon, tag, silent: true });
  }

  // Where an account is just being added, under the same scope, nobody would see the question.
  async #openApp() {
    const open = await clients.matchAll({ type: "window" });
    const page = open.find(({ url }) => this.#pages.includes(new URL(url).pathname));
    if (!page) return clients.openWindow(QUESTION);
    page.postMessage({ t: "question" });
    return page.focus();
  }
}

// What was asked before and is not open any more leaves the screen. News stays until a person takes it away.
async function withdrawAllBut(tags) {
  const shown = await registration.getNotifications();
  const isPast = ({ tag, data }) => !tags.includes(tag) && !data?.notice;
  for (const notification of shown.filter(isPast)) notification.close();
}

async function tellPages(message) {
  for (const page of await clients.matchAll({ type: "window" })) page.postMessage(message);
}

function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}
