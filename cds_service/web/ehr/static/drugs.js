// The drug field as a combobox: the drugs that fit stand in a list below it, picked by the arrow keys and Enter or by a
// click. What a pick does is for the caller. Without this script the names are buttons, once the form is sent.

const WAIT_MS = 120;
const field = document.getElementById("drug");
const list = document.getElementById("drug-list");
const said = document.getElementById("drug-said");

let active = -1;
let waiting = null;
let asking = null;

export function drugList(pick) {
  for (const [name, value] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-controls", list.id]]) {
    field.setAttribute(name, value);
  }
  shut();
  field.addEventListener("input", later);
  field.addEventListener("blur", shut);
  field.addEventListener("keydown", (event) => {
    if (event.isComposing || event.altKey || event.ctrlKey || event.metaKey) return;
    if (moved(event.key) || (event.key === "Enter" && picked(pick))) event.preventDefault();
  });
  // The focus stays in the field, or the list would be shut before the click.
  list.addEventListener("mousedown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const chosen = event.target.closest("[role=option]");
    if (chosen) take(chosen, pick);
  });
}

export function forgetDrugs() {
  clearTimeout(waiting);
  asking?.abort();
  list.replaceChildren();
  said.textContent = "";
  shut();
}

function moved(key) {
  const last = list.children.length - 1;
  const open = !list.hidden;
  if (key === "Escape") return escaped(open);
  if (last < 0) return false;
  if (key === "ArrowDown") return go(open && active < last ? active + 1 : 0);
  if (key === "ArrowUp") return go(open && active > 0 ? active - 1 : last);
  if (open && active >= 0 && key === "Home") return go(0);
  if (open && active >= 0 && key === "End") return go(last);
  return false;
}

function go(place) {
  open();
  mark(place);
  return true;
}

// The first Escape shuts the list, the second empties the field.
function escaped(open) {
  if (open) {
    shut();
    return true;
  }
  if (!field.value) return false;
  field.value = "";
  field.dispatchEvent(new Event("input", { bubbles: true }));
  return true;
}

function picked(pick) {
  const chosen = list.hidden ? null : list.children[active];
  if (chosen) take(chosen, pick);
  return Boolean(chosen);
}

function take(chosen, pick) {
  const name = chosen.textContent;
  field.value = name;
  forgetDrugs();
  pick(name);
}

function mark(place) {
  active = place;
  for (const [number, option] of [...list.children].entries()) {
    option.setAttribute("aria-selected", String(number === place));
  }
  const chosen = list.children[place];
  if (chosen) {
    field.setAttribute("aria-activedescendant", chosen.id);
    chosen.scrollIntoView({ block: "nearest" });
  } else {
    field.removeAttribute("aria-activedescendant");
  }
}

function open() {
  list.hidden = false;
  field.setAttribute("aria-expanded", "true");
}

function shut() {
  list.hidden = true;
  field.setAttribute("aria-expanded", "false");
  mark(-1);
}

function later() {
  mark(-1);
  clearTimeout(waiting);
  if (field.value.trim()) waiting = setTimeout(look, WAIT_MS);
  else forgetDrugs();
}

async function look() {
  asking?.abort();
  const control = new AbortController();
  asking = control;
  try {
    const name = encodeURIComponent(field.value);
    const answer = await fetch(`${list.dataset.source}?name=${name}`, { signal: control.signal });
    if (!answer.ok) throw new Error(String(answer.status));
    const { drugs } = await answer.json();
    if (!control.signal.aborted) fill(drugs);
  } catch (fault) {
    if (fault.name === "AbortError") return;
    forgetDrugs();
    said.textContent = "The list of drugs cannot be reached. What is typed can still be added.";
  }
}

function fill(drugs) {
  list.replaceChildren(...drugs.map(optionOf));
  mark(-1);
  if (drugs.length && document.activeElement === field) open();
  else shut();
  said.textContent = told(drugs.length);
}

function optionOf(name, number) {
  const option = document.createElement("li");
  option.id = `drug-${number + 1}`;
  option.setAttribute("role", "option");
  option.textContent = name;
  return option;
}

function told(count) {
  if (!count) return "No drug of that name. “Add the order” orders it as free text.";
  return count === 1 ? "1 drug fits" : `${count} drugs fit`;
}
