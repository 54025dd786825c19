/* Before anything is drawn: the look the user chose, or the system's. */
(function () {
  "use strict";
  var root = document.documentElement;
  var dark = window.matchMedia("(prefers-color-scheme: dark)");
  function look() {
    var chosen = root.getAttribute("data-theme");
    root.setAttribute("data-bs-theme", chosen === "auto" ? (dark.matches ? "dark" : "light") : chosen);
  }
  look();
  dark.addEventListener("change", look);
})();
