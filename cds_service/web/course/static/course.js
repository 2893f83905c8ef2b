// The timeline: all rows on the day that is pointed at, walking through the marks with the arrow keys, a picture as PNG.
(() => {
  "use strict";
  const svg = document.getElementById("course-svg");
  const tip = document.getElementById("course-tip");
  const said = document.getElementById("course-said");
  if (!svg || !tip) return;
  const frame = tip.parentElement;
  const scroll = svg.parentElement;
  const DAY = 86400000;
  const SCALE = 34; // how wide the numbers of a scale are, in units of the picture
  const dayOf = (text) => Date.parse(text) / DAY;
  const axis = { first: dayOf(svg.dataset.first), last: dayOf(svg.dataset.last), left: Number(svg.dataset.left), width: Number(svg.dataset.width) };
  const rows = [...svg.querySelectorAll("[data-lane]")].map((lane) => ({
    key: lane.dataset.lane,
    title: lane.getAttribute("aria-label"),
    usable: Number(lane.dataset.usable || 0),
    none: lane.dataset.none,
    doubt: lane.dataset.doubt,
    before: lane.dataset.before ? { on: dayOf(lane.dataset.before), words: lane.dataset.beforeWords.split("\n") } : null,
    marks: [...lane.querySelectorAll(".mark")].map((element) => ({
      element,
      on: dayOf(element.dataset.on),
      until: element.dataset.until ? dayOf(element.dataset.until) : null,
      words: element.getAttribute("aria-label").split("\n"),
    })),
  }));
  const changed = rows.filter((row) => row.key === "changes").flatMap((row) => row.marks);
  const walked = rows.filter((row) => row.marks.length);
  walked.forEach((row) => row.marks.sort((one, other) => one.on - other.on));
  const cross = document.createElementNS("http://www.w3.org/2000/svg", "line");
  cross.setAttribute("class", "course-cross");
  cross.setAttribute("aria-hidden", "true");
  let shown = null;

  const iso = (day) => new Date(day * DAY).toISOString().slice(0, 10);
  const xOf = (day) => axis.left + (axis.width * (day - axis.first)) / Math.max(1, axis.last - axis.first);
  const view = () => svg.viewBox.baseVal;
  const markOf = (element) => walked.flatMap((row) => row.marks).find((mark) => mark.element === element);

  // The newest result that counted, then what came on its day or later and could not be used: it hides no value.
  function result(row, began, day) {
    const counts = (mark) => mark && day - mark.on <= row.usable;
    const dated = (mark) => (mark.on === day ? mark.words[0] : `${mark.words[0]} (${iso(mark.on)})`);
    const isCross = (mark) => mark.element.classList.contains("cross");
    const used = began.filter((mark) => !isCross(mark)).pop() || row.before;
    const crosses = began.filter((mark) => isCross(mark) && counts(mark) && (!used || mark.on >= used.on));
    const latest = crosses.filter((mark) => mark.on === crosses[crosses.length - 1].on);
    return [counts(used) ? dated(used) : row.none, ...latest.map(dated)];
  }

  // What a row says on a day: the newest result that still counted, and everything that went on.
  function on(row, day) {
    const began = row.marks.filter((mark) => mark.on <= day);
    if (row.usable) return result(row, began, day);
    const going = began.filter((mark) => (mark.until === null ? mark.on === day : day < mark.until));
    const known = (mark) => (mark.element.classList.contains("open") ? `${mark.words[0]}, beginning or end not recorded` : mark.words[0]);
    return going.length ? going.map(known) : [row.none];
  }

  // A row that needs no words for most days is left out on those, and where its mark is told already.
  function allRows(day, told) {
    return rows.flatMap((row) => {
      const own = row.none || !row.marks.includes(told) ? on(row, day) : [];
      const words = [...own, row.doubt].filter(Boolean);
      if (!words.length) return [];
      return words[0].startsWith(row.title) ? words.join("; ") : `${row.title}: ${words.join("; ")}`;
    });
  }

  // The line of a change is thin: who points close to it means its day.
  function changeNear(x, day) {
    if (!changed.length) return undefined;
    const mark = nearest(changed, day);
    return Math.abs(xOf(mark.on) - x) < 2.5 ? mark : undefined;
  }

  function paragraph(words, name) {
    const part = document.createElement("p");
    part.textContent = words;
    if (name) part.className = name;
    return part;
  }

  function show(day, mark) {
    hide();
    if (mark) {
      shown = mark.element;
      shown.classList.add("shown");
    }
    const parts = [];
    if (mark) {
      const own = document.createElement("div");
      own.className = "course-mark";
      own.append(...mark.words.map((line) => paragraph(line)));
      parts.push(own);
    }
    parts.push(paragraph(`All rows on ${iso(day)}`, "course-day"), ...allRows(day, mark).map((line) => paragraph(line)));
    tip.replaceChildren(...parts);
    tip.hidden = false;
    place(xOf(day));
  }

  function place(x) {
    const whole = svg.getBoundingClientRect();
    const around = frame.getBoundingClientRect();
    const at = Math.min(Math.max(whole.left + (x / view().width) * whole.width, around.left), around.right) - around.left;
    const left = at > around.width / 2 ? at - tip.offsetWidth - 12 : at + 12;
    tip.style.left = `${Math.max(0, Math.min(left, around.width - tip.offsetWidth))}px`;
    // Beside the line and within what is seen of the picture.
    const seen = Math.max(0, -around.top) + 8;
    tip.style.top = `${Math.max(0, Math.min(seen, around.height - tip.offsetHeight))}px`;
    for (const [name, value] of [["x1", x], ["x2", x], ["y1", 16], ["y2", view().height - 18]]) cross.setAttribute(name, value);
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
    mark.element.setAttribute("tabindex", "0");
    mark.element.focus();
    mark.element.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  const nearest = (marks, day) => marks.reduce((best, mark) => (Math.abs(mark.on - day) < Math.abs(best.on - day) ? mark : best));

  // Listeners for keys and focus on the drawing itself would make it a stop of the Tab key in some browsers.
  scroll.addEventListener("keydown", (event) => {
    const mark = markOf(event.target);
    const row = walked.findIndex((one) => one.marks.includes(mark));
    if (row < 0) return;
    const marks = walked[row].marks;
    const at = marks.indexOf(mark);
    const target = {
      ArrowLeft: () => marks[at - 1],
      ArrowRight: () => marks[at + 1],
      Home: () => marks[0],
      End: () => marks[marks.length - 1],
      ArrowUp: () => walked[row - 1] && nearest(walked[row - 1].marks, mark.on),
      ArrowDown: () => walked[row + 1] && nearest(walked[row + 1].marks, mark.on),
    }[event.key];
    if (!target) return;
    event.preventDefault();
    const next = target();
    if (next) go(next);
  });
  scroll.addEventListener("focusin", (event) => {
    const mark = markOf(event.target);
    if (!mark) return;
    show(mark.on, mark);
    said.textContent = `All rows on ${iso(mark.on)}. ${allRows(mark.on).join(". ")}.`;
  });
  scroll.addEventListener("focusout", hide);
  svg.addEventListener("pointermove", (event) => {
    const whole = svg.getBoundingClientRect();
    const x = ((event.clientX - whole.left) / whole.width) * view().width;
    if (x < axis.left - 4 || x > axis.left + axis.width + 4) return hide();
    const part = Math.min(1, Math.max(0, (x - axis.left) / axis.width));
    const day = axis.first + Math.round(part * (axis.last - axis.first));
    // Marks of changes lie on one another where their days are near: the nearest day is meant.
    const under = markOf(event.target);
    const mark = under && !changed.includes(under) ? under : changeNear(x, day) || under;
    const isDay = mark && mark.on + 1 >= axis.first && mark.until === null;
    show(isDay ? mark.on : day, mark);
  });
  frame.addEventListener("pointerleave", hide);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") hide();
  });

  // Titles and scales stay in sight. The newest days stand on the right: where not all fits, they are shown first.
  function pin() {
    const by = (scroll.scrollLeft / svg.getBoundingClientRect().width) * view().width;
    for (const group of svg.querySelectorAll(".pinned")) group.setAttribute("transform", `translate(${by} 0)`);
    for (const group of svg.querySelectorAll(".scale")) group.setAttribute("transform", `translate(${Math.max(0, by - axis.left + SCALE)} 0)`);
    if (!tip.hidden) hide();
  }
  scroll.addEventListener("scroll", pin, { passive: true });
  scroll.scrollLeft = scroll.scrollWidth;
  pin();

  // On paper every table is unfolded. The style sheet does it, too, where a browser knows how.
  const folded = () => [...document.querySelectorAll(".course-table:not([open])")];
  let unfolded = [];
  window.addEventListener("beforeprint", () => {
    unfolded = folded();
    for (const table of unfolded) table.open = true;
  });
  window.addEventListener("afterprint", () => {
    for (const table of unfolded) table.open = false;
  });

  async function savePng(name) {
    const answer = await fetch(document.getElementById("course-as-svg").href);
    if (!answer.ok) throw new Error(`the service answered ${answer.status}`);
    const picture = new Image();
    picture.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(await answer.text())}`;
    await picture.decode();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [picture.width * 2, picture.height * 2];
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    const link = document.createElement("a");
    link.href = canvas.toDataURL("image/png");
    // That is how a browser says that the picture is too large for it.
    if (link.href === "data:,") throw new Error("the picture is too large for this browser");
    link.download = name;
    link.click();
  }

  const png = document.getElementById("course-as-png");
  const failed = document.getElementById("course-failed");
  png.hidden = false;
  png.querySelector("button").addEventListener("click", async (event) => {
    failed.textContent = "";
    try {
      await savePng(event.target.dataset.file);
    } catch (error) {
      failed.textContent = `The PNG could not be made: ${error.message || error.name}. The SVG holds the same picture.`;
    }
  });
})();
