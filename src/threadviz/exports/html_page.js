"use strict";
// What is pointed at is told beside the pointer, and a line goes through all lanes there.
const chart = document.querySelector(".chart");
if (chart) {
  const make = (name) => {
    const made = document.createElement("div");
    made.className = name;
    made.hidden = true;
    return made;
  };
  const tip = document.body.appendChild(make("tip"));
  const cursor = chart.appendChild(make("cursor"));

  // Titles would be shown by the browser as well, later and beside: so they are taken away once read.
  const told = (target) => {
    const block = target.closest(".stack") || target.closest("rect");
    const title = block && block.querySelector(":scope > title");
    if (title) {
      block.told = title.textContent;
      title.remove();
    }
    return block && block.told;
  };
  const hide = () => {
    tip.hidden = cursor.hidden = true;
  };
  const show = (event) => {
    const strip = event.target.closest("svg.strip");
    if (!strip) {
      hide();
      return;
    }
    const words = told(event.target);
    tip.hidden = !words;
    cursor.hidden = false;
    cursor.style.left = `${event.clientX - chart.getBoundingClientRect().left}px`;
    if (words) {
      tip.textContent = words;
      const room = document.documentElement.clientWidth - tip.offsetWidth - 8;
      const above = event.clientY - tip.offsetHeight - 14;
      tip.style.left = `${Math.max(8, Math.min(event.clientX + 12, room))}px`;
      tip.style.top = `${above < 8 ? event.clientY + 18 : above}px`;
    }
  };
  chart.addEventListener("pointermove", show);
  // A finger that is lifted leaves too: what it pointed at stays to be read until it points elsewhere.
  chart.addEventListener("pointerleave", (event) => {
    if (event.pointerType === "mouse") {
      hide();
    }
  });
  document.addEventListener("pointerdown", show);
}
