"use strict";
// Shows the title of the block under the pointer beside it, and a line through all lanes.
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

  // The browser would show the title as well, so it is removed once read.
  const titleOf = (target) => {
    const block = target.closest(".stack") || target.closest("rect");
    const title = block && block.querySelector(":scope > title");
    if (title) {
      block.savedTitle = title.textContent;
      title.remove();
    }
    return block && block.savedTitle;
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
    const words = titleOf(event.target);
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
  // A lifted finger leaves too; its tip stays readable until the next touch.
  chart.addEventListener("pointerleave", (event) => {
    if (event.pointerType === "mouse") {
      hide();
    }
  });
  document.addEventListener("pointerdown", show);
}
