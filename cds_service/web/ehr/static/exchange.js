// A request as a cURL command for POSIX shells, and requests and responses as files.
// The page brings the command around the JSON, quoted by `cds_service/web/curl.py`; what it asks of the JSON is done here.

import { say } from "../../static/parts.js";

export function revealTools() {
  for (const button of document.querySelectorAll("[data-download]")) button.hidden = false;
  for (const button of document.querySelectorAll("[data-curl]")) button.hidden = !navigator.clipboard;
}

// ASCII, and no "!".
function plain(json) {
  return json.replace(/[!\u007f-\uffff]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

// What was sent along does not travel with the state of the page: an older answer may stand there without it.
function whole(id) {
  const text = document.getElementById(id).textContent;
  if (typeof JSON.parse(text)?.prefetch !== "string") return text;
  say("What was sent along is no longer on this page. Ask the service again first.", false);
  return null;
}

async function copy(button) {
  const text = whole(button.dataset.curl);
  if (text === null) return;
  try {
    await navigator.clipboard.writeText(button.dataset.before + plain(text) + button.dataset.behind);
    say("Copied as cURL", true);
  } catch {
    say("The browser did not allow copying", false);
  }
}

function download(button) {
  const text = whole(button.dataset.download);
  if (text === null) return;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  link.download = button.dataset.file;
  link.click();
  URL.revokeObjectURL(link.href);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-curl], [data-download]");
  if (button?.dataset.curl) copy(button);
  else if (button) download(button);
});
