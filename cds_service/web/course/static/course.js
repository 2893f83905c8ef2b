// The timeline: what a mark says on hover and focus, and walking through the marks with the arrow keys.
(() => {
  "use strict";
  const svg = document.getElementById("course-svg");
  const tip = document.getElementById("course-tip");
  if (!svg || !tip) return;
  const frame = tip.parentElement;
  const scroll = svg.parentElement;
  const lanes = [...svg.querySelectorAll("[data-lane]")]
    .map((lane) => [...lane.querySelectorAll(".mark")])
    .filter((marks) => marks.length);
  const middle = (mark) => {
    const box = mark.getBoundingClientRect();
    return box.left + box.width / 2;
  };
  lanes.forEach((marks) => marks.sort((one, other) => middle(one) - middle(other)));

  const cross = document.createElementNS("http://www.w3.org/2000/svg", "line");
  cross.setAttribute("class", "course-cross");
  cross.setAttribute("aria-hidden", "true");
  let shown = null;

  function show(mark) {
    hide();
    shown = mark;
    mark.classList.add("shown");
    tip.replaceChildren(
      ...mark.getAttribute("aria-label").split("\n").map((line) => {
        const part = document.createElement("p");
        part.textContent = line;
        return part;
      }),
    );
    tip.hidden = false;
    place(mark);
  }

  function place(mark) {
    const box = mark.getBoundingClientRect();
    const around = frame.getBoundingClientRect();
    const x = Math.min(Math.max(box.left + Math.min(box.width, 120) / 2, around.left), around.right) - around.left;
    const left = x > around.width / 2 ? x - tip.offsetWidth - 12 : x + 12;
    tip.style.left = `${Math.max(0, Math.min(left, around.width - tip.offsetWidth))}px`;
    const below = box.bottom + tip.offsetHeight + 16 < window.innerHeight;
    tip.style.top = `${below ? box.bottom - around.top + 8 : box.top - around.top - tip.offsetHeight - 8}px`;
    const view = svg.viewBox.baseVal;
    const whole = svg.getBoundingClientRect();
    const at = ((box.left + (box.width < 40 ? box.width / 2 : 0) - whole.left) / whole.width) * view.width;
    for (const [name, value] of [["x1", at], ["x2", at], ["y1", 20], ["y2", view.height - 20]]) cross.setAttribute(name, value);
    svg.append(cross);
  }

  function hide() {
    if (shown) shown.classList.remove("shown");
    shown = null;
    tip.hidden = true;
    cross.remove();
  }

  function go(mark) {
    svg.querySelectorAll('.mark[tabindex="0"]').forEach((other) => other.setAttribute("tabindex", "-1"));
    mark.setAttribute("tabindex", "0");
    mark.focus();
    mark.scrollIntoView({ block: "nearest", inline: "nearest" });
    show(mark);
  }

  function nearest(marks, x) {
    return marks.reduce((best, mark) => (Math.abs(middle(mark) - x) < Math.abs(middle(best) - x) ? mark : best));
  }

  // Listeners for keys and focus on the drawing itself would make it a stop of the Tab key in some browsers.
  scroll.addEventListener("keydown", (event) => {
    const mark = event.target.closest(".mark");
    const row = lanes.findIndex((marks) => marks.includes(mark));
    if (row < 0) return;
    const marks = lanes[row];
    const place = marks.indexOf(mark);
    const target = {
      ArrowLeft: () => marks[place - 1],
      ArrowRight: () => marks[place + 1],
      Home: () => marks[0],
      End: () => marks[marks.length - 1],
      ArrowUp: () => lanes[row - 1] && nearest(lanes[row - 1], middle(mark)),
      ArrowDown: () => lanes[row + 1] && nearest(lanes[row + 1], middle(mark)),
    }[event.key];
    if (!target) return;
    event.preventDefault();
    const next = target();
    if (next) go(next);
  });
  scroll.addEventListener("focusin", (event) => {
    const mark = event.target.closest(".mark");
    if (mark) show(mark);
  });
  scroll.addEventListener("focusout", hide);
  svg.addEventListener("pointerover", (event) => {
    const mark = event.target.closest(".mark");
    if (mark) show(mark);
  });
  frame.addEventListener("pointerleave", hide);
  svg.addEventListener("pointerover", (event) => {
    if (!event.target.closest(".mark") && shown && shown !== document.activeElement) hide();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") hide();
  });
  scroll.addEventListener("scroll", () => shown && place(shown), { passive: true });
  // The newest days stand on the right: where not all fits, they are shown first.
  scroll.scrollLeft = scroll.scrollWidth;
})();
