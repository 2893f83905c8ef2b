// The try page without reloads: the same form, sent in the background, and the answer swapped in; files dropped.
// Without this script every button works as a plain form.

import { revealCopying, say, words } from "../../static/parts.js";

const form = document.getElementById("try");
const sent = document.getElementById("sent");
const file = document.getElementById("file");
const drop = document.getElementById("drop");
const most = Number(form.dataset.most);
let control = null;

async function judge(deed) {
  control?.abort();
  const mine = (control = new AbortController());
  const data = new FormData(form);
  data.set("do", deed);
  if (deed.startsWith("example:")) data.set("sent", "");
  if (new Blob([data.get("sent")]).size > most) return fail(`The message is too large: at most ${most} bytes.`);
  form.setAttribute("aria-busy", "true");
  say("Judging …", true);
  try {
    const answer = await fetch(form.action, {
      method: "POST",
      body: data,
      headers: { "X-Try-Part": "1" },
      signal: mine.signal,
    });
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (mine.signal.aborted) return;
    if (answer.ok && fresh.getElementById("answer")) show(fresh, deed);
    else fail(words(fresh) || `The message could not be judged (${answer.status}).`);
  } catch (fault) {
    if (fault.name !== "AbortError") fail("The message could not be judged: the service did not answer.");
  } finally {
    if (control === mine) form.removeAttribute("aria-busy");
  }
}

function show(fresh, deed) {
  for (const id of ["answer", "answer-heading"]) {
    document.getElementById(id).replaceWith(document.adoptNode(fresh.getElementById(id)));
  }
  const theirs = fresh.getElementById("sent");
  if ("fresh" in theirs.dataset) sent.value = theirs.value;
  if (deed.startsWith("example:")) {
    for (const id of ["hook", "drugs", "patient"]) document.getElementById(id).value = fresh.getElementById(id).value;
  }
  revealCopying();
  const answer = document.getElementById("answer");
  say(answer.dataset.words, "well" in answer.dataset);
  const heading = document.getElementById("answer-heading");
  const { top } = heading.getBoundingClientRect();
  heading.focus({ preventScroll: true });
  if (top < 0 || top > innerHeight / 2) heading.scrollIntoView({ block: "start" });
}

// What stands below is not about this message.
function fail(text) {
  const note = document.createElement("p");
  note.className = "fault";
  note.textContent = `${text} This is not an all-clear: nothing was judged.`;
  document.getElementById("answer").replaceChildren(note);
  form.removeAttribute("aria-busy");
  say(text, false);
}

async function take(chosen) {
  if (!chosen) return;
  if (chosen.size > most) return fail(`The file is too large: at most ${most} bytes.`);
  sent.value = await chosen.text();
  await judge("judge");
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  judge(event.submitter?.value || "judge");
});
file.addEventListener("change", async () => {
  await take(file.files[0]);
  file.value = "";
});
for (const name of ["dragover", "dragleave", "drop"]) {
  form.addEventListener(name, (event) => {
    if (name !== "dragleave" && !event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    drop.classList.toggle("over", name === "dragover");
    if (name === "drop") take(event.dataTransfer.files[0]);
  });
}
drop.hidden = false;
revealCopying();
