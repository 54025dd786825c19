/* Before anything is drawn: that there is JavaScript, and the look the user chose, or the system's. */
(function () {
  "use strict";
  var root = document.documentElement;
  root.classList.add("js"); /* html:not(.js) hides what only works with it */
  var dark = window.matchMedia("(prefers-color-scheme: dark)");
  function look() {
    var chosen = root.getAttribute("data-theme");
    root.setAttribute("data-bs-theme", chosen === "auto" ? (dark.matches ? "dark" : "light") : chosen);
  }
  look();
  dark.addEventListener("change", look);
})();
