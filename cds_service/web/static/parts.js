// What the pages with a form share: words for the status line, and buttons that copy.

const status = document.getElementById("status");

export function words(page) {
  return [...page.querySelectorAll("main h1, main p")].map((part) => part.textContent.trim()).join(". ");
}

export function say(text, well) {
  status.classList.toggle("unwell", !well);
  status.textContent = "";
  status.textContent = text;
}

export function revealCopying() {
  for (const button of document.querySelectorAll("[data-copy]")) button.hidden = !navigator.clipboard;
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  try {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    say("Copied", true);
  } catch {
    say("The browser did not allow copying", false);
  }
});
