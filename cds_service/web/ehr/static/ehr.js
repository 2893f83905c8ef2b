// The EHR page without reloads: the same form, sent in the background, and only what changed is swapped.
// Without this script every button works as a plain form.

import { revealCopying, say, words } from "../../static/parts.js";
import { drugList, forgetDrugs } from "./drugs.js";

const CHANGED = "What is typed or drafted has changed since this answer.";
const FIELDS = ["drug", "dose", "route"];

const form = document.getElementById("ehr");
const drug = document.getElementById("drug");

let busy = false;

function fields(name, value) {
  const data = new URLSearchParams();
  for (const [key, text] of new FormData(form)) data.append(key, text);
  data.append(name, value);
  return data;
}

async function press(deed) {
  if (busy) {
    say("The service is still being asked. Try again when it has answered.", false);
    return;
  }
  busy = true;
  forgetDrugs();
  form.setAttribute("aria-busy", "true");
  try {
    await send(deed);
  } finally {
    form.removeAttribute("aria-busy");
    busy = false;
  }
}

async function send(deed) {
  const typed = values();
  try {
    const answer = await fetch(form.action, {
      method: "POST",
      body: fields("do", deed),
      headers: { "X-Ehr-Part": "1" },
    });
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (answer.ok) show(fresh, typed);
    else say(words(fresh) || `The page could not be updated (${answer.status}).`, false);
  } catch {
    say("The page could not be updated: its server did not answer.", false);
  }
}

function values() {
  return Object.fromEntries(FIELDS.map((id) => [id, document.getElementById(id).value]));
}

function show(fresh, typed) {
  const held = document.activeElement;
  const places = placesOf(held);
  const swapped = [];
  for (const region of fresh.querySelectorAll("[data-region]")) {
    const old = document.getElementById(region.id);
    const inside = swapped.some((other) => other.contains(region));
    if (!old || inside || !differs(old, region)) continue;
    if (holdsSameAnswers(old, region)) continue;
    reopen(old, region);
    swapped.push(region);
    old.replaceWith(document.adoptNode(region));
  }
  document.getElementById("state").value = fresh.getElementById("state").value;
  for (const id of FIELDS) take(fresh, id, typed[id]);
  revealCopying();
  markTyping();
  const told = fresh.getElementById("status");
  say(told.textContent, !told.classList.contains("unwell"));
  if (held && !held.isConnected) refocus(held.id, places);
}

// Where the focus may go when what held it is gone: the regions around it, the nearest first.
function placesOf(held) {
  const places = [];
  for (let place = held?.closest("[data-region]"); place; place = place.parentElement?.closest("[data-region]")) {
    if (place.id !== "matches") places.push(place.id);
  }
  return places;
}

function differs(old, region) {
  return old.outerHTML !== region.outerHTML;
}

// An answer that stands already is kept with its full request; its cards are regions of their own.
function holdsSameAnswers(old, region) {
  if (region.dataset.region === "answer") return true;
  const ids = (part) => [...part.querySelectorAll('[data-region="answer"]')].map((answer) => answer.id).join(" ");
  return ids(region) !== "" && ids(region) === ids(old);
}

function reopen(old, region) {
  const fold = (part) => [...part.querySelectorAll("details")];
  for (const shut of fold(region)) {
    const twin = fold(old).find((one) => one.className === shut.className);
    if (twin && region.dataset.region === "card") shut.open = twin.open && shut.className !== "override";
  }
}

// What was typed while the answer was awaited stays.
function take(fresh, id, sent) {
  const [mine, theirs] = [document.getElementById(id), fresh.getElementById(id)];
  if (mine.value === sent && mine.value !== theirs.value) mine.value = theirs.value;
}

function refocus(id, places) {
  const same = id && document.getElementById(id);
  const place = places.map((one) => document.getElementById(one)).find(Boolean);
  const next = same && !same.disabled ? same : place;
  if (next && !next.matches("button, input, a, [tabindex]")) next.tabIndex = -1;
  (next || drug).focus();
}

// While another drug is typed, what stands below is not about it.
function markTyping() {
  for (const note of document.querySelectorAll("#order-advice .stale")) {
    note.dataset.kept ??= note.textContent;
    note.textContent = drug.value.trim() ? CHANGED : note.dataset.kept;
  }
}

drugList((name) => press(`pick:${name}`));
drug.addEventListener("input", () => {
  document.getElementById("matches").replaceChildren();
  markTyping();
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  press(event.submitter?.value || "pick");
});
revealCopying();
