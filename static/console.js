// What the console does in the browser beyond forms and links. Every page works without it.
"use strict";

const root = document.documentElement;

// Day, night or the system's own choice; theme.js has set what was kept.
function isDark() {
  return root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

function changeTheme() {
  root.dataset.theme = isDark() ? "light" : "dark";
  localStorage.setItem("theme", root.dataset.theme);
}

// Refresh without flicker: idiomorph keeps what is focused, typed in or opened. Its own htmx adapter evaluates text,
// which the page's policy forbids, so this one knows two words only.
const MORPHS = { "morph": "outerHTML", "morph:outerHTML": "outerHTML", "morph:innerHTML": "innerHTML" };
const KEEP = {
  callbacks: {
    beforeAttributeUpdated(name, node, change) {
      // Opened by its reader, or typed by them: the server does not know.
      if (name === "open" && node.nodeName === "DETAILS") return false;
      return !(change === "remove" && name === "data-kept");
    },
  },
};

// Rows do not move under the pointer or the focus: a new order waits until both have left.
function holdOrder(target, fresh) {
  const isHeld = target.matches(":hover") || target.contains(document.activeElement);
  const rows = new Map([...fresh.children].map((row) => [row.id, row]));
  const kept = isHeld ? [...target.children].map((row) => rows.get(row.id)).filter(Boolean) : [];
  const isMoved = kept.some((row, place) => row !== fresh.children[place]);
  fresh.prepend(...kept);
  // Asked again without its tag, so that the order that waits is sent again.
  if (isMoved) fresh.setAttribute("hx-get", fresh.getAttribute("hx-get").replace(/&tag=.*$/, ""));
  const notice = document.getElementById("order-changed");
  if (notice) notice.hidden = !isMoved;
}

function startMorph() {
  window.htmx.defineExtension("morph", {
    isInlineSwap: (style) => MORPHS[style] === "outerHTML",
    handleSwap(style, target, fragment) {
      if (!(style in MORPHS)) return false;
      if (target.matches("[data-hold]")) holdOrder(target, fragment.firstElementChild);
      // Keeps what is typed, and with it whatever stands inside: a heading that has the focus must not be kept.
      const ignoreActiveValue = isTyping(document.activeElement);
      return window.Idiomorph.morph(target, fragment.children, { ...KEEP, ignoreActiveValue, morphStyle: MORPHS[style] });
    },
  });
}

// Clocks run on the server's time, carried forward by this machine's monotonic clock.
let serverTime = Date.now();
let heardAt = performance.now();
const now = () => serverTime + performance.now() - heardAt;

function span(milliseconds) {
  const total = Math.floor(Math.abs(milliseconds) / 1000);
  const [h, m, s] = [Math.floor(total / 3600), Math.floor(total / 60) % 60, total % 60];
  const two = (n) => String(n).padStart(2, "0");
  const sign = milliseconds <= -1000 ? "−" : "";
  return sign + (h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`);
}

function age(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  if (seconds < 60) return `${seconds} s`;
  return seconds < 86400 ? span(seconds * 1000) : `${Math.floor(seconds / 86400)} d`;
}

function tick() {
  const at = now();
  for (const node of document.querySelectorAll("[data-now]")) {
    node.textContent = `${new Date(at).toISOString().slice(11, 19)} UTC`;
  }
  for (const node of document.querySelectorAll("[data-age]")) node.textContent = age(at - Number(node.dataset.age));
  for (const node of document.querySelectorAll("[data-since]")) node.textContent = span(at - Number(node.dataset.since));
  for (const node of document.querySelectorAll("[data-until]")) node.textContent = span(Number(node.dataset.until) - at);
  watch();
}

// The watchdog: a page whose requests go unanswered, or whose poller is dead, must not look alive.
const SILENT_AFTER = 15000;

function heard(xhr) {
  const said = Number(xhr.getResponseHeader("X-Server-Time"));
  if (!said || xhr.status >= 500) return;
  [serverTime, heardAt] = [said, performance.now()];
  const read = new Map((xhr.getResponseHeader("X-Read-At") ?? "").split(" ").filter(Boolean).map((pair) => pair.split("=")));
  for (const node of document.querySelectorAll("[data-age-of]")) {
    node.dataset.age = read.get(encodeURIComponent(node.dataset.ageOf)) ?? node.dataset.age;
  }
}

function watch() {
  const feed = document.getElementById("feed");
  if (!feed) return;
  const silent = performance.now() - heardAt;
  const isSilent = silent > SILENT_AFTER;
  const isLost = isSilent || feed.dataset.poller === "dead";
  const notice = document.getElementById("feed-lost");
  root.dataset.feed = isLost ? "lost" : "live";
  if (!notice) return;
  notice.querySelector("[data-silent]").hidden = !isSilent;
  notice.querySelector("[data-dead]").hidden = isSilent;
  notice.hidden = !isLost;
}

// Keys: moving about only. No single key does anything that cannot be undone.
const PLACES = { o: "overview", r: "runs", i: "inbox", a: "audit", d: "runbooks" };
let waitsForPlace = false;

function isTyping(target) {
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.nodeName);
}

function goTo(selector) {
  const found = document.querySelector(selector);
  if (!found) return false;
  if (found.nodeName === "DETAILS") found.open = true;
  const target = found.nodeName === "DETAILS" ? found.querySelector("summary") : found;
  if (!target.matches("a[href], button, input, select, textarea, summary, [tabindex]")) target.tabIndex = -1;
  target.focus();
  target.scrollIntoView({ block: "nearest" });
  return true;
}

function press(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  if (waitsForPlace) {
    waitsForPlace = false;
    const link = document.querySelector(`[data-place="${PLACES[event.key]}"]`);
    if (link) link.click();
    return;
  }
  const acts = {
    "?": () => document.getElementById("keys")?.showModal(),
    "g": () => { waitsForPlace = true; },
    "n": () => goTo("[data-next]") || goTo(".bar .primary") || goTo("main .button.primary"),
    "e": () => goTo("[data-evidence]"),
    "s": () => goTo(".steps [aria-current]") || goTo(".steps .step"),
    "/": () => goTo("[data-find]"),
  };
  const act = acts[event.key];
  if (!act) return;
  event.preventDefault();
  act();
}

// A form is sent once, even by two clicks; the server would refuse the second anyway.
function sendOnce(event) {
  const form = event.target;
  if (form.method !== "post" || event.defaultPrevented) return;
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "yes";
  setTimeout(() => delete form.dataset.sent, 4000);
}

async function copy(button) {
  const text = document.getElementById(button.dataset.copy)?.textContent ?? "";
  await navigator.clipboard.writeText(text);
  button.textContent = "Copied";
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-theme-toggle], [data-keys], [data-close], [data-copy]");
  if (!button) return;
  if ("themeToggle" in button.dataset) changeTheme();
  if ("keys" in button.dataset) document.getElementById("keys").showModal();
  if ("close" in button.dataset) button.closest("dialog").close();
  if ("copy" in button.dataset) copy(button);
});
document.addEventListener("keydown", press);
document.addEventListener("submit", sendOnce);
// A select or box that filters sends its own form; without script the button does it.
document.addEventListener("change", (event) => {
  if ("submits" in event.target.dataset) event.target.form.requestSubmit();
});
document.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.xhr) heard(event.detail.xhr);
});

document.addEventListener("DOMContentLoaded", () => {
  const clock = document.querySelector("[data-now]");
  if (clock) [serverTime, heardAt] = [Number(clock.dataset.now), performance.now()];
  if (window.htmx) startMorph();
  if (document.getElementById("feed")) setInterval(tick, 1000);
});
