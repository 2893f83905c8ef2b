// The EHR page without reloads: the same form, sent in the background, and only what changed is swapped.
// Without this script every button works as a plain form.

import { revealCopying, say, words } from "../../static/parts.js";

const form = document.getElementById("ehr");
const drug = document.getElementById("drug");
const status = document.getElementById("status");
const SETTLED_MS = 300;

let waiting = null;
let typing = null;
let busy = false;
let settleLater = false;
let lastSaid = status.textContent;

function fields(name, value) {
  const data = new URLSearchParams();
  for (const [key, text] of new FormData(form)) data.append(key, text);
  data.append(name, value);
  return data;
}

async function send(deed, { may_stop }) {
  const control = new AbortController();
  if (may_stop) typing = control;
  form.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(form.action, {
      method: "POST",
      body: fields("do", deed),
      headers: { "X-Ehr-Part": "1" },
      signal: control.signal,
    });
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (control.signal.aborted) return;
    if (answer.ok) show(fresh, deed);
    else fail(deed, words(fresh) || `The page could not be updated (${answer.status}).`);
  } catch (fault) {
    if (fault.name !== "AbortError") fail(deed, "The page could not be updated: its server did not answer.");
  } finally {
    if (typing === control) typing = null;
    if (!typing) form.removeAttribute("aria-busy");
  }
}

function fail(deed, text) {
  if (deed === "settle") outdate();
  say(text, false);
}

// Until the typed text has been answered, what stands below is not about it.
function outdate() {
  for (const note of document.querySelectorAll("#order-advice .stale")) {
    note.textContent = "What is typed or drafted has changed since this answer.";
  }
}

function show(fresh, deed) {
  const held = document.activeElement;
  const place = held?.closest("[data-region]");
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
  if (deed !== "settle") for (const id of ["drug", "dose", "route"]) take(fresh, id);
  revealCopying();
  const told = fresh.getElementById("status");
  say(summary(deed, told.textContent), !told.classList.contains("unwell"));
  lastSaid = told.textContent;
  if (held && !held.isConnected) refocus(held.id, place?.id);
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

function take(fresh, id) {
  const [mine, theirs] = [document.getElementById(id), fresh.getElementById(id)];
  if (mine.value !== theirs.value) mine.value = theirs.value;
}

// While typing, only what is new is said.
function summary(deed, text) {
  if (deed !== "settle") return text;
  const found = document.querySelectorAll("#matches button").length;
  if (found) return found === 1 ? "1 drug fits" : `${found} drugs fit`;
  if (document.querySelector("#matches p")) return "No drug of that name";
  return text === lastSaid ? "" : text;
}

function refocus(id, placeId) {
  const same = id && document.getElementById(id);
  const place = placeId !== "matches" && document.getElementById(placeId);
  const next = same && !same.disabled ? same : place;
  if (next && !next.matches("button, input, a, [tabindex]")) next.tabIndex = -1;
  (next || drug).focus();
}

async function settle() {
  if (busy) {
    settleLater = true;
    return;
  }
  typing?.abort();
  await send("settle", { may_stop: true });
}

async function press(deed) {
  if (busy) return;
  clearTimeout(waiting);
  typing?.abort();
  busy = true;
  await send(deed, { may_stop: false });
  busy = false;
  if (settleLater) {
    settleLater = false;
    await settle();
  }
}

function later() {
  outdate();
  clearTimeout(waiting);
  waiting = setTimeout(settle, SETTLED_MS);
}

drug.addEventListener("input", later);
for (const id of ["dose", "route"]) {
  document.getElementById(id).addEventListener("input", () => drug.value.trim() && later());
}
form.addEventListener("submit", (event) => {
  event.preventDefault();
  press(event.submitter?.value || "pick");
});
revealCopying();
