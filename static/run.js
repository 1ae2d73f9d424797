// The page of a run refreshes by itself, but never takes a form out of somebody's hands.
"use strict";

{
  const panel = () => document.getElementById("panel");
  const poll = () => document.getElementById("run-poll");
  const IN_USE = "input, select, textarea, button";

  // Typed in, or the keyboard stands in one of its forms.
  function isInUse() {
    const at = document.activeElement;
    const isIn = at?.closest("#panel, #bar, #run-acts") && at.matches(IN_USE);
    return isIn || Boolean(document.querySelector("#panel[data-kept], #run-acts[data-kept]"));
  }

  function isOld() {
    return Boolean(panel() && poll() && panel().dataset.panel !== poll().dataset.panel);
  }

  // An old form stays to be read; it cannot be sent, and says why.
  function showAge() {
    const old = isOld();
    const notice = document.getElementById("panel-stale");
    if (notice && notice.hidden === old) notice.hidden = !old;
    for (const button of document.querySelectorAll("#panel [type=submit], #bar [type=submit], #run-acts [type=submit]")) {
      button.setAttribute("aria-disabled", old);
      if (!old) button.removeAttribute("aria-disabled");
    }
  }

  document.addEventListener("input", (event) => {
    event.target.closest("#panel, #run-acts")?.setAttribute("data-kept", "");
  });
  document.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (isOld() && button?.closest("#panel, #bar, #run-acts")) event.preventDefault();
  }, true);
  document.addEventListener("htmx:configRequest", (event) => {
    if (event.detail.elt.id !== "run-poll" || !panel()) return;
    event.detail.parameters.panel = panel().dataset.panel;
    if (isInUse()) event.detail.parameters.hold = "1";
  });
  let stoodInside = false;
  document.addEventListener("htmx:beforeSwap", () => {
    stoodInside = Boolean(document.activeElement?.closest("#panel, #bar, #run-acts"));
  });
  document.addEventListener("htmx:afterSettle", () => {
    showAge();
    // What was focused is gone with the step it belonged to: go on at the heading of the one that is shown now.
    if (stoodInside && document.activeElement === document.body) document.getElementById("step-title")?.focus();
    stoodInside = false;
  });
}
