// The questions that this phone could answer now. One is open for each account, and one for practice: a newer one
// takes the place of an older. What is over here must not go on asking from a notification.

import { withdraw } from "../lib/push.js";

const waiting = new Map();
const over = new Map();

/** Whether `question` is news. */
export function take(question) {
  if (over.has(question.challenge) || waiting.has(question.challenge)) return false;
  for (const other of waiting.values()) {
    if (takesPlaceOf(question, other)) waiting.delete(other.challenge);
  }
  waiting.set(question.challenge, question);
  return true;
}

function takesPlaceOf(question, other) {
  return other.account.device === question.account.device && other.context.practice === question.context.practice;
}

/** The one that waits longest, or null. */
export function first() {
  return waiting.values().next().value ?? null;
}

export function isWaiting(question) {
  return waiting.has(question.challenge);
}

/** It is answered or past; `news` is how the site told it, if it did. */
export function drop(challenge, news = null) {
  waiting.delete(challenge);
  over.set(challenge, news ?? over.get(challenge) ?? null);
  withdraw(challenge);
}

/** How the site told that `challenge` is closed, or null. */
export function newsOf(challenge) {
  return over.get(challenge) ?? null;
}
