// The EHR page without reloads: the same form, sent in the background, and only what changed is swapped.
// Without this script every button works as a plain form.

import { revealCopying, say, words } from "../../static/parts.js";
import { drugList, forgetDrugs } from "./drugs.js";
import { revealTools } from "./exchange.js";

const CHANGED = "What is typed, drafted or on the chart has changed since this answer.";
const ASKED = {
  call: ["advice"],
  confirm: ["advice"],
  pick: ["order-advice"],
  restart: ["advice"],
  sign: ["order-advice", "advice"],
};
const PATIENCE_MS = 500;
const FIELDS = ["drug", "dose", "route"];

const form = document.getElementById("ehr");
const drug = document.getElementById("drug");
const status = document.getElementById("status");

let busy = false;
let asker = "";

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
  // Whoever types on names the next drug.
  if (document.activeElement === drug) drug.select();
  const done = wait(ASKED[deed.split(":")[0]] ?? []);
  try {
    await send(deed, done);
  } finally {
    done();
    busy = false;
  }
}

// While an answer is awaited, what stands there is marked as old at once; it is announced where it takes long.
function wait(places) {
  const words = places.length ? "Asking the service…" : "Sending…";
  const later = setTimeout(() => say(words, true), PATIENCE_MS);
  mark(places, true);
  form.dataset.busy = "";
  return () => {
    clearTimeout(later);
    mark(places, false);
    delete form.dataset.busy;
  };
}

function mark(places, old) {
  for (const place of places) {
    document.getElementById(`asking-${place}`).hidden = !old;
    document.getElementById(place).toggleAttribute("data-old", old);
  }
}

async function send(deed, done) {
  const typed = values();
  try {
    const answer = await fetch(form.action, {
      method: "POST",
      body: fields("do", deed),
      headers: { "X-Ehr-Part": "1" },
    });
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    done();
    if (answer.ok) show(fresh, typed);
    else say(words(fresh) || `The page could not be updated (${answer.status}).`, false);
  } catch {
    done();
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
  revealTools();
  markTyping();
  keepAddress();
  tell(fresh.getElementById("status"));
  if (held && !held.isConnected) refocus(held.id, places);
  question(held);
}

// A question is heard when it gets the focus: what happened before it is not said again.
function tell(told) {
  const asked = document.getElementById("question");
  if (!asked || status.textContent !== told.textContent) say(told.textContent, !told.classList.contains("unwell"));
}

// The focus goes to the question, and back to the button that led to it where the answer was no.
function question(held) {
  const asked = document.getElementById("question");
  if (asked) {
    asker = held?.id ?? "";
    asked.focus();
  } else if (held?.id === "decline") {
    document.getElementById(asker)?.focus();
  }
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

// A reload opens the page with the same drafts, and asks the same hook.
function keepAddress() {
  const link = document.getElementById("link");
  if (link) history.replaceState(null, "", link.href);
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
revealTools();
