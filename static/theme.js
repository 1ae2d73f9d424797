// Loaded before the page is drawn, so that a kept choice of day or night does not flash.
"use strict";
{
  const kept = localStorage.getItem("theme");
  if (kept === "light" || kept === "dark") document.documentElement.dataset.theme = kept;
}
